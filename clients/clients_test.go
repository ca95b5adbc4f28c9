// Package clients_test runs common client libraries against a server: see docs/frontends.md.
package clients_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"parley/internal/testkit"
)

// TestClients runs the Node tests of this folder.
func TestClients(t *testing.T) {
	missing := ""
	npm, err := exec.LookPath("npm")
	if err != nil {
		missing = "there is no Node here"
	} else if _, err := os.Stat("node_modules"); err != nil {
		missing = "its packages are not installed: npm --prefix clients ci"
	}
	switch {
	case missing != "" && os.Getenv("CI") == "true":
		t.Fatalf("the clients are not tested: %s", missing)
	case missing != "":
		t.Skipf("the clients are not tested: %s", missing)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	binary := testkit.BuildServer(t)
	tests := exec.CommandContext(ctx, npm, "test")
	tests.Env = append(os.Environ(), "PARLEY_BINARY="+binary)
	run(ctx, t, tests)
}

func run(ctx context.Context, t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v (%v)\n%s", cmd.Args, err, context.Cause(ctx), said.Bytes())
	}
}

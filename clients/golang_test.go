package clients_test

import (
	"os"
	"os/exec"
	"testing"

	"parley/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// TestGoClients generates the code of genqlient and runs the tests of the module in golang against a
// server.
func TestGoClients(t *testing.T) {
	packages := exec.CommandContext(t.Context(), "go", "mod", "download")
	packages.Dir = "golang"
	if said, err := packages.CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the Go clients are not tested: %v\n%s", err, said)
		}
		t.Skipf("the Go clients are not tested: their modules are not available: %.200s", said)
	}
	s := testkit.Start(t, "sqlite3")
	environment := append(
		os.Environ(),
		"PARLEY_TEST_URL="+s.URL,
		"PARLEY_TEST_TOKEN="+s.Token("alice"),
	)
	for _, args := range [][]string{{"generate", "./..."}, {"test", "-count=1", "-timeout=5m", "./..."}} {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir, cmd.Env = "golang", environment
		run(t.Context(), t, cmd)
	}
}

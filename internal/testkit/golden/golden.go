// Package golden compares what a test generates with a file of the repository. It imports no package
// of the server, so that their own tests can use it.
package golden

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool( //nolint:gochecknoglobals // a flag of the test
	"update", false, "write the files that the tests compare with",
)

// Check fails the test if the file at path does not contain want, and says with hint how to write it.
// With the flag -update it writes the file first.
func Check(t testing.TB, path, want, hint string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(written), want); diff != "" {
		t.Errorf("%s is out of date: %s writes it (-is +should be):\n%s", path, hint, diff)
	}
}

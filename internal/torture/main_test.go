package torture_test

import (
	"os"
	"testing"

	"parley/internal/testkit"
)

func TestMain(m *testing.M) {
	if settings, ok := os.LookupEnv(serverVariable); ok {
		os.Exit(serve(settings, os.Stdin, os.Stderr))
	}
	testkit.Main(m)
}

// Package scale tells tests whether they run at full size: with PARLEY_TEST_LONG=true, which
// scripts/check sets. Without it `go test ./...` ends within Go's limits on two busy cores.
package scale

import (
	"os"
	"testing"
)

// Variable is the name of the environment variable.
const Variable = "PARLEY_TEST_LONG"

// Full reports whether tests run at full size.
func Full() bool { return os.Getenv(Variable) == "true" }

// Or returns full if tests run at full size, and otherwise reduced.
func Or[T any](full, reduced T) T {
	if Full() {
		return full
	}
	return reduced
}

// FullOnly skips a test that makes sense only at full size.
func FullOnly(t testing.TB) {
	t.Helper()
	if !Full() {
		t.Skipf("takes long: set %s=true", Variable)
	}
}

package reqid_test

import (
	"strings"
	"testing"

	"parley/internal/reqid"
)

func TestValid(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{
		"":                                  false,
		"a":                                 true,
		"4bf92f35-77b3:4da6_a.1":            true,
		strings.Repeat("x", reqid.MaxLen):   true,
		strings.Repeat("x", reqid.MaxLen+1): false,
		"with space":                        false,
		"line\nbreak":                       false,
		"näme":                              false,
		`quote"`:                            false,
	} {
		if got := reqid.Valid(id); got != want {
			t.Errorf("Valid(%q) = %v, want %v", id, got, want)
		}
	}
	if id := reqid.New(); !reqid.Valid(id) || id == reqid.New() {
		t.Errorf("New() = %q: want a valid id, another one each time", id)
	}
}

func TestContext(t *testing.T) {
	t.Parallel()
	if got := reqid.FromContext(t.Context()); got != "" {
		t.Errorf("outside of a request: %q, want none", got)
	}
	if got := reqid.FromContext(reqid.NewContext(t.Context(), "r1")); got != "r1" {
		t.Errorf("FromContext = %q, want r1", got)
	}
}

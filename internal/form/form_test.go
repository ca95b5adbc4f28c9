package form_test

import (
	"errors"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/form"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]url.Values{
		"":                    {},
		"a=1&b=2&c=3":         {"a": {"1"}, "b": {"2"}},
		"a=1&a=&a":            {"a": {"1", "", ""}},
		"%61=%26+%3d&A=1&&=1": {"a": {"& ="}},
	} {
		got, err := form.Parse(text, "a", "b")
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%q: %v, -want +got:\n%s", text, err, diff)
		}
	}
	for _, text := range []string{"a=%", "c=%zz", "%=1", "c=1;a=2"} {
		if got, err := form.Parse(text, "a"); !errors.Is(err, form.ErrMalformed) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

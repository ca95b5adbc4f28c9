package guard

import (
	"fmt"
	"strings"
	"testing"

	"parley/internal/auth"
)

// TestTextCache: a text keeps the value that was cached first, a value above an eighth of the cache
// is not cached, and clients without a token do not evict the values of users.
func TestTextCache(t *testing.T) {
	t.Parallel()
	anonymous := t.Context()
	user := auth.NewContext(anonymous, auth.Identity{ID: "ada"})
	const limit = 16 << 10
	c := newTextCache(limit, limit, func(value string) int { return len(value) })
	c.Add(user, "first", "1")
	c.Add(user, "first", "2")
	c.Add(user, "large", strings.Repeat("v", limit/8-entryBytes-len("large")))
	c.Add(user, "too large", strings.Repeat("v", limit/8))
	for i := range 100 {
		c.Add(anonymous, fmt.Sprint(i), strings.Repeat("v", 1000))
	}
	if value, _ := c.Get(anonymous, "first"); value != "1" {
		t.Errorf("the first value is %q, want 1", value)
	}
	for text, want := range map[string]bool{"large": true, "too large": false, "0": false, "99": true} {
		if _, ok := c.Get(user, text); ok != want {
			t.Errorf("%s is cached: %t, want %t", text, ok, want)
		}
	}
}

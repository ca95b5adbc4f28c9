package sizedlru_test

import (
	"testing"

	"parley/internal/sizedlru"
)

// TestCache: the values that were used last stay, within the bytes.
func TestCache(t *testing.T) {
	c := sizedlru.New[string, int](100)
	has := func(want string, bytes int) {
		t.Helper()
		got := ""
		for _, key := range []string{"a", "b", "c"} {
			if _, ok := c.Get(key); ok {
				got += key
			}
		}
		if got != want || c.Bytes() != bytes || c.Len() != len(want) {
			t.Errorf(
				"it has %q, %d values of %d bytes, want %q of %d",
				got,
				c.Len(),
				c.Bytes(),
				want,
				bytes,
			)
		}
	}
	c.Put("a", 1, 40)
	c.Put("b", 2, 40)
	c.Get("a")
	c.Put("c", 3, 40)
	has("ac", 80)
	c.Put("a", 4, 90) // instead of the one before
	if v, _ := c.Get("a"); v != 4 {
		t.Errorf("a is %d", v)
	}
	has("a", 90)
	c.Put("a", 5, 101) // does not fit
	has("", 0)
	c.Put("b", 6, 100)
	c.Remove("b")
	c.Remove("b")
	has("", 0)
}

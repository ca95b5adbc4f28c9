package profiles_test

import (
	"fmt"
	"slices"
	"testing"

	"parley/internal/chat/profiles"
)

// TestShardsStay: the shard of a user is stored with the version of the profile, and all
// nodes must agree on it.
func TestShardsStay(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]int{"": 5, "a": 12, "foobar": 8, "Ada": 11, "Ωmega": 14} {
		if got := profiles.ShardOf(id); got != want {
			t.Errorf("%q is in shard %d, want %d", id, got, want)
		}
	}
	sizes := make([]int, profiles.Shards)
	for i := range 16_000 {
		sizes[profiles.ShardOf(fmt.Sprint("user-", i))]++
	}
	if slices.Min(sizes) < 800 || slices.Max(sizes) > 1200 {
		t.Errorf("the shards have %v users", sizes)
	}
}

// TestVersionsAreVectors: each shard counts by itself, and 0 is unknown.
func TestVersionsAreVectors(t *testing.T) {
	t.Parallel()
	a, b := profiles.Version{1, 5, 3}, profiles.Version{2, 4, 3}
	if got, want := a.Merge(b), (profiles.Version{2, 5, 3}); got != want || b.Merge(a) != want {
		t.Errorf("merged they are %v, want %v", got, want)
	}
	if a.AtLeast(b) || b.AtLeast(a) || !a.Merge(b).AtLeast(a) || !a.AtLeast(a) {
		t.Errorf("%v and %v are in order", a, b)
	}
	if !a.AtLeast(profiles.Version{}) || (profiles.Version{}).AtLeast(a) {
		t.Errorf("unknown is not older than %v", a)
	}
	var read profiles.Version
	if err := read.Scan("281474976710663,3"); err != nil || read != (profiles.Version{3, 7}) {
		t.Errorf("read %v, %v", read, err)
	}
	if err := read.Scan(nil); err != nil || read != (profiles.Version{3, 7}) {
		t.Errorf("without a column it is %v, %v", read, err)
	}
	for _, bad := range []any{"", "1,x", "-1", "4503599627370496", 1} {
		if err := read.Scan(bad); err == nil {
			t.Errorf("%v is read", bad)
		}
	}
}

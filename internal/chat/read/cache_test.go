package read

import (
	"testing"

	"github.com/google/uuid"

	"parley/ent"
)

// TestCacheHasOneSeq: what is cached of a room is of one seq, and an older one replaces nothing.
func TestCacheHasOneSeq(t *testing.T) {
	var generation int64
	cache, id := newRoomCache(1<<20, func() int64 { return generation }), uuid.New()
	at := func(seq int64) *ent.Room { return &ent.Room{ID: id, Seq: seq} }
	tagsAt := func(seq int64) (tags *[]string) {
		cache.viewAll([]*ent.Room{at(seq)}, func(_ int, p *roomSnapshot) {
			if p != nil {
				tags = p.tags
			}
		})
		return tags
	}
	tag := func(seq int64, tag string) {
		cache.update(0, at(seq), func(p *roomSnapshot) { p.tags = &[]string{tag} })
	}
	cache.putRooms(0, at(2))
	tag(2, "two")
	cache.putRooms(0, at(1), at(2))
	tag(1, "one")
	if tags := tagsAt(2); tags == nil || (*tags)[0] != "two" {
		t.Errorf("the tags at 2 are %v", tags)
	}
	if cache.getAt(id, 1) != nil || tagsAt(1) != nil || tagsAt(3) != nil {
		t.Error("the cache has the room at another seq")
	}
	tag(3, "three")
	cache.putRooms(0, at(4))
	if cache.getAt(id, 3) != nil || tagsAt(4) != nil {
		t.Error("a room at 4 has the entry of an earlier seq")
	}
	if generation++; cache.getAt(id, 4) != nil {
		t.Error("the cache has a room of another generation")
	}
}

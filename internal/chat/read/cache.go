package read

import (
	"context"
	"fmt"
	"sync"

	"github.com/google/uuid"

	"parley/ent"
	"parley/internal/chat/roomlog"
	"parley/internal/sizedlru"
)

// roomCache caches rooms. Every change of a room raises its seq in the same transaction, so an
// entry is valid for all callers that have just read the same seq, and needs no invalidation
// between nodes. The state of users (read positions, friendships) and profiles are not part of it.
//
// A seq belongs to a generation of the database: after that has gone back, seqs come again.
type roomCache struct {
	generation func() int64 // the present one

	mu      sync.Mutex
	entries *sizedlru.Cache[uuid.UUID, *roomSnapshot]
}

// roomSnapshot is what is known of a room at a seq. What it refers to never changes.
type roomSnapshot struct {
	generation int64
	room       *ent.Room
	tags       *[]string
	latest     *ent.Message
	// members are the members that have been in it longest, as a page of so many.
	members *Page[*ent.Member]
	first   int
}

func newRoomCache(bytes int, generation func() int64) *roomCache {
	return &roomCache{
		generation: generation,
		entries:    sizedlru.New[uuid.UUID, *roomSnapshot](bytes),
	}
}

// get returns what is known of a room in the present generation. The cache is locked.
func (c *roomCache) get(id uuid.UUID) (p *roomSnapshot, ok bool) {
	p, ok = c.entries.Get(id)
	return p, ok && p.generation == c.generation()
}

// getAt returns the room as it is at a seq; nil if that is not cached.
func (c *roomCache) getAt(id uuid.UUID, seq int64) *ent.Room {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p, ok := c.get(id); ok && p.room.Seq == seq {
		return p.room
	}
	return nil
}

// bytes returns the estimated size of what is cached.
func (c *roomCache) bytes() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.entries.Bytes()
}

// putRooms caches rooms that were read in a generation, in place of older snapshots.
func (c *roomCache) putRooms(generation int64, found ...*ent.Room) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range found {
		if p, ok := c.get(r.ID); !ok || p.room.Seq < r.Seq {
			c.put(&roomSnapshot{generation: generation, room: r})
		}
	}
}

// viewAll calls with for each room with its snapshot at its seq; nil if there is none.
func (c *roomCache) viewAll(of []*ent.Room, with func(i int, p *roomSnapshot)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, r := range of {
		p, ok := c.get(r.ID)
		if !ok || p.room.Seq != r.Seq {
			p = nil
		}
		with(i, p)
	}
}

// update changes the snapshot of a room that is at its seq in a generation.
func (c *roomCache) update(generation int64, r *ent.Room, with func(p *roomSnapshot)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, ok := c.get(r.ID)
	switch {
	case generation != c.generation(), ok && p.room.Seq > r.Seq:
		return // it is out of date already
	case !ok || p.room.Seq < r.Seq:
		p = &roomSnapshot{generation: generation, room: r}
	}
	with(p)
	c.put(p)
}

// put caches a snapshot. The cache is locked.
func (c *roomCache) put(p *roomSnapshot) { c.entries.Put(p.room.ID, p, p.size()) }

// size estimates the bytes of the snapshot.
func (p *roomSnapshot) size() int {
	const (
		fixed  = 900 // the room, its snapshot, and its entry in the list and the map
		member = 250
	)
	size := fixed + p.room.TextBytes()
	if p.tags != nil {
		for _, tag := range *p.tags {
			size += 16 + len(tag)
		}
	}
	if m := p.latest; m != nil {
		size += 400 + m.TextBytes()
		for _, id := range m.Mentions {
			size += 16 + len(id)
		}
	}
	if p.members != nil {
		size += member * len(p.members.Items)
	}
	return size
}

// loadThrough returns something of each room, in its place: what is remembered, by take, which
// returns false where it is not there; and of the others what read returns, which is then
// remembered by keep, if the room has stood at the same seq all the while: what was read between
// two looks at the same seq is of that seq.
func loadThrough[V any](
	ctx context.Context,
	rd *Reader,
	of []*ent.Room,
	take func(p *roomSnapshot) (V, bool),
	read func(missing []*ent.Room, ids []uuid.UUID) (map[uuid.UUID]V, error),
	keep func(p *roomSnapshot, value V),
) ([]V, error) {
	values := make([]V, len(of))
	var missing []*ent.Room
	var ids []uuid.UUID
	var places []int // their places
	generation := rd.generation()
	rd.rooms.viewAll(of, func(i int, p *roomSnapshot) {
		there := false
		if p != nil {
			values[i], there = take(p)
		}
		if !there {
			missing, ids, places = append(missing, of[i]), append(ids, of[i].ID), append(places, i)
		}
	})
	if len(missing) == 0 {
		return values, nil
	}
	found, err := read(missing, ids)
	if err != nil {
		return nil, err
	}
	var heads map[uuid.UUID]int64
	if !rd.frozen {
		if heads, err = rd.log.Heads(ctx, ids); err != nil {
			return nil, err
		}
	}
	for i, r := range missing {
		values[places[i]] = found[r.ID]
		if rd.frozen || heads[r.ID] == r.Seq {
			rd.rooms.update(generation, r, func(p *roomSnapshot) { keep(p, found[r.ID]) })
		}
	}
	return values, nil
}

// MembersOf returns, of each room, the members that have been in it longest: first of them each.
// The viewer must be allowed to see the rooms.
func (rd *Reader) MembersOf(
	ctx context.Context, of []*ent.Room, first int,
) ([]Page[*ent.Member], error) {
	if err := CheckFirst(first); err != nil {
		return nil, err
	}
	return loadThrough(ctx, rd, of,
		func(p *roomSnapshot) (page Page[*ent.Member], there bool) {
			if p.members == nil || p.first < first && p.members.More {
				return page, false
			}
			page = *p.members
			if len(page.Items) > first {
				page = Page[*ent.Member]{Items: page.Items[:first:first], More: true}
			}
			return page, true
		},
		func(_ []*ent.Room, ids []uuid.UUID) (map[uuid.UUID]Page[*ent.Member], error) {
			return rd.Members(ctx, ids, first, nil)
		},
		func(p *roomSnapshot, page Page[*ent.Member]) { p.members, p.first = &page, first })
}

// LatestMessages returns the newest message of each room, nil before its first. The viewer must be
// in the rooms.
func (rd *Reader) LatestMessages(ctx context.Context, of []*ent.Room) ([]*ent.Message, error) {
	return loadThrough(
		ctx,
		rd,
		of,
		func(p *roomSnapshot) (*ent.Message, bool) { return p.latest, p.latest != nil || p.room.LatestSeq == 0 },
		func(missing []*ent.Room, _ []uuid.UUID) (map[uuid.UUID]*ent.Message, error) {
			var ids []roomlog.MessageID
			for _, r := range missing {
				if r.LatestSeq > 0 {
					ids = append(ids, roomlog.MessageID{Room: r.ID, Seq: r.LatestSeq})
				}
			}
			if len(ids) == 0 {
				return nil, nil
			}
			found, err := rd.MessagesByID(ctx, ids)
			latest := make(map[uuid.UUID]*ent.Message, len(found))
			for id, m := range found {
				latest[id.Room] = m
			}
			return latest, err
		},
		func(p *roomSnapshot, m *ent.Message) { p.latest = m },
	)
}

// TagsOf returns the tags of each room, in the order they were given. The viewer must be allowed to
// see the rooms.
func (rd *Reader) TagsOf(ctx context.Context, of []*ent.Room) ([][]string, error) {
	return loadThrough(
		ctx,
		rd,
		of,
		func(p *roomSnapshot) (tags []string, there bool) {
			if p.tags != nil {
				tags = *p.tags
			}
			return tags, p.tags != nil
		},
		func(_ []*ent.Room, ids []uuid.UUID) (map[uuid.UUID][]string, error) { return rd.Tags(ctx, ids) },
		func(p *roomSnapshot, tags []string) { p.tags = &tags },
	)
}

// roomsAt returns rooms that have just been seen to stand at their seqs, or later where one has
// moved on since.
func (rd *Reader) roomsAt(ctx context.Context, ids []uuid.UUID, seqs []int64) ([]*ent.Room, error) {
	found := make([]*ent.Room, len(ids))
	var missing []uuid.UUID
	for i, id := range ids {
		if found[i] = rd.rooms.getAt(id, seqs[i]); found[i] == nil {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return found, nil
	}
	read, err := rd.RoomsByID(ctx, missing)
	if err != nil {
		return nil, err
	}
	for i, id := range ids {
		if found[i] == nil {
			found[i] = read[id]
		}
		if found[i] == nil {
			return nil, fmt.Errorf("get room %s: it is gone", id)
		}
	}
	return found, nil
}

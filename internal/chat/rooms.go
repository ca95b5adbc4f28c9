package chat

import (
	"context"
	"fmt"
	"sync"

	"github.com/google/uuid"

	"parley/ent"
)

// rooms remembers what has been read of rooms. All that there is of a room changes with its seq, in the same transaction;
// so what was read at one seq is true for whoever has just read that the room stands at the same: nobody has to say that
// it has changed, and no other node either. What people have for themselves (what they have read, whom they are friends
// with) is no part of it, nor are people's profiles.
type rooms struct {
	mu   sync.Mutex
	kept *kept[uuid.UUID, *past]
}

// past is what is known of a room at a seq. What it refers to never changes.
type past struct {
	room   *ent.Room
	tags   *[]string
	latest *ent.Message
	// members are the members that have been in it longest, as a page of so many.
	members *Page[*ent.Member]
	first   int
}

func newRooms(bytes int) *rooms { return &rooms{kept: newKept[uuid.UUID, *past](bytes)} }

// find returns the room as it is at a seq; nil where that is not remembered.
func (k *rooms) find(id uuid.UUID, seq int64) *ent.Room {
	k.mu.Lock()
	defer k.mu.Unlock()
	if p, ok := k.kept.get(id); ok && p.room.Seq == seq {
		return p.room
	}
	return nil
}

// learn remembers rooms, and forgets what they were before.
func (k *rooms) learn(found ...*ent.Room) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, r := range found {
		if p, ok := k.kept.get(r.ID); !ok || p.room.Seq < r.Seq {
			k.keep(&past{room: r})
		}
	}
}

// see calls with with what is remembered of each room at its seq, nil where nothing is, and returns those for which with
// returns false.
func (k *rooms) see(of []*ent.Room, with func(i int, p *past) bool) (missing []int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i, r := range of {
		p, ok := k.kept.get(r.ID)
		if !ok || p.room.Seq != r.Seq {
			p = nil
		}
		if p == nil || !with(i, p) {
			missing = append(missing, i)
		}
	}
	return missing
}

// add completes what is remembered of rooms that stand at their seqs.
func (k *rooms) add(of []*ent.Room, with func(i int, p *past)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i, r := range of {
		p, ok := k.kept.get(r.ID)
		switch {
		case ok && p.room.Seq > r.Seq:
			continue // it is out of date already
		case !ok || p.room.Seq < r.Seq:
			p = &past{room: r}
		}
		with(i, p)
		k.keep(p)
	}
}

// keep puts p in its place. The rooms are locked.
func (k *rooms) keep(p *past) {
	const (
		fixed  = 900 // the room's struct and this one, and its place in the list and the map
		member = 250
	)
	size := fixed + len(p.room.Name) + len(p.room.Description) + len(p.room.SearchText) + len(p.room.OpenseaName) + len(p.room.OpenseaCover)
	if p.tags != nil {
		for _, tag := range *p.tags {
			size += 16 + len(tag)
		}
	}
	if m := p.latest; m != nil {
		size += 400 + len(m.Contents)
		for _, id := range m.Mentions {
			size += 16 + len(id)
		}
	}
	if p.members != nil {
		size += member * len(p.members.Items)
	}
	k.kept.put(p.room.ID, p, size)
}

// complete puts something of each room into its place: what is remembered, by take, and the others' by read, which is given
// the rooms that are missing. What was read between two looks at the same seq is of that seq; it is remembered by keep.
func (c *Chat) complete(
	ctx context.Context, of []*ent.Room,
	take func(i int, p *past) bool, read func(of []*ent.Room, at []int) error, keep func(i int, p *past),
) error {
	at := c.rooms.see(of, take)
	if len(at) == 0 {
		return nil
	}
	missing := make([]*ent.Room, len(at))
	ids := make([]uuid.UUID, len(at))
	for i, j := range at {
		missing[i], ids[i] = of[j], of[j].ID
	}
	if err := read(missing, at); err != nil {
		return err
	}
	heads, err := c.Heads(ctx, ids)
	if err != nil {
		return err
	}
	var still []*ent.Room
	var places []int
	for i, r := range missing {
		if heads[r.ID] == r.Seq {
			still, places = append(still, r), append(places, at[i])
		}
	}
	c.rooms.add(still, func(i int, p *past) { keep(places[i], p) })
	return nil
}

// MembersOf returns, of each room, the members that have been in it longest: first of them each. The viewer must be allowed
// to see the rooms.
func (c *Chat) MembersOf(ctx context.Context, of []*ent.Room, first int) ([]Page[*ent.Member], error) {
	if err := checkFirst(first); err != nil {
		return nil, err
	}
	pages := make([]Page[*ent.Member], len(of))
	err := c.complete(ctx, of,
		func(i int, p *past) bool {
			if p.members == nil || p.first < first && p.members.More {
				return false
			}
			pages[i] = *p.members
			if len(pages[i].Items) > first {
				pages[i] = Page[*ent.Member]{Items: pages[i].Items[:first:first], More: true}
			}
			return true
		},
		func(missing []*ent.Room, at []int) error {
			ids := make([]uuid.UUID, len(missing))
			for i, r := range missing {
				ids[i] = r.ID
			}
			found, err := c.Members(ctx, ids, first, nil)
			for _, i := range at {
				pages[i] = found[of[i].ID]
			}
			return err
		},
		func(i int, p *past) {
			page := pages[i]
			p.members, p.first = &page, first
		})
	return pages, err
}

// LatestMessages returns the newest message of each room, nil before its first. The viewer must be in the rooms.
func (c *Chat) LatestMessages(ctx context.Context, of []*ent.Room) ([]*ent.Message, error) {
	messages := make([]*ent.Message, len(of))
	err := c.complete(ctx, of,
		func(i int, p *past) bool {
			messages[i] = p.latest
			return p.latest != nil || of[i].LatestSeq == 0
		},
		func(missing []*ent.Room, at []int) error {
			ids := make([]MessageID, 0, len(missing))
			for _, r := range missing {
				if r.LatestSeq > 0 {
					ids = append(ids, MessageID{r.ID, r.LatestSeq})
				}
			}
			if len(ids) == 0 {
				return nil
			}
			found, err := c.MessagesByID(ctx, ids)
			for _, i := range at {
				messages[i] = found[MessageID{of[i].ID, of[i].LatestSeq}]
			}
			return err
		},
		func(i int, p *past) { p.latest = messages[i] })
	return messages, err
}

// TagsOf returns the tags of each room, in the order they were given. The viewer must be allowed to see the rooms.
func (c *Chat) TagsOf(ctx context.Context, of []*ent.Room) ([][]string, error) {
	tags := make([][]string, len(of))
	err := c.complete(ctx, of,
		func(i int, p *past) bool {
			if p.tags != nil {
				tags[i] = *p.tags
			}
			return p.tags != nil
		},
		func(missing []*ent.Room, at []int) error {
			ids := make([]uuid.UUID, len(missing))
			for i, r := range missing {
				ids[i] = r.ID
			}
			found, err := c.Tags(ctx, ids)
			for _, i := range at {
				tags[i] = found[of[i].ID]
			}
			return err
		},
		func(i int, p *past) { p.tags = &tags[i] })
	return tags, err
}

// roomsAt returns rooms that have just been seen to stand at their seqs, or later where one has moved on since.
func (c *Chat) roomsAt(ctx context.Context, ids []uuid.UUID, seqs []int64) ([]*ent.Room, error) {
	found := make([]*ent.Room, len(ids))
	var missing []uuid.UUID
	for i, id := range ids {
		if found[i] = c.rooms.find(id, seqs[i]); found[i] == nil {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return found, nil
	}
	read, err := c.RoomsByID(ctx, missing)
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

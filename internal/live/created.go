package live

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"parley/internal/broker"
)

// pollOverlap is how far back a poll looks for rooms that were not published: longer than it takes
// to create one, since a room's time is from before its commit.
const pollOverlap = time.Minute

// maxClockSkew is how far the clocks of nodes may be apart: published rooms are kept that much
// longer.
const maxClockSkew = time.Minute

// RoomCreated is the event of the topics User and Lobby: a new room.
type RoomCreated struct {
	Room uuid.UUID
	// Commit is the room as it was created; nil if the hub must read it.
	Commit broker.Commit
	seq    int64

	once   sync.Once
	shared any
}

// Share returns what the executions for the event share. The first call makes it with a function.
// It lives as long as the event.
func (c *RoomCreated) Share(with func() any) any {
	c.once.Do(func() { c.shared = with() })
	return c.shared
}

// Position implements [Event]: it counts the events that this node has published to the topic.
func (c *RoomCreated) Position() int64 { return c.seq }

// EndsMembership implements [Event].
func (c *RoomCreated) EndsMembership() bool { return false }

// Ends implements [Event].
func (c *RoomCreated) Ends(string) error { return nil }

// Final implements [Event].
func (c *RoomCreated) Final() bool { return false }

// Erases implements [Event].
func (c *RoomCreated) Erases() bool { return false }

// publishCreated publishes a new room to its topics, once. The hub is locked.
func (h *Hub) publishCreated(c Created) {
	if _, published := h.published[c.Room]; published {
		return
	}
	h.published[c.Room] = creationTime(c.Room)
	for _, user := range c.Users {
		h.addCreated(User(user), c)
	}
	if c.Public {
		h.addCreated(Lobby(), c)
	}
}

// decodeCreated returns the new room of a publication, with its commit if it has subscribers.
func (h *Hub) decodeCreated(p broker.Publication) Created {
	c := Created{Room: p.Room, Users: p.Users, Public: p.Public}
	if p.Commit == nil || !h.followsCreated(c) {
		return c
	}
	commit, err := h.log.DecodeRoom(p.Room, p.Commit)
	if err != nil {
		h.undecodable(err)
		return c
	}
	c.Commit = commit
	return c
}

// followsCreated reports whether a new room has subscribers on this node.
func (h *Hub) followsCreated(c Created) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	follows := func(user string) bool { return h.tails[User(user)] != nil }
	return c.Public && h.tails[Lobby()] != nil || slices.ContainsFunc(c.Users, follows)
}

// creationTime returns the time of a room as polls see it: now, or later if the node that created
// it has a clock that is ahead. A room's id begins with its time.
func creationTime(room uuid.UUID) time.Time {
	now := time.Now()
	if room.Version() != 7 {
		return now
	}
	if creation := time.Unix(room.Time().UnixTime()); creation.After(now) {
		return creation
	}
	return now
}

func (h *Hub) addCreated(topic Topic, c Created) {
	if t := h.tails[topic]; t != nil {
		t.add([]Event{&RoomCreated{Room: c.Room, Commit: c.Commit, seq: t.ring.head + 1}})
	}
}

// pollCreated publishes new rooms that no publication has named.
func (h *Hub) pollCreated(ctx context.Context) error {
	since := time.Now().Add(-max(pollOverlap, 2*h.opts.PollInterval))
	if !h.evictCreated(since.Add(-maxClockSkew)) {
		return nil
	}
	if since.Before(h.startedAt) {
		since = h.startedAt
	}
	created, err := h.log.Created(ctx, since, h.isPublished)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range created {
		h.publishCreated(c)
	}
	return nil
}

// evictCreated evicts the rooms that were published before a time. It reports whether there are
// subscribers to new rooms.
func (h *Hub) evictCreated(before time.Time) (subscribed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for room, at := range h.published {
		if at.Before(before) {
			delete(h.published, room)
		}
	}
	for topic := range h.tails {
		subscribed = subscribed || topic.kind != roomTopic
	}
	return subscribed
}

// isPublished reports whether a new room has been published.
func (h *Hub) isPublished(room uuid.UUID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, published := h.published[room]
	return published
}

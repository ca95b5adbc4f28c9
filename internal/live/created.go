package live

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
)

// overlap is how far back the sweep looks for rooms that no hint has told of: longer than it takes
// to make one, since a room's time is from before its commit.
const overlap = time.Minute

// skew is how far the clocks of nodes may be apart: so much longer is remembered what has been
// told.
const skew = time.Minute

// Arrival is an event of the topics User and Lobby: a room has come into being.
type Arrival struct {
	Room uuid.UUID
	seq  int64

	once   sync.Once
	shared any
}

// Share returns what the executions for the arrival share, as the first caller makes it. It lives
// as long as the arrival.
func (a *Arrival) Share(with func() any) any {
	a.once.Do(func() { a.shared = with() })
	return a.shared
}

// Position counts the arrivals that this node has told of.
func (a *Arrival) Position() int64 { return a.seq }

// Ending is false: nothing ends the listening to new rooms.
func (a *Arrival) Ending() bool { return false }

// Erases implements [Event].
func (a *Arrival) Erases() bool { return false }

// announce tells of a room that has come into being, once. The hub is locked.
func (h *Hub) announce(c Created) {
	if _, told := h.announced[c.Room]; told {
		return
	}
	h.announced[c.Room] = foundUntil(c.Room)
	for _, user := range c.Users {
		h.arrived(User(user), c.Room)
	}
	if c.Public {
		h.arrived(Lobby(), c.Room)
	}
}

// foundUntil is from when on looks back begin to leave a room behind: now, unless the node that has
// made it has a clock that is ahead. A room's id begins with its time.
func foundUntil(room uuid.UUID) time.Time {
	now := time.Now()
	if room.Version() != 7 {
		return now
	}
	if made := time.Unix(room.Time().UnixTime()); made.After(now) {
		return made
	}
	return now
}

func (h *Hub) arrived(topic Topic, room uuid.UUID) {
	if t := h.tails[topic]; t != nil {
		t.add([]Event{&Arrival{Room: room, seq: t.ring.head + 1}})
	}
}

// lookForRooms announces rooms that have come into being and of which no hint has told.
func (h *Hub) lookForRooms(ctx context.Context) error {
	since := time.Now().Add(-max(overlap, 2*h.opts.Sweep))
	if !h.forgetAnnounced(since.Add(-skew)) {
		return nil
	}
	if since.Before(h.begun) {
		since = h.begun
	}
	created, err := h.log.Created(ctx, since, h.told)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range created {
		h.announce(c)
	}
	return nil
}

// forgetAnnounced forgets the rooms that were announced before a time. It reports whether there are
// subscribers to new rooms.
func (h *Hub) forgetAnnounced(before time.Time) (subscribed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for room, at := range h.announced {
		if at.Before(before) {
			delete(h.announced, room)
		}
	}
	for topic := range h.tails {
		subscribed = subscribed || topic.kind != roomTopic
	}
	return subscribed
}

// told tells whether a room has been announced.
func (h *Hub) told(room uuid.UUID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, told := h.announced[room]
	return told
}

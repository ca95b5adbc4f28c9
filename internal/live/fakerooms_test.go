package live_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"parley/internal/broker"
	"parley/internal/live"
)

// entry is an event of fakeRooms: its seq, and the user whose membership it ends.
type entry struct {
	number
	room uuid.UUID
	user string
	gone bool
}

func (e entry) EndsMembership() bool { return e.gone }

func (e entry) Ends(user string) error {
	if e.gone && e.user == user {
		return errEnded
	}
	return nil
}

// fakeRooms has rooms with logs and members.
type fakeRooms struct {
	fakeLog
	rooms   map[uuid.UUID][]entry
	members map[string]map[uuid.UUID]live.Membership
	// joins are the memberships in the order in which they began.
	joins []entry
	// onOpened is called while rooms are rendered that are opened, and endings are those rendered.
	onOpened func()
	reads    int // of memberships
}

func newFakeRooms() *fakeRooms {
	return &fakeRooms{
		rooms:   make(map[uuid.UUID][]entry),
		members: make(map[string]map[uuid.UUID]live.Membership),
	}
}

func (h *fakeRooms) Read(
	_ context.Context, room uuid.UUID, after int64, limit int,
) (events []live.Event, _ error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fakeLog.reads++
	if h.err != nil {
		return nil, h.err
	}
	log := h.rooms[room]
	for _, e := range log[min(after, int64(len(log))):] {
		if len(events) < limit {
			events = append(events, e)
		}
	}
	return events, nil
}

func (h *fakeRooms) MembershipEnds(
	_ context.Context, room uuid.UUID, after int64,
) (ends []live.Event, _ error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.rooms[room][after:] {
		if e.gone {
			ends = append(ends, e)
		}
	}
	return ends, nil
}

func (h *fakeRooms) Heads(_ context.Context, rooms []uuid.UUID) (map[uuid.UUID]int64, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	heads := make(map[uuid.UUID]int64)
	for _, room := range rooms {
		heads[room] = int64(len(h.rooms[room]))
	}
	return heads, nil
}

func (h *fakeRooms) Joined(
	_ context.Context, _ time.Time, found func(string, uuid.UUID),
) error {
	h.mu.Lock()
	joins := slices.Clone(h.joins)
	h.mu.Unlock()
	for _, j := range joins {
		found(j.user, j.room)
	}
	return nil
}

// add appends an event to a room, and publishes it.
func (h *fakeRooms) add(hub *live.Hub, room uuid.UUID) { h.publish(hub, room, entry{}) }

func (h *fakeRooms) publish(hub *live.Hub, room uuid.UUID, e entry) {
	h.mu.Lock()
	e.number, e.room = number(len(h.rooms[room])+1), room
	p := broker.Publication{Room: room, Seq: int64(e.number)}
	if e.user != "" {
		p.Users = []string{e.user}
		if h.members[e.user] == nil {
			h.members[e.user] = make(map[uuid.UUID]live.Membership)
		}
		if e.gone {
			delete(h.members[e.user], room)
		} else {
			h.members[e.user][room] = live.Membership{Joined: int64(e.number) - 1}
			h.joins = append(h.joins, e)
		}
	}
	h.rooms[room] = append(h.rooms[room], e)
	h.mu.Unlock()
	if hub != nil {
		hub.Receive(p)
	}
}

// open opens a session of a user.
func (h *fakeRooms) open(
	t testing.TB, hub *live.Hub, user string, change func(*live.Session),
) live.Subscriber {
	t.Helper()
	name := func(room uuid.UUID) string { return room.String()[:4] }
	description := live.Session{
		User: user,
		Key:  "the same",
		Render: func(
			_ context.Context, _ string, events []live.Event,
		) (payloads [][]byte, _ live.ReadSet, _ error) {
			for _, event := range events {
				e := event.(entry) //nolint:errcheck,forcetypeassert // it is one
				payloads = append(payloads, fmt.Appendf(nil, "%s %d", name(e.room), e.number))
			}
			return payloads, live.ReadNothing, nil
		},
		Memberships: func(context.Context) (map[uuid.UUID]live.Membership, error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.reads++
			found := make(map[uuid.UUID]live.Membership)
			for room, m := range h.members[user] {
				m.Head = int64(len(h.rooms[room]))
				found[room] = m
			}
			return found, nil
		},
		Reserve: func(int) error { return nil },
		RenderOpenings: func(_ context.Context, rooms []live.Opening) (payloads [][]byte, _ error) {
			if h.onOpened != nil {
				h.onOpened()
			}
			for _, o := range rooms {
				payloads = append(payloads, fmt.Appendf(nil, "%s opened %d", name(o.Room), o.Head))
			}
			return payloads, nil
		},
		RenderReady: func(context.Context) ([][]byte, error) { return [][]byte{[]byte("ready")}, nil },
		RenderEndings: func(_ context.Context, ended []live.Ending) (payloads [][]byte, _ error) {
			for _, e := range ended {
				if e.Cause != nil && !errors.Is(e.Cause, errEnded) {
					return nil, e.Cause
				}
				payloads = append(payloads, fmt.Appendf(nil, "%s ended", name(e.Room)))
			}
			return payloads, nil
		},
	}
	if change != nil {
		change(&description)
	}
	s, err := hub.SubscribeSession(t.Context(), description)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

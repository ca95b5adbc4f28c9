package live

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"
)

// ErrRewound ends a subscription whose position the database may not have any more.
var ErrRewound = errors.New("the database has lost commits")

// Era returns how often the database went back. A caller reads it before it authorizes a
// subscription, and passes it as [Subscription.Era]: what it reads after that may be of this era or
// a later one, and the subscription is not of an earlier one by mistake.
func (h *Hub) Era() int64 { return h.era.Load() }

// Rewind says that the database went back: what was delivered may not exist any more, and the same
// seqs may come again with other events. The hub drops what it has read. Subscriptions that have a
// Resync continue from the present head; lists of rooms begin again; the others end with
// ErrRewound.
//
// The caller makes sure that reads which begin after Rewind do not see the older state.
func (h *Hub) Rewind() {
	h.opts.Logger.WarnContext(
		h.ctx,
		"the database was promoted or went back, streams resynchronize",
		"timeline",
		h.opts.Timeline(),
	)
	tails, sinks := h.rewind()
	for _, t := range tails {
		t.fail(ErrRewound)
	}
	h.wakeAll(sinks)
}

// rewind begins an era. It returns the tails of the last one, which are detached, and the sinks to
// wake.
func (h *Hub) rewind() (tails []*tail, sinks []Sink) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.era.Add(1)
	for _, t := range h.tails {
		tails = append(tails, t)
	}
	clear(h.tails)
	for _, lists := range h.listsByUser {
		for l := range lists {
			if sink := l.rewind(); sink != nil {
				sinks = append(sinks, sink)
			}
		}
	}
	for _, sessions := range h.sessions {
		for s := range sessions {
			if sink := s.touch(uuid.Nil); sink != nil {
				sinks = append(sinks, sink)
			}
		}
	}
	return tails, sinks
}

// isRewound reports whether the database went back since the subscriber took its position.
func (s *subscriber) isRewound() bool { return s.era != s.hub.era.Load() }

// restart continues a rewound subscription from the present head, or ends it.
func (s *subscriber) restart(ctx context.Context) ([][]byte, error) {
	if s.cohort.resync == nil {
		return nil, ErrRewound
	}
	return s.resync(ctx)
}

// rewind makes the list begin again. It returns the sink to wake, if there is one. The hub is
// locked.
func (l *roomList) rewind() Sink {
	l.First, l.readDue, l.rewound = l.openingPayloads, true, true
	sink := l.sink
	l.sink = nil
	delete(l.hub.pendingLists, l)
	return sink
}

// takeRewound reports and clears rewound. If the list was rewound, nothing is known of its rooms
// from then on.
func (l *roomList) takeRewound() bool {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	rewound := l.rewound
	l.rewound = false
	if rewound {
		for room := range l.states {
			l.states[room] = ReadState{} // every publication is newer
		}
	}
	return rewound
}

// restart makes a session continue from the present heads of its rooms, with Resync; the rooms that
// are not its user's any more end. Rooms that were not opened yet begin at their heads, unless the
// client named a position.
func (s *session) restart(ctx context.Context) error {
	era := s.hub.Era()
	found, err := s.loadMemberships(ctx)
	if err != nil {
		return err
	}
	s.endings = slices.DeleteFunc(s.endings, func(e Ending) bool {
		_, isMember := found[e.Room]
		return isMember
	})
	pending, unsent := s.openings, make(map[uuid.UUID]bool)
	s.openings, s.era = nil, era
	for _, p := range pending {
		unsent[p.room] = true
		if m, isMember := found[p.room]; isMember {
			s.openings = append(s.openings, pendingRoom{p.room, m, p.after, p.resync})
		} else {
			s.endings = append(s.endings, Ending{Room: p.room})
		}
	}
	for _, room := range s.followedRooms() {
		s.drop(room)
		if unsent[room] {
			continue
		}
		if m, isMember := found[room]; isMember {
			s.openings = append(s.openings, pendingRoom{room, m, m.Head, true})
		} else {
			s.endings = append(s.endings, Ending{Room: room})
		}
	}
	s.openNewRooms(found)
	return nil
}

// followedRooms returns the rooms that the session follows.
func (s *session) followedRooms() []uuid.UUID {
	s.mu.Lock()
	defer s.mu.Unlock()
	rooms := make([]uuid.UUID, 0, len(s.rooms))
	for room := range s.rooms {
		rooms = append(rooms, room)
	}
	return rooms
}

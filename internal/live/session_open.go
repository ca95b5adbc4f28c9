package live

import (
	"context"
	"errors"

	"github.com/google/uuid"
)

// pendingRoom is a room that is to be opened.
type pendingRoom struct {
	room uuid.UUID
	Membership
	after int64
	// resync: the room was open before the database went back.
	resync bool
}

// findInitialRooms finds the rooms to open first, and those that were named and are not the user's.
func (s *session) findInitialRooms(ctx context.Context) error {
	found, err := s.loadMemberships(ctx)
	if err != nil {
		return err
	}
	for room, m := range found {
		after, named := s.After[room]
		if !named {
			after = m.Head
		}
		s.openings = append(s.openings, pendingRoom{room, m, after, false})
	}
	named := make(map[uuid.UUID]struct{}, len(s.Only)+len(s.After))
	for room := range s.Only {
		named[room] = struct{}{}
	}
	for room := range s.After {
		if s.includes(room) {
			named[room] = struct{}{}
		}
	}
	for room := range named {
		if _, isMember := found[room]; !isMember {
			s.endings = append(s.endings, Ending{Room: room})
		}
	}
	s.After = nil
	return nil
}

// loadMemberships reads the memberships, and claims what their rooms take.
func (s *session) loadMemberships(ctx context.Context) (found map[uuid.UUID]Membership, err error) {
	err = retry(ctx, func() error {
		found, err = s.Memberships(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, s.Reserve(len(found))
}

// includes reports whether the session follows a room while the user is in it.
func (s *session) includes(room uuid.UUID) bool {
	_, included := s.Only[room]
	return included || s.Only == nil
}

// refresh reads the memberships, and finds the rooms that the user has joined.
func (s *session) refresh(ctx context.Context) error {
	found, err := s.loadMemberships(ctx)
	if err == nil {
		s.openNewRooms(found)
	}
	return err
}

// openNewRooms enqueues the rooms that the session does not know, to be opened. The logs of the
// rooms say which have ended.
func (s *session) openNewRooms(found map[uuid.UUID]Membership) {
	pending := make(map[uuid.UUID]struct{}, len(s.openings))
	for _, p := range s.openings {
		pending[p.room] = struct{}{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for room, m := range found {
		_, opening := pending[room]
		if s.rooms[room] == nil && !opening {
			s.openings = append(s.openings, pendingRoom{room, m, m.Joined, false})
		}
	}
}

// openedRoom is a room that has been joined, and the payloads that begin it.
type openedRoom struct {
	pendingRoom
	*sessionRoom
	payloads [][]byte
}

// open opens some rooms. It reads the memberships again after it has joined and rendered the rooms:
// so it drops a room that the user has left meanwhile, and misses no event.
func (s *session) open(ctx context.Context) (payloads [][]byte, err error) {
	var opened []openedRoom
	if s.OpenSingly {
		for size := 0; size < sessionBytes && len(opened) < singleOpenBatch && len(s.openings) > 0; {
			one, err := s.openNext(ctx, 1)
			if errors.Is(err, ErrRewound) { // Next restarts the session
				for _, o := range opened {
					s.openings = append(s.openings, o.pendingRoom)
				}
				return nil, nil
			}
			if err != nil {
				return nil, err
			}
			for _, payload := range one[0].payloads {
				size += len(payload)
			}
			opened = append(opened, one...)
		}
	} else if opened, err = s.openNext(ctx, openBatch); errors.Is(err, ErrRewound) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	found, err := s.loadMemberships(ctx)
	if err != nil {
		return nil, err
	}
	for _, o := range opened {
		if !s.isStillMember(o.pendingRoom, found) {
			s.drop(o.room)
			continue
		}
		s.hub.notifyTail(o.room, found[o.room].Head)
		if !o.Park(o.sessionRoom) {
			s.enqueue(o.sessionRoom)
		}
		payloads = append(payloads, o.payloads...)
	}
	s.openNewRooms(found)
	return payloads, nil
}

// openNext joins and renders the next rooms, at most n.
func (s *session) openNext(ctx context.Context, n int) ([]openedRoom, error) {
	batch := s.openings[:min(len(s.openings), n)]
	if s.openings = s.openings[len(batch):]; len(s.openings) == 0 {
		s.openings = nil
	}
	var items []Opening
	var positions []int // the place of each item's room in the batch
	opened := make([]openedRoom, len(batch))
	for i, p := range batch {
		r, err := s.hub.joinSession(s, p)
		if errors.Is(err, ErrRewound) {
			s.openings = append(batch, s.openings...)
		}
		if err != nil {
			return nil, err
		}
		opened[i] = openedRoom{pendingRoom: p, sessionRoom: r}
		if !p.resync {
			items, positions = append(
				items,
				Opening{Room: p.room, Head: p.Head},
			), append(
				positions,
				i,
			)
		}
		if p.resync || p.after > p.Head {
			items = append(items, Opening{Room: p.room, Head: p.Head, Resync: true})
			positions = append(positions, i)
		}
	}
	payloads, err := s.RenderOpenings(ctx, items)
	if err != nil {
		return nil, err
	}
	for j, i := range positions {
		if payloads[j] != nil {
			opened[i].payloads = append(opened[i].payloads, payloads[j])
		}
	}
	return opened, nil
}

// joinSession subscribes to a room of a session. It returns [context.Canceled] if the session is
// closed, and ErrRewound if it is of an earlier era.
func (h *Hub) joinSession(s *session, p pendingRoom) (*sessionRoom, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, context.Canceled
	}
	if s.era != h.Era() {
		return nil, ErrRewound
	}
	after := min(p.after, p.Head)
	c, err := h.join(Subscription{
		Topic: Room(p.room), User: s.User, Key: s.Key, Render: s.Render, Resync: s.Resync,
		After: after, Head: p.Head, pollsHead: true,
	})
	if err != nil {
		return nil, err
	}
	r := &sessionRoom{session: s, subscriber: subscriber{
		hub: h, cohort: c, user: s.User, seq: after, authorized: p.Head,
		era: s.era,
	}}
	s.rooms[p.room] = r
	if s.Follow != nil {
		s.Follow(p.room)
	}
	return r, nil
}

// isStillMember reports whether the user is still in a room, by the same membership. A room that
// the user has joined again is opened again.
func (s *session) isStillMember(p pendingRoom, found map[uuid.UUID]Membership) bool {
	m, isMember := found[p.room]
	if !isMember {
		s.endings = append(s.endings, Ending{Room: p.room})
	}
	return isMember && m.Joined == p.Joined
}

// notifyTail says that the log of a room has grown to seq.
func (h *Hub) notifyTail(room uuid.UUID, seq int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t := h.tails[Room(room)]; t != nil {
		t.notify(seq)
	}
}

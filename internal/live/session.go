package live

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/uuid"
)

const (
	// openBatch is how many rooms a session opens at once, and singleOpenBatch how many if it opens
	// them singly.
	openBatch, singleOpenBatch = 512, 64
	// sessionEvents and sessionBytes bound what Next of a session returns: it takes nothing from
	// another room beyond them.
	sessionEvents = 256
	sessionBytes  = 256 << 10
	// membershipReadInterval is how many polls pass between two reads of a session's memberships
	// that nothing has requested.
	membershipReadInterval = 200
)

// Membership is a room that a user may follow.
type Membership struct {
	// Head is the seq of the room's newest event at which the user was authorized.
	Head int64
	// Joined is the seq before that of the event with which the user joined.
	Joined int64
}

// Opening is a room that a session begins to follow.
type Opening struct {
	Room uuid.UUID
	// Head is the seq of the room's newest event.
	Head int64
	// Resync: the position was ahead of the log, or the database went back, and the session
	// continues from Head. In the first case it comes beside another Opening of the room.
	Resync bool
}

// Ending is a room that a session does not follow any more.
type Ending struct {
	Room uuid.UUID
	// Cause is the error that ended it; nil if the user is not in the room.
	Cause error
}

// Session says what a subscriber to the events of all rooms of a user receives. Its functions are
// called by Subscribe and Next, with their context.
type Session struct {
	User string
	// Key, Render and Resync are those of the subscriptions to the rooms: see [Subscription].
	Key    string
	Render Render
	Resync Resync
	// Only are the rooms that the session is restricted to, also later; nil is no restriction.
	Only map[uuid.UUID]struct{}
	// After are positions: the seq of the last event that the subscriber has of a room. Of the
	// rooms that the user is in at first, those without a position begin at their heads. Rooms that
	// the user joins later begin at [Membership.Joined].
	After map[uuid.UUID]int64
	// First are payloads to send before anything else.
	First [][]byte

	// Memberships authorizes the user, and returns the rooms of the user that Only includes.
	Memberships func(ctx context.Context) (map[uuid.UUID]Membership, error)
	// Reserve claims what so many rooms take. It fails if they are too many.
	Reserve func(rooms int) error
	// RenderOpenings renders what begins each of the rooms, in their order: nil for a room that the
	// user has left meanwhile. If OpenSingly, it takes long or returns much, and is called for each
	// room.
	RenderOpenings func(ctx context.Context, rooms []Opening) ([][]byte, error)
	OpenSingly     bool
	// RenderReady renders that all rooms of the beginning are open.
	RenderReady func(ctx context.Context) ([][]byte, error)
	// RenderEndings renders what ends each of the rooms, in their order. It returns an error whose
	// cause is not the end of a membership: that ends the session.
	RenderEndings func(ctx context.Context, rooms []Ending) ([][]byte, error)
	// Follow and Unfollow, if set, are called when a room begins and ends. They must not block.
	Follow, Unfollow func(room uuid.UUID)
}

// session subscribes to the events of the rooms of a user: a subscriber to each of the rooms, whose
// sink it is. While nothing happens they are all parked.
type session struct {
	hub *Hub
	Session

	// The goroutine's own: the rooms that are to be opened and those that have ended, both not yet
	// sent, and whether the payloads of RenderReady have been sent.
	openings  []pendingRoom
	endings   []Ending
	readySent bool
	// era is that of the positions.
	era int64

	// nextRead is when the memberships are read again. The hub's lock guards it.
	nextRead time.Time

	// The rest is guarded by mu, which may be locked under the hub's lock.
	mu sync.Mutex
	// sink is set while the session is parked. sending counts the payloads that are being sent to
	// it. If it has to be woken, sinkToWake is set meanwhile.
	sink, sinkToWake Sink
	sending          int
	closed           bool
	// stale: the memberships have to be read, because the user may have joined a room.
	stale bool
	rooms map[uuid.UUID]*sessionRoom
	// queue are the rooms that are not parked, in the order of their turns.
	queue []*sessionRoom
}

// SubscribeSession subscribes to the events of the rooms of a user. The caller closes the
// subscriber. It returns the errors of the session's functions.
//
// First come the beginnings of all rooms, then RenderReady, then events. Of each room the session
// begins with Opening, and nothing comes after its Ending, unless the user joins again.
func (h *Hub) SubscribeSession(ctx context.Context, description Session) (Subscriber, error) {
	s := &session{
		hub: h, Session: description, rooms: make(map[uuid.UUID]*sessionRoom), era: h.Era(),
	}
	h.addSession(s) // memberships that begin from now on are published to it
	if err := s.findInitialRooms(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (h *Hub) addSession(s *session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	interval := membershipReadInterval * h.opts.PollInterval
	s.nextRead = time.Now().Add(interval/2 + rand.N(interval)) //nolint:gosec // nothing is secret
	if h.sessions[s.User] == nil {
		h.sessions[s.User] = make(map[*session]struct{})
	}
	h.sessions[s.User][s] = struct{}{}
}

func (h *Hub) removeSession(s *session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.sessions[s.User], s)
	if len(h.sessions[s.User]) == 0 {
		delete(h.sessions, s.User)
	}
}

// Next implements [Subscriber].
func (s *session) Next(ctx context.Context) ([][]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if stale := s.takeStale(); s.era != s.hub.Era() {
		if err := s.restart(ctx); err != nil {
			return nil, err
		}
	} else if stale {
		if err := s.refresh(ctx); err != nil {
			return nil, err
		}
	}
	switch {
	case s.First != nil:
		first := s.First
		s.First = nil
		return first, nil
	case len(s.endings) > 0:
		endings := s.endings
		s.endings = nil
		return s.RenderEndings(ctx, endings)
	case len(s.openings) > 0:
		return s.open(ctx)
	case !s.readySent:
		s.readySent = true
		return s.RenderReady(ctx)
	}
	return s.takePayloads(ctx)
}

// takeStale reports and clears stale.
func (s *session) takeStale() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	stale := s.stale
	s.stale = false
	return stale
}

// takePayloads returns what some rooms have, in the order of their turns.
func (s *session) takePayloads(ctx context.Context) (payloads [][]byte, err error) {
	for size := 0; size < sessionBytes && len(payloads) < sessionEvents; {
		r := s.dequeue()
		if r == nil {
			break
		}
		if s.era != s.hub.Era() {
			break // Next restarts the session
		}
		next, err := r.Next(ctx)
		payloads = append(payloads, next...)
		for _, payload := range next {
			size += len(payload)
		}
		if ctx.Err() != nil {
			return payloads, ctx.Err()
		}
		if err != nil {
			room := r.cohort.tail.topic.room
			s.drop(room)
			s.endings = append(s.endings, Ending{Room: room, Cause: err})
			s.setStale() // the user may have joined again
			break
		}
		if !r.Park(r) {
			s.enqueue(r)
		}
	}
	return payloads, nil
}

// drop ends the subscription to a room.
func (s *session) drop(room uuid.UUID) {
	if r := s.remove(room); r != nil {
		r.Close()
		if s.Unfollow != nil {
			s.Unfollow(room)
		}
	}
}

func (s *session) remove(room uuid.UUID) *sessionRoom {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rooms[room]
	delete(s.rooms, room)
	return r
}

func (s *session) setStale() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stale = true
}

// touch notes that the user may have joined a room; [uuid.Nil] stands for any. It returns the sink
// to wake, if there is one.
func (s *session) touch(room uuid.UUID) Sink {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || room != uuid.Nil && (s.rooms[room] != nil || !s.includes(room)) {
		return nil
	}
	s.stale = true
	return s.unpark()
}

// Park implements [Subscriber].
func (s *session) Park(sink Sink) bool {
	if s.First != nil || len(s.endings) > 0 || len(s.openings) > 0 || !s.readySent {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.stale || len(s.queue) > 0 {
		return false
	}
	s.queue, s.sink = nil, sink
	return true
}

// Close implements [Subscriber].
func (s *session) Close() {
	s.hub.removeSession(s)
	for room, r := range s.close() {
		r.Close()
		if s.Unfollow != nil {
			s.Unfollow(room)
		}
	}
}

// close returns the rooms, the first time.
func (s *session) close() map[uuid.UUID]*sessionRoom {
	s.mu.Lock()
	defer s.mu.Unlock()
	rooms := s.rooms
	s.closed, s.sink, s.rooms, s.queue = true, nil, nil, nil
	return rooms
}

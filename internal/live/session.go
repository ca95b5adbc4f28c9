package live

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/uuid"
)

const (
	// openBatch is how many rooms a session opens at once.
	openBatch = 512
	// sessionEvents and sessionBytes bound what Next of a session returns: it takes nothing from
	// another room beyond them.
	sessionEvents = 256
	sessionBytes  = 256 << 10
	// rereadInterval is how many sweeps pass between two reads of a session's memberships that
	// nothing has requested.
	rereadInterval = 200
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
	// Resync: the position was ahead of the log, and the session continues from Head. It comes
	// beside another Opening of the room.
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
	// After are positions: the seq of the last event that the subscriber has of a room. Of the rooms
	// that the user is in at first, those without a position begin at their heads. Rooms that the
	// user joins later begin at [Membership.Joined].
	After map[uuid.UUID]int64
	// First are payloads to send before anything else.
	First [][]byte

	// Memberships authorizes the user, and returns the rooms of the user that Only admits.
	Memberships func(ctx context.Context) (map[uuid.UUID]Membership, error)
	// Reserve claims what so many rooms take. It fails if they are too many.
	Reserve func(rooms int) error
	// Opened renders what begins each of the rooms, in their order: nil for a room that the user has
	// left meanwhile.
	Opened func(ctx context.Context, rooms []Opening) ([][]byte, error)
	// Ready renders that all rooms of the beginning are open.
	Ready func(ctx context.Context) ([][]byte, error)
	// Ended renders what ends each of the rooms, in their order. It returns an error whose cause is
	// not the end of a membership: that ends the session.
	Ended func(ctx context.Context, rooms []Ending) ([][]byte, error)
	// Follow and Unfollow, if set, are called when a room begins and ends. They must not block.
	Follow, Unfollow func(room uuid.UUID)
}

// session subscribes to the events of the rooms of a user: a subscriber to each of the rooms, whose
// sink it is. While nothing happens they are all parked.
type session struct {
	hub *Hub
	Session

	// The goroutine's own: the rooms that are to be opened and those that have ended, both not yet
	// sent, and whether Ready has been sent.
	openings []pendingRoom
	endings  []Ending
	ready    bool

	// reread is when the memberships are read again. The hub's lock guards it.
	reread time.Time

	// The rest is guarded by mu, which may be locked under the hub's lock.
	mu sync.Mutex
	// sink is set while the session is parked. sending counts the payloads that are being sent to
	// it. If it has to be woken, woken is set meanwhile.
	sink, woken Sink
	sending     int
	closed      bool
	// stale: the memberships have to be read, because the user may have joined a room.
	stale bool
	rooms map[uuid.UUID]*sessionRoom
	// queue are the rooms that are not parked, in the order of their turns.
	queue []*sessionRoom
}

// pendingRoom is a room that is to be opened.
type pendingRoom struct {
	room uuid.UUID
	Membership
	after int64
}

// sessionRoom is the subscriber to one room of a session, and its sink.
type sessionRoom struct {
	subscriber
	session *session
}

// SubscribeSession subscribes to the events of the rooms of a user. The caller closes the
// subscriber. It returns the errors of the session's functions.
//
// First come the beginnings of all rooms, then Ready, then events. Of each room the session begins
// with Opening, and nothing comes after its Ending, unless the user joins again.
func (h *Hub) SubscribeSession(ctx context.Context, description Session) (Subscriber, error) {
	s := &session{hub: h, Session: description, rooms: make(map[uuid.UUID]*sessionRoom)}
	h.addSession(s) // memberships that begin from now on are published to it
	if err := s.begin(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (h *Hub) addSession(s *session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	interval := rereadInterval * h.opts.Sweep
	s.reread = time.Now().Add(interval/2 + rand.N(interval)) //nolint:gosec // nothing is secret
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

// begin finds the rooms to open first, and those that were named and are not the user's.
func (s *session) begin(ctx context.Context) error {
	found, err := s.memberships(ctx)
	if err != nil {
		return err
	}
	for room, m := range found {
		after, named := s.After[room]
		if !named {
			after = m.Head
		}
		s.openings = append(s.openings, pendingRoom{room, m, after})
	}
	named := make(map[uuid.UUID]struct{}, len(s.Only)+len(s.After))
	for room := range s.Only {
		named[room] = struct{}{}
	}
	for room := range s.After {
		if s.admits(room) {
			named[room] = struct{}{}
		}
	}
	for room := range named {
		if _, mine := found[room]; !mine {
			s.endings = append(s.endings, Ending{Room: room})
		}
	}
	s.After = nil
	return nil
}

// memberships reads the memberships, and claims what their rooms take.
func (s *session) memberships(ctx context.Context) (found map[uuid.UUID]Membership, err error) {
	err = persist(ctx, func() error {
		found, err = s.Memberships(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, s.Reserve(len(found))
}

// admits reports whether the session follows a room while the user is in it.
func (s *session) admits(room uuid.UUID) bool {
	_, admitted := s.Only[room]
	return admitted || s.Only == nil
}

// Next implements [Subscriber].
func (s *session) Next(ctx context.Context) ([][]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.takeStale() {
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
		return s.Ended(ctx, endings)
	case len(s.openings) > 0:
		return s.open(ctx)
	case !s.ready:
		s.ready = true
		return s.Ready(ctx)
	}
	return s.take(ctx)
}

// takeStale reports and clears stale.
func (s *session) takeStale() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	stale := s.stale
	s.stale = false
	return stale
}

// refresh reads the memberships, and finds the rooms that the user has joined.
func (s *session) refresh(ctx context.Context) error {
	found, err := s.memberships(ctx)
	if err == nil {
		s.adopt(found)
	}
	return err
}

// adopt makes the rooms be opened that the session does not know. What has ended is told by the
// rooms' logs.
func (s *session) adopt(found map[uuid.UUID]Membership) {
	pending := make(map[uuid.UUID]struct{}, len(s.openings))
	for _, p := range s.openings {
		pending[p.room] = struct{}{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for room, m := range found {
		_, opening := pending[room]
		if s.rooms[room] == nil && !opening {
			s.openings = append(s.openings, pendingRoom{room, m, m.Joined})
		}
	}
}

// open opens some rooms. The memberships are read again when the rooms are joined and rendered: a
// room that the user has left meanwhile is not shown, and no event is missed.
func (s *session) open(ctx context.Context) ([][]byte, error) {
	batch := s.openings[:min(len(s.openings), openBatch)]
	if s.openings = s.openings[len(batch):]; len(s.openings) == 0 {
		s.openings = nil
	}
	rooms, err := s.join(batch)
	if err != nil {
		return nil, err
	}
	var items []Opening
	for _, p := range batch {
		items = append(items, Opening{Room: p.room, Head: p.Head})
		if p.after > p.Head {
			items = append(items, Opening{Room: p.room, Head: p.Head, Resync: true})
		}
	}
	payloads, err := s.Opened(ctx, items)
	if err != nil {
		return nil, err
	}
	found, err := s.memberships(ctx)
	if err != nil {
		return nil, err
	}
	left := s.reject(batch, found)
	for i, p := range batch {
		if _, ended := left[p.room]; ended {
			s.drop(p.room)
			continue
		}
		s.hub.want(p.room, found[p.room].Head)
		if !rooms[i].Park(rooms[i]) {
			s.enqueue(rooms[i])
		}
	}
	s.adopt(found)
	kept := payloads[:0]
	for i, item := range items {
		if _, ended := left[item.Room]; !ended && payloads[i] != nil {
			kept = append(kept, payloads[i])
		}
	}
	return kept, nil
}

// join subscribes to rooms.
func (s *session) join(batch []pendingRoom) ([]*sessionRoom, error) {
	rooms := make([]*sessionRoom, len(batch))
	for i, p := range batch {
		r, err := s.hub.joinSession(s, p)
		if err != nil {
			return nil, err
		}
		rooms[i] = r
	}
	return rooms, nil
}

// joinSession subscribes to a room of a session. It returns [context.Canceled] if the session is
// closed.
func (h *Hub) joinSession(s *session, p pendingRoom) (*sessionRoom, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, context.Canceled
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
	}}
	s.rooms[p.room] = r
	if s.Follow != nil {
		s.Follow(p.room)
	}
	return r, nil
}

// reject returns the rooms of a batch that the user is no longer in, or not by the same membership.
// A room that the user has joined again is opened again.
func (s *session) reject(
	batch []pendingRoom, found map[uuid.UUID]Membership,
) map[uuid.UUID]struct{} {
	left := make(map[uuid.UUID]struct{})
	for _, p := range batch {
		switch m, still := found[p.room]; {
		case !still:
			s.endings = append(s.endings, Ending{Room: p.room})
			left[p.room] = struct{}{}
		case m.Joined != p.Joined:
			left[p.room] = struct{}{}
		}
	}
	return left
}

// want says that the log of a room has grown to seq.
func (h *Hub) want(room uuid.UUID, seq int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t := h.tails[Room(room)]; t != nil {
		t.want(seq)
	}
}

// take returns what some rooms have, in the order of their turns.
func (s *session) take(ctx context.Context) (payloads [][]byte, err error) {
	for size := 0; size < sessionBytes && len(payloads) < sessionEvents; {
		r := s.dequeue()
		if r == nil {
			break
		}
		of, err := r.Next(ctx)
		payloads = append(payloads, of...)
		for _, payload := range of {
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

// dequeue returns the room whose turn it is; nil if there is none.
func (s *session) dequeue() *sessionRoom {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		s.queue = nil
		return nil
	}
	r := s.queue[0]
	s.queue = s.queue[1:]
	return r
}

// enqueue adds a room that is not parked, and wakes the sink.
func (s *session) enqueue(r *sessionRoom) {
	if sink := s.push(r); sink != nil {
		sink.Wake()
	}
}

// push adds a room to the queue. It returns the sink to wake, if there is one.
func (s *session) push(r *sessionRoom) Sink {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.queue = append(s.queue, r)
	return s.unpark()
}

// unpark returns the sink to wake: nil if the session is not parked, or a payload is being sent. In
// that case the sink is woken when that has been sent. The session is locked.
func (s *session) unpark() Sink {
	sink := s.sink
	s.sink = nil
	if sink != nil && s.sending > 0 {
		s.woken = sink
		return nil
	}
	return sink
}

// touch notes that the user may have joined a room; [uuid.Nil] stands for any. It returns the sink to
// wake, if there is one.
func (s *session) touch(room uuid.UUID) Sink {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || room != uuid.Nil && (s.rooms[room] != nil || !s.admits(room)) {
		return nil
	}
	s.stale = true
	return s.unpark()
}

// Park implements [Subscriber].
func (s *session) Park(sink Sink) bool {
	if s.First != nil || len(s.endings) > 0 || len(s.openings) > 0 || !s.ready {
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

// parkedSink returns the sink if the session is parked.
func (s *session) parkedSink() Sink {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sink
}

// beginSend returns the sink if the session is parked. Then endSend follows.
func (s *session) beginSend() Sink {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sink != nil {
		s.sending++
	}
	return s.sink
}

// endSend returns the sink to wake, if there is one.
func (s *session) endSend() Sink {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sending--; s.sending > 0 {
		return nil
	}
	sink := s.woken
	s.woken = nil
	return sink
}

// Ready implements [Sink].
func (r *sessionRoom) Ready() bool {
	sink := r.session.parkedSink()
	return sink != nil && sink.Ready()
}

// Send implements [Sink].
func (r *sessionRoom) Send(payload []byte) bool {
	sink := r.session.beginSend()
	if sink == nil {
		return false
	}
	defer func() {
		if sink := r.session.endSend(); sink != nil {
			sink.Wake()
		}
	}()
	return sink.Send(payload)
}

// Wake implements [Sink].
func (r *sessionRoom) Wake() { r.session.enqueue(r) }

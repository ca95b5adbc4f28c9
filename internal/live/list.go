package live

import (
	"context"
	"time"

	"github.com/google/uuid"

	"parley/internal/panics"
)

const (
	// quiet is the least time between two changes of one room in one list.
	quiet = 250 * time.Millisecond
	// healInterval is how many sweeps pass between two reads of a list that find what no publication
	// has named.
	healInterval = 10
	// unknown stands for a seq: something else than the room's log has changed.
	unknown = -1
)

// Lists reads users' lists of rooms.
type Lists interface {
	// ReadStates returns the rooms of a user.
	ReadStates(ctx context.Context, user string) (map[uuid.UUID]ReadState, error)
}

// ReadState is what the entry of a room in a user's list changes with: the seq of the newest event,
// and the seq up to which the user has read.
type ReadState struct{ Seq, Read int64 }

// Change is a change of a list of rooms.
type Change struct {
	Room uuid.UUID
	// Removed says that the room is no longer in the list; otherwise it was added, or has changed.
	Removed bool
}

// RoomList says what a subscriber to a user's list of rooms receives.
type RoomList struct {
	User string
	// First are payloads to send before anything else.
	First [][]byte
	// Render makes the payloads of changes.
	Render func(ctx context.Context, changes []Change) ([][]byte, error)
}

// roomList subscribes to the list of rooms of a user. It sends at most one change of a room each
// 250 ms, and always the last one.
type roomList struct {
	hub *Hub
	RoomList
	// heal sets healing from time to time.
	heal *time.Timer

	// The rest is guarded by the hub's lock.

	// sink is set while the list is parked.
	sink   Sink
	closed bool
	known  map[uuid.UUID]ReadState
	// due are the rooms with a change that has not been sent, and sent says when the last change of
	// a room was sent, unless that was long ago.
	due  map[uuid.UUID]struct{}
	sent map[uuid.UUID]time.Time
	// stale says that known has to be read again before the next change is sent, and healing that
	// it has to be read again in any case.
	stale, healing bool
}

// SubscribeList subscribes to a user's list of rooms: no change after its return is missed. The
// caller closes the subscriber.
func (h *Hub) SubscribeList(ctx context.Context, list RoomList) (Subscriber, error) {
	l := &roomList{
		hub:      h,
		RoomList: list,
		due:      make(map[uuid.UUID]struct{}),
		sent:     make(map[uuid.UUID]time.Time),
	}
	h.addList(l)
	// The first read finds the rooms to follow, the second what is known of them while they are
	// followed.
	for range 2 {
		states, err := h.lists.ReadStates(ctx, l.User)
		if err != nil {
			l.Close()
			return nil, err
		}
		l.adopt(states)
	}
	return l, nil
}

// addList registers a list under its user.
func (h *Hub) addList(l *roomList) {
	h.mu.Lock()
	defer h.mu.Unlock()
	// It ends with the list.
	l.heal = time.AfterFunc(healInterval*h.opts.Sweep,
		h.opts.Panics.Wrap(h.ctx, panics.Event, l.startHealing, nil))
	if h.viewers[l.User] == nil {
		h.viewers[l.User] = make(map[*roomList]struct{})
	}
	h.viewers[l.User][l] = struct{}{}
}

// adopt sets what is known of the list, and follows its rooms. It keeps what publications have said
// since the list was read.
func (l *roomList) adopt(states map[uuid.UUID]ReadState) {
	h := l.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if l.closed {
		return
	}
	for room := range l.known {
		if _, still := states[room]; !still {
			h.unfollow(room, l)
		}
	}
	for room, state := range states {
		if h.byRoom[room] == nil {
			h.byRoom[room] = make(map[*roomList]struct{})
		}
		h.byRoom[room][l] = struct{}{}
		state.Seq = max(state.Seq, l.known[room].Seq)
		states[room] = state
	}
	l.known = states
}

// unfollow makes a list follow a room no longer. The hub is locked.
func (h *Hub) unfollow(room uuid.UUID, l *roomList) {
	delete(h.byRoom[room], l)
	if len(h.byRoom[room]) == 0 {
		delete(h.byRoom, room)
	}
}

// touch notes that a room has changed: its log up to seq, or something else. The hub is locked.
func (l *roomList) touch(room uuid.UUID, seq int64) {
	state, ok := l.known[room]
	switch {
	case !ok || seq == unknown:
		l.stale = true
	case seq <= state.Seq:
		return // an old publication
	default:
		state.Seq = seq
		l.known[room] = state
	}
	l.due[room] = struct{}{}
	l.hub.enqueue(l)
}

// startHealing makes the list be read again.
func (l *roomList) startHealing() {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	l.healing = true
	l.hub.enqueue(l)
}

// Next implements [Subscriber].
func (l *roomList) Next(ctx context.Context) ([][]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if first := l.First; first != nil {
		l.First = nil
		return first, nil
	}
	if l.healed() {
		if err := l.read(ctx); err != nil {
			l.hub.opts.Logger.WarnContext(ctx, "cannot read a list of rooms", "error", err)
		}
	}
	for {
		changes, stale := l.take(time.Now())
		if len(changes) > 0 {
			return l.Render(ctx, changes)
		}
		if !stale {
			return nil, nil
		}
		if err := l.read(ctx); err != nil {
			return nil, err
		}
	}
}

// healed reports whether the list has to be read again, and sets when next.
func (l *roomList) healed() bool {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	healing := l.healing
	if l.healing = false; healing && !l.closed {
		l.heal.Reset(healInterval * l.hub.opts.Sweep)
	}
	return healing
}

// read reads the list. What differs from what is known is due.
func (l *roomList) read(ctx context.Context) error {
	stale := l.setStale(false) // a room that changes from now on may be missed by the read
	states, err := l.hub.lists.ReadStates(ctx, l.User)
	if err != nil {
		if stale {
			l.setStale(true)
		}
		return err
	}
	l.compare(states)
	l.adopt(states)
	return nil
}

// setStale sets stale and returns what it was.
func (l *roomList) setStale(stale bool) (before bool) {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	before, l.stale = l.stale, stale
	return before
}

// compare makes the rooms due that differ from what is known.
func (l *roomList) compare(states map[uuid.UUID]ReadState) {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	for room, state := range states {
		known, ok := l.known[room]
		if !ok || known.Read != state.Read || known.Seq < state.Seq {
			l.due[room] = struct{}{}
		}
	}
	for room := range l.known {
		if _, still := states[room]; !still {
			l.due[room] = struct{}{}
		}
	}
}

// take returns the changes that may be sent now, and counts them as sent; none if the list is stale,
// and has to be read before.
func (l *roomList) take(now time.Time) (changes []Change, stale bool) {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	ready, _ := l.ready(now)
	if len(ready) == 0 || l.stale {
		return nil, len(ready) > 0
	}
	for _, room := range ready {
		_, known := l.known[room]
		changes = append(changes, Change{Room: room, Removed: !known})
		l.sent[room] = now
		delete(l.due, room)
	}
	return changes, false
}

// ready returns the rooms whose change may be sent now, and how long the next of the others has to
// wait; 0 if there is none. The hub is locked.
func (l *roomList) ready(now time.Time) (ready []uuid.UUID, wait time.Duration) {
	for room, at := range l.sent {
		if now.Sub(at) >= quiet {
			delete(l.sent, room)
		}
	}
	for room := range l.due {
		at, ok := l.sent[room]
		if !ok {
			ready = append(ready, room)
			continue
		}
		if left := quiet - now.Sub(at); wait == 0 || left < wait {
			wait = left
		}
	}
	return ready, wait
}

// Park implements [Subscriber].
func (l *roomList) Park(sink Sink) bool {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	if l.closed || l.First != nil || l.healing {
		return false
	}
	if ready, _ := l.ready(time.Now()); len(ready) > 0 {
		return false
	}
	l.sink = sink
	if len(l.due) > 0 {
		l.hub.enqueue(l)
	}
	return true
}

// Close implements [Subscriber].
func (l *roomList) Close() {
	h := l.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if l.closed {
		return
	}
	l.closed, l.sink = true, nil
	l.heal.Stop()
	delete(h.pending, l)
	delete(h.viewers[l.User], l)
	if len(h.viewers[l.User]) == 0 {
		delete(h.viewers, l.User)
	}
	for room := range l.known {
		h.unfollow(room, l)
	}
}

// enqueue makes a parked list be woken when a change of it may be sent. The hub is locked.
func (h *Hub) enqueue(l *roomList) {
	if l.sink == nil || h.ctx.Err() != nil {
		return // its goroutine finds the change
	}
	h.pending[l] = struct{}{}
	if h.waking {
		select {
		case h.enqueued <- struct{}{}:
		default:
		}
		return
	}
	h.waking = true
	// It ends when nothing is pending, or with the hub.
	h.running.Go(h.opts.Panics.Wrap(h.ctx, panics.Event, h.wakeLists, nil))
}

// wakeLists wakes the parked lists when a change of them may be sent, until nothing is pending.
func (h *Hub) wakeLists() {
	for {
		sinks, wait := h.readyLists(time.Now())
		for _, sink := range sinks {
			h.wake(sink)
		}
		if wait == 0 {
			return
		}
		select {
		case <-h.enqueued:
		case <-time.After(wait):
		case <-h.ctx.Done():
			return
		}
	}
}

// readyLists returns the sinks of the lists with a change that may be sent now, and unparks them.
// wait is when the next of the others is ready; 0 if there is none, and the goroutine's end.
func (h *Hub) readyLists(now time.Time) (sinks []Sink, wait time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for l := range h.pending {
		ready, left := l.ready(now)
		if len(ready) == 0 && !l.healing && left > 0 {
			if wait == 0 || left < wait {
				wait = left
			}
			continue
		}
		delete(h.pending, l)
		sinks = append(sinks, l.sink)
		l.sink = nil
	}
	h.waking = wait > 0
	return sinks, wait
}

// wake wakes a sink. A panic of it does not concern the others.
func (h *Hub) wake(sink Sink) {
	h.opts.Panics.Wrap(h.ctx, panics.Event, sink.Wake, nil)()
}

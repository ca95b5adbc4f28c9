package live

import (
	"context"
	"time"

	"github.com/google/uuid"
)

const (
	// quiet is the least time between two changes of one room in one list.
	quiet = 250 * time.Millisecond
	// healing is how many sweeps pass between two times that a list is read again to find what no
	// hint told.
	healing = 10
	// unknown stands for a seq: what has changed is something else.
	unknown = -1
)

// Lists is where people's lists of rooms are read.
type Lists interface {
	// Standings returns a person's rooms.
	Standings(ctx context.Context, user string) (map[uuid.UUID]Standing, error)
}

// Standing is what a room's place in a list changes with: the seq of its newest event, and what its
// viewer has read.
type Standing struct{ Seq, Read int64 }

// Change is what is to be done to a list.
type Change struct {
	Room uuid.UUID
	// Gone: take it out. Otherwise put it in, or its new state in its place.
	Gone bool
}

// List follows the list of rooms of one viewer. It is for one goroutine.
type List struct {
	hub   *Hub
	user  string
	woken chan struct{}
	heal  *time.Ticker

	// touched are the rooms that hints have spoken of since Next looked, with the newest seq or
	// unknown. Guarded by the hub's lock, and bounded by the rooms of the list and those that came
	// and went.
	touched map[uuid.UUID]int64

	known map[uuid.UUID]Standing
	due   map[uuid.UUID]struct{}  // what has changed and has not been told
	told  map[uuid.UUID]time.Time // when a room's last change was told, while that is not long ago
	stale bool                    // whether known must be read again before anything is told
}

// Watch follows a viewer's list of rooms: nothing that changes after it has returned is missed. The
// caller leaves the list.
func (h *Hub) Watch(ctx context.Context, user string) (*List, error) {
	l := &List{
		hub:     h,
		user:    user,
		woken:   make(chan struct{}, 1),
		heal:    time.NewTicker(healing * h.opts.Sweep),
		touched: make(map[uuid.UUID]int64),
		due:     make(map[uuid.UUID]struct{}),
		told:    make(map[uuid.UUID]time.Time),
	}
	h.add(l)
	// Read once to know which rooms to listen to, and then, listening, what is known of them.
	for range 2 {
		standings, err := h.lists.Standings(ctx, user)
		if err != nil {
			l.Leave()
			return nil, err
		}
		l.adopt(standings)
	}
	return l, nil
}

// add registers a list under its viewer.
func (h *Hub) add(l *List) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.viewers[l.user] == nil {
		h.viewers[l.user] = make(map[*List]struct{})
	}
	h.viewers[l.user][l] = struct{}{}
}

// adopt makes standings what is known, and listens to their rooms.
func (l *List) adopt(standings map[uuid.UUID]Standing) {
	h := l.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	for room := range l.known {
		if _, still := standings[room]; !still {
			h.forget(room, l)
		}
	}
	for room := range standings {
		if h.byRoom[room] == nil {
			h.byRoom[room] = make(map[*List]struct{})
		}
		h.byRoom[room][l] = struct{}{}
	}
	l.known = standings
}

// forget ends the listening of a list to a room. The hub is locked.
func (h *Hub) forget(room uuid.UUID, l *List) {
	delete(h.byRoom[room], l)
	if len(h.byRoom[room]) == 0 {
		delete(h.byRoom, room)
	}
}

// touch says that a room has changed, up to seq. The hub is locked.
func (l *List) touch(room uuid.UUID, seq int64) {
	if before, ok := l.touched[room]; !ok || before != unknown && (seq == unknown || seq > before) {
		l.touched[room] = seq
	}
	select {
	case l.woken <- struct{}{}:
	default: // it has been woken already
	}
}

// Next waits for the next changes. A room is told of at most every 250 ms; its last change is
// always told.
func (l *List) Next(ctx context.Context) ([]Change, error) {
	for {
		l.take()
		ready, wait := l.ready(time.Now())
		if len(ready) > 0 {
			if l.stale {
				if err := l.read(ctx); err != nil {
					return nil, err
				}
			}
			if changes := l.tell(ready); len(changes) > 0 {
				return changes, nil
			}
			continue
		}
		var timer <-chan time.Time
		if wait > 0 {
			timer = time.After(wait)
		}
		select {
		case <-l.woken:
		case <-timer:
		case <-l.heal.C:
			l.heal.Reset(healing * l.hub.opts.Sweep) // it may have come early: see Hub.readLists
			if err := l.read(ctx); err != nil {
				l.hub.opts.Logger.WarnContext(ctx, "a list of rooms cannot be read", "error", err)
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// take notes what hints have told since it was last called.
func (l *List) take() {
	for room, seq := range l.takeTouched() {
		standing, ok := l.known[room]
		switch {
		case !ok || seq == unknown:
			l.stale = true
		case seq <= standing.Seq:
			continue // an old hint
		default:
			standing.Seq = seq
			l.known[room] = standing
		}
		l.due[room] = struct{}{}
	}
}

// takeTouched returns what hints have told since the last call.
func (l *List) takeTouched() map[uuid.UUID]int64 {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	touched := l.touched
	l.touched = make(map[uuid.UUID]int64)
	return touched
}

// read reads the list again; what differs from what is known is due.
func (l *List) read(ctx context.Context) error {
	standings, err := l.hub.lists.Standings(ctx, l.user)
	if err != nil {
		return err
	}
	for room, standing := range standings {
		if known, ok := l.known[room]; !ok || known.Read != standing.Read ||
			known.Seq < standing.Seq {
			l.due[room] = struct{}{}
		}
	}
	for room := range l.known {
		if _, still := standings[room]; !still {
			l.due[room] = struct{}{}
		}
	}
	l.adopt(standings)
	l.stale = false
	return nil
}

// ready returns the rooms whose change may be told now, and how long the next of the others has to
// wait; 0: there is none.
func (l *List) ready(now time.Time) (ready []uuid.UUID, wait time.Duration) {
	for room, at := range l.told {
		if now.Sub(at) >= quiet {
			delete(l.told, room)
		}
	}
	for room := range l.due {
		at, ok := l.told[room]
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

// tell says what to do about rooms.
func (l *List) tell(rooms []uuid.UUID) []Change {
	changes := make([]Change, len(rooms))
	now := time.Now()
	for i, room := range rooms {
		_, here := l.known[room]
		changes[i] = Change{Room: room, Gone: !here}
		l.told[room] = now
		delete(l.due, room)
	}
	return changes
}

// Leave ends the following.
func (l *List) Leave() {
	l.heal.Stop()
	h := l.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.viewers[l.user], l)
	if len(h.viewers[l.user]) == 0 {
		delete(h.viewers, l.user)
	}
	for room := range l.known {
		h.forget(room, l)
	}
}

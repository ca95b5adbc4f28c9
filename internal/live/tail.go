package live

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

const (
	// page is how many events are read from a log at once.
	page = 256
	// ring is how many of its newest events a tail keeps for those who read them late. Whoever is further behind reads
	// the log by themselves until they have caught up.
	ring = 1024
	// readAttempts is how often a tail tries to read its log before it gives up and ends its streams; the pauses between
	// double from firstRetry.
	readAttempts = 6
	firstRetry   = 50 * time.Millisecond
)

var (
	// ErrPruned ends a stream whose log no longer goes back to where it stands.
	ErrPruned = errors.New("the log no longer goes back that far")
	// ErrStopped ends the streams of a room whose log cannot be read. They can be resumed from where they stand.
	ErrStopped = errors.New("the log cannot be read")
)

// Event is an entry of a room's log.
type Event interface {
	// Position is the event's seq: that of the one before it, and one.
	Position() int64
}

// Log is where rooms' logs are read.
type Log interface {
	// Read returns events of a room that follow the one at after, at most limit, in order and without a hole, or
	// ErrPruned.
	Read(ctx context.Context, room uuid.UUID, after int64, limit int) ([]Event, error)
	// Endings returns the events of a room above after that may end somebody's stream.
	Endings(ctx context.Context, room uuid.UUID, after int64) ([]Event, error)
	// Heads returns the seqs of rooms; those that do not exist are missing.
	Heads(ctx context.Context, rooms []uuid.UUID) (map[uuid.UUID]int64, error)
}

// tail follows the end of one room's log for all who listen to the room on this node: it reads each event once.
//
// A listener is a position in it and nothing else: a slow one costs no memory.
type tail struct {
	hub  *Hub
	room uuid.UUID
	// stop ends its goroutine.
	stop context.CancelFunc
	// wanted has a value when the log may have grown.
	wanted chan struct{}

	// The rest is guarded by the hub's lock.
	listeners int
	// events are the newest ones, without a hole; head is the seq of the last of them, or where the tail began.
	events []Event
	head   int64
	// hinted is the newest seq that was heard of.
	hinted int64
	// changed is closed, and replaced, when head moves or err is set.
	changed chan struct{}
	err     error
}

// want says that the log may have grown to seq; 0: nobody knows how far. The hub is locked.
func (t *tail) want(seq int64) {
	if 0 < seq && seq <= t.head {
		return // an old hint
	}
	t.hinted = max(t.hinted, seq)
	select {
	case t.wanted <- struct{}{}:
	default: // it will look anyway
	}
}

// run reads the log whenever it may have grown, until ctx ends or the log cannot be read.
func (t *tail) run(ctx context.Context) {
	for {
		select {
		case <-t.wanted:
		case <-ctx.Done():
			return
		}
		if err := t.readOn(ctx); err != nil {
			if ctx.Err() == nil {
				t.fail(err)
			}
			return
		}
	}
}

// readOn reads to the end of the log.
func (t *tail) readOn(ctx context.Context) error {
	pause := firstRetry
	for attempt := 1; ; {
		head := t.position()
		events, err := t.hub.log.Read(ctx, t.room, head, page)
		switch {
		case errors.Is(err, ErrPruned):
			return err
		case err != nil, len(events) == 0 && t.behind():
			// Either the log could not be read, or a hint has told of an event that cannot be seen yet.
			if attempt == readAttempts {
				if err == nil {
					t.forget() // the hint was wrong
					return nil
				}
				return fmt.Errorf("%w: %w", ErrStopped, err)
			}
			attempt++
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				return ctx.Err()
			}
			pause *= 2
			continue
		case len(events) == 0:
			return nil
		}
		attempt, pause = 1, firstRetry
		t.append(events)
		if len(events) < page && !t.behind() {
			return nil
		}
	}
}

func (t *tail) position() int64 {
	t.hub.mu.Lock()
	defer t.hub.mu.Unlock()
	return t.head
}

// behind tells whether a hint spoke of events that have not been read.
func (t *tail) behind() bool {
	t.hub.mu.Lock()
	defer t.hub.mu.Unlock()
	return t.hinted > t.head
}

func (t *tail) forget() {
	t.hub.mu.Lock()
	defer t.hub.mu.Unlock()
	t.hinted = t.head
}

func (t *tail) append(events []Event) {
	t.hub.mu.Lock()
	defer t.hub.mu.Unlock()
	t.events = append(t.events, events...)
	if over := len(t.events) - ring; over > 0 {
		t.events = append([]Event(nil), t.events[over:]...)
	}
	t.head = events[len(events)-1].Position()
	close(t.changed)
	t.changed = make(chan struct{})
}

func (t *tail) fail(err error) {
	t.hub.mu.Lock()
	defer t.hub.mu.Unlock()
	t.err = err
	if t.hub.tails[t.room] == t {
		delete(t.hub.tails, t.room) // the next listener begins anew
	}
	close(t.changed)
	t.changed = make(chan struct{})
}

// read reads a log, trying again where that fails: ErrPruned, ErrStopped or the context's error is the end of it.
func (h *Hub) read(ctx context.Context, room uuid.UUID, after int64, limit int) (events []Event, err error) {
	err = persist(ctx, func() error {
		events, err = h.log.Read(ctx, room, after, limit)
		return err
	})
	return events, err
}

// persist tries again what fails, with pauses that double, and ends with ErrStopped. ErrPruned is no failure that passes.
func persist(ctx context.Context, try func() error) error {
	pause := firstRetry
	for attempt := 1; ; attempt++ {
		err := try()
		switch {
		case err == nil, errors.Is(err, ErrPruned):
			return err
		case attempt == readAttempts:
			return fmt.Errorf("%w: %w", ErrStopped, err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
		pause *= 2
	}
}

// after returns the events that the tail keeps behind seq, or a channel that is closed when there may be some. behind
// tells that the tail no longer keeps the next one.
func (t *tail) after(seq int64) (events []Event, changed <-chan struct{}, behind bool, err error) {
	t.hub.mu.Lock()
	defer t.hub.mu.Unlock()
	kept := t.head - int64(len(t.events)) // the seq before the first that is kept
	switch {
	case seq < kept:
		return nil, nil, true, nil
	case seq < t.head:
		// A copy of the header: what it shows is never changed, only left behind.
		return t.events[seq-kept:], nil, false, nil
	default:
		return nil, t.changed, false, t.err
	}
}

// Stream is one listener's position in a room's log.
type Stream struct {
	tail *tail
	seq  int64
	left bool
}

// Join follows a room's log from seq on, where head is the seq of its newest event as far as the caller knows. First the
// position is taken, then history is read, then the tail is followed: there is no seam between them. The caller leaves
// the stream.
func (h *Hub) Join(room uuid.UUID, seq, head int64) *Stream {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.join(room, seq, head)
}

// join is Join. The hub is locked.
func (h *Hub) join(room uuid.UUID, seq, head int64) *Stream {
	t := h.tails[room]
	if t == nil {
		ctx, stop := context.WithCancel(h.ctx)
		t = &tail{
			hub: h, room: room, stop: stop, wanted: make(chan struct{}, 1),
			head: head, changed: make(chan struct{}),
		}
		h.tails[room] = t
		h.running.Go(func() { t.run(ctx) }) // ends with the last listener, or with the hub
		t.want(0)                           // what came between the caller's look and this
	}
	t.listeners++
	t.want(head)
	return &Stream{tail: t, seq: seq}
}

// Next returns the events that follow, one or more, in order and without a hole, and waits until there are some. It ends
// with the context's error, ErrPruned or ErrStopped.
func (s *Stream) Next(ctx context.Context) ([]Event, error) {
	for {
		events, changed, behind, err := s.tail.after(s.seq)
		switch {
		case err != nil:
			return nil, err
		case behind:
			if events, err = s.tail.hub.read(ctx, s.tail.room, s.seq, page); err != nil {
				return nil, err
			}
			if len(events) == 0 {
				return nil, fmt.Errorf("%w: nothing after %d, where the tail has read %d", ErrStopped, s.seq, s.tail.position())
			}
		}
		if len(events) > 0 {
			s.seq = events[len(events)-1].Position()
			return events, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Leave ends the stream.
func (s *Stream) Leave() {
	t := s.tail
	t.hub.mu.Lock()
	defer t.hub.mu.Unlock()
	if s.left {
		return
	}
	s.left = true
	t.listeners--
	if t.listeners == 0 {
		t.stop()
		if t.hub.tails[t.room] == t {
			delete(t.hub.tails, t.room)
		}
	}
}

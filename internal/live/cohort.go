package live

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

const (
	// cohortRing is how many bytes of payloads a cohort keeps for those who take them late, and ring how many frames. They
	// are kept only while somebody has not taken them.
	cohortRing = 256 << 10
	// pageSize is how many events a page of catching up has, and pageBytes how many bytes of payloads it may have before
	// it is cut short. pageLife is how long it is kept for others who need the same: the many screens that come back
	// together after a restart. pageStep is how many events are rendered before the bytes are looked at.
	pageSize  = 64
	pageBytes = 256 << 10
	pageLife  = 2 * time.Second
	pageStep  = 8
	// catchUps is how many pages a node renders at once.
	catchUps = 4
)

// Render makes the payloads of events: one for each, nil where there is nothing to show of it. It fails as a whole where
// one cannot be made: a failure is never a payload.
type Render func(ctx context.Context, events []Event) ([][]byte, error)

// Frame is an event and what is shown of it.
type Frame struct {
	Event Event
	// Payload is shared by all who asked the same, and must not be changed. Nil: nothing is shown.
	Payload []byte
	// Endings are what had happened in the room, above the event, when the payload was made, that may end somebody's
	// stream. A payload shows things as they are then: whoever's stream such an event ends must not see it.
	Endings []Event
}

// cohortKey is what those share who asked the same about a room.
type cohortKey struct {
	room uuid.UUID
	ask  string
}

// cohort renders each event of a room once for all who asked the same.
type cohort struct {
	hub    *Hub
	key    cohortKey
	render Render
	stop   context.CancelFunc

	mu sync.Mutex
	// members is how many listen, and late how many of them have not taken everything up to head.
	members, late int
	frames        []Frame
	bytes         int
	head          int64
	changed       chan struct{} // closed, and replaced, when head moves or err is set
	err           error
	pages         map[int64]*cohortPage
}

// cohortPage is a page of catching up: there when done is closed.
type cohortPage struct {
	done   chan struct{}
	frames []Frame
	err    error
}

// Attendance is one listener's place in a cohort. It is for one goroutine.
type Attendance struct {
	cohort *cohort
	seq    int64
	left   bool
}

// Attend has a room's events rendered from seq on, where head is the seq of its newest event as far as the caller knows.
// All who give the same ask share what render makes; the first one's render is used. The caller leaves.
func (h *Hub) Attend(room uuid.UUID, ask string, seq, head int64, render Render) *Attendance {
	h.mu.Lock()
	defer h.mu.Unlock()
	key := cohortKey{room, ask}
	c := h.cohorts[key]
	if c == nil {
		ctx, stop := context.WithCancel(h.ctx)
		c = &cohort{
			hub: h, key: key, render: render, stop: stop, head: head,
			changed: make(chan struct{}), pages: make(map[int64]*cohortPage),
		}
		h.cohorts[key] = c
		stream := h.join(room, head, head)
		h.running.Go(func() { c.run(ctx, stream) }) // ends with the last listener, or with the hub
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.members++
	if seq < c.head {
		c.late++
	}
	return &Attendance{cohort: c, seq: seq}
}

// run renders what happens in the room, until ctx ends or it cannot go on.
func (c *cohort) run(ctx context.Context, stream *Stream) {
	defer stream.Leave()
	for {
		events, err := stream.Next(ctx)
		if err == nil {
			var frames []Frame
			if frames, err = c.rendered(ctx, events); err == nil {
				c.append(frames)
				continue
			}
		}
		if ctx.Err() == nil {
			c.fail(err)
		}
		return
	}
}

// rendered renders events, trying again where that fails.
func (c *cohort) rendered(ctx context.Context, events []Event) ([]Frame, error) {
	var payloads [][]byte
	var endings []Event
	err := persist(ctx, func() (err error) {
		if payloads, err = c.render(ctx, events); err != nil {
			return err
		}
		// Looked for after the rendering: so they go back to all that it can have seen.
		endings, err = c.hub.log.Endings(ctx, c.key.room, events[len(events)-1].Position())
		return err
	})
	if err != nil {
		return nil, err
	}
	frames := make([]Frame, len(events))
	for i, event := range events {
		frames[i] = Frame{Event: event, Payload: payloads[i], Endings: endings}
	}
	return frames, nil
}

func (c *cohort) append(frames []Frame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.frames = append(c.frames, frames...)
	for _, f := range frames {
		c.bytes += len(f.Payload)
	}
	drop := 0
	for (c.bytes > cohortRing || len(c.frames)-drop > ring) && drop < len(c.frames)-1 {
		c.bytes -= len(c.frames[drop].Payload)
		drop++
	}
	if drop > 0 {
		c.frames = append([]Frame(nil), c.frames[drop:]...)
	}
	c.head = frames[len(frames)-1].Event.Position()
	c.late = c.members
	c.wake()
}

func (c *cohort) fail(err error) {
	c.hub.mu.Lock()
	if c.hub.cohorts[c.key] == c {
		delete(c.hub.cohorts, c.key) // the next one who asks begins anew
	}
	c.hub.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
	c.wake()
}

func (c *cohort) wake() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// Next returns what follows, one frame or more, in order and without a hole, and waits until there is something. It ends
// with the context's error, ErrPruned or ErrStopped.
func (a *Attendance) Next(ctx context.Context) ([]Frame, error) {
	for {
		frames, changed, behind, err := a.take()
		switch {
		case err != nil:
			return nil, err
		case behind:
			return a.catchUp(ctx)
		case len(frames) > 0:
			return frames, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// take moves to the head and returns what lies between, or a channel that is closed when there may be more. behind tells
// that the cohort no longer keeps what comes next.
func (a *Attendance) take() (frames []Frame, changed <-chan struct{}, behind bool, err error) {
	c := a.cohort
	c.mu.Lock()
	defer c.mu.Unlock()
	kept := c.head - int64(len(c.frames)) // the seq before the first that is kept
	switch {
	case a.seq >= c.head:
		return nil, c.changed, false, c.err
	case a.seq < kept:
		return nil, nil, true, nil
	}
	frames = c.frames[a.seq-kept:] // what it shows is never changed, only left behind
	a.seq = c.head
	c.caughtUp()
	return frames, nil, false, nil
}

// caughtUp counts one who has taken everything; after the last one nothing needs to be kept.
func (c *cohort) caughtUp() {
	c.late--
	if c.late == 0 {
		c.frames, c.bytes = nil, 0
	}
}

// catchUp returns the next page of history.
func (a *Attendance) catchUp(ctx context.Context) ([]Frame, error) {
	frames, err := a.cohort.page(ctx, a.seq)
	if err != nil {
		return nil, err
	}
	c := a.cohort
	c.mu.Lock()
	defer c.mu.Unlock()
	before := a.seq
	a.seq = frames[len(frames)-1].Event.Position()
	if before < c.head && a.seq >= c.head {
		c.caughtUp()
	}
	return frames, nil
}

// page returns frames behind seq, at least one. Pages begin at fixed places, so that those who need the same share them.
func (c *cohort) page(ctx context.Context, seq int64) ([]Frame, error) {
	start := seq / pageSize * pageSize
	c.mu.Lock()
	p := c.pages[start]
	if p == nil {
		p = &cohortPage{done: make(chan struct{})}
		c.pages[start] = p
		c.hub.running.Go(func() { c.make(p, start) }) // ends with the reading, or with the hub
	}
	c.mu.Unlock()
	select {
	case <-p.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if n := len(p.frames); p.err == nil && n > 0 && p.frames[n-1].Event.Position() > seq {
		return p.frames[seq-start:], nil
	}
	// What is kept begins behind the start of the page, or the log has grown since it was made: read exactly what is wanted.
	frames, err := c.history(c.hub.ctx, seq)
	if err == nil && len(frames) == 0 {
		err = fmt.Errorf("%w: nothing after %d", ErrStopped, seq)
	}
	return frames, err
}

func (c *cohort) make(p *cohortPage, start int64) {
	defer close(p.done)
	frames, err := c.history(c.hub.ctx, start)
	c.mu.Lock()
	defer c.mu.Unlock()
	p.frames, p.err = frames, err
	if err != nil && !errors.Is(err, ErrPruned) {
		delete(c.pages, start) // the next one tries again
		return
	}
	time.AfterFunc(pageLife, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.pages, start)
	})
}

// history reads and renders a page of the log behind seq, or as much of it as fits.
func (c *cohort) history(ctx context.Context, seq int64) ([]Frame, error) {
	select {
	case c.hub.catchUps <- struct{}{}:
		defer func() { <-c.hub.catchUps }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	events, err := c.hub.read(ctx, c.key.room, seq, pageSize)
	if err != nil {
		return nil, err
	}
	var frames []Frame
	bytes := 0
	for part := range slices.Chunk(events, pageStep) {
		rendered, err := c.rendered(ctx, part)
		if err != nil {
			return nil, err
		}
		frames = append(frames, rendered...)
		for _, f := range rendered {
			bytes += len(f.Payload)
		}
		if bytes > pageBytes {
			break
		}
	}
	return frames, nil
}

// Leave ends the attendance.
func (a *Attendance) Leave() {
	if a.left {
		return
	}
	a.left = true
	c := a.cohort
	c.hub.mu.Lock()
	defer c.hub.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.members--
	if a.seq < c.head {
		c.caughtUp()
	}
	if c.members == 0 {
		c.stop()
		if c.hub.cohorts[c.key] == c {
			delete(c.hub.cohorts, c.key)
		}
	}
}

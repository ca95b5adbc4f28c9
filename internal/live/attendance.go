package live

import (
	"context"

	"parley/internal/panics"
)

// Attendance is one listener's place in a cohort: a position and nothing else, so that a slow one
// costs no memory. Except for Leave it is for one goroutine.
type Attendance struct {
	cohort *cohort
	user   string

	// Guarded by the cohort's lock, except that seq is its goroutine's while it is not parked.
	seq    int64
	left   bool
	parked bool
	place  int // in the cohort's list of those who are parked
	// listener is whom frames are handed to while it is parked.
	listener Listener
	// failed is the panic of the listener: it ends this stream, and no other of the cohort. The
	// goroutine that delivers sets it while the attendance is parked.
	failed error
}

// ready asks the listener whether it would take a frame.
func (a *Attendance) ready() (ready bool) {
	defer a.contain()
	return a.listener.Ready()
}

// offer hands frames to the listener, and notes in reached the last that it has taken.
func (a *Attendance) offer(frames []Frame, reached *int64) {
	defer a.contain()
	for _, f := range frames {
		if !a.listener.Take(f) {
			return
		}
		*reached = f.Event.Position()
	}
}

// resume has the listener call Next again.
func (a *Attendance) resume() {
	defer a.contain()
	a.listener.Resume()
}

// contain, deferred, makes a panic of the listener the end of its stream.
func (a *Attendance) contain() {
	if value := recover(); value != nil {
		hub := a.cohort.tail.hub
		a.fail(hub.opts.Panics.Recovered(hub.ctx, panics.Event, value))
	}
}

func (a *Attendance) fail(err error) {
	a.cohort.mu.Lock()
	defer a.cohort.mu.Unlock()
	a.failed = err
}

// Listener is handed frames while it has nothing else to do: see [Attendance.Park].
type Listener interface {
	// Ready tells whether Take would take a frame now, as far as that is known. It looks at what
	// Take will look at, so that the processor has it by then.
	Ready() bool
	// Take is handed the next frame. It must not block. Where it returns false the frame is not
	// taken: the attendance is parked no more, and Resume is called.
	Take(Frame) bool
	// Resume is called once after Park has returned true, unless the attendance is left before:
	// call Next again, for the frame that was not taken or the end of the stream. It must not
	// block.
	Resume()
}

// Next returns what follows, one frame or more, in order and without a hole, and waits until there
// is something. It ends with the context's error, ErrPruned, ErrStopped or ErrBehind.
func (a *Attendance) Next(ctx context.Context) ([]Frame, error) {
	for {
		frames, changed, behind, err := a.take()
		switch {
		case err != nil:
			return nil, err
		case behind:
			return a.catchUp(ctx)
		case len(frames) > 0:
			a.cohort.tail.hub.delivered(frames, 1)
			return frames, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Await waits until Next need not wait, and returns true, or until all has been taken, so that Park
// may return true. Where the context has ended Next says so.
func (a *Attendance) Await(ctx context.Context) bool {
	for ctx.Err() == nil {
		there, changed := a.look()
		if changed == nil {
			return there
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
	return true
}

// look tells whether there is something for Next, or nothing, or returns a channel that is closed
// when that may change: for who is ahead of the cohort.
func (a *Attendance) look() (there bool, changed <-chan struct{}) {
	c := a.cohort
	c.mu.Lock()
	defer c.mu.Unlock()
	ended := c.err != nil || a.failed != nil || a.left
	if a.seq <= c.ring.head || ended {
		return a.seq != c.ring.head || ended, nil
	}
	return false, c.change()
}

// change is closed when head moves or err is set. The cohort is locked.
func (c *cohort) change() <-chan struct{} {
	if c.changed == nil {
		c.changed = make(chan struct{})
	}
	return c.changed
}

// take moves to the head and returns what lies between, or a channel that is closed when there may
// be more. behind tells that the cohort no longer keeps what comes next.
func (a *Attendance) take() (frames []Frame, changed <-chan struct{}, behind bool, err error) {
	c := a.cohort
	c.mu.Lock()
	defer c.mu.Unlock()
	frames, there := c.ring.after(a.seq)
	switch {
	case a.failed != nil:
		return nil, nil, false, a.failed
	case !there:
		return nil, nil, true, nil
	case len(frames) > 0:
		a.advance(c.ring.head)
		return frames, nil, false, nil
	case c.err != nil:
		return nil, nil, false, c.err
	}
	return nil, c.change(), false, nil
}

// advance moves to seq. The cohort is locked.
func (a *Attendance) advance(seq int64) {
	c := a.cohort
	c.ring.move(a.seq, seq)
	c.forget()
	a.seq = seq
}

// catchUp returns the next page of history.
func (a *Attendance) catchUp(ctx context.Context) ([]Frame, error) {
	c := a.cohort
	if c.tail.topic.kind != roomTopic {
		return nil, ErrBehind
	}
	frames, err := c.page(ctx, a.seq)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	a.advance(frames[len(frames)-1].Event.Position())
	c.tail.hub.delivered(frames, 1)
	return frames, nil
}

// Park has what follows handed to l instead of waiting for it with Next, which costs a goroutine.
// It returns false where there is something to be had from Next at once.
func (a *Attendance) Park(l Listener) bool {
	c := a.cohort
	c.mu.Lock()
	defer c.mu.Unlock()
	if a.left || a.seq != c.ring.head || c.err != nil || a.failed != nil {
		return false
	}
	a.parked, a.listener, a.place = true, l, len(c.parked)
	c.parked = append(c.parked, a)
	return true
}

// unpark takes the attendance from the list of those who are parked. The cohort is locked.
func (a *Attendance) unpark() {
	c := a.cohort
	a.parked = false
	last := len(c.parked) - 1
	c.parked[a.place] = c.parked[last]
	c.parked[a.place].place = a.place
	c.parked[last] = nil
	c.parked = c.parked[:last]
}

// Leave ends the attendance. It may be called by any goroutine, and more than once; a frame that is
// just being handed to a listener may still come.
func (a *Attendance) Leave() {
	c := a.cohort
	c.tail.hub.mu.Lock()
	defer c.tail.hub.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if a.left {
		return
	}
	a.left = true
	if a.parked {
		a.unpark()
	}
	c.ring.leave(a.seq)
	c.forget()
	c.forgetUser(a.user)
	if c.ring.readers == 0 {
		c.detach()
	}
}

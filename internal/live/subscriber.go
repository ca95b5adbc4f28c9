package live

import (
	"context"
	"errors"

	"parley/internal/panics"
)

// Sink receives the payloads of a parked [Subscriber]. Its methods must not block.
type Sink interface {
	// Ready reports whether Send would probably take a payload now. It reads what Send will read:
	// the hub calls it for several sinks before it sends to the first, so that the processor
	// fetches their memory together.
	Ready() bool
	// Send sends a payload, which others share: it must not be changed. It returns false if it
	// cannot take the payload now. Wake follows then. A payload that it has taken before Next
	// returns precedes those of Next, also if the subscriber was woken meanwhile.
	Send(payload []byte) bool
	// Wake asks for a call of Next. It is called once after Park has returned true, unless the
	// subscriber is closed before: the subscriber is no longer parked.
	Wake()
}

// Subscriber is a running subscription. Except for Close, its methods are for one goroutine.
type Subscriber interface {
	// Next returns the payloads that are there, in order; none if there is nothing yet. It waits
	// for the database, never for new events. An error ends the subscription, [io.EOF] if it is
	// complete; payloads beside an error are sent before it.
	Next(ctx context.Context) ([][]byte, error)
	// Park passes what follows to a sink, until that is woken; a parked subscriber needs no
	// goroutine. It returns false if there is something for Next.
	Park(sink Sink) bool
	// Close ends the subscription. It is safe for concurrent use, and may be called again. A
	// payload that is being sent may still arrive.
	Close()
}

// prefixed is a subscriber that sends payloads before anything else.
type prefixed struct {
	*subscriber
	first [][]byte
}

// Next implements [Subscriber].
func (g *prefixed) Next(ctx context.Context) ([][]byte, error) {
	if first := g.first; first != nil && ctx.Err() == nil {
		g.first = nil
		return first, nil
	}
	return g.subscriber.Next(ctx)
}

// Park implements [Subscriber].
func (g *prefixed) Park(sink Sink) bool { return g.first == nil && g.subscriber.Park(sink) }

// subscriber subscribes to a topic: it is a position in the frames of a cohort, so that a slow one
// costs no memory.
type subscriber struct {
	// What sending reads comes first: it fits into one cache line.
	sink Sink // while it is parked
	user string
	// seq is the position. While the subscriber is parked the cohort's lock guards it; otherwise it
	// is its goroutine's.
	seq int64
	// authorized is the seq up to which the user was found to be in the room. The log tells what
	// happens above it.
	authorized int64
	// cohort changes with the hub's lock held.
	cohort *cohort
	// era is that of the position.
	era int64

	hub *Hub

	// Guarded by the cohort's lock, and closed by the hub's, too. index is the place in the
	// cohort's parked subscribers. failed is a panic of the sink, which ends this subscription and
	// no other.
	index          int
	closed, parked bool
	sinkErr        error
}

// Next implements [Subscriber].
func (s *subscriber) Next(ctx context.Context) ([][]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.isRewound() {
		return s.restart(ctx)
	}
	frames, err := s.takeFrames(ctx)
	switch {
	case s.isRewound(): // what was read may not follow the position
		return s.restart(ctx)
	case errors.Is(err, ErrPruned) && s.cohort.resync != nil:
		return s.resync(ctx)
	}
	if err != nil {
		return nil, err
	}
	s.hub.countDelivered(frames, 1)
	return s.payloads(frames)
}

// takeFrames returns the frames behind the position, and moves it there.
func (s *subscriber) takeFrames(ctx context.Context) ([]Frame, error) {
	frames, kept, err := s.bufferedFrames()
	switch {
	case err != nil || kept:
		return frames, err
	case s.cohort.tail.topic.kind != roomTopic:
		return nil, ErrBehind
	}
	if frames, err = s.cohort.page(ctx, s.seq); err != nil {
		return nil, err
	}
	s.cohort.mu.Lock()
	defer s.cohort.mu.Unlock()
	s.advance(frames[len(frames)-1].Event.Position())
	return frames, nil
}

// bufferedFrames returns the frames that the cohort keeps behind the position, and moves it to the
// head. kept is false if the cohort no longer keeps the first of them.
func (s *subscriber) bufferedFrames() (frames []Frame, kept bool, err error) {
	c := s.cohort
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.sinkErr != nil {
		return nil, false, s.sinkErr
	}
	if frames, kept = c.ring.after(s.seq); len(frames) > 0 {
		s.advance(c.ring.head)
		return frames, true, nil
	}
	if kept {
		err = c.err
	}
	return nil, kept, err
}

// advance moves the position. The cohort is locked.
func (s *subscriber) advance(seq int64) {
	c := s.cohort
	c.ring.move(s.seq, seq)
	c.clearBytes()
	s.seq = seq
}

// payloads returns the payloads of frames, up to the frame that ends the subscription.
func (s *subscriber) payloads(frames []Frame) ([][]byte, error) {
	payloads := make([][]byte, 0, len(frames))
	for i := range frames {
		payload, err := s.payload(&frames[i])
		if payload != nil {
			payloads = append(payloads, payload)
		}
		if err != nil {
			return payloads, err
		}
	}
	return payloads, nil
}

// payload returns what the subscriber receives of a frame; nil for nothing. It fails with the first
// frame that says that the user is no longer in the room: nothing that was committed after that is
// delivered. That includes what a payload shows, because it was rendered later than its event was
// committed. The last event of a topic ends the subscription and is delivered.
func (s *subscriber) payload(f *Frame) ([]byte, error) {
	if f.ends {
		if err := s.endError(f.Event); err != nil {
			if f.Event.Final() {
				return f.Payload, err
			}
			return nil, err
		}
	}
	if f.Payload == nil {
		return nil, nil
	}
	for _, event := range f.MembershipEnds {
		if event.Final() { // nothing can happen after it
			continue
		}
		if err := s.endError(event); err != nil {
			return nil, err
		}
	}
	return f.Payload, nil
}

// endError returns why an event ends the subscription; nil if it does not.
func (s *subscriber) endError(event Event) error {
	if event.Position() <= s.authorized {
		return nil
	}
	return event.Ends(s.user)
}

// resync continues from the head of the log, because what followed the position is not kept.
func (s *subscriber) resync(ctx context.Context) ([][]byte, error) {
	for {
		era := s.hub.Era()
		head, payloads, err := s.cohort.resync(ctx, s.cohort.tail.topic.room)
		if err == nil {
			err = s.rejoin(head, era)
		}
		if !errors.Is(err, ErrRewound) { // otherwise the head is out of date
			return payloads, err
		}
	}
}

// rejoin joins a cohort with the same key at the head of the log, as it was read in an era: the old
// one may have failed. It returns ErrRewound, and changes nothing, if that era is over.
func (s *subscriber) rejoin(head, era int64) error {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	if s.closed {
		return context.Canceled
	}
	if era != s.hub.Era() {
		return ErrRewound
	}
	old := s.cohort
	s.leave()
	c, err := s.hub.join(Subscription{
		Topic: old.tail.topic, User: s.user, Key: old.key, Render: old.render, Resync: old.resync,
		After: head, Head: head,
	})
	if err != nil {
		return err
	}
	s.cohort, s.seq, s.authorized, s.era, s.closed = c, head, head, era, false
	return nil
}

// Park implements [Subscriber].
func (s *subscriber) Park(sink Sink) bool {
	c := s.cohort
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.closed || s.isRewound() || s.seq < c.ring.head || c.err != nil || s.sinkErr != nil {
		return false
	}
	s.parked, s.sink, s.index = true, sink, len(c.parked)
	c.parked = append(c.parked, s)
	return true
}

// unpark removes the subscriber from the cohort's parked ones. The cohort is locked.
func (s *subscriber) unpark() {
	c := s.cohort
	s.parked = false
	last := len(c.parked) - 1
	c.parked[s.index] = c.parked[last]
	c.parked[s.index].index = s.index
	c.parked[last] = nil
	c.parked = c.parked[:last]
}

// Close implements [Subscriber].
func (s *subscriber) Close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	if !s.closed {
		s.leave()
	}
}

// leave gives up the position in the cohort. The hub is locked.
func (s *subscriber) leave() {
	c := s.cohort
	c.mu.Lock()
	defer c.mu.Unlock()
	s.closed = true
	if s.parked {
		s.unpark()
	}
	c.ring.leave(s.seq)
	c.clearBytes()
	c.removeUser(s.user)
	if c.ring.readers == 0 {
		c.detach()
	}
}

// ready asks the sink whether it is ready.
func (s *subscriber) ready() (ready bool) {
	defer s.containPanic()
	return s.sink.Ready()
}

// send sends frames to the sink, and sets reached to the seq of the last one that it has taken. It
// skips frames up to the position: the subscriber may be ahead of its cohort. A frame that ends the
// subscription counts as not taken: Next returns the error.
func (s *subscriber) send(frames []Frame, reached *int64) {
	defer s.containPanic()
	for i := range frames {
		f := &frames[i]
		seq := f.Event.Position()
		if seq <= s.seq {
			continue
		}
		payload, err := s.payload(f)
		if err != nil || payload != nil && !s.sink.Send(payload) {
			return
		}
		*reached = seq
	}
}

// wake wakes the sink.
func (s *subscriber) wake() {
	defer s.containPanic()
	s.sink.Wake()
}

// containPanic, deferred, makes a panic of the sink the end of the subscription.
func (s *subscriber) containPanic() {
	if value := recover(); value != nil {
		s.fail(s.hub.opts.Panics.Recovered(s.hub.ctx, panics.Event, value))
	}
}

func (s *subscriber) fail(err error) {
	s.cohort.mu.Lock()
	defer s.cohort.mu.Unlock()
	s.sinkErr = err
}

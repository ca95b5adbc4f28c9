package live

import (
	"context"
	"slices"
	"sync"

	"github.com/google/uuid"

	"parley/internal/panics"
)

const (
	// cohortBytes is how many bytes of payloads a cohort keeps for late subscribers. It keeps them
	// only while there is one.
	cohortBytes = 256 << 10
	// nodeBytes is how many bytes of payloads all cohorts of a node keep together, pages of history
	// included. Above that, late subscribers are caught up from the database.
	nodeBytes = 64 << 20
)

// Render makes the payloads of events: one for each, nil if nothing is shown of it. It fails as a
// whole if it cannot make one: a failure is never a payload. reads says what it has read besides
// the events. owner is the user that all payloads are for, or "" if several users share them:
// executions for one user count against that user.
type Render func(ctx context.Context, owner string, events []Event) (
	payloads [][]byte, reads ReadSet, err error,
)

// Resync authorizes the subscriber of ctx to continue from the head of a room's log, which it
// returns with the payloads that say so.
type Resync func(ctx context.Context, room uuid.UUID) (head int64, payloads [][]byte, err error)

// ReadSet identifies what a rendering has read besides its events. Because of that, a payload may
// show what happened after its event was read. A number above 0 says that the rendering has read
// nothing itself, and used the completed reads of other renderings of the same events: the same
// number means the same reads.
type ReadSet int64

const (
	// ReadNothing says that a rendering has used the events alone.
	ReadNothing ReadSet = 0
	// ReadOwn says that a rendering has read something itself.
	ReadOwn ReadSet = -1
)

// Frame is an event and what is shown of it.
type Frame struct {
	Event Event
	// Payload is shared by the cohort, and must not be changed. Nil: nothing is shown.
	Payload []byte
	// MembershipEnds are the events above this one that end memberships, as far as they had
	// happened when the payload was made. The payload may show the room as it was after them: a
	// subscriber whose membership they end must not receive it.
	MembershipEnds []Event
	// ends reports whether the event itself ends a membership.
	ends bool
}

// cohort is the subscribers of a topic that share one execution for each event. It sends them the
// frames.
type cohort struct {
	tail   *tail
	key    string
	render Render
	resync Resync

	// Guarded by the hub's lock: the position in the tail, and whether the goroutine runs. That
	// ends at the tail's head. users counts the subscribers of each user.
	seq     int64
	working bool
	users   map[string]int

	mu   sync.Mutex
	ring ring[Frame] // its readers are the subscribers
	// bytes is the size of the payloads kept.
	bytes  int
	parked []*subscriber
	// err ends the subscriptions.
	err   error
	pages map[int64]*page
	// delivering says that frames are being sent to the parked subscribers. They are woken for an
	// error after that.
	delivering bool

	// Its goroutine's own: the subscribers that it sends to, and the seq that each has reached.
	recipients []*subscriber
	reached    []int64
}

// Subscription says what a subscriber receives.
type Subscription struct {
	Topic Topic
	User  string
	// Key is equal for the subscriptions to a topic that share executions, across users: they form
	// a cohort. Render and Resync make what they share; a cohort uses those of its first
	// subscription. Resync is nil if the subscription ends with ErrPruned instead.
	Key    string
	Render Render
	Resync Resync
	// Head is the seq of a room's newest event at which the user was authorized, and After the seq
	// of the last event that the subscriber has. Other topics are followed from now on.
	After, Head int64
	// Era is what [Hub.Era] returned before the user was authorized.
	Era int64
	// First are payloads to send before anything else.
	First [][]byte

	// pollsHead: the caller reads the head of the room after joining, and passes it to the tail.
	pollsHead bool
}

// Subscribe starts a subscription. The caller closes it. It returns ErrTooManyKeys if the user
// follows the topic with MaxKeys other keys, and ErrRewound if the subscription is not of this era:
// the caller authorizes it again.
//
// The position is taken first, then history is read, then the tail is followed: there is no seam
// between them.
func (h *Hub) Subscribe(sub Subscription) (Subscriber, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if sub.Era != h.Era() {
		return nil, ErrRewound // its head may be ahead of the log
	}
	c, err := h.join(sub)
	if err != nil {
		return nil, err
	}
	s := &subscriber{
		hub: h, cohort: c, user: sub.User, seq: sub.After, authorized: sub.Head, era: sub.Era,
	}
	if sub.Topic.kind != roomTopic {
		s.seq = c.tail.ring.head
	}
	if sub.First != nil {
		return &prefixed{s, sub.First}, nil
	}
	return s, nil
}

// join counts a new subscriber in the cohort of its key. The hub is locked.
func (h *Hub) join(sub Subscription) (*cohort, error) {
	t := h.tails[sub.Topic]
	if t == nil {
		t = h.newTail(sub.Topic, sub.Head)
		if sub.Topic.kind == roomTopic && !sub.pollsHead {
			t.requestRead() // for what was committed after the caller had read the head
		}
	}
	seq := t.ring.head
	if sub.Topic.kind == roomTopic {
		t.notify(sub.Head)
		seq = sub.After
	}
	c := t.cohorts[sub.Key]
	if (c == nil || c.users[sub.User] == 0) && t.keys[sub.User] >= MaxKeys {
		return nil, ErrTooManyKeys
	}
	if c == nil {
		c = &cohort{
			tail: t, key: sub.Key, render: sub.Render, resync: sub.Resync,
			seq: t.ring.head, users: make(map[string]int, 1),
		}
		c.ring.head = c.seq
		t.ring.join(c.seq)
		t.cohorts[sub.Key] = c
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ring.join(seq)
	if c.users[sub.User]++; c.users[sub.User] == 1 {
		t.keys[sub.User]++
	}
	return c, nil
}

// removeUser undoes what join has counted for a user. The hub is locked.
func (c *cohort) removeUser(user string) {
	if c.users[user]--; c.users[user] > 0 {
		return
	}
	delete(c.users, user)
	if c.tail.keys[user]--; c.tail.keys[user] == 0 {
		delete(c.tail.keys, user)
	}
}

// owner returns the user that all subscribers belong to, or "" if several users share the cohort.
func (c *cohort) owner() string {
	c.tail.hub.mu.Lock()
	defer c.tail.hub.mu.Unlock()
	if len(c.users) == 1 {
		for user := range c.users {
			return user
		}
	}
	return ""
}

// wake starts the cohort's goroutine unless it runs. The hub is locked.
func (c *cohort) wake() {
	if !c.working && c.tail.hub.ctx.Err() == nil {
		c.working = true
		hub := c.tail.hub
		// It ends at the tail's head, or with the hub.
		hub.running.Go(hub.opts.Panics.Wrap(hub.ctx, panics.Event, c.work, c.abort))
	}
}

// work renders and delivers until the cohort has come to the tail's head, or cannot go on.
func (c *cohort) work() {
	ctx := c.tail.hub.ctx
	for {
		events, partial, err := c.nextEvents(ctx)
		if len(events) == 0 && err == nil {
			return
		}
		var frames []Frame
		if err == nil {
			frames, err = c.renderFrames(ctx, events, nil, partial)
		}
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			c.fail(err)
			return
		}
		c.append(frames)
		c.deliver(frames)
	}
}

// nextEvents moves towards the tail's head and returns the events between; none at the head, where
// the goroutine ends. partial says that more may have happened before they were read.
func (c *cohort) nextEvents(ctx context.Context) (events []Event, partial bool, err error) {
	t := c.tail
	events, buffered, before, head, partial := c.bufferedEvents()
	switch {
	case before == head:
		return nil, false, nil
	case !buffered && t.topic.kind != roomTopic:
		return nil, false, ErrBehind
	case !buffered:
		if events, err = t.hub.read(ctx, t.topic.room, before, readBatch); err != nil {
			return nil, false, err
		}
		partial = true
	}
	events = events[:min(len(events), readBatch, int(head-before))]
	if len(events) == 0 {
		return nil, false, ErrStopped // the tail has read them, and now they are gone
	}
	c.advance(events[len(events)-1].Position())
	return events, partial, nil
}

// bufferedEvents returns the events between the cohort's position and the tail's head; buffered is
// false if the tail no longer keeps the first of them. The two positions are equal if the goroutine
// is to end.
func (c *cohort) bufferedEvents() (events []Event, buffered bool, before, head int64, partial bool) {
	t := c.tail
	t.hub.mu.Lock()
	defer t.hub.mu.Unlock()
	events, buffered = t.ring.after(c.seq)
	before, head, partial = c.seq, t.ring.head, t.partial || len(events) > readBatch
	c.working = before < head && t.cohorts[c.key] == c
	if !c.working {
		head = before
	}
	return events, buffered, before, head, partial
}

// advance moves the cohort to seq in its tail.
func (c *cohort) advance(seq int64) {
	t := c.tail
	t.hub.mu.Lock()
	defer t.hub.mu.Unlock()
	c.seq = seq
	if c.seq == t.ring.head && t.cohorts[c.key] == c {
		t.ring.caughtUp(1)
	}
}

// renderFrames renders events, and retries unless that panics. later are the events behind them
// that were read with them; partial says that there may be more behind those.
func (c *cohort) renderFrames(
	ctx context.Context,
	events, later []Event,
	partial bool,
) ([]Frame, error) {
	known := append(membershipEnds(events), membershipEnds(later)...)
	var payloads [][]byte
	ends := known
	err := retry(ctx, func() error {
		var reads ReadSet
		err := c.tail.hub.opts.Panics.Run(ctx, panics.Event, func() (err error) {
			payloads, reads, err = c.render(ctx, c.owner(), events)
			return err
		})
		if err != nil || c.tail.topic.kind != roomTopic || reads == ReadNothing && !partial {
			return err
		}
		all := append(slices.Clip(events), later...)
		more, err := c.tail.membershipEnds(
			ctx, all[0].Position(), all[len(all)-1].Position(), reads)
		ends = append(known, more...)
		return err
	})
	if err != nil {
		return nil, err
	}
	c.tail.hub.executions.Add(int64(len(events)))
	frames := make([]Frame, len(events))
	for i, event := range events {
		for len(ends) > 0 && ends[0].Position() <= event.Position() {
			ends = ends[1:]
		}
		frames[i] = Frame{
			Event: event, Payload: payloads[i], MembershipEnds: ends, ends: event.EndsMembership(),
		}
	}
	return frames, nil
}

// membershipEnds returns those of events that end memberships.
func membershipEnds(events []Event) (ends []Event) {
	for _, e := range events {
		if e.EndsMembership() {
			ends = append(ends, e)
		}
	}
	return ends
}

// fail ends the subscriptions.
func (c *cohort) fail(err error) { wake(c.end(err)) }

// abort ends the subscriptions after a panic of the cohort's goroutine, which may have been
// delivering.
func (c *cohort) abort(err error) {
	c.stopDelivering()
	c.fail(err)
}

func (c *cohort) stopDelivering() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.delivering = false
}

// end sets the error that ends the subscriptions, and returns the subscribers to wake.
func (c *cohort) end(err error) []*subscriber {
	c.remove() // the next subscriber gets a new cohort
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
	if c.delivering {
		return nil // the delivery wakes them
	}
	return c.unparkAll()
}

// remove is detach for callers that have not locked the hub.
func (c *cohort) remove() {
	c.tail.hub.mu.Lock()
	defer c.tail.hub.mu.Unlock()
	c.detach()
}

// unparkAll unparks all parked subscribers, and returns them. The cohort is locked.
func (c *cohort) unparkAll() []*subscriber {
	parked := c.parked
	c.parked = nil
	for _, s := range parked {
		s.parked = false
	}
	return parked
}

// detach removes the cohort from its tail, and the tail from the hub if it was the last. The hub is
// locked.
func (c *cohort) detach() {
	t := c.tail
	if t.cohorts[c.key] != c {
		return
	}
	delete(t.cohorts, c.key)
	t.ring.leave(c.seq)
	if len(t.cohorts) == 0 && t.hub.tails[t.topic] == t {
		delete(t.hub.tails, t.topic)
	}
}

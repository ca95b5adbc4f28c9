package live

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"parley/internal/panics"
)

const (
	// readBatch is how many events are read from a log, or rendered, at once.
	readBatch = 256
	// maxBufferedItems is how many of its newest events a topic keeps for cohorts that are late,
	// and how many frames a cohort buffers for late subscribers.
	maxBufferedItems = 1024
)

// tail follows the end of a topic for the cohorts on this node. The tail of a room reads each event
// once for all subscribers; the other tails receive publications only.
type tail struct {
	hub   *Hub
	topic Topic

	// The rest is guarded by the hub's lock.

	ring ring[Event] // its readers are the cohorts
	// cohorts are the groups of subscribers, by key. keys counts how many of them each user is in.
	cohorts map[string]*cohort
	keys    map[string]int
	// early are the events of publications that arrived before their predecessors.
	early [][]Event
	// readRequested: the log may have grown, to notifiedSeq at least. partial: the last reading has
	// not come to its end.
	readRequested, partial bool
	notifiedSeq            int64
	// membershipEndRead is the last shared read of membership-end events.
	membershipEndRead *membershipEndRead
	// reading: there is a goroutine that reads, until no read is requested.
	reading bool
}

// membershipEndRead is a read of the membership-end events behind events, from first to last, that
// renderings with the same read set share.
type membershipEndRead struct {
	first, last int64
	reads       ReadSet
	// done is closed when ends and err are set.
	done chan struct{}
	ends []Event
	err  error
}

// membershipEnds returns the membership-end events behind events, from first to last, which have
// been rendered by now: so they include all that the rendering can have seen. Renderings with the
// same read set share them.
func (t *tail) membershipEnds(
	ctx context.Context, first, last int64, reads ReadSet,
) ([]Event, error) {
	if reads <= ReadNothing {
		return t.hub.log.MembershipEnds(ctx, t.topic.room, last)
	}
	r, created := t.openMembershipEndRead(first, last, reads)
	if created {
		r.err = t.hub.opts.Panics.Run(ctx, panics.Event, func() (err error) {
			r.ends, err = t.hub.log.MembershipEnds(ctx, t.topic.room, last)
			return err
		})
		if r.err != nil {
			t.closeMembershipEndRead(r)
		}
		close(r.done)
	}
	select {
	case <-r.done:
		return r.ends, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// openMembershipEndRead returns the read that renderings with a read set share, and whether the
// caller has to do it.
func (t *tail) openMembershipEndRead(
	first, last int64,
	reads ReadSet,
) (r *membershipEndRead, created bool) {
	t.hub.mu.Lock()
	defer t.hub.mu.Unlock()
	if r := t.membershipEndRead; r != nil && r.first == first && r.last == last &&
		r.reads == reads {
		return r, false
	}
	t.membershipEndRead = &membershipEndRead{
		first: first,
		last:  last,
		reads: reads,
		done:  make(chan struct{}),
	}
	return t.membershipEndRead, true
}

// closeMembershipEndRead makes the next rendering read again.
func (t *tail) closeMembershipEndRead(r *membershipEndRead) {
	t.hub.mu.Lock()
	defer t.hub.mu.Unlock()
	if t.membershipEndRead == r {
		t.membershipEndRead = nil
	}
}

// newTail returns the tail of a topic, whose newest event is the one at head. The hub is locked.
func (h *Hub) newTail(topic Topic, head int64) *tail {
	t := &tail{hub: h, topic: topic, cohorts: make(map[string]*cohort), keys: make(map[string]int)}
	t.ring.head = head
	h.tails[topic] = t
	return t
}

// notify says that the log has grown to seq. The hub is locked.
func (t *tail) notify(seq int64) {
	if seq > t.ring.head {
		t.notifiedSeq = max(t.notifiedSeq, seq)
		t.requestRead()
	}
}

const (
	// earlyTimeout is how long a publication waits for its predecessor before the log is read.
	earlyTimeout = 5 * time.Millisecond
	// maxEarly is how many publications may wait.
	maxEarly = 64
)

// receive appends the events of a publication, whose last is at seq, if they follow the head. If
// they do not, or there are none, the log is read. The hub is locked.
func (t *tail) receive(events []Event, seq int64) {
	switch {
	case seq <= t.ring.head:
	case len(events) == 0 || len(t.early) == maxEarly:
		t.notify(seq)
	case events[0].Position() > t.ring.head+1:
		if t.early = append(t.early, events); len(t.early) == 1 {
			time.AfterFunc(earlyTimeout, t.hub.opts.Panics.Wrap(
				t.hub.ctx, panics.Event, t.readEarly, nil,
			))
		}
	default:
		t.add(t.newEvents(events))
		t.addEarly()
	}
}

// newEvents returns those of contiguous events that follow the head. The hub is locked.
func (t *tail) newEvents(events []Event) []Event {
	return events[min(max(0, t.ring.head+1-events[0].Position()), int64(len(events))):]
}

// addEarly appends what has waited for its predecessor, as far as that has arrived. The hub is
// locked.
func (t *tail) addEarly() {
	for progress := true; progress; {
		progress = false
		t.early = slices.DeleteFunc(t.early, func(events []Event) bool {
			follows := events[0].Position() <= t.ring.head+1
			if rest := t.newEvents(events); follows && len(rest) > 0 {
				t.add(rest)
				progress = true
			}
			return follows
		})
	}
}

// readEarly reads the log for what still waits for its predecessor.
func (t *tail) readEarly() {
	t.hub.mu.Lock()
	defer t.hub.mu.Unlock()
	for _, events := range t.early {
		t.notify(events[len(events)-1].Position())
	}
	t.early = nil
}

// requestRead says that the log may have grown. The hub is locked.
func (t *tail) requestRead() {
	t.readRequested = true
	if !t.reading && t.hub.ctx.Err() == nil {
		t.reading = true
		// It ends when no read is requested, or with the hub.
		t.hub.running.Go(t.hub.opts.Panics.Wrap(t.hub.ctx, panics.Event, t.read, t.fail))
	}
}

// read reads while that is requested, and ends the subscriptions if it cannot.
func (t *tail) read() {
	err := t.readOn(t.hub.ctx)
	if err != nil && t.hub.ctx.Err() == nil {
		t.fail(err)
	}
}

func (t *tail) readOn(ctx context.Context) error {
	pause := firstRetryPause
	for attempt := 1; ; {
		after, more := t.next()
		if !more {
			return nil
		}
		t.hub.reads.Add(1)
		events, err := t.hub.log.Read(ctx, t.topic.room, after, readBatch)
		if len(events) > 0 {
			t.append(events)
			attempt, pause = 1, firstRetryPause
			continue
		}
		switch {
		case errors.Is(err, ErrPruned):
			return err
		case err == nil && t.reached():
			continue
		case attempt == readAttempts && err == nil:
			t.dropNotified() // the published event does not exist
			continue
		case attempt == readAttempts:
			return fmt.Errorf("%w: %w", ErrStopped, err)
		}
		// Either the log could not be read, or a published event is not visible yet.
		attempt++
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
		pause *= 2
	}
}

// next returns the seq to read behind; more is false when there is nothing to read, and the
// goroutine's end.
func (t *tail) next() (after int64, more bool) {
	t.hub.mu.Lock()
	defer t.hub.mu.Unlock()
	t.reading = t.readRequested && len(t.cohorts) > 0
	return t.ring.head, t.reading
}

// reached reports whether every published event was read. It then clears readRequested.
func (t *tail) reached() bool {
	t.hub.mu.Lock()
	defer t.hub.mu.Unlock()
	t.readRequested = t.notifiedSeq > t.ring.head
	return !t.readRequested
}

// dropNotified gives up on published events that the log does not have.
func (t *tail) dropNotified() {
	t.hub.mu.Lock()
	defer t.hub.mu.Unlock()
	t.notifiedSeq, t.readRequested = t.ring.head, false
}

// append adds events that were read.
func (t *tail) append(events []Event) {
	t.hub.mu.Lock()
	defer t.hub.mu.Unlock()
	t.partial = len(events) == readBatch
	t.add(t.newEvents(events)) // publications may have come first
	t.addEarly()
	t.readRequested = t.partial || t.notifiedSeq > t.ring.head
}

// add adds events and wakes the cohorts. The hub is locked.
func (t *tail) add(events []Event) {
	if len(events) == 0 {
		return
	}
	t.ring.append(events)
	drop := len(t.ring.items) - maxBufferedItems
	for i, e := range events {
		if e.Erases() { // late cohorts read again what came before
			drop = max(drop, len(t.ring.items)-len(events)+i)
		}
	}
	t.ring.drop(drop)
	for _, c := range t.cohorts {
		c.wake()
	}
}

// fail ends the subscriptions of the tail, which reads no more. New subscribers get a new tail.
func (t *tail) fail(err error) {
	for _, c := range t.detach() {
		c.fail(err)
	}
}

// detach takes the tail from the hub and returns its cohorts.
func (t *tail) detach() []*cohort {
	t.hub.mu.Lock()
	defer t.hub.mu.Unlock()
	if t.hub.tails[t.topic] == t {
		delete(t.hub.tails, t.topic)
	}
	return slices.Collect(maps.Values(t.cohorts))
}

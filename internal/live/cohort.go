package live

import (
	"context"
	"runtime"
	"slices"
	"sync"

	"github.com/google/uuid"

	"parley/internal/panics"
)

const (
	// cohortBytes is how many bytes of payloads a cohort keeps for those who take them late. They
	// are kept only while somebody has not taken them.
	cohortBytes = 256 << 10
	// nodeBytes is how many bytes of payloads all cohorts of a node keep together, pages of history
	// included. Above that, whoever is late is caught up from the database.
	nodeBytes = 64 << 20
	// together is how many listeners are written to by one goroutine in turn; where there are more,
	// several share them.
	together = 128
	// ahead is of how many listeners it is looked whether they are ready before the first of them
	// is written to: what is to be looked at has to come from far, and of several comes in the time
	// of one.
	ahead = 16
)

// Render makes the payloads of events: one for each, nil where there is nothing to show of it. It
// fails as a whole where one cannot be made: a failure is never a payload. look tells what it has
// read besides. owner is the user that all the payloads are for, or "" where several users share
// them: executions for one user count against that user.
type Render func(ctx context.Context, owner string, events []Event) (
	payloads [][]byte, look Look, err error,
)

// Look tells what a rendering has read beside its events, since which a payload may show what
// happened after its event was read. A number above 0 says that it has read nothing itself, and
// used what others had read who rendered the same events: the same number, the same readings, all
// of them done.
type Look int64

const (
	// Nothing says that it has read the events alone.
	Nothing Look = 0
	// Alone says that it has read something for itself.
	Alone Look = -1
)

// Frame is an event and what is shown of it.
type Frame struct {
	Event Event
	// Payload is shared by all who asked the same, and must not be changed. Nil: nothing is shown.
	Payload []byte
	// Endings are what had happened in the room, above the event, when the payload was made, that
	// may end somebody's stream. A payload shows things as they are then: whoever's stream such an
	// event ends must not see it.
	Endings []Event
}

// cohort renders each event of a topic once for all who asked the same, and hands the frames on.
type cohort struct {
	tail   *tail
	ask    string
	render Render

	// Guarded by the hub's lock: where it stands in the tail, and whether its goroutine runs. That
	// ends when it has come to the tail's head. users counts the attendances of each user.
	seq     int64
	working bool
	users   map[string]int

	mu   sync.Mutex
	ring ring[Frame] // its readers are the attendances
	// bytes is the size of the payloads kept.
	bytes  int
	parked []*Attendance
	// changed is closed when head moves or err is set; nil while nobody waits for it.
	changed chan struct{}
	err     error
	pages   map[int64]*page
	// delivering: frames are being handed to those who were parked, who are not to be told of an
	// end before that is over.
	delivering bool

	// Its goroutine's own: whom it delivers to, and how far each has come.
	places  []*Attendance
	reached []int64
}

// Attend has a room's events rendered from seq on, where head is the seq of its newest event as far
// as the caller knows. All who give the same ask share what render makes; the first one's render is
// used. The caller leaves. It returns ErrTooManyAsks if the user follows the room with MaxAsks
// other asks.
//
// First the position is taken, then history is read, then the tail is followed: there is no seam
// between them.
func (h *Hub) Attend(
	room uuid.UUID, user, ask string, seq, head int64, render Render,
) (*Attendance, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.tails[Room(room)]
	if t == nil {
		t = h.newTail(Room(room), head)
		t.look() // what came between the caller's look and this
	}
	t.want(head)
	return t.attend(user, ask, seq, render)
}

// Follow has the rooms rendered that come into being from now on, as events of User or Lobby. The
// caller leaves. It returns ErrTooManyAsks if the user follows the topic with MaxAsks other asks.
func (h *Hub) Follow(topic Topic, user, ask string, render Render) (*Attendance, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.tails[topic]
	if t == nil {
		t = h.newTail(topic, 0)
	}
	return t.attend(user, ask, t.ring.head, render)
}

// attend takes a place in the cohort of those who ask the same. The hub is locked.
func (t *tail) attend(user, ask string, seq int64, render Render) (*Attendance, error) {
	c := t.cohorts[ask]
	if (c == nil || c.users[user] == 0) && t.asks[user] >= MaxAsks {
		return nil, ErrTooManyAsks
	}
	if c == nil {
		c = &cohort{
			tail: t, ask: ask, render: render, seq: t.ring.head, users: make(map[string]int, 1),
		}
		c.ring.head = c.seq
		t.ring.join(c.seq)
		t.cohorts[ask] = c
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ring.join(seq)
	if c.users[user]++; c.users[user] == 1 {
		t.asks[user]++
	}
	return &Attendance{cohort: c, user: user, seq: seq}, nil
}

// forgetUser undoes what attend has counted for a user. The hub is locked.
func (c *cohort) forgetUser(user string) {
	if c.users[user]--; c.users[user] > 0 {
		return
	}
	delete(c.users, user)
	if c.tail.asks[user]--; c.tail.asks[user] == 0 {
		delete(c.tail.asks, user)
	}
}

// owner returns the user whose attendances are all there are, or "" if several users share the
// cohort.
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

// wake has the cohort look at its tail. The hub is locked.
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
		events, partial, err := c.take(ctx)
		if len(events) == 0 && err == nil {
			return
		}
		var frames []Frame
		if err == nil {
			frames, err = c.rendered(ctx, events, nil, partial)
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

// take moves towards the tail's head and returns the events between: none when there are none, and
// the goroutine's end. partial tells that more may have happened before they were read.
func (c *cohort) take(ctx context.Context) (events []Event, partial bool, err error) {
	t := c.tail
	events, there, before, head, partial := c.next()
	switch {
	case before == head:
		return nil, false, nil
	case !there && t.topic.kind != roomTopic:
		return nil, false, ErrBehind
	case !there:
		if events, err = t.hub.read(ctx, t.topic.room, before, batch); err != nil {
			return nil, false, err
		}
		partial = true
	}
	events = events[:min(len(events), batch, int(head-before))]
	if len(events) == 0 {
		return nil, false, ErrStopped // the tail has read them, and now they are gone
	}
	c.advance(events[len(events)-1].Position())
	return events, partial, nil
}

// next returns the events between the cohort's position and the tail's head; there is false when
// the tail no longer keeps the first of them. The two positions are equal when the goroutine is to
// end.
func (c *cohort) next() (events []Event, there bool, before, head int64, partial bool) {
	t := c.tail
	t.hub.mu.Lock()
	defer t.hub.mu.Unlock()
	events, there = t.ring.after(c.seq)
	before, head, partial = c.seq, t.ring.head, t.partial || len(events) > batch
	c.working = before < head && t.cohorts[c.ask] == c
	if !c.working {
		head = before
	}
	return events, there, before, head, partial
}

// advance moves the cohort to seq in its tail.
func (c *cohort) advance(seq int64) {
	t := c.tail
	t.hub.mu.Lock()
	defer t.hub.mu.Unlock()
	c.seq = seq
	if c.seq == t.ring.head && t.cohorts[c.ask] == c {
		t.ring.caughtUp(1)
	}
}

// rendered renders events, and retries what fails unless it panics. later are those behind them
// that were read together with them; partial tells that there may be more behind those.
func (c *cohort) rendered(
	ctx context.Context,
	events, later []Event,
	partial bool,
) ([]Frame, error) {
	known := append(endingsOf(events), endingsOf(later)...)
	var payloads [][]byte
	endings := known
	err := persist(ctx, func() error {
		var look Look
		err := c.tail.hub.opts.Panics.Run(ctx, panics.Event, func() (err error) {
			payloads, look, err = c.render(ctx, c.owner(), events)
			return err
		})
		if err != nil || c.tail.topic.kind != roomTopic || look == Nothing && !partial {
			return err
		}
		all := append(slices.Clip(events), later...)
		more, err := c.tail.endings(ctx, all[0].Position(), all[len(all)-1].Position(), look)
		endings = append(known, more...)
		return err
	})
	if err != nil {
		return nil, err
	}
	c.tail.hub.executions.Add(int64(len(events)))
	frames := make([]Frame, len(events))
	for i, event := range events {
		for len(endings) > 0 && endings[0].Position() <= event.Position() {
			endings = endings[1:]
		}
		frames[i] = Frame{Event: event, Payload: payloads[i], Endings: endings}
	}
	return frames, nil
}

// endingsOf returns those of events that may end somebody's stream.
func endingsOf(events []Event) (endings []Event) {
	for _, e := range events {
		if e.Ending() {
			endings = append(endings, e)
		}
	}
	return endings
}

// append keeps frames for those who are late, wakes those who wait, and notes whom they are to be
// handed to: those who are parked at this very moment. Who parks after it has had them.
func (c *cohort) append(frames []Frame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ring.append(frames)
	size := 0
	for _, f := range frames {
		size += len(f.Payload)
	}
	c.keep(size)
	drop := max(len(c.ring.items)-kept, 0)
	for i, f := range frames {
		if f.Event.Erases() { // late subscribers read again what came before
			drop = max(drop, len(c.ring.items)-len(frames)+i)
			c.pages = nil
		}
	}
	for _, f := range c.ring.items[:drop] {
		c.keep(-len(f.Payload))
	}
	for c.bytes > cohortBytes || c.tail.hub.kept.Load() > nodeBytes {
		if drop == len(c.ring.items) {
			break
		}
		c.keep(-len(c.ring.items[drop].Payload))
		drop++
	}
	c.ring.drop(drop)
	c.forget()
	c.signal()
	c.places = append(c.places[:0], c.parked...)
	c.delivering = len(c.places) > 0
}

// keep counts bytes of payloads that are kept from now on, or no more.
func (c *cohort) keep(bytes int) {
	c.bytes += bytes
	c.tail.hub.kept.Add(int64(bytes))
}

// forget counts off what is kept no more when the ring is empty.
func (c *cohort) forget() {
	if len(c.ring.items) == 0 {
		c.keep(-c.bytes)
	}
}

// signal wakes those who wait.
func (c *cohort) signal() {
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}

// deliver hands frames, the newest, to those whom append has noted. Whoever does not take one goes
// on by themselves.
func (c *cohort) deliver(frames []Frame) {
	if len(c.places) == 0 {
		return
	}
	c.reached = c.reached[:0]
	for range c.places {
		c.reached = append(c.reached, frames[0].Event.Position()-1)
	}
	c.write(frames)

	done, refused := c.delivered()
	c.tail.hub.delivered(frames, done)
	c.tail.hub.refusals.Add(int64(len(refused)))
	clear(c.places) // so that who leaves is not held
	for _, a := range refused {
		a.resume()
	}
}

// delivered notes how far the subscribers of a delivery have come. It returns how many have taken
// all of it, and those that have not, or whose stream has ended: they are no longer parked.
func (c *cohort) delivered() (done int, refused []*Attendance) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, a := range c.places {
		switch {
		case !a.parked: // has left meanwhile
		case c.reached[i] == c.ring.head:
			a.seq = c.reached[i]
			done++
		default:
			a.seq = c.reached[i]
			a.unpark()
			refused = append(refused, a)
		}
	}
	c.ring.caughtUp(done)
	c.forget()
	c.delivering = false
	if c.err != nil { // meanwhile
		refused = append(refused, c.release()...)
	}
	return done, refused
}

// write hands frames to all places. Where they are many, several goroutines share them.
func (c *cohort) write(frames []Frame) {
	part := max(together, (len(c.places)+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
	var others sync.WaitGroup
	defer others.Wait()
	for start := part; start < len(c.places); start += part {
		end := min(start+part, len(c.places))
		// It ends with the places. One that panics is none of the others' business: see offer.
		others.Go(c.tail.hub.opts.Panics.Wrap(c.tail.hub.ctx, panics.Event, func() {
			hand(frames, c.places[start:end], c.reached[start:end])
		}, nil))
	}
	end := min(part, len(c.places))
	hand(frames, c.places[:end], c.reached[:end])
}

// hand hands frames to places in turn, and notes how far each has come, if it has taken any.
func hand(frames []Frame, places []*Attendance, reached []int64) {
	var ready [ahead]bool
	for start := 0; start < len(places); start += ahead {
		next := places[start:min(start+ahead, len(places))]
		for i, a := range next {
			ready[i] = a.ready()
		}
		for i, a := range next {
			if ready[i] {
				a.offer(frames, &reached[start+i])
			}
		}
	}
}

// fail ends the streams of all who listen.
func (c *cohort) fail(err error) {
	for _, a := range c.end(err) {
		a.resume()
	}
}

// abort ends the streams after the cohort's goroutine has panicked, which may have been in the
// midst of a delivery.
func (c *cohort) abort(err error) {
	c.stopDelivering()
	c.fail(err)
}

func (c *cohort) stopDelivering() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.delivering = false
}

// end sets the error that ends the streams, and returns the subscribers that are to be resumed.
func (c *cohort) end(err error) []*Attendance {
	c.remove() // the next subscriber begins anew
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
	c.signal()
	if c.delivering {
		return nil // the delivery resumes them
	}
	return c.release()
}

// remove is detach for a caller that does not hold the hub's lock.
func (c *cohort) remove() {
	c.tail.hub.mu.Lock()
	defer c.tail.hub.mu.Unlock()
	c.detach()
}

// release unparks all who are parked, and returns them. The cohort is locked.
func (c *cohort) release() []*Attendance {
	parked := c.parked
	c.parked = nil
	for _, a := range parked {
		a.parked = false
	}
	return parked
}

// detach takes the cohort from its tail, and the tail from the hub where it was the last. The hub
// is locked.
func (c *cohort) detach() {
	t := c.tail
	if t.cohorts[c.ask] != c {
		return
	}
	delete(t.cohorts, c.ask)
	t.ring.leave(c.seq)
	if len(t.cohorts) == 0 && t.hub.tails[t.topic] == t {
		delete(t.hub.tails, t.topic)
	}
}

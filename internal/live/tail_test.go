package live_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"parley/internal/broker"
	"parley/internal/live"
)

// number is an event that is nothing but its seq.
type number int64

func (n number) Position() int64 { return int64(n) }

// EndsMembership is true of each hundredth: it ends the membership of the user with its name.
func (n number) EndsMembership() bool { return n%100 == 0 }

func (n number) Ends(user string) error {
	if n.EndsMembership() && user == strconv.Itoa(int(n)) {
		return errEnded
	}
	return nil
}

// Final: none is the last.
func (n number) Final() bool { return false }

// Erases is true of one.
func (n number) Erases() bool { return n == erasing }

// erasing is the number that erases what earlier ones show.
const erasing = 777

// numbers are a commit of the numbers from one to another.
type numbers struct{ first, last int64 }

func (n numbers) First() int64            { return n.first }
func (n numbers) Encode() ([]byte, error) { return nil, errors.ErrUnsupported }

func (l *fakeLog) Decode(_ uuid.UUID, commit broker.Commit) ([]live.Event, error) {
	n, ok := commit.(numbers)
	if !ok {
		return nil, errors.ErrUnsupported
	}
	var events []live.Event
	for seq := n.first; seq <= n.last; seq++ {
		events = append(events, number(seq))
	}
	return events, nil
}

var errEnded = errors.New("the membership has ended")

// fakeLog is the log of every room: the numbers from 1 to head.
type fakeLog struct {
	mu    sync.Mutex
	head  int64
	start int64 // pruned up to here
	err   error
	reads int
	ends  int // reads of membership ends
	// created are the new rooms, by time.
	created map[time.Time]live.Created
}

func (l *fakeLog) set(change func(*fakeLog)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(l)
}

func (l *fakeLog) Read(
	_ context.Context,
	_ uuid.UUID,
	after int64,
	limit int,
) ([]live.Event, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reads++
	if l.err != nil {
		return nil, l.err
	}
	if after < l.start {
		return nil, live.ErrPruned
	}
	var events []live.Event
	for seq := after + 1; seq <= l.head && len(events) < limit; seq++ {
		events = append(events, number(seq))
	}
	return events, nil
}

func (*fakeLog) DecodeRoom(uuid.UUID, broker.Commit) (broker.Commit, error) {
	return nil, errors.New("it cannot be decoded")
}

func (l *fakeLog) MembershipEnds(
	_ context.Context,
	_ uuid.UUID,
	after int64,
) (ends []live.Event, _ error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ends++
	for seq := after + 1; seq <= l.head; seq++ {
		if number(seq).EndsMembership() {
			ends = append(ends, number(seq))
		}
	}
	return ends, l.err
}

func (l *fakeLog) Created(
	_ context.Context,
	since time.Time,
	known func(uuid.UUID) bool,
) (created []live.Created, _ error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for at, c := range l.created {
		if !at.Before(since) && !known(c.Room) {
			created = append(created, c)
		}
	}
	return created, l.err
}

func (l *fakeLog) Heads(_ context.Context, rooms []uuid.UUID) (map[uuid.UUID]int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	heads := make(map[uuid.UUID]int64)
	for _, room := range rooms {
		heads[room] = l.head
	}
	return heads, l.err
}

func (l *fakeLog) ReadStates(context.Context, string, time.Time) (live.ListState, error) {
	return live.ListState{}, nil
}

func (l *fakeLog) Joined(context.Context, time.Time, func(string, uuid.UUID)) error { return nil }

// join follows a room's log alone.
func join(hub *live.Hub, room uuid.UUID, seq, head int64) live.Subscriber {
	return subscribeAs(
		hub,
		uuid.NewString(),
		room,
		uuid.NewString(),
		seq,
		head,
		new(printer).render,
	)
}

// inHub runs test with a hub over a log, in a bubble where time is the test's.
func inHub(t *testing.T, test func(t *testing.T, log *fakeLog, hub *live.Hub)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		log := &fakeLog{}
		hub := live.NewHub(t.Context(), log, log, live.Options{})
		defer hub.Close()
		test(t, log, hub)
	})
}

func TestStreamFollowsHints(t *testing.T) {
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		room := uuid.New()
		log.head = 3
		s := join(hub, room, 1, 3)
		defer s.Close()
		receive(t, s, 1, 3)
		begun := time.Now()
		for seq := int64(4); seq <= 2000; seq++ {
			log.set(func(l *fakeLog) { l.head = seq })
			if seq%7 == 0 {
				hub.Receive(broker.Publication{Room: room, Seq: seq})
			}
		}
		hub.Receive(broker.Publication{Room: room, Seq: 2000})
		hub.Receive(broker.Publication{Room: room, Seq: 12}) // late
		receive(t, s, 3, 2000)
		if waited := time.Since(begun); waited != 0 {
			t.Errorf("it took %s", waited)
		}
	})
}

func TestStreamHealsWithoutHints(t *testing.T) {
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		s := join(hub, uuid.New(), 0, 0)
		defer s.Close()
		synctest.Wait()
		begun := time.Now()
		log.set(func(l *fakeLog) { l.head = 5 })
		receive(t, s, 0, 5)
		if waited := time.Since(begun); waited > 3*time.Second {
			t.Errorf("it took %s", waited)
		}
	})
}

// TestStreamJoinsWithoutASeam lets the log grow between the look at its head and the joining.
func TestStreamJoinsWithoutASeam(t *testing.T) {
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		log.head = 4
		s := join(hub, uuid.New(), 2, 2)
		defer s.Close()
		begun := time.Now()
		receive(t, s, 2, 4)
		if waited := time.Since(begun); waited != 0 {
			t.Errorf("it took %s", waited)
		}
	})
}

// TestSlowStream reads a stream whose tail has gone far ahead of it.
func TestSlowStream(t *testing.T) {
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		room := uuid.New()
		fast, slow := join(hub, room, 0, 0), join(hub, room, 0, 0)
		defer fast.Close()
		defer slow.Close()
		log.set(func(l *fakeLog) { l.head = 5000 })
		hub.Receive(broker.Publication{Room: room, Seq: 5000})
		receive(t, fast, 0, 5000)
		receive(t, slow, 0, 5000)
	})
}

func TestStreamOfPrunedLog(t *testing.T) {
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		log.head, log.start = 2000, 1999
		s := join(hub, uuid.New(), 7, 2000)
		defer s.Close()
		if _, err := next(t.Context(), s); !errors.Is(err, live.ErrPruned) {
			t.Errorf("got %v", err)
		}
	})
}

// TestStreamOfBrokenLog ends the streams of a log that cannot be read, resumable, and begins anew
// when it can.
func TestStreamOfBrokenLog(t *testing.T) {
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		room := uuid.New()
		s := join(hub, room, 0, 0)
		defer s.Close()
		log.set(func(l *fakeLog) { l.head, l.err = 3, errors.New("down") })
		hub.Receive(broker.Publication{Room: room, Seq: 3})
		if _, err := next(t.Context(), s); !errors.Is(err, live.ErrStopped) {
			t.Errorf("got %v", err)
		}
		log.set(func(l *fakeLog) { l.err = nil })
		again := join(hub, room, 0, 3)
		defer again.Close()
		receive(t, again, 0, 3)
	})
}

// TestStreamSurvivesAFault reads on after a fault that passes.
// eager is a sink that subscribes again when it is woken.
type resubscribingSink struct{ subscribe func() }

func (resubscribingSink) Ready() bool      { return true }
func (resubscribingSink) Send([]byte) bool { return true }
func (e resubscribingSink) Wake()          { e.subscribe() }

// TestStreamAfterABrokenLog: a subscriber that starts while others are being woken because the log
// cannot be read ends like them, or receives what is there when it can be read.
func TestStreamAfterABrokenLog(t *testing.T) {
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		room := uuid.New()
		var third live.Subscriber
		again := resubscribingSink{func() {
			if third == nil {
				third = join(hub, room, 0, 0)
			}
		}}
		streams := []live.Subscriber{join(hub, room, 0, 0), join(hub, room, 0, 0)}
		for _, s := range streams {
			s.Park(again)
		}
		log.set(func(l *fakeLog) { l.err = errors.New("down") })
		hub.Receive(broker.Publication{Room: room, Seq: 1})
		time.Sleep(time.Minute)
		for _, s := range streams {
			s.Close()
		}
		log.set(func(l *fakeLog) { l.err, l.head = nil, 3 })
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if payloads, err := next(
			ctx,
			third,
		); len(payloads) != 3 &&
			!errors.Is(err, live.ErrStopped) {
			t.Errorf("the third subscriber receives %s, %v", payloads, err)
		}
		later := join(hub, room, 0, 3)
		if payloads, err := next(ctx, later); err != nil || len(payloads) != 3 {
			t.Errorf("a later subscriber receives %s, %v", payloads, err)
		}
		third.Close()
		later.Close()
	})
}

// endingSink is a sink during whose first payload its subscription ends.
type endingSink struct {
	end   func()
	sent  int
	woken chan struct{}
}

func (*endingSink) Ready() bool { return true }

func (f *endingSink) Send([]byte) bool {
	f.sent++
	f.end()
	return true
}

func (f *endingSink) Wake() { close(f.woken) }

// TestEndWhileDelivering: a payload that is being sent when the subscription ends is not sent
// again.
func TestEndWhileDelivering(t *testing.T) {
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		room := uuid.New()
		s := join(hub, room, 0, 0)
		defer s.Close()
		f := &endingSink{woken: make(chan struct{})}
		f.end = func() {
			log.set(func(l *fakeLog) { l.err = errors.New("down") })
			hub.Receive(broker.Publication{Room: room, Seq: 2})
			time.Sleep(time.Minute) // while the tail gives up
		}
		s.Park(f)
		log.set(func(l *fakeLog) { l.head = 1 })
		hub.Receive(broker.Publication{Room: room, Seq: 1})
		<-f.woken
		payloads, err := s.Next(t.Context())
		if len(payloads) > 0 || !errors.Is(err, live.ErrStopped) || f.sent != 1 {
			t.Errorf("after %d payloads it receives %s, %v", f.sent, payloads, err)
		}
	})
}

func TestStreamSurvivesAFault(t *testing.T) {
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		room := uuid.New()
		s := join(hub, room, 0, 0)
		defer s.Close()
		log.set(func(l *fakeLog) { l.head, l.err = 3, errors.New("down") })
		hub.Receive(broker.Publication{Room: room, Seq: 3})
		time.Sleep(200 * time.Millisecond)
		log.set(func(l *fakeLog) { l.err = nil })
		receive(t, s, 0, 3)
	})
}

// TestHintOfNothing is a hint of an event that never comes: it costs a few reads and no stream.
func TestHintOfNothing(t *testing.T) {
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		room := uuid.New()
		s := join(hub, room, 0, 0)
		defer s.Close()
		hub.Receive(broker.Publication{Room: room, Seq: 9})
		time.Sleep(2 * time.Second)
		log.set(func(l *fakeLog) {
			if l.reads > 10 {
				t.Errorf("%d reads", l.reads)
			}
			l.head = 1
		})
		receive(t, s, 0, 1)
	})
}

// TestOneTailForAll reads the log once for a thousand listeners.
func TestOneTailForAll(t *testing.T) {
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		room := uuid.New()
		var streams []live.Subscriber
		for range 1000 {
			streams = append(streams, join(hub, room, 0, 0))
		}
		synctest.Wait()
		before := log.reads
		log.set(func(l *fakeLog) { l.head = 1 })
		hub.Receive(broker.Publication{Room: room, Seq: 1})
		for _, s := range streams {
			receive(t, s, 0, 1)
			s.Close()
			s.Close() // twice is once
		}
		if reads := log.reads - before; reads != 1 {
			t.Errorf("%d reads of one event", reads)
		}
	})
}

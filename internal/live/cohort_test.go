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

// printer renders events as their numbers and counts how many it has rendered.
type printer struct {
	mu       sync.Mutex
	rendered int
	// reads is what it says that it has read besides the events.
	reads live.ReadSet
	err   error
}

func (p *printer) render(
	_ context.Context,
	_ string,
	events []live.Event,
) (payloads [][]byte, reads live.ReadSet, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return nil, live.ReadNothing, p.err
	}
	p.rendered += len(events)
	payloads = make([][]byte, len(events))
	for i, e := range events {
		if shown(e.Position()) {
			payloads[i] = strconv.AppendInt(nil, e.Position(), 10)
		}
	}
	return payloads, p.reads, nil
}

func (p *printer) renderedCount() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rendered
}

func (p *printer) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = err
}

// shown reports whether printer shows something of an event: not of each tenth.
func shown(seq int64) bool { return seq%10 != 0 }

// receive receives what is shown of the events behind one seq up to another, and fails on a hole.
func receive(t *testing.T, s live.Subscriber, from, to int64) {
	t.Helper()
	for {
		for from++; !shown(from); from++ {
		}
		if from > to {
			return
		}
		payloads, err := next(t.Context(), s)
		if err != nil {
			t.Fatalf("before %d: %v", from, err)
		}
		for i, payload := range payloads {
			if i > 0 {
				for from++; !shown(from); from++ {
				}
			}
			if string(payload) != strconv.FormatInt(from, 10) {
				t.Fatalf("received %q, want %d", payload, from)
			}
		}
	}
}

func TestCohortRendersOnce(t *testing.T) {
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		room := uuid.New()
		var same, other printer
		var places []live.Subscriber
		for range 1000 {
			places = append(places, subscribe(hub, room, "same", 0, 0, same.render))
		}
		apart := subscribe(hub, room, "other", 0, 0, other.render)
		elsewhere := subscribe(hub, uuid.New(), "same", 0, 0, other.render)
		for seq := int64(1); seq <= 30; seq++ {
			log.set(func(l *fakeLog) { l.head = seq })
			hub.Receive(broker.Publication{Room: room, Seq: seq})
		}
		for _, a := range append(places, apart) {
			receive(t, a, 0, 30)
			a.Close()
			a.Close() // twice is once
		}
		elsewhere.Close()
		if same.renderedCount() != 30 || other.renderedCount() < 30 {
			t.Errorf(
				"30 events were rendered %d and %d times",
				same.renderedCount(),
				other.renderedCount(),
			)
		}
	})
}

// TestLateMember takes its time while the cohort goes on: it is caught up from the log.
func TestLateMember(t *testing.T) {
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		room := uuid.New()
		var p printer
		fast, late := subscribe(
			hub,
			room,
			"x",
			0,
			0,
			p.render,
		), subscribe(
			hub,
			room,
			"x",
			0,
			0,
			p.render,
		)
		defer fast.Close()
		log.set(func(l *fakeLog) { l.head = 100_000 })
		hub.Receive(broker.Publication{Room: room, Seq: 100_000})
		receive(t, fast, 0, 100_000)
		receive(t, late, 0, 100_000)
		late.Close()
		log.set(func(l *fakeLog) { l.head = 100_001 })
		hub.Receive(broker.Publication{Room: room, Seq: 100_001})
		receive(t, fast, 100_000, 100_001)
	})
}

// TestComingBackTogether shares pages among many who resume from about the same place. TestAhead:
// who comes with a seq that the cohort has not come to yet is not late, and nothing is kept for
// them.
func TestAhead(t *testing.T) {
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		room := uuid.New()
		slow := func(ctx context.Context, owner string, events []live.Event) ([][]byte, live.ReadSet, error) {
			time.Sleep(time.Second)
			return new(printer).render(ctx, owner, events)
		}
		there := subscribe(hub, room, "same", 0, 0, slow)
		there.Park(&fakeSink{})
		log.set(func(l *fakeLog) { l.head = 7 })
		hub.Receive(broker.Publication{Room: room, Seq: 7})
		time.Sleep(100 * time.Millisecond) // while it renders
		ahead, further := subscribe(
			hub,
			room,
			"same",
			7,
			7,
			slow,
		), subscribe(
			hub,
			room,
			"same",
			9,
			7,
			slow,
		)
		time.Sleep(5 * time.Second)
		if kept := hub.Stats().BufferedBytes; kept != 0 {
			t.Errorf("%d bytes are buffered, but no subscriber is late", kept)
		}
		ahead.Close()
		log.set(func(l *fakeLog) { l.head = 12 })
		hub.Receive(broker.Publication{Room: room, Seq: 12})
		time.Sleep(5 * time.Second)
		payloads, err := further.Next(t.Context())
		if err != nil || len(payloads) != 2 || string(payloads[0]) != "11" {
			t.Errorf("behind 9: %s, %v", payloads, err)
		}
		if kept := hub.Stats().BufferedBytes; kept != 0 {
			t.Errorf("%d bytes are kept when all have taken them", kept)
		}
		further.Close()
		there.Close()
	})
}

// TestLargePayloads: what a node keeps of history stays within its bound, however large an event is
// shown.
func TestLargePayloads(t *testing.T) {
	t.Run(
		"large events",
		func(t *testing.T) { expectBufferedHistory(t, 200<<10, 400, 60<<20, 64<<20) },
	)
	t.Run(
		"events larger than a page",
		func(t *testing.T) { expectBufferedHistory(t, 4<<20, 30, 0, 0) },
	)
}

// expectBufferedHistory reads the history of rooms whose events have so many bytes, and checks
// how many bytes the node keeps.
func expectBufferedHistory(t *testing.T, frame, rooms int, least, most int64) {
	t.Helper()
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		log.head = 64
		large := func(_ context.Context, _ string, events []live.Event) (payloads [][]byte, _ live.ReadSet, _ error) {
			for range events {
				payloads = append(payloads, make([]byte, frame))
			}
			return payloads, live.ReadNothing, nil
		}
		var kept int64
		for range rooms {
			room := uuid.New()
			a := subscribe(hub, room, "large", 0, 64, large)
			if _, err := a.Next(t.Context()); err != nil {
				t.Fatal(err)
			}
			kept = max(kept, hub.Stats().BufferedBytes)
			a.Close()
		}
		if kept < least || kept > most {
			t.Errorf("%d bytes were kept", kept)
		}
	})
}

func TestComingBackTogether(t *testing.T) {
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		room := uuid.New()
		var p printer
		const head = 1000
		log.head = head
		places := make(
			[]live.Subscriber,
			500,
		) // all subscribe before the first one reads: a cohort ends with its last subscriber
		for i := range places {
			places[i] = subscribe(hub, room, "x", int64(i%7), head, p.render)
		}
		var wg sync.WaitGroup
		for i, a := range places {
			wg.Go(func() {
				defer a.Close()
				receive(t, a, int64(i%7), head)
			})
		}
		wg.Wait()
		if n := p.renderedCount(); n > 2*head {
			t.Errorf("%d events were rendered for 500 screens that needed the same %d", n, head)
		}
	})
}

func TestCohortOfPrunedLog(t *testing.T) {
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		var p printer
		log.head, log.start = 100, 70
		gone := subscribe(hub, uuid.New(), "x", 69, 100, p.render)
		defer gone.Close()
		if _, err := gone.Next(t.Context()); !errors.Is(err, live.ErrPruned) {
			t.Errorf("got %v", err)
		}
		kept := subscribe(
			hub,
			uuid.New(),
			"x",
			72,
			100,
			p.render,
		) // its page begins before what is kept
		defer kept.Close()
		receive(t, kept, 72, 100)
	})
}

// TestRenderFails never delivers a failure: it tries again, and then ends the streams so that they
// can be resumed.
func TestRenderFails(t *testing.T) {
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		room := uuid.New()
		var p printer
		a := subscribe(hub, room, "x", 0, 0, p.render)
		defer a.Close()
		p.fail(errors.New("broken"))
		log.set(func(l *fakeLog) { l.head = 1 })
		hub.Receive(broker.Publication{Room: room, Seq: 1})
		time.Sleep(100 * time.Millisecond)
		p.fail(nil)
		receive(t, a, 0, 1)

		p.fail(errors.New("broken for good"))
		log.set(func(l *fakeLog) { l.head = 2 })
		hub.Receive(broker.Publication{Room: room, Seq: 2})
		if _, err := next(t.Context(), a); !errors.Is(err, live.ErrStopped) {
			t.Errorf("got %v", err)
		}
		p.fail(nil)
		again := subscribe(hub, room, "x", 1, 2, p.render)
		defer again.Close()
		receive(t, again, 1, 2)
	})
}

// TestCohortEnds leaves nothing behind: the bubble would not end while a goroutine of a cohort
// runs.
func TestCohortEnds(t *testing.T) {
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		room := uuid.New()
		var p printer
		for range 100 {
			a := subscribe(hub, room, "x", 0, 0, p.render)
			synctest.Wait()
			a.Close()
		}
		synctest.Wait()
		before := log.reads
		log.set(func(l *fakeLog) { l.head = 1 })
		hub.Receive(broker.Publication{Room: room, Seq: 1})
		time.Sleep(time.Minute)
		if log.reads != before {
			t.Error("the log of a room without subscribers is read")
		}
	})
}

package live_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"parley/internal/broker"
	"parley/internal/live"
	"parley/internal/panics"
)

// panickingLog is a log of which one method panics.
type panickingLog struct {
	fakeLog
	method atomic.Value // its name; "" is none
}

func (l *panickingLog) step(method string) {
	if l.method.Load() == method {
		panic(method)
	}
}

func (l *panickingLog) Read(
	ctx context.Context,
	room uuid.UUID,
	after int64,
	limit int,
) ([]live.Event, error) {
	l.step("Read")
	return l.fakeLog.Read(ctx, room, after, limit)
}

func (l *panickingLog) MembershipEnds(
	ctx context.Context,
	room uuid.UUID,
	after int64,
) ([]live.Event, error) {
	l.step("MembershipEnds")
	return l.fakeLog.MembershipEnds(ctx, room, after)
}

func (l *panickingLog) Heads(ctx context.Context, rooms []uuid.UUID) (map[uuid.UUID]int64, error) {
	l.step("Heads")
	return l.fakeLog.Heads(ctx, rooms)
}

func (l *panickingLog) Created(
	ctx context.Context, since time.Time, known func(uuid.UUID) bool,
) ([]live.Created, error) {
	l.step("Created")
	return l.fakeLog.Created(ctx, since, known)
}

// panickingHub is a hub over a panickingLog, whose panics are counted. What does not end with the
// hub is found by synctest.
type panickingHub struct {
	*live.Hub
	log   *panickingLog
	guard *panics.Guard
	lines *bytes.Buffer
	room  uuid.UUID
}

func inPanickingHub(t *testing.T, test func(t *testing.T, e *panickingHub)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		e := &panickingHub{log: &panickingLog{}, lines: new(bytes.Buffer), room: uuid.New()}
		e.guard = panics.NewGuard(slog.New(slog.NewTextHandler(e.lines, nil)))
		e.Hub = live.NewHub(t.Context(), e.log, e.log, live.Options{
			Panics: e.guard, Logger: slog.New(slog.DiscardHandler),
		})
		test(t, e)
		e.Close()
	})
}

// add appends an event to the room's log and publishes it.
func (e *panickingHub) add(seq int64) {
	e.log.set(func(l *fakeLog) { l.head = seq })
	e.Receive(broker.Publication{Room: e.room, Seq: seq})
}

// expect fails unless so many panics were counted, each with one line in the log.
func (e *panickingHub) expect(t *testing.T, n int) {
	t.Helper()
	synctest.Wait()
	lines := strings.Count(e.lines.String(), "\n")
	if counted := int(e.guard.Count(panics.Event)); counted != n || lines != n {
		t.Errorf(
			"%d panics are counted and %d are logged, want %d:\n%s",
			counted,
			lines,
			n,
			e.lines,
		)
	}
}

// ends fails unless a stream ends with a panic.
func ends(t *testing.T, a live.Subscriber) {
	t.Helper()
	defer a.Close()
	if payloads, err := next(t.Context(), a); !panics.Is(err) {
		t.Errorf("after a panic there are %d payloads and %v", len(payloads), err)
	}
}

func panicOnRender(context.Context, string, []live.Event) ([][]byte, live.ReadSet, error) {
	panic("render")
}

// TestPanicOfARendering ends the streams of its cohort, without a second attempt, and no others.
func TestPanicOfARendering(t *testing.T) {
	inPanickingHub(t, func(t *testing.T, e *panickingHub) {
		one := subscribeAs(e.Hub, "user", e.room, "panicking", 0, 0, panicOnRender)
		two := subscribeAs(e.Hub, "user", e.room, "panicking", 0, 0, panicOnRender)
		neighbour := join(e.Hub, e.room, 0, 0)
		defer neighbour.Close()
		e.add(1)
		ends(t, one)
		ends(t, two)
		receive(t, neighbour, 0, 1)
		e.expect(t, 1)
		again := subscribeAs(
			e.Hub,
			"user",
			e.room,
			"panicking",
			1,
			1,
			new(printer).render,
		) // a new cohort
		defer again.Close()
		e.add(2)
		receive(t, again, 1, 2)
		receive(t, neighbour, 1, 2)
		e.expect(t, 1)
	})
}

// TestPanicOfAPage ends the stream that catches up.
func TestPanicOfAPage(t *testing.T) {
	inPanickingHub(t, func(t *testing.T, e *panickingHub) {
		e.add(10)
		ends(t, subscribeAs(e.Hub, "user", e.room, "panicking", 0, 10, panicOnRender))
		e.expect(t, 1)
		neighbour := join(e.Hub, e.room, 0, 10)
		defer neighbour.Close()
		receive(t, neighbour, 0, 10)
	})
}

// TestPanicOfTheLog ends the streams of the room; the next ones begin anew.
func TestPanicOfTheLog(t *testing.T) {
	for _, method := range []string{"Read", "MembershipEnds"} {
		inPanickingHub(t, func(t *testing.T, e *panickingHub) {
			render := (&printer{reads: live.ReadOwn}).render // so that membership ends are read
			a := subscribeAs(e.Hub, "user", e.room, "same", 0, 0, render)
			synctest.Wait()
			e.log.method.Store(method)
			e.add(1)
			ends(t, a)
			e.expect(t, 1)
			e.log.method.Store("")
			a = subscribeAs(e.Hub, "user", e.room, "same", 0, 1, render)
			defer a.Close()
			receive(t, a, 0, 1)
			e.add(2)
			receive(t, a, 1, 2)
			e.expect(t, 1)
		})
	}
}

// TestPanicOfAPoll is logged, and the next poll finds what this one has not.
func TestPanicOfAPoll(t *testing.T) {
	inPanickingHub(t, func(t *testing.T, e *panickingHub) {
		a := join(e.Hub, e.room, 0, 0)
		defer a.Close()
		rooms := follow(e.Hub, live.Lobby(), "rooms", new(printer).render)
		defer rooms.Close()
		synctest.Wait()
		for i, method := range []string{"Heads", "Created"} {
			e.log.method.Store(method)
			time.Sleep(3 * time.Second) // as often as the hub polls
			e.expect(t, i+1)
			e.log.method.Store("")
		}
		e.log.set(func(l *fakeLog) { l.head = 1 }) // of which no hint tells
		receive(t, a, 0, 1)
		e.expect(t, 2)
	})
}

// panickingSink is a sink that panics in one method.
type panickingSink struct {
	in    string
	sent  int
	woken chan struct{}
	once  sync.Once
}

func (g *panickingSink) Ready() bool {
	if g.in == "Ready" {
		panic(g.in)
	}
	return true
}

func (g *panickingSink) Send([]byte) bool {
	if g.in == "Send" {
		panic(g.in)
	}
	g.sent++
	return true
}

func (g *panickingSink) Wake() { g.once.Do(func() { close(g.woken) }) }

// TestPanicOfASink ends its subscription, and none of those that are sent to beside it.
func TestPanicOfASink(t *testing.T) {
	for _, method := range []string{"Ready", "Send"} {
		inPanickingHub(t, func(t *testing.T, e *panickingHub) {
			const many = 400 // so that several goroutines send
			var sinks []*panickingSink
			var subscribers []live.Subscriber
			for i := range many {
				g := &panickingSink{woken: make(chan struct{})}
				if i == many/2 {
					g.in = method
				}
				s := subscribeAs(e.Hub, "user", e.room, "same", 0, 0, new(printer).render)
				if !s.Park(g) {
					t.Fatal("it is not parked")
				}
				sinks, subscribers = append(sinks, g), append(subscribers, s)
			}
			synctest.Wait()
			e.add(1)
			e.add(2)
			e.expect(t, 1)
			for i, g := range sinks {
				if i == many/2 {
					<-g.woken
					ends(t, subscribers[i])
					continue
				}
				if g.sent != 2 {
					t.Errorf("sink %d was sent %d payloads", i, g.sent)
				}
				subscribers[i].Close()
			}
		})
	}
}

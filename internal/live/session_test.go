package live_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"parley/internal/live"
)

// inFakeRooms runs a test in a bubble.
func inFakeRooms(t *testing.T, test func(t *testing.T, h *fakeRooms, hub *live.Hub)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := newFakeRooms()
		hub := live.NewHub(t.Context(), h, h, live.Options{PollInterval: time.Minute})
		defer hub.Close()
		test(t, h, hub)
	})
}

// hasNext checks the payloads that come until the session can be parked; of one room they are in
// order.
func hasNext(t *testing.T, s live.Subscriber, sink live.Sink, want ...string) {
	t.Helper()
	var got []string
	for !s.Park(sink) {
		payloads, err := s.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, payload := range payloads {
			got = append(got, string(payload))
		}
		synctest.Wait() // until the hub has read what the call requested
	}
	if diff := cmp.Diff(byRoom(want), byRoom(got)); diff != "" {
		t.Errorf("next (-want +got):\n%s", diff)
	}
}

// listsByRoom sorts items by their rooms.
func byRoom(items []string) []string {
	slices.SortStableFunc(items, func(a, b string) int { return strings.Compare(a[:4], b[:4]) })
	return items
}

// recordingSink is a sink that can be made to refuse.
type recordingSink struct {
	fakeSink
}

// expectSent checks what was sent to the sink since the last call.
func (l *recordingSink) expectSent(t *testing.T, woken int, want ...string) {
	t.Helper()
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	if diff := cmp.Diff(byRoom(want), byRoom(l.got)); diff != "" || l.woken != woken {
		t.Errorf("woken %d times, want %d; sent (-want +got):\n%s", l.woken, woken, diff)
	}
	l.got, l.woken = nil, 0
}

// TestSession sends events straight to a parked sink. It queues what the sink does not take, and
// continues with Next.
func TestSession(t *testing.T) {
	inFakeRooms(t, func(t *testing.T, h *fakeRooms, hub *live.Hub) {
		a, b, c := uuid.New(), uuid.New(), uuid.New()
		name := func(room uuid.UUID, what string) string { return room.String()[:4] + " " + what }
		for _, room := range []uuid.UUID{a, b} {
			h.publish(nil, room, entry{user: "me"})
		}
		h.add(nil, a)
		s := h.open(t, hub, "me", func(d *live.Session) {
			d.After = map[uuid.UUID]int64{a: 0, c: 0}
		})
		defer s.Close()
		sink := &recordingSink{}
		hasNext(t, s, sink, name(c, "ended"), name(a, "opened 2"), name(b, "opened 1"), "ready",
			name(a, "1"), name(a, "2"))
		h.add(hub, a)
		h.add(hub, b)
		sink.expectSent(t, 0, name(a, "3"), name(b, "2"))

		sink.set(true)
		h.add(hub, a)
		h.add(hub, a)
		h.add(hub, b)
		synctest.Wait()
		sink.set(false)
		sink.expectSent(t, 1)
		hasNext(t, s, sink, name(a, "4"), name(a, "5"), name(b, "3"))
		h.add(hub, b)
		sink.expectSent(t, 0, name(b, "4"))

		// A room that the user joins begins with that; one that the user leaves ends.
		h.add(nil, c)
		reads := h.reads
		h.publish(hub, c, entry{user: "you"})
		sink.expectSent(t, 0)
		h.publish(hub, c, entry{user: "me"})
		h.add(hub, c)
		sink.expectSent(t, 1)
		hasNext(t, s, sink, name(c, "opened 4"), name(c, "3"), name(c, "4"))
		if n := h.reads - reads; n != 2 {
			t.Errorf("the memberships were read %d times for a room", n)
		}
		h.publish(hub, c, entry{user: "me", gone: true})
		h.add(hub, c)
		h.publish(hub, c, entry{user: "me"})
		sink.expectSent(t, 1)
		hasNext(t, s, sink, name(c, "ended"), name(c, "opened 7"), name(c, "7"))
		s.Close()
		s.Close()
		h.add(hub, c)
		sink.expectSent(t, 0)
		if stats := hub.Stats(); stats.Topics+stats.Cohorts+stats.Subscribers+stats.Sessions != 0 {
			t.Errorf("after the end there are %+v", stats)
		}
	})
}

// TestSessionFindsJoins: a membership that no publication has named is found by the next poll.
func TestSessionFindsJoins(t *testing.T) {
	inFakeRooms(t, func(t *testing.T, h *fakeRooms, hub *live.Hub) {
		s := h.open(t, hub, "me", nil)
		defer s.Close()
		sink := &recordingSink{}
		hasNext(t, s, sink, "ready")
		room := uuid.New()
		h.publish(nil, room, entry{user: "me"})
		time.Sleep(2 * time.Minute)
		sink.expectSent(t, 1)
		hasNext(t, s, sink, room.String()[:4]+" opened 1", room.String()[:4]+" 1")
		reads := h.reads
		time.Sleep(10 * time.Minute)
		sink.expectSent(t, 0)
		if h.reads != reads {
			t.Errorf("the memberships were read %d times in 10 polls", h.reads-reads)
		}
		h.set(func(*fakeLog) { h.joins = nil }) // as if the clocks of two nodes were far apart
		h.publish(nil, room, entry{user: "me", gone: true})
		time.Sleep(2 * time.Minute)
		hasNext(t, s, sink, room.String()[:4]+" ended")
		h.publish(nil, room, entry{user: "me"})
		h.set(func(*fakeLog) { h.joins = nil })
		time.Sleep(6 * time.Hour)
		hasNext(t, s, sink, room.String()[:4]+" opened 3", room.String()[:4]+" 3")
	})
}

// TestSessionLeftWhileOpening: what a room shows after the user has left is not sent.
func TestSessionLeftWhileOpening(t *testing.T) {
	inFakeRooms(t, func(t *testing.T, h *fakeRooms, hub *live.Hub) {
		a, b, c := uuid.New(), uuid.New(), uuid.New()
		for _, room := range []uuid.UUID{a, b, c} {
			h.publish(nil, room, entry{user: "me"})
		}
		h.onOpened = func() {
			h.onOpened = nil
			h.add(nil, c) // and that is not published
			h.publish(hub, a, entry{user: "me", gone: true})
			h.publish(hub, b, entry{user: "me", gone: true})
			h.publish(hub, b, entry{user: "me"})
		}
		s := h.open(t, hub, "me", nil)
		defer s.Close()
		sink := &recordingSink{}
		hasNext(t, s, sink, a.String()[:4]+" ended", b.String()[:4]+" opened 3",
			c.String()[:4]+" opened 1", "ready", b.String()[:4]+" 3", c.String()[:4]+" 2")
		sink.expectSent(t, 0)
	})
}

// TestSessionFair: Next returns a bounded part, and no room waits for all of another.
func TestSessionFair(t *testing.T) {
	inFakeRooms(t, func(t *testing.T, h *fakeRooms, hub *live.Hub) {
		a, b := uuid.New(), uuid.New()
		for _, room := range []uuid.UUID{a, b} {
			h.publish(nil, room, entry{user: "me"})
		}
		for range 5000 {
			h.add(nil, a)
			h.add(nil, b)
		}
		s := h.open(
			t,
			hub,
			"me",
			func(d *live.Session) { d.After = map[uuid.UUID]int64{a: 0, b: 0} },
		)
		defer s.Close()
		reached := make(map[string]int)
		for reached[a.String()[:4]]+reached[b.String()[:4]] < 2*5001 {
			payloads, err := s.Next(t.Context())
			if err != nil || len(payloads) == 0 || len(payloads) > 512 {
				t.Fatalf("%d payloads, %v", len(payloads), err)
			}
			for _, payload := range payloads {
				room, seq, _ := strings.Cut(string(payload), " ")
				if n, err := strconv.Atoi(seq); err == nil && n != reached[room]+1 {
					t.Fatalf("%d after %d", n, reached[room])
				} else if err == nil {
					reached[room] = n
				}
			}
			if ahead := reached[a.String()[:4]] - reached[b.String()[:4]]; max(
				ahead,
				-ahead,
			) > 256 {
				t.Fatalf("one room is %d events ahead of the other", ahead)
			}
		}
	})
}

// TestSessionOpensInParts: more rooms than are opened at once are all open before the session is
// ready.
func TestSessionOpensInParts(t *testing.T) {
	inFakeRooms(t, func(t *testing.T, h *fakeRooms, hub *live.Hub) {
		const rooms = 1200
		want := []string{"ready"}
		for range rooms {
			room := uuid.New()
			h.publish(nil, room, entry{user: "me"})
			want = append(want, room.String()[:4]+" opened 1")
		}
		s := h.open(t, hub, "me", nil)
		defer s.Close()
		hasNext(t, s, &recordingSink{}, want...)
		if h.reads != 4 {
			t.Errorf("the memberships were read %d times", h.reads)
		}
		if n := hub.Stats().Subscribers; n != rooms {
			t.Errorf("%d rooms are followed", n)
		}
	})
}

// TestSessionOpensSingly: what begins rooms is large, so it is rendered for one room at a time, and
// not more of it is returned at once than fits.
func TestSessionOpensSingly(t *testing.T) {
	inFakeRooms(t, func(t *testing.T, h *fakeRooms, hub *live.Hub) {
		const rooms, size = 100, 100 << 10
		for range rooms {
			h.publish(nil, uuid.New(), entry{user: "me"})
		}
		s := h.open(t, hub, "me", func(description *live.Session) {
			description.OpenSingly = true
			description.RenderOpenings = func(_ context.Context, opened []live.Opening) ([][]byte, error) {
				if len(opened) != 1 {
					t.Errorf("%d rooms are opened at a time", len(opened))
				}
				return [][]byte{make([]byte, size)}, nil
			}
		})
		defer s.Close()
		got := 0
		for !s.Park(&recordingSink{}) {
			payloads, err := s.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got += len(payloads); len(payloads) > 3 {
				t.Errorf("%d payloads at once", len(payloads))
			}
		}
		if got != rooms+1 {
			t.Errorf("%d payloads, not those of %d rooms and one more", got, rooms)
		}
	})
}

// TestSessionFails: a room whose log cannot be read ends the session, with what came before.
func TestSessionFails(t *testing.T) {
	inFakeRooms(t, func(t *testing.T, h *fakeRooms, hub *live.Hub) {
		room := uuid.New()
		h.publish(nil, room, entry{user: "me"})
		s := h.open(t, hub, "me", nil)
		defer s.Close()
		hasNext(t, s, &recordingSink{}, room.String()[:4]+" opened 1", "ready")
		h.set(func(l *fakeLog) { l.err = errors.New("away") })
		h.add(hub, room)
		if _, err := next(t.Context(), s); !errors.Is(err, live.ErrStopped) {
			t.Errorf("the error is %v", err)
		}
	})
}

// racingSink is a sink that refuses now and then, checks the order in each room, and that Wake
// comes when nothing is being sent.
type racingSink struct {
	mu      sync.Mutex
	reached map[string]int
	wrong   []string
	sending int
	woken   chan struct{}
}

func (r *racingSink) Ready() bool { return rand.IntN(8) > 0 }

func (r *racingSink) Send(payload []byte) bool {
	r.change(1)
	defer r.change(-1)
	if rand.IntN(4) == 0 {
		return false
	}
	runtime.Gosched()
	r.receive(payload)
	return true
}

func (r *racingSink) change(by int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sending += by
}

func (r *racingSink) Wake() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sending > 0 {
		r.wrong = append(r.wrong, "woken while something is sent")
	}
	r.woken <- struct{}{}
}

func (r *racingSink) receive(payload []byte) {
	room, text, _ := strings.Cut(string(payload), " ")
	seq, err := strconv.Atoi(text)
	if err != nil {
		return // the beginning
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if seq != r.reached[room]+1 {
		r.wrong = append(r.wrong, fmt.Sprintf("%d after %d", seq, r.reached[room]))
	}
	r.reached[room] = seq
}

// wait waits to be woken. It returns false if everything has been sent.
func (r *racingSink) wait(rooms, events int) bool {
	for !r.done(rooms, events) {
		select {
		case <-r.woken:
			return true
		case <-time.After(10 * time.Millisecond):
		}
	}
	return false
}

func (r *racingSink) done(rooms, events int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	done := 0
	for _, seq := range r.reached {
		if seq == events {
			done++
		}
	}
	return done == rooms || len(r.wrong) > 0
}

// TestSessionRaces: many rooms send to one sink at the same time, which parks again and again: in
// each room every event comes once and in order.
func TestSessionRaces(t *testing.T) {
	const rooms, events, sessions = 8, 1500, 4
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(16))
	h := newFakeRooms()
	hub := live.NewHub(t.Context(), h, h, live.Options{})
	defer hub.Close()
	ids := make([]uuid.UUID, rooms)
	for i := range ids {
		ids[i] = uuid.New()
		for user := range sessions {
			h.publish(nil, ids[i], entry{user: strconv.Itoa(user)})
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var running sync.WaitGroup
	racers := make([]*racingSink, sessions)
	for i := range racers {
		r := &racingSink{reached: make(map[string]int), woken: make(chan struct{}, 1)}
		racers[i] = r
		after := make(map[uuid.UUID]int64)
		for _, room := range ids {
			after[room] = 0
		}
		s := h.open(t, hub, strconv.Itoa(i), func(d *live.Session) { d.After = after })
		running.Go(func() { // ends with the last event
			defer s.Close()
			for !r.done(rooms, events+sessions) && ctx.Err() == nil {
				if s.Park(r) && !r.wait(rooms, events+sessions) {
					return
				}
				payloads, err := s.Next(ctx)
				if err != nil {
					t.Error(err)
					return
				}
				for _, payload := range payloads {
					r.receive(payload)
				}
			}
		})
	}
	for _, room := range ids {
		running.Go(func() { // ends with its events
			for range events {
				h.add(hub, room)
				if rand.IntN(8) == 0 {
					runtime.Gosched()
				}
			}
		})
	}
	running.Wait()
	for i, r := range racers {
		if len(r.wrong) > 0 || !r.done(rooms, events+sessions) {
			t.Errorf("session %d: %v; reached %v", i, r.wrong[:min(len(r.wrong), 10)], r.reached)
		}
	}
}

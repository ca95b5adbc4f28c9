package live_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"parley/internal/broker"
	"parley/internal/live"
)

// fakeSink is a sink that can be made to refuse.
type fakeSink struct {
	mu    sync.Mutex
	got   []string
	full  bool
	woken int
}

func (s *fakeSink) Ready() bool { return true }

func (s *fakeSink) Send(payload []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.full {
		s.got = append(s.got, string(payload))
	}
	return !s.full
}

func (s *fakeSink) Wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.woken++
}

func (s *fakeSink) set(full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.full = full
}

// expect checks that it has received the payloads up to an event, and how often it was woken.
func (s *fakeSink) expect(t *testing.T, last int64, woken int) {
	t.Helper()
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.got) != int(last) || s.woken != woken {
		t.Fatalf("got %d, woken %d times; want %d and %d", len(s.got), s.woken, last, woken)
	}
	for i, payload := range s.got {
		if payload != strconv.Itoa(i+1) {
			t.Fatalf("got %q as number %d", payload, i+1)
		}
	}
}

// TestParked sends frames to a thousand sinks. One that refuses is woken, continues from just there
// with Next, and is parked again, while the others receive everything.
func TestParked(t *testing.T) {
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		room := uuid.New()
		var p printer
		screens := make([]*fakeSink, 1000)
		subscribers := make([]live.Subscriber, len(screens))
		for i := range screens {
			screens[i], subscribers[i] = &fakeSink{}, subscribe(hub, room, "x", 0, 0, p.render)
			if !subscribers[i].Park(screens[i]) {
				t.Fatal("nothing has happened, and it cannot be parked")
			}
		}
		happen := func(seq int64) {
			log.set(func(l *fakeLog) { l.head = seq })
			hub.Receive(broker.Publication{Room: room, Seq: seq})
		}
		happen(1)
		happen(2)
		for _, s := range screens {
			s.expect(t, 2, 0)
		}
		screens[7].set(true)
		happen(3)
		happen(4)
		synctest.Wait()
		if subscribers[7].Park(screens[7]) {
			t.Error("it can be parked though it is behind")
		}
		for i, s := range screens {
			if i == 7 {
				s.expect(t, 2, 1)
			} else {
				s.expect(t, 4, 0)
			}
		}
		receive(t, subscribers[7], 2, 4)
		screens[7].set(false)
		screens[7].got = append(screens[7].got, "3", "4")
		if !subscribers[7].Park(screens[7]) {
			t.Error("it has caught up and cannot be parked")
		}
		subscribers[8].Close()
		happen(5)
		for i, s := range screens {
			switch i {
			case 7:
				s.expect(t, 5, 1)
			case 8:
				s.expect(t, 4, 0)
			default:
				s.expect(t, 5, 0)
			}
		}
		if p.renderedCount() != 5 {
			t.Errorf("5 events were rendered %d times", p.renderedCount())
		}
		for _, s := range subscribers {
			s.Close()
		}
	})
}

// TestParkedAhead: a subscriber that is ahead of its cohort is parked, and receives what follows
// its position.
func TestParkedAhead(t *testing.T) {
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		room := uuid.New()
		var p printer
		behind := subscribe(hub, room, "x", 0, 0, p.render)
		defer behind.Close()
		ahead := subscribe(hub, room, "x", 3, 0, p.render)
		defer ahead.Close()
		sinks := [2]fakeSink{}
		if !behind.Park(&sinks[0]) || !ahead.Park(&sinks[1]) {
			t.Fatal("there is nothing, and they cannot be parked")
		}
		for _, seq := range []int64{2, 5, 6} {
			log.set(func(l *fakeLog) { l.head = seq })
			hub.Receive(broker.Publication{Room: room, Seq: seq})
			synctest.Wait()
			sinks[0].expect(t, seq, 0)
		}
		sinks[1].got = append([]string{"1", "2", "3"}, sinks[1].got...)
		sinks[1].expect(t, 6, 0)
		if kept := hub.Stats().BufferedBytes; kept != 0 {
			t.Errorf("%d bytes are kept, and no subscriber is late", kept)
		}
	})
}

// TestParkedTillTheEnd wakes parked subscribers for the end.
func TestParkedTillTheEnd(t *testing.T) {
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		room := uuid.New()
		var sink fakeSink
		s := join(hub, room, 0, 0)
		defer s.Close()
		s.Park(&sink)
		log.set(func(l *fakeLog) { l.err = errors.New("down") })
		hub.Receive(broker.Publication{Room: room, Seq: 1})
		time.Sleep(time.Minute)
		sink.expect(t, 0, 1)
		if _, err := s.Next(t.Context()); !errors.Is(err, live.ErrStopped) {
			t.Errorf("got %v", err)
		}
	})
}

// TestFirst: the first payloads are sent before all others.
func TestFirst(t *testing.T) {
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		room := uuid.New()
		s, err := hub.Subscribe(live.Subscription{
			Topic: live.Room(room), Render: new(printer).render,
			First: [][]byte{[]byte("opened")},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if s.Park(&fakeSink{}) {
			t.Error("it is parked, and the first payload has not been sent")
		}
		log.set(func(l *fakeLog) { l.head = 1 })
		hub.Receive(broker.Publication{Room: room, Seq: 1})
		for _, want := range []string{"opened", "1"} {
			payloads, err := next(t.Context(), s)
			if err != nil || len(payloads) != 1 || string(payloads[0]) != want {
				t.Errorf("received %s, %v; want %s", payloads, err, want)
			}
		}
	})
}

// TestResync: a subscriber whose log is pruned continues from the head, also if its cohort has
// failed, and as what it was authorized for there.
func TestResync(t *testing.T) {
	for name, subscribed := range map[string]int64{"catches up": 5, "at the head": 100} {
		t.Run(name, func(t *testing.T) {
			inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
				room := uuid.New()
				log.head, log.start = subscribed, 0
				s, err := hub.Subscribe(live.Subscription{
					Topic: live.Room(room), User: "200", Render: new(printer).render,
					After: subscribed, Head: subscribed,
					Resync: func(context.Context, uuid.UUID) (int64, [][]byte, error) {
						return 201, [][]byte{[]byte("resync")}, nil
					},
				})
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				synctest.Wait()
				log.set(func(l *fakeLog) { l.head, l.start = 201, 150 })
				hub.Receive(broker.Publication{Room: room, Seq: 201})
				payloads, err := next(t.Context(), s)
				if err != nil || len(payloads) != 1 || string(payloads[0]) != "resync" {
					t.Fatalf("received %s, %v", payloads, err)
				}
				log.set(func(l *fakeLog) { l.head = 203 })
				hub.Receive(broker.Publication{Room: room, Seq: 203})
				receive(t, s, 201, 203)
			})
		})
	}
}

// TestMembershipEnds: a subscriber receives nothing that may show what happened after the end of
// the membership. The events that were read together are always considered, and those behind them
// if more was read than the events.
func TestMembershipEnds(t *testing.T) {
	for name, test := range map[string]struct {
		reads       live.ReadSet
		head        int64
		ended       int // users whose membership ends before the first payload
		endsAreRead bool
	}{
		"no end":            {live.ReadNothing, 50, 0, false},
		"ends later":        {live.ReadNothing, 250, 2, false},
		"reads, no end":     {live.ReadOwn, 50, 0, true},
		"a part of the log": {live.ReadNothing, 1000, 10, true},
	} {
		t.Run(name, func(t *testing.T) {
			inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
				room := uuid.New()
				p := printer{reads: test.reads}
				var users []live.Subscriber
				for i := range 10 {
					s := subscribeAs(hub, fmt.Sprint(100*(i+1)), room, "x", 0, 0, p.render)
					defer s.Close()
					users = append(users, s)
				}
				synctest.Wait()
				log.set(func(l *fakeLog) { l.head = test.head })
				hub.Receive(broker.Publication{Room: room, Seq: test.head})
				synctest.Wait()
				for i, s := range users {
					payloads, err := s.Next(t.Context())
					if ended := i < test.ended; ended != errors.Is(err, errEnded) ||
						ended != (len(payloads) == 0) {
						t.Errorf("user %d receives %d payloads, %v", 100*(i+1), len(payloads), err)
					}
				}
				log.set(func(l *fakeLog) {
					if l.ends > 0 != test.endsAreRead {
						t.Errorf("%d reads of membership ends", l.ends)
					}
				})
			})
		})
	}
}

// TestEndedByItsEvent: the event that ends the membership ends the subscription also if nothing is
// shown of it.
func TestEndedByItsEvent(t *testing.T) {
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		room := uuid.New()
		log.head = 99
		s := subscribeAs(hub, "100", room, "x", 99, 99, new(printer).render)
		defer s.Close()
		var sink fakeSink
		if !s.Park(&sink) {
			t.Fatal("it is not parked")
		}
		log.set(func(l *fakeLog) { l.head = 100 })
		hub.Receive(broker.Publication{Room: room, Seq: 100})
		sink.expect(t, 0, 1)
		if payloads, err := s.Next(t.Context()); !errors.Is(err, errEnded) {
			t.Errorf("received %s, %v", payloads, err)
		}
	})
}

// TestAuthorizedAbove: an end that the user was authorized after does not end the subscription.
func TestAuthorizedAbove(t *testing.T) {
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		log.head = 201
		s := subscribeAs(hub, "100", uuid.New(), "x", 0, 150, new(printer).render)
		defer s.Close()
		receive(t, s, 0, 201)
	})
}

// TestMembershipEndsShared: renderings with the same read set share the read of membership ends.
func TestMembershipEndsShared(t *testing.T) {
	for name, test := range map[string]struct {
		reads []live.ReadSet
		want  int
	}{
		"the same":   {[]live.ReadSet{3, 3, 3}, 1},
		"different":  {[]live.ReadSet{3, 4, 3}, 2},
		"own reads":  {[]live.ReadSet{live.ReadOwn, live.ReadOwn, live.ReadOwn}, 3},
		"no reading": {[]live.ReadSet{live.ReadNothing, live.ReadNothing, live.ReadNothing}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
				room := uuid.New()
				subscribers := make([]live.Subscriber, len(test.reads))
				for i, reads := range test.reads {
					p := printer{reads: reads}
					subscribers[i] = subscribeAs(hub, "100", room, fmt.Sprint(i), 0, 0, p.render)
					defer subscribers[i].Close()
				}
				synctest.Wait()
				log.set(func(l *fakeLog) { l.head = 150 })
				hub.Receive(broker.Publication{Room: room, Seq: 150})
				for _, s := range subscribers {
					if payloads, err := next(t.Context(), s); !errors.Is(err, errEnded) {
						t.Errorf("the member that was removed receives %s, %v", payloads, err)
					}
				}
				synctest.Wait()
				log.set(func(l *fakeLog) {
					// The cohorts run in any order: with different read sets the same may be read
					// twice.
					if l.ends < test.want || l.ends > test.want+1 ||
						test.want < 2 && l.ends != test.want {
						t.Errorf("%d reads of membership ends, want %d", l.ends, test.want)
					}
				})
			})
		})
	}
}

// TestNextDoesNotWait: Next returns when there is nothing, and when its context has ended.
func TestNextDoesNotWait(t *testing.T) {
	inHub(t, func(t *testing.T, _ *fakeLog, hub *live.Hub) {
		s := join(hub, uuid.New(), 0, 0)
		defer s.Close()
		if payloads, err := s.Next(t.Context()); len(payloads) > 0 || err != nil {
			t.Errorf("received %s, %v", payloads, err)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Next(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

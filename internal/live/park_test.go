package live_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"parley/internal/broker"
	"parley/internal/live"
)

// screen is a listener that can be made to refuse.
type screen struct {
	mu      sync.Mutex
	got     []int64
	full    bool
	resumed int
}

func (s *screen) Ready() bool { return true }

func (s *screen) Take(f live.Frame) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.full {
		s.got = append(s.got, f.Event.Position())
	}
	return !s.full
}

func (s *screen) Resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resumed++
}

func (s *screen) set(full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.full = full
}

// expect checks what it has got, and how often it was told to go on by itself.
func (s *screen) expect(t *testing.T, last int64, resumed int) {
	t.Helper()
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.got) != int(last) || s.resumed != resumed {
		t.Fatalf("got %d, resumed %d times; want %d and %d", len(s.got), s.resumed, last, resumed)
	}
	for i, seq := range s.got {
		if seq != int64(i+1) {
			t.Fatalf("got %d as number %d", seq, i+1)
		}
	}
}

// TestParked hands frames to a thousand listeners. One that refuses goes on by itself from just
// there, and is parked again, while the others hear everything.
func TestParked(t *testing.T) {
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		room := uuid.New()
		var p printer
		screens := make([]*screen, 1000)
		places := make([]*live.Attendance, len(screens))
		for i := range screens {
			screens[i], places[i] = &screen{}, subscribe(hub, room, "x", 0, 0, p.render)
			if !places[i].Park(screens[i]) {
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
		if places[7].Park(screens[7]) {
			t.Error("it can be parked though it is behind")
		}
		for i, s := range screens {
			if i == 7 {
				s.expect(t, 2, 1)
			} else {
				s.expect(t, 4, 0)
			}
		}
		attend(t, places[7], 2, 4)
		screens[7].set(false)
		screens[7].got = append(screens[7].got, 3, 4)
		if !places[7].Park(screens[7]) {
			t.Error("it has caught up and cannot be parked")
		}
		places[8].Leave()
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
		if p.count() != 5 {
			t.Errorf("5 events were rendered %d times", p.count())
		}
		for _, a := range places {
			a.Leave()
		}
	})
}

// TestParkedTillTheEnd tells those who are parked of the end.
func TestParkedTillTheEnd(t *testing.T) {
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		room := uuid.New()
		var s screen
		a := join(hub, room, 0, 0)
		defer a.Leave()
		a.Park(&s)
		log.set(func(l *fakeLog) { l.err = errors.New("down") })
		hub.Receive(broker.Publication{Room: room, Seq: 1})
		time.Sleep(time.Minute)
		s.expect(t, 0, 1)
		if _, err := a.Next(t.Context()); !errors.Is(err, live.ErrStopped) {
			t.Errorf("got %v", err)
		}
	})
}

// TestEndings tells with each frame who may have left since, as far as its payload can show it:
// always those among the events read together, and those behind them where more was looked at than
// the events.
func TestEndings(t *testing.T) {
	for name, test := range map[string]struct {
		look  live.Look
		head  int64
		want  int // endings beside the first frame
		reads int
	}{
		"nothing ends":      {live.Nothing, 50, 0, 0},
		"ends later":        {live.Nothing, 250, 2, 0},
		"looks, none":       {live.Alone, 50, 0, 1},
		"a part of the log": {live.Nothing, 1000, 10, 1},
	} {
		t.Run(name, func(t *testing.T) {
			inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
				room := uuid.New()
				p := printer{look: test.look}
				a := subscribe(hub, room, "x", 0, 0, p.render)
				defer a.Leave()
				synctest.Wait()
				log.set(func(l *fakeLog) { l.head = test.head })
				hub.Receive(broker.Publication{Room: room, Seq: test.head})
				frames, err := a.Next(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if got := len(frames[0].Endings); got != test.want {
					t.Errorf("%d endings beside the first frame, want %d", got, test.want)
				}
				for _, f := range frames {
					if len(f.Endings) > 0 && f.Endings[0].Position() <= f.Event.Position() {
						t.Errorf(
							"beside %d there is the ending %d",
							f.Event.Position(),
							f.Endings[0].Position(),
						)
					}
				}
				log.set(func(l *fakeLog) { // the cohort renders on
					if (l.looks > 0) != (test.reads > 0) {
						t.Errorf("%d looks for endings", l.looks)
					}
				})
			})
		})
	}
}

// TestEndingsShared: those who have seen the same look for endings once.
func TestEndingsShared(t *testing.T) {
	for name, test := range map[string]struct {
		looks []live.Look
		want  int
	}{
		"the same":        {[]live.Look{3, 3, 3}, 1},
		"different":       {[]live.Look{3, 4, 3}, 2},
		"each for itself": {[]live.Look{live.Alone, live.Alone, live.Alone}, 3},
		"nothing":         {[]live.Look{live.Nothing, live.Nothing, live.Nothing}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
				room := uuid.New()
				places := make([]*live.Attendance, len(test.looks))
				for i, look := range test.looks {
					p := printer{look: look}
					places[i] = subscribeAs(hub, fmt.Sprint(i), room, fmt.Sprint(i), 0, 0, p.render)
					defer places[i].Leave()
				}
				synctest.Wait()
				log.set(func(l *fakeLog) { l.head = 150 })
				hub.Receive(broker.Publication{Room: room, Seq: 150})
				for _, a := range places {
					frames, err := a.Next(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					if len(frames[0].Endings) != 1 {
						t.Errorf("%d endings beside the first frame", len(frames[0].Endings))
					}
				}
				synctest.Wait()
				log.set(func(l *fakeLog) {
					// The order of the cohorts is anybody's guess: of different ones the same may
					// look twice.
					if l.looks < test.want || l.looks > test.want+1 ||
						test.want < 2 && l.looks != test.want {
						t.Errorf("%d looks for endings, want %d", l.looks, test.want)
					}
				})
			})
		})
	}
}

// TestAwait tells who has nothing to take, and may park, and does not keep those whose time is
// over.
func TestAwait(t *testing.T) {
	inHub(t, func(t *testing.T, _ *fakeLog, hub *live.Hub) {
		a := join(hub, uuid.New(), 0, 0)
		defer a.Leave()
		if a.Await(t.Context()) {
			t.Error("there is something to take")
		}
		ended, end := context.WithCancel(t.Context())
		end()
		if !a.Await(ended) {
			t.Error("who has ended is told to park")
		}
	})
}

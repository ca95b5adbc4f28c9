package live_test

import (
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"parley/internal/live"
)

// TestSessionMemory measures what a parked session takes for each of its rooms, which other
// sessions follow, too, and that it has no goroutine.
func TestSessionMemory(t *testing.T) {
	const rooms, sessions, most = 500, 120, 300
	h := newFakeRooms()
	hub := live.NewHub(t.Context(), h, h, live.Options{PollInterval: time.Hour})
	defer hub.Close()
	for range rooms {
		room := uuid.New()
		for user := range sessions {
			h.publish(nil, room, entry{user: strconv.Itoa(user)})
		}
	}
	opened := make([]live.Subscriber, sessions)
	open := func(from, to int) {
		for user := from; user < to; user++ {
			s := h.open(t, hub, strconv.Itoa(user), nil)
			for !s.Park(&fakeSink{}) {
				if _, err := s.Next(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			opened[user] = s
		}
	}
	heap := func() int64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	goroutines, before := runtime.NumGoroutine(), heap()
	open(0, 1)
	first := heap()
	open(1, sessions)
	after := heap()
	each := (after - first) / (sessions - 1) / rooms
	t.Logf(
		"%d bytes for each room of a session, %d for each of the first",
		each,
		(first-before)/rooms,
	)
	if each > most {
		t.Errorf("an idle session takes %d bytes for each room, want at most %d", each, most)
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		t.Errorf("%d idle sessions have %d goroutines", sessions, n-goroutines)
	}
	for _, s := range opened {
		s.Close()
	}
}

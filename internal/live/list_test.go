package live_test

import (
	"context"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"parley/internal/broker"
	"parley/internal/live"
)

// fakeLists is everybody's list.
type fakeLists struct {
	mu    sync.Mutex
	rooms map[uuid.UUID]live.Standing
	reads int
}

func (l *fakeLists) Standings(context.Context, string) (map[uuid.UUID]live.Standing, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reads++
	return maps.Clone(l.rooms), nil
}

func (l *fakeLists) set(room uuid.UUID, standing live.Standing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rooms[room] = standing
}

func (l *fakeLists) remove(room uuid.UUID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.rooms, room)
}

func TestList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, c := uuid.New(), uuid.New(), uuid.New()
		lists := &fakeLists{rooms: map[uuid.UUID]live.Standing{a: {Seq: 1}, b: {Seq: 1}}}
		hub := live.NewHub(t.Context(), &fakeLog{}, lists, live.Options{Sweep: time.Minute})
		defer hub.Close()
		list, err := hub.Watch(t.Context(), "me")
		if err != nil {
			t.Fatal(err)
		}
		defer list.Leave()
		begun := time.Now()
		expect := func(what string, at time.Duration, want ...live.Change) {
			t.Helper()
			got, err := list.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", what, diff)
			}
			if passed := time.Since(begun); passed != at {
				t.Errorf("%s: after %s, want %s", what, passed, at)
			}
		}
		reads := lists.reads
		hub.Receive(broker.Publication{Room: c, Seq: 5}) // not my room
		hub.Receive(broker.Publication{Room: a, Seq: 1}) // old
		hub.Receive(broker.Publication{Room: a, Seq: 2})
		hub.Receive(broker.Publication{Room: a, Seq: 3})
		expect("news", 0, live.Change{Room: a})
		hub.Receive(broker.Publication{Room: a, Seq: 4})
		hub.Receive(broker.Publication{Room: b, Seq: 2})
		expect("another room", 0, live.Change{Room: b})
		expect("the last change of the first", 250*time.Millisecond, live.Change{Room: a})
		if lists.reads != reads {
			t.Error("news alone made it read the list again")
		}

		lists.set(c, live.Standing{Seq: 5})
		hub.Receive(broker.Publication{Room: c, Seq: 5, Users: []string{"me"}})
		expect("a new room", 250*time.Millisecond, live.Change{Room: c})
		lists.set(c, live.Standing{Seq: 6})
		hub.Receive(broker.Publication{Room: c, Seq: 6, Users: []string{"you"}})
		expect("news of the new room", 500*time.Millisecond, live.Change{Room: c})
		lists.remove(b)
		hub.Receive(broker.Publication{Room: b, Seq: 3, Users: []string{"me"}})
		expect("a room left", 500*time.Millisecond, live.Change{Room: b, Gone: true})

		// No hint comes: found when the list is read again.
		lists.set(a, live.Standing{Seq: 4, Read: 4})
		expect("read elsewhere", 10*time.Minute, live.Change{Room: a})
	})
}

package live_test

import (
	"bytes"
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

// fakeLists is the list of every user.
type fakeLists struct {
	mu    sync.Mutex
	rooms map[uuid.UUID]live.ReadState
	reads int
}

func (l *fakeLists) ReadStates(context.Context, string) (map[uuid.UUID]live.ReadState, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reads++
	return maps.Clone(l.rooms), nil
}

func (l *fakeLists) set(room uuid.UUID, state live.ReadState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rooms[room] = state
}

func (l *fakeLists) remove(room uuid.UUID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.rooms, room)
}

func renderChanges(_ context.Context, changes []live.Change) (payloads [][]byte, err error) {
	for _, change := range changes {
		text := change.Room.String()
		if change.Removed {
			text = "removed " + text
		}
		payloads = append(payloads, []byte(text))
	}
	return payloads, nil
}

func TestList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, c := uuid.New(), uuid.New(), uuid.New()
		lists := &fakeLists{rooms: map[uuid.UUID]live.ReadState{a: {Seq: 1}, b: {Seq: 1}}}
		hub := live.NewHub(t.Context(), &fakeLog{}, lists, live.Options{Sweep: time.Minute})
		defer hub.Close()
		list, err := hub.SubscribeList(t.Context(), live.RoomList{
			User:   "me",
			First:  [][]byte{[]byte("opened")},
			Render: renderChanges,
		})
		if err != nil {
			t.Fatal(err)
		}
		defer list.Close()
		begun := time.Now()
		expect := func(what string, at time.Duration, want string) {
			t.Helper()
			payloads, err := next(t.Context(), list)
			if err != nil {
				t.Fatal(err)
			}
			got := string(bytes.Join(payloads, []byte(" ")))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", what, diff)
			}
			if passed := time.Since(begun); passed != at {
				t.Errorf("%s: after %s, want %s", what, passed, at)
			}
		}
		expect("the first", 0, "opened")
		reads := lists.reads
		hub.Receive(broker.Publication{Room: c, Seq: 5}) // not my room
		hub.Receive(broker.Publication{Room: a, Seq: 1}) // old
		hub.Receive(broker.Publication{Room: a, Seq: 2})
		hub.Receive(broker.Publication{Room: a, Seq: 3})
		expect("news", 0, a.String())
		hub.Receive(broker.Publication{Room: a, Seq: 4})
		hub.Receive(broker.Publication{Room: b, Seq: 2})
		expect("another room", 0, b.String())
		expect("the last change of the first", 250*time.Millisecond, a.String())
		if lists.reads != reads {
			t.Error("news alone made it read the list again")
		}

		lists.set(c, live.ReadState{Seq: 5})
		hub.Receive(broker.Publication{Room: c, Seq: 5, Users: []string{"me"}})
		expect("a new room", 250*time.Millisecond, c.String())
		lists.set(c, live.ReadState{Seq: 6})
		hub.Receive(broker.Publication{Room: c, Seq: 6, Users: []string{"you"}})
		expect("news of the new room", 500*time.Millisecond, c.String())
		lists.remove(b)
		hub.Receive(broker.Publication{Room: b, Seq: 3, Users: []string{"me"}})
		expect("a room left", 500*time.Millisecond, "removed "+b.String())

		// No hint comes: found when the list is read again.
		lists.set(a, live.ReadState{Seq: 4, Read: 4})
		expect("read elsewhere", 10*time.Minute, a.String())
	})
}

package live_test

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strconv"
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
	ends  map[uuid.UUID]string
	reads int
}

func (l *fakeLists) ReadStates(context.Context, string, time.Time) (live.ListState, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reads++
	return live.ListState{Rooms: maps.Clone(l.rooms), Ends: maps.Clone(l.ends)}, nil
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

// end ends a membership of a room.
func (l *fakeLists) end(room uuid.UUID, end string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ends[room] = end
}

func (l *fakeLists) Joined(context.Context, time.Time, func(string, uuid.UUID)) error { return nil }

// render renders a room as its state.
func (l *fakeLists) render(_ context.Context, change *live.RoomChange) (live.Entry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	state, ok := l.rooms[change.Room]
	text := change.Room.String()
	if !ok {
		text = "removed " + text
	}
	return live.Entry{
		Payload: []byte(text),
		Listed:  ok,
		State:   state,
		End:     l.ends[change.Room],
	}, nil
}

func TestList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, c := uuid.New(), uuid.New(), uuid.New()
		lists := &fakeLists{
			rooms: map[uuid.UUID]live.ReadState{a: {Seq: 1}, b: {Seq: 1}},
			ends:  map[uuid.UUID]string{c: "before"},
		}
		hub := live.NewHub(t.Context(), &fakeLog{}, lists, live.Options{PollInterval: time.Minute})
		defer hub.Close()
		list, err := hub.SubscribeList(t.Context(), live.RoomList{
			User:   "me",
			First:  [][]byte{[]byte("opened")},
			Render: lists.render,
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

		// The subscriber may have seen rooms that the hub has not.
		lists.end(b, "first")
		expect("joined and left", 20*time.Minute, "removed "+b.String())
		lists.end(b, "second")
		hub.Receive(broker.Publication{Room: b, Seq: 5, Users: []string{"me"}})
		expect("with a publication", 20*time.Minute+250*time.Millisecond, "removed "+b.String())
		lists.set(a, live.ReadState{Seq: 5, Read: 5})
		expect("no end twice", 30*time.Minute, a.String())
	})
}

// sharedLists renders one room for all lists, as its seq. It counts the renderings of each change.
// The first one takes delay.
type sharedLists struct {
	fakeLists
	room    uuid.UUID
	changes map[*live.RoomChange]int
	delay   time.Duration
	users   []live.Subscriber
	sinks   []*fakeSink
}

func (s *sharedLists) render(_ context.Context, change *live.RoomChange) (live.Entry, error) {
	s.mu.Lock()
	//nolint:errcheck // it is what the function returns
	state := change.Share(func() any { return s.rooms[s.room] }).(live.ReadState)
	s.changes[change]++
	if change.Room != s.room {
		s.mu.Unlock()
		return live.Entry{Payload: []byte("another")}, nil
	}
	delay := s.delay
	s.delay = 0
	s.mu.Unlock()
	time.Sleep(delay)
	return live.Entry{
		Payload: strconv.AppendInt(nil, state.Seq, 10), Listed: true, State: state,
	}, nil
}

// publish adds an event to the room.
func (s *sharedLists) publish(hub *live.Hub, seq int64) {
	s.set(s.room, live.ReadState{Seq: seq})
	hub.Receive(broker.Publication{Room: s.room, Seq: seq})
}

// inSharedLists runs a test with parked lists of many users that are all in one room.
func inSharedLists(
	t *testing.T,
	users int,
	test func(t *testing.T, s *sharedLists, hub *live.Hub),
) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &sharedLists{room: uuid.New(), changes: make(map[*live.RoomChange]int)}
		s.rooms = map[uuid.UUID]live.ReadState{s.room: {}}
		hub := live.NewHub(t.Context(), &fakeLog{}, s, live.Options{PollInterval: time.Hour})
		defer hub.Close()
		for i := range users {
			list, err := hub.SubscribeList(t.Context(), live.RoomList{
				User: strconv.Itoa(i), Render: s.render,
			})
			if err != nil {
				t.Fatal(err)
			}
			defer list.Close()
			s.users, s.sinks = append(s.users, list), append(s.sinks, &fakeSink{})
			if !list.Park(s.sinks[i]) {
				t.Fatal("there is nothing, and it cannot be parked")
			}
		}
		test(t, s, hub)
	})
}

// TestListsTogether: a change of a room is rendered together for all lists that have the room, also
// if they have to wait for it.
func TestListsTogether(t *testing.T) {
	const users = 100
	inSharedLists(t, users, func(t *testing.T, s *sharedLists, hub *live.Hub) {
		for i := range int64(3) {
			s.publish(hub, i+1)
			time.Sleep(time.Second)
		}
		s.publish(hub, 4) // at once
		synctest.Wait()
		s.publish(hub, 5) // 250 ms later
		time.Sleep(time.Second)
		for _, sink := range s.sinks {
			sink.expect(t, 5, 0)
		}
		if len(s.changes) != 5 {
			t.Errorf("5 changes are rendered in %d batches", len(s.changes))
		}
	})
}

// TestListsApart: lists that change at different times come together again.
func TestListsApart(t *testing.T) {
	const users = 100
	inSharedLists(t, users, func(t *testing.T, s *sharedLists, hub *live.Hub) {
		for i := range users { // each has read something, at another time
			hub.Receive(broker.Publication{Room: s.room, Users: []string{strconv.Itoa(i)}})
			time.Sleep(time.Millisecond)
			synctest.Wait()
			if payloads, err := s.users[i].Next(t.Context()); len(payloads) != 1 || err != nil {
				t.Fatalf("list %d receives %s, %v", i, payloads, err)
			}
			s.users[i].Park(s.sinks[i])
		}
		synctest.Wait()
		clear(s.changes)
		s.publish(hub, 1)
		time.Sleep(time.Second)
		synctest.Wait()
		if len(s.changes) > users/(250/50) {
			t.Errorf("the change is rendered in %d batches", len(s.changes))
		}
		for i, sink := range s.sinks {
			if len(sink.got) != 1 {
				t.Errorf("list %d receives %s", i, sink.got)
			}
		}
	})
}

// TestListsInStep: lists that change at different times receive a room's next changes together,
// also if there is no pause in which all of them come to rest.
func TestListsInStep(t *testing.T) {
	inSharedLists(t, 10, func(t *testing.T, s *sharedLists, hub *live.Hub) {
		s.publish(hub, 1)
		time.Sleep(100 * time.Millisecond)
		for _, user := range []string{"3", "4"} { // have read it
			hub.Receive(broker.Publication{Room: s.room, Users: []string{user}})
		}
		time.Sleep(200 * time.Millisecond) // the two receive that 250 ms after the first change
		for seq := range int64(6) {
			if seq == 3 {
				clear(s.changes)
			}
			s.publish(hub, seq+2)
			time.Sleep(300 * time.Millisecond)
			synctest.Wait()
		}
		if len(s.changes) != 3 {
			t.Errorf("3 changes are rendered in %d batches", len(s.changes))
		}
		for i, sink := range s.sinks {
			if last := sink.got[len(sink.got)-1]; last != "7" {
				t.Errorf("list %d is at %s", i, last)
			}
		}
	})
}

// TestListRefused: a payload that a sink does not take is not rendered again, and comes before
// those that follow.
func TestListRefused(t *testing.T) {
	inSharedLists(t, 2, func(t *testing.T, s *sharedLists, hub *live.Hub) {
		s.sinks[0].set(true)
		s.publish(hub, 1)
		synctest.Wait()
		s.publish(hub, 2)
		time.Sleep(time.Second)
		s.sinks[0].expect(t, 0, 1)
		s.sinks[1].expect(t, 1, 1) // alone, it is woken for the second
		for i, want := range []int64{1, 2} {
			payloads, err := next(t.Context(), s.users[0])
			if err != nil || string(bytes.Join(payloads, nil)) != strconv.FormatInt(want, 10) {
				t.Errorf("number %d is %s, %v", i, payloads, err)
			}
		}
		if n := slices.Max(slices.Collect(maps.Values(s.changes))); n != 2 {
			t.Errorf("a change is rendered %d times for two lists", n)
		}
	})
}

// TestListOvertaken: a change that comes while an earlier one is being rendered is sent after it,
// also to a list that has been woken meanwhile.
func TestListOvertaken(t *testing.T) {
	inSharedLists(t, 3, func(t *testing.T, s *sharedLists, hub *live.Hub) {
		s.delay = time.Second
		s.publish(hub, 1)
		time.Sleep(500 * time.Millisecond)
		s.publish(hub, 2)
		hub.Receive(broker.Publication{Room: uuid.New(), Users: []string{"0"}})
		s.sinks[0].expect(t, 0, 1)
		for _, want := range []string{"another", "1", "2"} {
			payloads, err := s.users[0].Next(t.Context())
			if err != nil || string(bytes.Join(payloads, []byte(" "))) != want {
				t.Errorf("received %s, %v; want %s", payloads, err, want)
			}
			time.Sleep(time.Second)
		}
		s.sinks[1].expect(t, 2, 0)
		s.sinks[2].expect(t, 2, 0)
	})
}

package live_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"parley/internal/broker"
	"parley/internal/live"
)

// subscribeResumable subscribes to a room with a Resync, which says at which head the subscription
// continues.
func subscribeResumable(
	t *testing.T, log *fakeLog, hub *live.Hub, room uuid.UUID, after, era int64,
) live.Subscriber {
	t.Helper()
	s, err := hub.Subscribe(live.Subscription{
		Topic: live.Room(room), User: "user", Key: uuid.NewString(), Render: new(printer).render,
		After: after, Head: after, Era: era,
		Resync: func(context.Context, uuid.UUID) (head int64, payloads [][]byte, _ error) {
			log.set(func(l *fakeLog) { head = l.head })
			return head, [][]byte{fmt.Appendf(nil, "resync %d", head)}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// expectNext checks the next payloads of a subscriber.
func expectNext(t *testing.T, s live.Subscriber, want string) {
	t.Helper()
	payloads, err := next(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	texts := make([]string, len(payloads))
	for i, payload := range payloads {
		texts[i] = string(payload)
	}
	if got := strings.Join(texts, " "); got != want {
		t.Fatalf("next is %q, want %q", got, want)
	}
}

// TestHeadGoesBack: a poll that finds a room below what was delivered makes subscribers continue
// with Resync, or ends them, and the same seqs are delivered again.
func TestHeadGoesBack(t *testing.T) {
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		room := uuid.New()
		log.set(func(l *fakeLog) { l.head = 4 })
		a := subscribeResumable(t, log, hub, room, 4, 0)
		defer a.Close()
		b := join(hub, room, 4, 4)
		defer b.Close()
		sink := &fakeSink{}
		for _, s := range []live.Subscriber{a, b} {
			if !s.Park(sink) {
				t.Fatal("a subscriber at the head is not parked")
			}
		}
		synctest.Wait()
		log.set(func(l *fakeLog) { l.head = 2 })
		time.Sleep(4 * time.Second)
		synctest.Wait()
		if sink.woken != 2 || len(sink.got) != 0 {
			t.Fatalf("woken %d times, and sent %v", sink.woken, sink.got)
		}
		expectNext(t, a, "resync 2")
		if _, err := b.Next(t.Context()); !errors.Is(err, live.ErrRewound) {
			t.Errorf("a subscriber without Resync ends with %v", err)
		}
		log.set(func(l *fakeLog) { l.head = 3 })
		hub.Receive(committed(room, 3, 3))
		expectNext(t, a, "3")
	})
}

// lateHeads is a log of which heads arrive late.
type lateHeads struct {
	*fakeLog

	late func()
}

func (l lateHeads) Heads(
	ctx context.Context, rooms []uuid.UUID,
) (map[uuid.UUID]int64, error) {
	heads, err := l.fakeLog.Heads(ctx, rooms)
	l.late()
	return heads, err
}

// TestPollBehindPublication: a head that was read before a publication arrived is no sign that the
// database went back.
func TestPollBehindPublication(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, room := &fakeLog{}, uuid.New()
		var hub *live.Hub
		publish := func() {
			log.set(func(l *fakeLog) { l.head++ })
			hub.Receive(committed(room, log.head, log.head))
		}
		hub = live.NewHub(t.Context(), lateHeads{log, publish}, log, live.Options{})
		defer hub.Close()
		a := subscribeResumable(t, log, hub, room, 0, 0)
		defer a.Close()
		expectNext(t, a, "1")
		expectNext(t, a, "2")
		if hub.Era() != 0 {
			t.Errorf("the database went back %d times", hub.Era())
		}
	})
}

// TestRewindIsLogged: operators find a promotion in the log, with the timeline that it has begun.
func TestRewindIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged strings.Builder
		log := &fakeLog{}
		hub := live.NewHub(t.Context(), log, log, live.Options{
			Timeline: func() string { return "7/2" },
			Logger:   slog.New(slog.NewTextHandler(&logged, nil)),
		})
		defer hub.Close()
		hub.Rewind()
		for _, part := range []string{"level=WARN", "streams resynchronize", "timeline=7/2"} {
			if !strings.Contains(logged.String(), part) {
				t.Errorf("the log lacks %s: %s", part, &logged)
			}
		}
	})
}

// TestRewindWhileSubscribing: a subscription that was authorized before the database went back is
// refused, as its head may be ahead of the log.
func TestRewindWhileSubscribing(t *testing.T) {
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		room := uuid.New()
		era := hub.Era()
		hub.Rewind()
		log.set(func(l *fakeLog) { l.head = 5 }) // it has passed the position
		_, err := hub.Subscribe(live.Subscription{
			Topic: live.Room(room), User: "user", Key: "key", After: 4, Head: 4, Era: era,
		})
		if !errors.Is(err, live.ErrRewound) {
			t.Errorf("a subscription of an earlier era: %v", err)
		}
		fresh := subscribeResumable(t, log, hub, room, 4, hub.Era())
		defer fresh.Close()
		expectNext(t, fresh, "5")
	})
}

// TestOtherTimelines: publications of another timeline are dropped, events as well as new rooms;
// what is missed is read.
func TestOtherTimelines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &fakeLog{}
		timeline := "1/2"
		hub := live.NewHub(t.Context(), log, log, live.Options{
			Timeline: func() string { return timeline },
		})
		defer hub.Close()
		room := uuid.New()
		a := subscribeResumable(t, log, hub, room, 0, 0)
		defer a.Close()
		sink := &fakeSink{}
		synctest.Wait()
		if !a.Park(sink) {
			t.Fatal("it is not parked")
		}
		p := func(seq int64, timeline string) broker.Publication {
			publication := committed(room, seq, seq)
			publication.Timeline = timeline
			return publication
		}
		hub.Receive(p(1, "1/1"))
		sink.expect(t, 0, 0)
		log.set(func(l *fakeLog) { l.head = 1 })
		hub.Receive(p(1, "1/2"))
		sink.expect(t, 1, 0)
		log.set(func(l *fakeLog) { l.head = 2 })
		hub.Receive(p(2, "")) // of a node that does not know
		sink.expect(t, 2, 0)
		log.set(func(l *fakeLog) { l.head = 3 })
		hub.Receive(p(3, "1/3")) // this node has not noticed yet
		sink.expect(t, 2, 0)
		time.Sleep(4 * time.Second)
		sink.expect(t, 3, 0)
	})
}

// TestSessionRewinds: a session continues with Resync in the rooms that are still its user's. The
// others end, and those that the user is in again begin.
func TestSessionRewinds(t *testing.T) {
	inFakeRooms(t, func(t *testing.T, h *fakeRooms, hub *live.Hub) {
		a, b, c := uuid.New(), uuid.New(), uuid.New()
		name := func(room uuid.UUID, what string) string { return room.String()[:4] + " " + what }
		for _, room := range []uuid.UUID{a, b} {
			h.publish(nil, room, entry{user: "me"})
		}
		h.add(nil, a)
		s := h.open(t, hub, "me", func(d *live.Session) {
			opened := d.RenderOpenings
			d.RenderOpenings = func(ctx context.Context, rooms []live.Opening) ([][]byte, error) {
				payloads, err := opened(ctx, rooms)
				for i, o := range rooms {
					if o.Resync {
						payloads[i] = fmt.Appendf(nil, "%s resync %d", o.Room.String()[:4], o.Head)
					}
				}
				return payloads, err
			}
		})
		defer s.Close()
		sink := &recordingSink{}
		hasNext(t, s, sink, name(a, "opened 2"), name(b, "opened 1"), "ready")
		h.add(hub, a)
		h.add(hub, b)
		sink.expectSent(t, 0, name(a, "3"), name(b, "2"))

		h.mu.Lock()
		h.rooms[a] = h.rooms[a][:1]
		delete(h.rooms, b)
		delete(h.members["me"], b)
		h.mu.Unlock()
		h.publish(nil, c, entry{user: "me"}) // it had left, and that is lost
		hub.Rewind()
		sink.expectSent(t, 1)
		hasNext(
			t,
			s,
			sink,
			name(b, "ended"),
			name(a, "resync 1"),
			name(c, "opened 1"),
			name(c, "1"),
		)
		h.add(hub, a)
		sink.expectSent(t, 0, name(a, "2"))
	})
}

// TestSessionRewindsWhileOpening: a session whose rooms are being opened begins them at the heads
// that the rooms have then.
func TestSessionRewindsWhileOpening(t *testing.T) {
	inFakeRooms(t, func(t *testing.T, h *fakeRooms, hub *live.Hub) {
		rooms := []uuid.UUID{uuid.New(), uuid.New()}
		for _, room := range rooms {
			h.publish(nil, room, entry{user: "me"})
			h.add(nil, room)
		}
		begun := 0
		s := h.open(t, hub, "me", func(d *live.Session) {
			opened := d.RenderOpenings
			d.RenderOpenings = func(ctx context.Context, rooms []live.Opening) ([][]byte, error) {
				if !rooms[0].Resync && rooms[0].Head == 1 {
					begun++
				}
				return opened(ctx, rooms)
			}
			d.OpenSingly = true
		})
		defer s.Close()
		h.onOpened = func() {
			h.onOpened = nil
			h.mu.Lock()
			for _, room := range rooms {
				h.rooms[room] = h.rooms[room][:1]
			}
			h.mu.Unlock()
			hub.Rewind()
		}
		sink := &recordingSink{}
		for !s.Park(sink) {
			if _, err := s.Next(t.Context()); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		if begun != len(rooms) {
			t.Errorf("%d rooms begin at their heads, want %d", begun, len(rooms))
		}
		for _, room := range rooms {
			h.add(hub, room)
			sink.expectSent(t, 0, room.String()[:4]+" 2")
		}
	})
}

// TestListRewinds: a list of rooms begins again, and changes below the seqs that it knew are sent.
func TestListRewinds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := uuid.New(), uuid.New()
		lists := &fakeLists{rooms: map[uuid.UUID]live.ReadState{a: {Seq: 9}, b: {Seq: 9}}}
		hub := live.NewHub(t.Context(), &fakeLog{}, lists, live.Options{PollInterval: time.Minute})
		defer hub.Close()
		list, err := hub.SubscribeList(t.Context(), live.RoomList{
			User: "me", First: [][]byte{[]byte("opened")}, Render: lists.render,
		})
		if err != nil {
			t.Fatal(err)
		}
		defer list.Close()
		expectNext(t, list, "opened")
		sink := &fakeSink{}
		if !list.Park(sink) {
			t.Fatal("it is not parked")
		}
		lists.set(a, live.ReadState{Seq: 2})
		lists.remove(b)
		hub.Rewind()
		synctest.Wait()
		if sink.woken != 1 {
			t.Fatalf("woken %d times", sink.woken)
		}
		expectNext(t, list, "opened")
		lists.set(a, live.ReadState{Seq: 3})
		hub.Receive(broker.Publication{Room: a, Seq: 3})
		expectNext(t, list, a.String())
	})
}

// TestSnapshotsRewind: a snapshot from before the database went back is not used.
func TestSnapshotsRewind(t *testing.T) {
	inHub(t, func(t *testing.T, _ *fakeLog, hub *live.Hub) {
		snapshots, room := live.NewSnapshots[string](hub), uuid.New()
		get := func(made string) string {
			t.Helper()
			got, err := snapshots.Get(t.Context(), room, "key", func(string) bool { return true },
				func(context.Context) (string, int, error) { return made, len(made), nil })
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		if get("first"); get("second") != "first" {
			t.Error("a snapshot is not shared")
		}
		hub.Rewind()
		if got := get("third"); got != "third" {
			t.Errorf("after the database went back, the snapshot is the %s", got)
		}
	})
}

// TestNewRoomsRewind: subscriptions to new rooms end, because rooms that were shown may be lost.
func TestNewRoomsRewind(t *testing.T) {
	inHub(t, func(t *testing.T, _ *fakeLog, hub *live.Hub) {
		s, err := hub.Subscribe(live.Subscription{
			Topic: live.Lobby(), User: "user", Key: "key", Render: new(printer).render,
		})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		hub.Rewind()
		if _, err := s.Next(t.Context()); !errors.Is(err, live.ErrRewound) {
			t.Errorf("it ends with %v", err)
		}
	})
}

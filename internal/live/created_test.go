package live_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"parley/internal/broker"
	"parley/internal/live"
)

// renderCreated renders new rooms as their ids.
func renderCreated(
	_ context.Context,
	_ string,
	events []live.Event,
) (payloads [][]byte, reads live.ReadSet, err error) {
	for _, e := range events {
		//nolint:errcheck // all are
		payloads = append(
			payloads,
			[]byte(e.(*live.RoomCreated).Room.String()),
		)
	}
	return payloads, live.ReadOwn, nil
}

func created(public bool, members ...string) broker.Publication {
	return broker.Publication{Room: uuid.New(), Created: true, Users: members, Public: public}
}

// expectCreated returns the next n rooms.
func expectCreated(t *testing.T, a live.Subscriber, n int) (rooms []uuid.UUID) {
	t.Helper()
	for len(rooms) < n {
		payloads, err := next(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		for _, payload := range payloads {
			rooms = append(rooms, uuid.MustParse(string(payload)))
		}
	}
	return rooms
}

func TestCreatedRooms(t *testing.T) {
	inHub(t, func(t *testing.T, _ *fakeLog, hub *live.Hub) {
		subscribed := func(topic live.Topic) live.Subscriber {
			a := follow(hub, topic, "x", renderCreated)
			t.Cleanup(a.Close)
			return a
		}
		before := created(true, "alice")
		hub.Receive(before) // there are no subscribers yet
		alice, bob, lobby := subscribed(
			live.User("alice"),
		), subscribed(
			live.User("bob"),
		), subscribed(
			live.Lobby(),
		)
		both, public, alone := created(
			false,
			"alice",
			"bob",
		), created(
			true,
			"carol",
		), created(
			true,
			"alice",
		)
		for _, h := range []broker.Publication{both, public, both, alone, {Room: uuid.New(), Seq: 3}} { // one is doubled
			hub.Receive(h)
		}
		for name, c := range map[string]struct {
			a    live.Subscriber
			want []uuid.UUID
		}{
			"alice": {alice, []uuid.UUID{both.Room, alone.Room}},
			"bob":   {bob, []uuid.UUID{both.Room}},
			"lobby": {lobby, []uuid.UUID{public.Room, alone.Room}},
		} {
			if diff := cmp.Diff(c.want, expectCreated(t, c.a, len(c.want))); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		late := follow(hub, live.User("alice"), "y", renderCreated)
		defer late.Close()
		news := created(false, "alice")
		hub.Receive(news)
		if got := expectCreated(t, late, 1)[0]; got != news.Room {
			t.Errorf("received %s, want %s", got, news.Room)
		}
	})
}

// TestCreatedRoomsHeal: polls find rooms without a publication, each once, and no room from before
// the subscription.
func TestCreatedRoomsHeal(t *testing.T) {
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		lobby := follow(hub, live.Lobby(), "x", renderCreated)
		defer lobby.Close()
		log.set(func(l *fakeLog) {
			l.created = map[time.Time]live.Created{
				time.Now().Add(-time.Second): {Room: uuid.New(), Public: true},
			} // before the start
		})
		time.Sleep(time.Second)
		told, untold := created(true), live.Created{Room: uuid.New(), Public: true}
		log.set(func(l *fakeLog) {
			l.created[time.Now()] = live.Created{Room: told.Room, Public: true}
			l.created[time.Now().Add(time.Millisecond)] = untold
		})
		hub.Receive(told)
		if got := expectCreated(t, lobby, 1)[0]; got != told.Room {
			t.Errorf("received %s, want %s", got, told.Room)
		}
		begun := time.Now()
		if got := expectCreated(t, lobby, 1)[0]; got != untold.Room {
			t.Errorf("received %s, want %s", got, untold.Room)
		}
		if waited := time.Since(begun); waited > 3*time.Second {
			t.Errorf("it took %s", waited)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		if payloads, err := next(ctx, lobby); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("then it hears %s, %v", payloads, err)
		}
	})
}

// TestCreatedRoomsAhead: a room of a node whose clock is an hour ahead is sent once, although polls
// find it among the newest rooms for an hour.
func TestCreatedRoomsAhead(t *testing.T) {
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		lobby := follow(hub, live.Lobby(), "x", renderCreated)
		defer lobby.Close()
		ahead := time.Now().Add(time.Hour)
		id := uuid.Must(uuid.NewV7())
		for i := range 6 { // the milliseconds, RFC 9562, 5.7
			id[i] = byte(ahead.UnixMilli() >> (8 * (5 - i)))
		}
		log.set(func(l *fakeLog) {
			l.created = map[time.Time]live.Created{ahead: {Room: id, Public: true}}
		})
		if got := expectCreated(t, lobby, 1)[0]; got != id {
			t.Errorf("received %s, want %s", got, id)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Hour)
		defer cancel()
		if payloads, err := next(ctx, lobby); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("then it hears %s, %v", payloads, err)
		}
	})
}

// TestFarBehind: a subscription to new rooms ends if it is further behind than the buffer, because
// there is no log to read from.
func TestFarBehind(t *testing.T) {
	inHub(t, func(t *testing.T, _ *fakeLog, hub *live.Hub) {
		slow := follow(hub, live.Lobby(), "x", renderCreated)
		defer slow.Close()
		for range 5000 {
			hub.Receive(created(true))
			synctest.Wait()
		}
		if _, err := slow.Next(t.Context()); !errors.Is(err, live.ErrBehind) {
			t.Errorf("a subscriber that is 5000 behind gets %v", err)
		}
	})
}

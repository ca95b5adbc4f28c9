package live_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/google/uuid"

	"parley/internal/broker"
	"parley/internal/live"
)

// subscribe is Hub.Attend of a user of its own, which must succeed.
func subscribe(
	hub *live.Hub, room uuid.UUID, ask string, seq, head int64, render live.Render,
) *live.Attendance {
	return subscribeAs(hub, "user", room, ask, seq, head, render)
}

func subscribeAs(
	hub *live.Hub, user string, room uuid.UUID, ask string, seq, head int64, render live.Render,
) *live.Attendance {
	a, err := hub.Attend(room, user, ask, seq, head, render)
	if err != nil {
		panic(err)
	}
	return a
}

// listen is Hub.Follow of a user of its own, which must succeed.
func listen(hub *live.Hub, topic live.Topic, ask string, render live.Render) *live.Attendance {
	a, err := hub.Follow(topic, "user", ask, render)
	if err != nil {
		panic(err)
	}
	return a
}

// TestMaxAsks: a user follows one topic with so many different asks, however often with each; other
// users and topics are not affected, and an ask that ends makes room.
func TestMaxAsks(t *testing.T) {
	t.Parallel()
	inHub(t, func(t *testing.T, _ *fakeLog, hub *live.Hub) {
		room := uuid.New()
		var all []*live.Attendance
		ask := func(room uuid.UUID, user string, i int) error {
			a, err := hub.Attend(room, user, fmt.Sprint(i), 0, 0, new(printer).render)
			if err == nil {
				all = append(all, a)
			}
			return err
		}
		for i := range 2 * live.MaxAsks {
			if err := ask(room, "alice", i%live.MaxAsks); err != nil {
				t.Fatalf("ask %d: %v", i, err)
			}
		}
		if err := ask(room, "alice", live.MaxAsks); !errors.Is(err, live.ErrTooManyAsks) {
			t.Errorf("one ask too many: %v", err)
		}
		if err := errors.Join(
			ask(room, "bob", live.MaxAsks),
			ask(uuid.New(), "alice", -1),
		); err != nil {
			t.Error(err)
		}
		all[0].Leave()
		if err := ask(room, "alice", live.MaxAsks); !errors.Is(err, live.ErrTooManyAsks) {
			t.Errorf("one of two attendances with an ask has ended: %v", err)
		}
		all[live.MaxAsks].Leave()
		if err := ask(room, "alice", live.MaxAsks); err != nil {
			t.Errorf("an ask has ended: %v", err)
		}
		for _, a := range all {
			a.Leave()
		}
	})
}

// TestOwner: what a single user sees is rendered in their name, and what several see is not.
func TestOwner(t *testing.T) {
	t.Parallel()
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		room := uuid.New()
		var owners []string
		render := func(
			ctx context.Context, owner string, events []live.Event,
		) ([][]byte, live.Look, error) {
			owners = append(owners, owner)
			return new(printer).render(ctx, owner, events)
		}
		first := subscribeAs(hub, "alice", room, "x", 0, 0, render)
		step := func(to int64, want string) {
			t.Helper()
			log.set(func(l *fakeLog) { l.head = to })
			hub.Receive(broker.Publication{Room: room, Seq: to})
			attend(t, first, to-1, to)
			synctest.Wait()
			if got := owners[len(owners)-1]; got != want {
				t.Errorf("event %d is rendered for %q, want %q", to, got, want)
			}
		}
		step(1, "alice")
		second := subscribeAs(hub, "bob", room, "x", 1, 1, render)
		step(2, "")
		second.Leave()
		step(3, "alice")
		subscribeAs(hub, "alice", room, "x", 3, 3, render).Leave()
		step(4, "alice")
		first.Leave()
	})
}

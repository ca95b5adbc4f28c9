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

// subscribe is Hub.Subscribe of a user of its own to a room, which must succeed.
func subscribe(
	hub *live.Hub, room uuid.UUID, key string, seq, head int64, render live.Render,
) live.Subscriber {
	return subscribeAs(hub, "user", room, key, seq, head, render)
}

func subscribeAs(
	hub *live.Hub, user string, room uuid.UUID, key string, seq, head int64, render live.Render,
) live.Subscriber {
	s, err := hub.Subscribe(live.Subscription{
		Topic: live.Room(room), User: user, Key: key, Render: render, After: seq, Head: head,
	})
	if err != nil {
		panic(err)
	}
	return s
}

// waitingSink is a sink that takes nothing, so that its subscriber is woken when there is
// something.
type waitingSink chan struct{}

func (waitingSink) Ready() bool      { return true }
func (waitingSink) Send([]byte) bool { return false }
func (w waitingSink) Wake()          { close(w) }

// next waits for the next payloads.
func next(ctx context.Context, s live.Subscriber) ([][]byte, error) {
	for {
		if payloads, err := s.Next(ctx); len(payloads) > 0 || err != nil {
			return payloads, err
		}
		w := make(waitingSink)
		if !s.Park(w) {
			continue
		}
		select {
		case <-w:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// follow is Hub.Subscribe of a user of its own to another topic, which must succeed.
func follow(hub *live.Hub, topic live.Topic, key string, render live.Render) live.Subscriber {
	s, err := hub.Subscribe(live.Subscription{
		Topic: topic, User: "user", Key: key, Render: render,
	})
	if err != nil {
		panic(err)
	}
	return s
}

// TestMaxKeys: a user follows one topic with so many different keys, however often with each. Other
// users and topics are not affected, and the last subscriber with a key makes room for another.
func TestMaxKeys(t *testing.T) {
	t.Parallel()
	inHub(t, func(t *testing.T, _ *fakeLog, hub *live.Hub) {
		room := uuid.New()
		var all []live.Subscriber
		open := func(room uuid.UUID, user string, i int) error {
			s, err := hub.Subscribe(live.Subscription{
				Topic: live.Room(room), User: user, Key: fmt.Sprint(i), Render: new(printer).render,
			})
			if err == nil {
				all = append(all, s)
			}
			return err
		}
		for i := range 2 * live.MaxKeys {
			if err := open(room, "alice", i%live.MaxKeys); err != nil {
				t.Fatalf("key %d: %v", i, err)
			}
		}
		if err := open(room, "alice", live.MaxKeys); !errors.Is(err, live.ErrTooManyKeys) {
			t.Errorf("one key too many: %v", err)
		}
		if err := errors.Join(
			open(room, "bob", live.MaxKeys),
			open(uuid.New(), "alice", -1),
		); err != nil {
			t.Error(err)
		}
		all[0].Close()
		if err := open(room, "alice", live.MaxKeys); !errors.Is(err, live.ErrTooManyKeys) {
			t.Errorf("one of two subscribers with a key is closed: %v", err)
		}
		all[live.MaxKeys].Close()
		if err := open(room, "alice", live.MaxKeys); err != nil {
			t.Errorf("a key is free: %v", err)
		}
		for _, a := range all {
			a.Close()
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
		) ([][]byte, live.ReadSet, error) {
			owners = append(owners, owner)
			return new(printer).render(ctx, owner, events)
		}
		first := subscribeAs(hub, "alice", room, "x", 0, 0, render)
		step := func(to int64, want string) {
			t.Helper()
			log.set(func(l *fakeLog) { l.head = to })
			hub.Receive(broker.Publication{Room: room, Seq: to})
			receive(t, first, to-1, to)
			synctest.Wait()
			if got := owners[len(owners)-1]; got != want {
				t.Errorf("event %d is rendered for %q, want %q", to, got, want)
			}
		}
		step(1, "alice")
		second := subscribeAs(hub, "bob", room, "x", 1, 1, render)
		step(2, "")
		second.Close()
		step(3, "alice")
		subscribeAs(hub, "alice", room, "x", 3, 3, render).Close()
		step(4, "alice")
		first.Close()
	})
}

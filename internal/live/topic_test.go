package live_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"parley/internal/broker"
	"parley/internal/live"
)

func created(public bool, members ...string) broker.Hint {
	return broker.Hint{Room: uuid.New(), Created: true, Users: members, Public: public}
}

func newHub(t *testing.T) *live.Hub {
	t.Helper()
	hub := live.NewHub(t.Context(), nil, nil, live.Options{})
	t.Cleanup(hub.Close)
	return hub
}

func TestHubWakesTheTopics(t *testing.T) {
	hub := newHub(t)
	alice, bob, lobby := hub.Subscribe(live.User("alice")), hub.Subscribe(live.User("bob")), hub.Subscribe(live.Lobby())
	both, public, alone := created(false, "alice", "bob"), created(true, "carol"), created(true, "alice")
	for _, h := range []broker.Hint{both, public, alone, {Room: uuid.New(), Seq: 3}} {
		hub.Hear(h)
	}
	for name, c := range map[string]struct {
		s    *live.Subscription
		want []uuid.UUID
	}{
		"alice": {alice, []uuid.UUID{both.Room, alone.Room}},
		"bob":   {bob, []uuid.UUID{both.Room}},
		"lobby": {lobby, []uuid.UUID{public.Room, alone.Room}},
	} {
		var got []uuid.UUID
		for range c.want {
			room, err := c.s.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, room)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestSubscriptionWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := newHub(t)
		s := hub.Subscribe(live.Lobby())
		heard := make(chan uuid.UUID)
		go func() { // ends when it has heard one
			room, err := s.Next(t.Context())
			if err != nil {
				t.Error(err)
			}
			heard <- room
		}()
		synctest.Wait()
		h := created(true)
		hub.Hear(h)
		if got := <-heard; got != h.Room {
			t.Errorf("heard of %s, want %s", got, h.Room)
		}

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Next(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("after the end: %v", err)
		}
		s.Close()
		hub.Hear(h)
		if _, err := s.Next(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("closed: %v", err)
		}
	})
}

func TestSubscriptionIsBounded(t *testing.T) {
	hub := newHub(t)
	s := hub.Subscribe(live.Lobby())
	for range 2000 {
		hub.Hear(created(true))
	}
	if _, err := s.Next(t.Context()); !errors.Is(err, live.ErrBehind) {
		t.Errorf("a reader that is 2000 behind gets %v", err)
	}
}

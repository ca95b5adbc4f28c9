package broker_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"

	"parley/internal/broker"
	"parley/internal/store"
	"parley/internal/testkit"
)

// TestSilentNetwork: with a network to PostgreSQL that takes everything and carries nothing,
// without an error, what is sent fails in time, the connection that listens is given up, and when
// the network is back all is heard again.
func TestSilentNetwork(t *testing.T) {
	t.Parallel()
	url := testkit.PostgresURL(t)
	network, far, through := testkit.DatabaseAddress(t, url)
	link := testkit.NewLink(t, network, far)
	signals := &words{
		Handler: slog.NewTextHandler(t.Output(), nil),
		heard: map[string]chan struct{}{
			"notification connection lost, reconnecting": make(chan struct{}, 1),
			"notification connection restored":           make(chan struct{}, 1),
		},
	}
	join := func(url string, l broker.Listener) *broker.Node {
		notifications, err := store.OpenNotifications(
			t.Context(),
			url,
			store.Options{Logger: slog.New(signals)},
		)
		if err != nil {
			t.Fatal(err)
		}
		return joined(broker.NewPostgres(t.Context(), notifications, l, quiet(t), nil))(t)
	}
	receivedA, receivedB := newRecorder(), newRecorder()
	a, b := join(through(link.Addr), receivedA), join(url, receivedB)
	meet(t, a, b, receivedA, receivedB)

	link.Silence()
	failed := a.Stats().Failed
	a.Publish(broker.Publication{Room: uuid.New(), Seq: 1})
	// Five seconds for the message, and one for the answer that it was given up.
	within(t, "what is sent fails", 8*time.Second, func() bool { return a.Stats().Failed > failed })
	select {
	case <-signals.heard["notification connection lost, reconnecting"]:
	case <-time.After(patience):
		t.Fatal("the node does not detect the silent connection")
	}
	receivedA.forget()
	link.Heal()
	receivedA.until(
		t,
		"that something was missed",
		func(_ []broker.Publication, missed int) bool { return missed > 0 },
	)
	<-signals.heard["notification connection restored"]
	meet(t, a, b, receivedA, receivedB)
}

// TestSilentNetworkClose: a node that has something to say to a network that has gone silent can be
// closed all the same.
func TestSilentNetworkClose(t *testing.T) {
	t.Parallel()
	network, far, through := testkit.DatabaseAddress(t, testkit.PostgresURL(t))
	link := testkit.NewLink(t, network, far)
	join := func(l broker.Listener) *broker.Node {
		notifications, err := store.OpenNotifications(
			t.Context(),
			through(link.Addr),
			store.Options{Logger: quiet(t)},
		)
		if err != nil {
			t.Fatal(err)
		}
		node, err := broker.NewPostgres(t.Context(), notifications, l, quiet(t), nil)
		if err != nil {
			t.Fatal(err)
		}
		return node
	}
	receivedA, receivedB := newRecorder(), newRecorder()
	a, b := join(receivedA), join(receivedB)
	meet(t, a, b, receivedA, receivedB)
	link.Silence()
	for _, node := range []*broker.Node{a, b} {
		node.Publish(broker.Publication{Room: uuid.New(), Seq: 1})
	}
	<-time.After(50 * time.Millisecond) // most likely it is on its way then
	for _, node := range []*broker.Node{a, b} {
		begun := time.Now()
		if err := node.Close(); err != nil {
			t.Error(err)
		}
		if took := time.Since(begun); took > 500*time.Millisecond {
			t.Errorf("to close took %v", took)
		}
	}
}

// within waits until something is so.
func within(t *testing.T, what string, limit time.Duration, so func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(limit); !so(); {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("not within %v: %s", limit, what)
		}
	}
}

// words is a log handler that signals some messages.
type words struct {
	slog.Handler
	heard map[string]chan struct{}
}

// Handle is [slog.Handler]'s.
func (w *words) Handle(ctx context.Context, r slog.Record) error {
	if c := w.heard[r.Message]; c != nil {
		select {
		case c <- struct{}{}:
		default:
		}
	}
	return w.Handler.Handle(ctx, r)
}

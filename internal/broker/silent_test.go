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

// TestSilentNetwork: the network to PostgreSQL accepts all data and delivers nothing, without an error.
// Sending fails in time, the node reconnects its listening connection, and after the network is back all
// publications arrive again.
func TestSilentNetwork(t *testing.T) {
	t.Parallel()
	url := testkit.PostgresURL(t)
	network, target, withAddress := testkit.DatabaseAddress(t, url)
	link := testkit.NewLink(t, network, target)
	logged := &logSignals{
		Handler: slog.NewTextHandler(t.Output(), nil),
		signals: map[string]chan struct{}{
			"notification connection lost, reconnecting": make(chan struct{}, 1),
			"notification connection restored":           make(chan struct{}, 1),
		},
	}
	connect := func(url string, l broker.Listener) *broker.Node {
		notifications, err := store.OpenNotifications(
			t.Context(),
			url,
			store.Options{Logger: slog.New(logged)},
		)
		if err != nil {
			t.Fatal(err)
		}
		return startNode(broker.NewPostgres(t.Context(), notifications, l, testLogger(t), nil))(t)
	}
	receivedA, receivedB := newRecorder(), newRecorder()
	a, b := connect(withAddress(link.Addr), receivedA), connect(url, receivedB)
	awaitConnected(t, a, b, receivedA, receivedB)

	link.Silence()
	failed := a.Stats().Failed
	a.Publish(broker.Publication{Room: uuid.New(), Seq: 1})
	// Five seconds for the message, and one for the cancellation.
	within(t, "sending fails", 8*time.Second, func() bool { return a.Stats().Failed > failed })
	select {
	case <-logged.signals["notification connection lost, reconnecting"]:
	case <-time.After(testTimeout):
		t.Fatal("the node does not detect the silent connection")
	}
	receivedA.reset()
	link.Heal()
	receivedA.await(
		t,
		"a missed publication",
		func(_ []broker.Publication, missed int) bool { return missed > 0 },
	)
	<-logged.signals["notification connection restored"]
	awaitConnected(t, a, b, receivedA, receivedB)
}

// TestSilentNetworkClose: a node with pending publications can be closed while the network is silent.
func TestSilentNetworkClose(t *testing.T) {
	t.Parallel()
	network, target, withAddress := testkit.DatabaseAddress(t, testkit.PostgresURL(t))
	link := testkit.NewLink(t, network, target)
	connect := func(l broker.Listener) *broker.Node {
		notifications, err := store.OpenNotifications(
			t.Context(),
			withAddress(link.Addr),
			store.Options{Logger: testLogger(t)},
		)
		if err != nil {
			t.Fatal(err)
		}
		node, err := broker.NewPostgres(t.Context(), notifications, l, testLogger(t), nil)
		if err != nil {
			t.Fatal(err)
		}
		return node
	}
	receivedA, receivedB := newRecorder(), newRecorder()
	a, b := connect(receivedA), connect(receivedB)
	awaitConnected(t, a, b, receivedA, receivedB)
	link.Silence()
	for _, node := range []*broker.Node{a, b} {
		node.Publish(broker.Publication{Room: uuid.New(), Seq: 1})
	}
	<-time.After(50 * time.Millisecond) // probably it is being sent then
	for _, node := range []*broker.Node{a, b} {
		begun := time.Now()
		if err := node.Close(); err != nil {
			t.Error(err)
		}
		if took := time.Since(begun); took > 500*time.Millisecond {
			t.Errorf("Close took %v", took)
		}
	}
}

// within waits until condition returns true.
func within(t *testing.T, what string, limit time.Duration, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(limit); !condition(); {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("not within %v: %s", limit, what)
		}
	}
}

// logSignals is a log handler that signals some messages.
type logSignals struct {
	slog.Handler
	signals map[string]chan struct{}
}

// Handle is [slog.Handler]'s.
func (w *logSignals) Handle(ctx context.Context, r slog.Record) error {
	if c := w.signals[r.Message]; c != nil {
		select {
		case c <- struct{}{}:
		default:
		}
	}
	return w.Handler.Handle(ctx, r)
}

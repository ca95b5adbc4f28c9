package broker_test

import (
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"parley/internal/broker"
	"parley/internal/panics"
	"parley/internal/testkit"
)

// panickingListener is a recorder that panics when it receives a publication of a room.
type panickingListener struct {
	*recorder
	room     uuid.UUID
	panicked atomic.Int64
}

func (b *panickingListener) Receive(h broker.Publication) {
	if h.Room == b.room {
		b.panicked.Add(1)
		panic("received")
	}
	b.recorder.Receive(h)
}

// TestPanicOfAListener: a publication at which the listener panics is dropped, on its own node and on
// another, and later ones arrive.
func TestPanicOfAListener(t *testing.T) {
	t.Parallel()
	server := testkit.StartNATS(t)
	guard := panics.NewGuard(slog.New(slog.DiscardHandler))
	room := uuid.New()
	a, b := &panickingListener{
		recorder: newRecorder(),
		room:     room,
	}, &panickingListener{
		recorder: newRecorder(),
		room:     room,
	}
	connect := func(l broker.Listener) *broker.Node {
		return startNode(broker.NewNATS(t.Context(), server.URL, l, testLogger(t), guard))(t)
	}
	nodeA, nodeB := connect(a), connect(b)
	awaitConnected(t, nodeA, nodeB, a.recorder, b.recorder)
	next := uuid.New()
	nodeA.Publish(broker.Publication{Room: room, Seq: 1})
	nodeA.Publish(broker.Publication{Room: next, Seq: 1})
	for _, l := range []*panickingListener{a, b} {
		l.await(
			t,
			"the publication after the one that panics",
			func(publications []broker.Publication, _ int) bool {
				// Publications of awaitConnected may arrive later.
				return slices.ContainsFunc(publications,
					func(p broker.Publication) bool { return p.Room == next })
			},
		)
	}
	if a.panicked.Load() != 1 {
		t.Errorf("the node's own listener has panicked %d times", a.panicked.Load())
	}
	if n := guard.Count(panics.Publication); n != a.panicked.Load()+b.panicked.Load() {
		t.Errorf("%d panics are counted of %d and %d", n, a.panicked.Load(), b.panicked.Load())
	}
}

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

// bomb is a recorder that panics when it receives a publication of a room.
type bomb struct {
	*recorder
	room uuid.UUID
	went atomic.Int64
}

func (b *bomb) Receive(h broker.Publication) {
	if h.Room == b.room {
		b.went.Add(1)
		panic("heard")
	}
	b.recorder.Receive(h)
}

// TestPanicOfAListener: a hint at which the listener panics is dropped, on the node itself and on
// another, and the next ones arrive.
func TestPanicOfAListener(t *testing.T) {
	t.Parallel()
	server := testkit.StartNATS(t)
	guard := panics.NewGuard(slog.New(slog.DiscardHandler))
	room := uuid.New()
	a, b := &bomb{recorder: newRecorder(), room: room}, &bomb{recorder: newRecorder(), room: room}
	join := func(l broker.Listener) *broker.Node {
		return joined(broker.NewNATS(t.Context(), server.URL, l, quiet(t), guard))(t)
	}
	nodeA, nodeB := join(a), join(b)
	meet(t, nodeA, nodeB, a.recorder, b.recorder)
	next := uuid.New()
	nodeA.Publish(broker.Publication{Room: room, Seq: 1})
	nodeA.Publish(broker.Publication{Room: next, Seq: 1})
	for _, l := range []*bomb{a, b} {
		l.until(
			t,
			"the hint after the one that panics",
			func(publications []broker.Publication, _ int) bool {
				// Those by which the nodes have met may come later.
				return slices.ContainsFunc(publications,
					func(p broker.Publication) bool { return p.Room == next })
			},
		)
	}
	if a.went.Load() != 1 {
		t.Errorf("the node's own listener has panicked %d times", a.went.Load())
	}
	if n := guard.Count(panics.Publication); n != a.went.Load()+b.went.Load() {
		t.Errorf("%d panics are counted of %d and %d", n, a.went.Load(), b.went.Load())
	}
}

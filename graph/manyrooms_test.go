package graph_test

import (
	"testing"

	"github.com/google/uuid"

	"parley/internal/app"
	"parley/internal/broker"
	"parley/internal/chat/write"
	"parley/internal/testkit"
)

// TestRoomCreatedBehind creates more rooms at once than a subscriber can catch up with.
func TestRoomCreatedBehind(t *testing.T) {
	var hints broker.Memory
	s := testkit.StartApp(
		t,
		"sqlite::memory:",
		app.Options{Publisher: func(hear broker.Listener) write.Publisher {
			hints.Listen(hear)
			return &hints
		}},
	)
	stream := listen(s.As("alice"), "PUBLIC")
	for range 20_000 { // of which each takes the subscriber a look into the database
		hints.Publish(broker.Publication{Room: uuid.New(), Created: true, Public: true})
	}
	if e := stream.Error(); e.Extensions["code"] != "UNAVAILABLE" ||
		e.Extensions["safeToRetry"] != true {
		t.Errorf("the stream ended with %+v", e)
	}
}

package graph_test

import (
	"strings"
	"testing"

	"parley/internal/config"
	"parley/internal/testkit"
)

const myOpenings = `subscription { myEvents { kind roomId reason event { __typename roomId seq
	... on StreamOpened { messages { nodes { contents } } } } } }`

// TestMyEventsOpenLargeSnapshots: snapshots that are larger together than what may wait to be sent
// are sent one after the other.
func TestMyEventsOpenLargeSnapshots(t *testing.T) {
	const rooms, messages = 20, 10
	s := testkit.Start(
		t,
		"sqlite3",
		func(cfg *config.Config) { cfg.MaxSocketBytes, cfg.MaxBodyBytes = 8<<20, 64<<10 },
	)
	alice := s.As("alice")
	for range rooms {
		room := makeRoom(alice, nil)
		for range messages {
			say(alice, room, strings.Repeat("x", 16_000))
		}
	}
	if items := opened(t, alice.Subscribe(myOpenings, nil)); len(items) != rooms {
		t.Errorf("%d rooms are open", len(items))
	}
}

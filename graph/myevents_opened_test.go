package graph_test

import (
	"strings"
	"sync"
	"testing"

	"parley/internal/config"
	"parley/internal/testkit"
)

const myOpenings = `subscription($rooms: [ID!]) { myEvents(rooms: $rooms) { kind roomId reason event { __typename roomId seq
	... on StreamOpened { messages { nodes { contents } } } } } }`

// TestMyEventsOpenLargeSnapshots: snapshots that are larger together than what may wait to be sent
// are sent one after the other.
func TestMyEventsOpenLargeSnapshots(t *testing.T) {
	const rooms, messages = 20, 10
	s := testkit.Start(
		t,
		"sqlite3",
		func(cfg *config.Config) { cfg.MaxSocketMemory, cfg.MaxBodyBytes = 8<<20, 64<<10 },
	)
	alice := s.As("alice")
	for range rooms {
		room := makeRoom(alice, nil)
		for range messages {
			sendText(alice, room, strings.Repeat("x", 16_000))
		}
	}
	if items := opened(t, alice.Subscribe(myOpenings, nil)); len(items) != rooms {
		t.Errorf("%d rooms are open", len(items))
	}
}

// TestMyEventsOpenWhileRemoved: a stream does not end because the user is removed from one of its
// rooms, public or private, while it takes their snapshots.
func TestMyEventsOpenWhileRemoved(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		var ids []string
		for i := range 40 {
			ids = append(ids, makeRoom(alice, testkit.Vars{
				"accessType": []string{"PUBLIC", "PRIVATE"}[i%2], "memberIds": []string{"bob"},
			}))
		}
		// The stream names its rooms: those that the user has left before it begins end, too.
		stream := bob.Subscribe(myOpenings, testkit.Vars{"rooms": ids})
		var removing sync.WaitGroup
		removing.Go(func() {
			for i, room := range ids {
				alice.Do(`mutation($room: ID!, $ban: Boolean!) {
					removeMember(roomId: $room, userId: "bob", ban: $ban) { room { id } } }`,
					testkit.Vars{"room": room, "ban": i%4 > 1})
			}
		})
		ended := make(map[string]bool)
		for ready := false; !ready || len(ended) < len(ids); {
			room, item := nextOf(t, stream)
			ready = ready || item == "READY"
			if strings.HasPrefix(item, "ENDED") {
				ended[room] = true
			}
		}
		removing.Wait()
	})
}

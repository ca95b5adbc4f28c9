package graph_test

import (
	"database/sql"
	"testing"

	"entgo.io/ent/dialect"

	"parley/internal/store"
	"parley/internal/testkit"
)

// TestRoomOfAnotherTimeline: the first event of a room on a new timeline of the database skips
// seqs, so that a client which returns with a position that may have been lost gets Resync, by
// every way in which events are written.
func TestRoomOfAnotherTimeline(t *testing.T) {
	s := testkit.Start(t, dialect.Postgres)
	alice, bob := s.As("alice"), s.As("bob")
	bob.Do(`{ me { id } }`, nil)
	const rename = `mutation($room: ID!) { updateRoom(input: {roomId: $room, name: "renamed"}) { room { id } } }`
	for name, write := range map[string]func(room string){
		"send":   func(room string) { sendText(alice, room, "first") },
		"update": func(room string) { alice.Do(rename, testkit.Vars{"room": room}) },
		"leave":  func(room string) { bob.Do(leaveRoom, testkit.Vars{"room": room}) },
		"leave many": func(room string) {
			bob.Do(leaveRooms, testkit.Vars{"rooms": []string{room}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			room := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}})
			for range 3 {
				sendText(alice, room, "before")
			}
			open := alice.Subscribe(roomEvents, testkit.Vars{"room": room})
			open.Next()
			moveTimeline(t, s, room)
			write(room)
			const head = 3 + store.SkippedSeqs + 1
			if e := open.Next().
				At("roomEvents"); e.Str("__typename") != "Resync" ||
				e.Int("seq") != head {
				t.Errorf("the open stream gets %v", e)
			}
			if seq := sendText(alice, room, "second").Int("seq"); seq != head+1 {
				t.Errorf("the second event has seq %d", seq)
			}
			if e := open.Next().At("roomEvents"); e.Int("seq") != head+1 {
				t.Errorf("the open stream goes on with %v", e)
			}
			for after, want := range map[int]string{3: "Resync", 4: "Resync", 7: "Resync", head: "MessageAdded"} {
				stream := alice.Subscribe(roomEvents, testkit.Vars{"room": room, "after": after})
				stream.Next()
				if e := stream.Next().
					At("roomEvents"); e.Str("__typename") != want ||
					e.Int("seq") != head+1 {
					t.Errorf("after %d comes %v", after, e)
				}
				stream.Close()
			}
			refused := alice.Subscribe(messageAdded, testkit.Vars{"room": room, "after": 7}).Error()
			if refused.Extensions["code"] != "RESYNC" {
				t.Errorf("messageAdded: %+v", refused)
			}
		})
	}
}

// moveTimeline makes the room one whose newest event is of another timeline than the present one.
func moveTimeline(t *testing.T, s *testkit.Server, room string) {
	t.Helper()
	db, err := sql.Open("postgres", s.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	result, err := db.ExecContext(t.Context(),
		`UPDATE rooms SET timeline = timeline - 1 WHERE id = $1 AND timeline <> 0`, room)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := result.RowsAffected(); n != 1 || err != nil {
		t.Fatalf("the room has no timeline: %v", err)
	}
}

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
			moveTimeline(t, s, room, -1)
			if seq := alice.Do(`mutation($room: ID!) { updateRoom(input: {roomId: $room}) { room { seq } } }`,
				testkit.Vars{"room": room}).
				Int("updateRoom.room.seq"); seq != 3 {
				t.Errorf("without an event the room is at %d", seq)
			}
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

// TestTimelinesOnlyRise: a room skips no seqs, and stays on its timeline, if a statement comes from a
// connection that is on an earlier one.
func TestTimelinesOnlyRise(t *testing.T) {
	s := testkit.Start(t, dialect.Postgres)
	alice := s.As("alice")
	const rename = `mutation($room: ID!, $name: String!) {
		updateRoom(input: {roomId: $room, name: $name}) { room { seq } } }`
	writes := map[string]func(room, text string) int{
		"send": func(room, text string) int { return sendText(alice, room, text).Int("seq") },
		"update": func(room, text string) int {
			return alice.Do(rename, testkit.Vars{"room": room, "name": text}).
				Int("updateRoom.room.seq")
		},
	}
	for name, write := range writes {
		for by, want := range map[int]int{
			-1:                     1 + store.SkippedSeqs,
			-5 * store.OneCluster:  1 + store.SkippedSeqs, // of a cluster that was made earlier
			1:                      1,
			100 * store.OneCluster: 1,
		} {
			room := makeRoom(alice, nil)
			write(room, "1")
			moveTimeline(t, s, room, by)
			for i, text := range []string{"2", "3"} {
				if seq := write(room, text); seq != want+1+i {
					t.Errorf("%s, on a timeline by %d: seq %d, want %d", name, by, seq, want+1+i)
				}
			}
		}
	}
}

// moveTimeline makes the room one whose newest event is of another timeline than the present one.
func moveTimeline(t *testing.T, s *testkit.Server, room string, by int) {
	t.Helper()
	db, err := sql.Open("postgres", s.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	result, err := db.ExecContext(t.Context(),
		`UPDATE rooms SET timeline = timeline + $2 WHERE id = $1 AND timeline <> 0`, room, by)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := result.RowsAffected(); n != 1 || err != nil {
		t.Fatalf("the room has no timeline: %v", err)
	}
}

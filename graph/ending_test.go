package graph_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/internal/app"
	"parley/internal/testkit"
	"parley/internal/testkit/scale"
)

// TestRestartIsNoFailure closes sockets as a deployment does: the server must not send an error for
// a subscription, because client libraries would end it.
func TestRestartIsNoFailure(t *testing.T) {
	s := testkit.Start(t, "sqlite3")
	alice := s.As("alice")
	room := makeRoom(alice, nil)
	var streams []*testkit.Stream
	for range 30 {
		stream := alice.Subscribe(roomEvents, testkit.Vars{"room": room})
		stream.Next()
		streams = append(streams, stream)
	}
	s.Shutdown()
	for _, stream := range streams {
		if said, code := stream.ReadToClose(); len(said) > 0 || code != 1012 {
			t.Errorf("a restart says %v and closes with %d", said, code)
		}
	}
}

// TestExpiryIsNoFailure does the same with the end of a token.
func TestExpiryIsNoFailure(t *testing.T) {
	s := testkit.Start(t, "sqlite3")
	room := makeRoom(s.As("alice"), nil)
	token := s.Sign(map[string]any{"sub": "alice", "exp": time.Now().Add(2 * time.Second).Unix()})
	stream := s.With(token).Subscribe(roomEvents, testkit.Vars{"room": room})
	stream.Next()
	if said, code := stream.ReadToClose(); len(said) > 0 || code != 4403 {
		t.Errorf("the end of the token says %v and closes with %d", said, code)
	}
}

// TestNothingFromAfterTheRemoval: a subscriber catches up with old events after leaving the room.
// It must not receive later changes of the old messages.
func TestNothingFromAfterTheRemoval(t *testing.T) {
	testkit.EachApp(t, app.Options{PollInterval: time.Hour}, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		befriends(s, "alice", "bob")
		room := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}, "exclusive": true})
		many := scale.Or(400, 150)
		last := ""
		for i := range many {
			last = sendText(alice, room, strings.Repeat("long ", 3000)+fmt.Sprint(i)).Str("id")
		}
		// Bob's reader stops in the middle of a long history, while the buffers of the connection
		// are full.
		stream := bob.Subscribe(messageAdded, testkit.Vars{"room": room, "after": 0})
		stream.Next()
		bob.Do(
			createRoom,
			testkit.Vars{"input": testkit.Vars{"exclusive": true, "disconnect": true}},
		)
		alice.Do(
			`mutation($id: ID!) { editMessage(messageId: $id, contents: "SECRET") { message { id } } }`,
			testkit.Vars{"id": last},
		)
		for {
			event, failed := stream.NextOrError()
			if failed != nil {
				if failed.Extensions["code"] != "MEMBERSHIP_ENDED" {
					t.Errorf("it ends with %+v", failed)
				}
				return
			}
			if strings.Contains(event.Str("messageAdded.contents"), "SECRET") {
				t.Fatal("what was written after the removal was delivered")
			}
		}
	})
}

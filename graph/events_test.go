package graph_test

import (
	"testing"

	"parley/internal/testkit"
)

// TestServerSentEvents follows a room over plain HTTP.
func TestServerSentEvents(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		befriends(s, "alice", "bob")
		room := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}, "exclusive": true})
		stream := alice.Events(roomEvents, testkit.Vars{"room": room, "after": 0})
		if e := stream.Next().At("roomEvents"); e.Str("__typename") != "StreamOpened" {
			t.Fatalf("it begins with %v", e)
		}
		for i := range 3 {
			sendText(bob, room, "x")
			if got := stream.Next().Int("roomEvents.seq"); got != i+1 {
				t.Errorf("got %d, want %d", got, i+1)
			}
		}
		alice.Do(
			createRoom,
			testkit.Vars{"input": testkit.Vars{"exclusive": true, "disconnect": true}},
		)
		if e := stream.Error(); e.Extensions["code"] != "MEMBERSHIP_ENDED" {
			t.Errorf("it ends with %+v", e)
		}
		stream.Complete()

		refused := s.As("carol").Events(messageAdded, testkit.Vars{"room": room})
		if e := refused.Error(); e.Extensions["code"] != "NOT_FOUND" {
			t.Errorf("an outsider gets %+v", e)
		}
		refused.Complete()

		query := alice.Events(`{ me { id } }`, nil)
		if got := query.Next().Str("me.id"); got != "alice" {
			t.Errorf("me: %s", got)
		}
		query.Complete()
	})
}

package graph_test

import (
	"testing"

	"parley/internal/testkit"
)

const roomCreated = `subscription($scope: RoomScope!) { roomCreated(scope: $scope) { id name viewerRole memberCount members { nodes { id } } creator { nickName } } }`

// listen subscribes and returns when the stream hears what its owner makes.
func listen(c *testkit.Client, scope string) *testkit.Stream {
	s := c.Subscribe(roomCreated, testkit.Vars{"scope": scope})
	s.Awake(
		func() string { return makeRoom(c, testkit.Vars{"name": "awake?", "accessType": "PUBLIC"}) },
		func(event testkit.JSON) string { return event.Str("roomCreated.id") },
	)
	return s
}

func TestRoomCreated(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob, carol := s.As("alice"), s.As("bob"), s.As("carol")
		mine := listen(bob, "MINE")
		again := listen(bob, "MINE") // another device: it hears the first one's too
		lobby := listen(carol, "PUBLIC")

		private := makeRoom(alice, testkit.Vars{"name": "private", "memberIds": []string{"bob"}})
		makeRoom(alice, testkit.Vars{"accessType": "PRIVATE"})
		friend := makeRoom(
			alice,
			testkit.Vars{"accessType": "FRIEND", "memberIds": []string{"bob"}},
		)
		public := makeRoom(
			alice,
			testkit.Vars{"name": "public", "accessType": "PUBLIC", "memberIds": []string{"bob"}},
		)
		elsewhere := makeRoom(carol, testkit.Vars{"accessType": "PUBLIC"})
		repeated := testkit.Vars{
			"accessType":     "PUBLIC",
			"memberIds":      []string{"bob"},
			"idempotencyKey": "k",
		}
		last := makeRoom(alice, repeated)
		makeRoom(alice, repeated) // not created again

		end := makeRoom(bob, nil)
		for name, stream := range map[string]*testkit.Stream{"mine": mine, "again": again} {
			for _, want := range []string{private, friend, public, last, end} {
				event := next(stream)
				if event.Str("id") != want {
					t.Fatalf("%s: heard of %v, want %s", name, event, want)
				}
				if want == private &&
					(event.Str("viewerRole") != "MEMBER" || event.Str("members.nodes.0.id") != "alice" || event.Str("creator.nickName") != "alice") {
					t.Errorf("the event is %v", event)
				}
			}
		}
		for _, want := range []string{public, elsewhere, last} {
			if event := next(lobby); event.Str("id") != want {
				t.Fatalf("the lobby heard of %v, want %s", event, want)
			}
		}
	})
}

// next is the next room heard of, but for those that listen makes.
func next(s *testkit.Stream) testkit.JSON {
	for {
		if event := s.Next().At("roomCreated"); event.Str("name") != "awake?" {
			return event
		}
	}
}

func TestRoomCreatedNobody(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		stream := s.With("").Subscribe(roomCreated, testkit.Vars{"scope": "PUBLIC"})
		if e := stream.Error(); e.Extensions["code"] != "UNAUTHENTICATED" {
			t.Errorf("got %+v", e)
		}
	})
}

package graph_test

import (
	"testing"

	"parley/internal/testkit"
)

const directRoom = `mutation($user: ID!) { directRoom(userId: $user) { room { id accessType maxUsers is1v1 memberCount members { nodes { id } } } } }`

func TestDirectRoom(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob, carol := s.As("alice"), s.As("bob"), s.As("carol")
		of := func(c *testkit.Client, user string) string {
			t.Helper()
			return c.Do(directRoom, testkit.Vars{"user": user}).Str("directRoom.room.id")
		}
		makeRoom(
			alice,
			testkit.Vars{"memberIds": []string{"bob"}},
		) // has two members, and is another
		heard := listen(bob, "MINE")
		made := alice.Do(directRoom, testkit.Vars{"user": "bob"}).At("directRoom.room")
		if made.Str("accessType") != "PRIVATE" || made.Int("maxUsers") != 2 ||
			!made.Bool("is1v1") ||
			made.Int("memberCount") != 2 {
			t.Errorf("the room is %v", made)
		}
		room := made.Str("id")
		if got := next(heard).Str("id"); got != room {
			t.Errorf("bob hears of %s", got)
		}
		if of(bob, "alice") != room || of(alice, "bob") != room || of(carol, "bob") == room {
			t.Error("a pair has one room")
		}
		alice.Refused(
			"FORBIDDEN",
			addMembers,
			testkit.Vars{"room": room, "users": []string{"carol"}},
		)
		carol.Refused("WRONG_KEY", joinRoom, testkit.Vars{"room": room})
		alice.Refused("BAD_USER_INPUT", directRoom, testkit.Vars{"user": "alice"})
		alice.Refused("UNKNOWN_USER", directRoom, testkit.Vars{"user": "nobody"})

		// It is released when either leaves; what is left is a room like others.
		alice.Do(leaveRoom, testkit.Vars{"room": room})
		second := of(alice, "bob")
		if second == room || of(bob, "alice") != second {
			t.Error("the room that alice has left is kept for the two")
		}
		bob.Do(addMembers, testkit.Vars{"room": room, "users": []string{"carol"}})
		bob.Do(leaveRoom, testkit.Vars{"room": second})
		alice.Do(leaveRoom, testkit.Vars{"room": second})
		third := of(bob, "alice")
		bob.Do(
			`mutation($room: ID!) { deleteRoom(roomId: $room) { roomId } }`,
			testkit.Vars{"room": third},
		)
		if of(alice, "bob") == third {
			t.Error("the room that is deleted is kept for the two")
		}
	})
}

package graph_test

import (
	"fmt"
	"slices"
	"testing"

	"parley/ent"
	"parley/internal/testkit"
)

const deleteRoom = `mutation($room: ID!) { deleteRoom(roomId: $room) { roomId } }`

// countCodes counts how often each code comes back.
func countCodes(replies []testkit.Reply) map[string]int {
	codes := map[string]int{}
	for _, r := range replies {
		codes[r.Code()]++
	}
	return codes
}

// TestHundredJoins: a hundred people want into a room of four.
func TestHundredJoins(t *testing.T) {
	testkit.EachSeeded(t, func(t *testing.T, s *testkit.Server, db *ent.Client) {
		alice := s.As("alice")
		room := makeRoom(alice, testkit.Vars{"accessType": "PUBLIC", "maxUsers": 4})
		clients := make([]*testkit.Client, 100)
		for i := range clients {
			clients[i] = s.As(fmt.Sprint("person", i))
		}
		next := make(chan *testkit.Client, len(clients))
		for _, c := range clients {
			next <- c
		}
		codes := countCodes(
			inParallel(
				len(clients),
				func() testkit.Reply { return (<-next).Ask(joinRoom, testkit.Vars{"room": room}) },
			),
		)
		if codes[""] != 3 || codes["ROOM_FULL"] != 97 {
			t.Errorf("got %v", codes)
		}
		checkInvariants(t, db)
	})
}

// TestJoinsAgainstDelete: people come while the room goes.
func TestJoinsAgainstDelete(t *testing.T) {
	testkit.EachSeeded(t, func(t *testing.T, s *testkit.Server, db *ent.Client) {
		alice := s.As("alice")
		var clients []*testkit.Client
		for i := range 6 {
			clients = append(clients, s.As(fmt.Sprint("person", i)))
		}
		for range 10 {
			room := makeRoom(alice, testkit.Vars{"accessType": "PUBLIC"})
			do := []func(){func() { alice.Do(deleteRoom, testkit.Vars{"room": room}) }}
			for _, c := range clients {
				do = append(do, func() {
					if code := c.Ask(joinRoom, testkit.Vars{"room": room}).
						Code(); !slices.Contains(
						[]string{"", "NOT_FOUND", "WRONG_KEY"},
						code,
					) {
						t.Errorf("a join is answered %s", code)
					}
				})
			}
			atOnce(do...)
			alice.Refused(
				"NOT_FOUND",
				`query($room: ID!) { roomInfo(roomId: $room) { id } }`,
				testkit.Vars{"room": room},
			)
		}
		checkInvariants(t, db)
		for _, c := range clients {
			if n := len(c.Do(`{ myRoomIds }`, nil).List("myRoomIds")); n != 0 {
				t.Errorf("a user is in %d deleted rooms", n)
			}
		}
	})
}

// TestOwnerAndHeirLeave: the user who would become the owner leaves at the same time.
func TestOwnerAndHeirLeave(t *testing.T) {
	testkit.EachSeeded(t, func(t *testing.T, s *testkit.Server, db *ent.Client) {
		people := []string{"ann", "bob", "cat", "dan"}
		clients := map[string]*testkit.Client{}
		for _, id := range people {
			clients[id] = s.As(id)
		}
		for round := range 12 {
			room := makeRoom(clients["ann"], testkit.Vars{"memberIds": people[1:]})
			clients["ann"].Do(
				setRole,
				testkit.Vars{"room": room, "user": "bob", "role": "MODERATOR"},
			)
			leaving := people[:2+round%3] // in the last rounds all of them
			var do []func()
			for _, id := range leaving {
				do = append(do, func() { clients[id].Do(leaveRoom, testkit.Vars{"room": room}) })
			}
			atOnce(do...)
			if len(leaving) < len(people) {
				heir := people[len(leaving)]
				if role := clients[heir].Do(`query($room: ID!) { roomInfo(roomId: $room) { viewerRole } }`, testkit.Vars{"room": room}).
					Str("roomInfo.viewerRole"); role != "OWNER" {
					t.Errorf("%s is %s", heir, role)
				}
			}
		}
		checkInvariants(t, db)
	})
}

// TestBanAgainstJoin: a user who is banned while joining is not in the room, in either order.
func TestBanAgainstJoin(t *testing.T) {
	testkit.EachSeeded(t, func(t *testing.T, s *testkit.Server, db *ent.Client) {
		alice, bob := s.As("alice"), s.As("bob")
		for range 15 {
			room := makeRoom(alice, testkit.Vars{"accessType": "PUBLIC"})
			atOnce(
				func() { alice.Do(kick, testkit.Vars{"room": room, "user": "bob", "ban": true}) },
				func() {
					if code := bob.Ask(joinRoom, testkit.Vars{"room": room}).
						Code(); code != "" &&
						code != "BANNED" {
						t.Errorf("the join is answered %s", code)
					}
				},
			)
			bob.Refused("BANNED", joinRoom, testkit.Vars{"room": room})
			if ids := bob.Do(`{ myRoomIds }`, nil).Strs("myRoomIds"); slices.Contains(ids, room) {
				t.Error("bob is in the room")
			}
		}
		checkInvariants(t, db)
	})
}

// TestExclusiveFromTwoDevices joins two exclusive rooms at once as one person.
func TestExclusiveFromTwoDevices(t *testing.T) {
	testkit.EachSeeded(t, func(t *testing.T, s *testkit.Server, db *ent.Client) {
		alice, carol, bob := s.As("alice"), s.As("carol"), s.As("bob")
		rooms := []string{
			makeRoom(alice, testkit.Vars{"accessType": "PUBLIC", "exclusive": true}),
			makeRoom(carol, testkit.Vars{"accessType": "PUBLIC", "exclusive": true}),
		}
		for round := range 20 {
			var do []func()
			replies := make([]testkit.Reply, 4)
			for i := range replies {
				do = append(do, func() {
					replies[i] = bob.Ask(
						joinRoom,
						testkit.Vars{"room": rooms[i%2], "disconnect": round%2 == 0},
					)
				})
			}
			atOnce(do...)
			ids := bob.Do(`{ myRoomIds }`, nil).Strs("myRoomIds")
			if len(ids) != 1 {
				t.Fatalf("bob is in %v", ids)
			}
			for i, reply := range replies {
				// Without disconnect the first room that he came into stays his, and the other one
				// is refused.
				if code := reply.Code(); code != "" &&
					(round%2 == 0 || code != "ALREADY_IN_ROOM" || rooms[i%2] == ids[0]) {
					t.Errorf("a join is answered %s", code)
				}
			}
			bob.Do(leaveRoom, testkit.Vars{"room": ids[0]})
		}
		checkInvariants(t, db)
	})
}

// TestDirectRoomAtOnce: both ask for their room at once, again and again.
func TestDirectRoomAtOnce(t *testing.T) {
	testkit.EachSeeded(t, func(t *testing.T, s *testkit.Server, db *ent.Client) {
		for i := range 10 {
			a, b := fmt.Sprint("a", i), fmt.Sprint("b", i)
			clients := map[string]*testkit.Client{a: s.As(a), b: s.As(b)}
			got := make([]string, 6)
			var do []func()
			for j := range got {
				user, friend := a, b
				if j%2 == 1 {
					user, friend = b, a
				}
				do = append(
					do,
					func() { got[j] = clients[user].Do(directRoom, testkit.Vars{"user": friend}).Str("directRoom.room.id") },
				)
			}
			atOnce(do...)
			if slices.ContainsFunc(got, func(id string) bool { return id != got[0] }) {
				t.Errorf("one pair has %v", got)
			}
		}
		checkInvariants(t, db)
	})
}

package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/internal/config"
	"parley/internal/testkit"
)

const (
	directRoomOf  = `mutation($user: ID!) { directRoom(userId: $user) { room { id } } }`
	setPermission = `mutation($p: AddPermission) { updateProfile(input: { addPermission: $p }) { user { addPermission } } }`
	leaveRooms    = `mutation($rooms: [ID!]!) { leaveRooms(roomIds: $rooms) { roomIds } }`
)

func service(s *testkit.Server) *testkit.Client {
	return s.With(
		s.Sign(
			map[string]any{
				"sub":   "backend",
				"exp":   time.Now().Add(time.Hour).Unix(),
				"admin": true,
			},
		),
	)
}

// TestAddPermission: users say who may make them members, whatever the way; friends and services
// may where others may not, and what exists stays.
func TestAddPermission(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, carol, dave := s.As("alice"), s.As("carol"), s.As("dave")
		s.As("bob")
		befriends(s, "alice", "bob")
		before := carol.Do(directRoomOf, testkit.Vars{"user": "bob"}).Str("directRoom.room.id")
		bob, back := s.As("bob"), service(s)
		if got := bob.Do(`{ me { addPermission } }`, nil).
			Str("me.addPermission"); got != "EVERYONE" {
			t.Errorf("at first it is %s", got)
		}
		for permission, may := range map[string]map[*testkit.Client]bool{
			"EVERYONE": {alice: true, carol: true, back: true},
			"FRIENDS":  {alice: true, carol: false, back: true},
			"NOBODY":   {alice: false, carol: false, back: true},
		} {
			got := bob.Do(setPermission, testkit.Vars{"p": permission}).
				Str("updateProfile.user.addPermission")
			bob.Do(setPermission, testkit.Vars{"p": nil}) // changes nothing
			if got != permission {
				t.Errorf("it is %s, want %s", got, permission)
			}
			for who, may := range may {
				room := makeRoom(who, nil)
				for name, ask := range map[string]struct {
					query string
					vars  testkit.Vars
				}{
					"createRoom": {createRoom, testkit.Vars{"input": testkit.Vars{"memberIds": []string{"dave", "bob"}}}},
					"addMembers": {addMembers, testkit.Vars{"room": room, "users": []string{"dave", "bob"}}},
				} {
					rooms := len(dave.Do(`{ myRoomIds }`, nil).Strs("myRoomIds"))
					if may {
						who.Do(ask.query, ask.vars)
						continue
					}
					e := who.Refused("FORBIDDEN", ask.query, ask.vars)
					if fmt.Sprint(e.Extensions["ids"]) != "[bob]" {
						t.Errorf("%s: ids are %v", name, e.Extensions["ids"])
					}
					if now := len(dave.Do(`{ myRoomIds }`, nil).Strs("myRoomIds")); now != rooms {
						t.Errorf("%s: it failed, and the others are in the room", name)
					}
				}
			}
			bob.Do(
				joinRoom,
				testkit.Vars{"room": makeRoom(carol, testkit.Vars{"accessType": "PUBLIC"})},
			)
		}
		dave.Do(setPermission, testkit.Vars{"p": "NOBODY"})
		if e := alice.Refused(
			"FORBIDDEN",
			directRoomOf,
			testkit.Vars{"user": "dave"},
		); fmt.Sprint(
			e.Extensions["ids"],
		) != "[dave]" {
			t.Errorf("directRoom: %+v", e)
		}
		if again := carol.Do(directRoomOf, testkit.Vars{"user": "bob"}).
			Str("directRoom.room.id"); again != before {
			t.Errorf("the room that there was is another: %s, %s", before, again)
		}
		if !carol.Do(`{ user(id: "bob") { addPermission } }`, nil).IsNull("user.addPermission") {
			t.Error("others see it")
		}
		// A member who has stopped to allow it stays one, and does not stand in the way of others.
		room := makeRoom(alice, nil)
		erin := s.As("erin")
		alice.Do(addMembers, testkit.Vars{"room": room, "users": []string{"erin"}})
		erin.Do(setPermission, testkit.Vars{"p": "NOBODY"})
		alice.Do(addMembers, testkit.Vars{"room": room, "users": []string{"erin", "carol"}})
	})
}

// TestExclusiveTakesFriends: a user cannot take a stranger's only place in an exclusive room.
func TestExclusiveTakesFriends(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		s.As("carol")
		befriends(s, "alice", "bob")
		strangers := testkit.Vars{"exclusive": true, "memberIds": []string{"bob", "carol"}}
		e := alice.Refused("FORBIDDEN", createRoom, testkit.Vars{"input": strangers})
		if fmt.Sprint(e.Extensions["ids"]) != "[carol]" {
			t.Errorf("ids are %v", e.Extensions["ids"])
		}
		room := makeRoom(alice, testkit.Vars{"exclusive": true, "memberIds": []string{"bob"}})
		alice.Refused(
			"FORBIDDEN",
			addMembers,
			testkit.Vars{"room": room, "users": []string{"carol"}},
		)
		s.As("bob").
			Refused("ALREADY_IN_ROOM", createRoom, testkit.Vars{"input": testkit.Vars{"exclusive": true}})
		s.As("bob").Do(setPermission, testkit.Vars{"p": "NOBODY"})
		makeRoom(alice, testkit.Vars{"exclusive": true, "disconnect": true})
		s.As("carol").Do(createRoom, testkit.Vars{"input": testkit.Vars{"exclusive": true}})
		s.As("dave")
		makeRoom(service(s), testkit.Vars{"exclusive": true, "memberIds": []string{"dave"}})
	})
}

// TestLeaveRooms: many at once, with an event in each, whatever one is in them; what one is not in
// is left already.
func TestLeaveRooms(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		befriends(s, "alice", "bob")
		inhabited := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}})
		rooms := []string{
			inhabited,
			makeRoom(bob, testkit.Vars{"memberIds": []string{"alice"}}),
			makeRoom(bob, nil),
			makeRoom(
				bob,
				testkit.Vars{"exclusive": true},
			),
			alice.Do(directRoomOf, testkit.Vars{"user": "bob"}).Str("directRoom.room.id"),
		}
		kept, others := makeRoom(bob, nil), makeRoom(alice, nil)
		named := append(
			slices.Clone(rooms),
			rooms[0],
			others,
			"00000000-0000-7000-8000-000000000000",
			"nothing",
		)
		stream := alice.Subscribe(roomEvents, testkit.Vars{"room": inhabited})
		stream.Next()
		for range 2 { // again changes nothing
			left := bob.Do(leaveRooms, testkit.Vars{"rooms": named}).Strs("leaveRooms.roomIds")
			if len(left) != len(named)-1 {
				t.Errorf("left are %v", left)
			}
			if mine := bob.Do(`{ myRoomIds }`, nil).
				Strs("myRoomIds"); !slices.Equal(
				mine,
				[]string{kept},
			) {
				t.Errorf("bob is in %v", mine)
			}
		}
		if got := stream.Next().String(); !strings.Contains(got, "MemberLeft") {
			t.Errorf("alice receives %s", got)
		}
		if role := alice.Do(`query($id: ID!) { roomInfo(roomId: $id) { viewerRole } }`, testkit.Vars{"id": rooms[1]}).
			Str("roomInfo.viewerRole"); role != "OWNER" {
			t.Errorf("alice is %s where bob has left", role)
		}
		e := bob.Refused(
			"BAD_USER_INPUT",
			leaveRooms,
			testkit.Vars{"rooms": append(aliased(101, ""), named...)},
		)
		if e.Extensions["field"] != "roomIds" {
			t.Errorf("%+v", e)
		}
	})
}

// TestManyAtOnceAreManyChanges: who names many, or stores much, spends more of the rate of changes.
func TestManyAtOnceAreManyChanges(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		for i := range 5 {
			s.As(fmt.Sprint("p", i))
		}
		people := []string{"p0", "p1", "p2", "p3", "p4"}
		spend := func(who string, query string, vars testkit.Vars, changes int) {
			t.Helper()
			c := s.As(who)
			c.Do(query, vars)
			for left := 10 - changes; left > 0; left-- {
				c.Do(rename, nil)
			}
			c.Refused("RATE_LIMITED", rename, nil)
		}
		open := makeRoom(service(s), testkit.Vars{"accessType": "PUBLIC"})
		spend("a", createRoom, testkit.Vars{"input": testkit.Vars{"memberIds": people}}, 6)
		spend("b", `mutation { createRoom(input: { memberIds: "p1" }) { room { id } } }`, nil, 2)
		spend("c", directRoomOf, testkit.Vars{"user": "p1"}, 2)
		spend("d", leaveRooms, testkit.Vars{"rooms": people}, 5)
		spend("e", joinRoom, testkit.Vars{"room": open}, 1)
		room := makeRoom(s.As("f"), nil)
		spend("f", addMembers, testkit.Vars{"room": room, "users": people}, 7) // and the room
		room = makeRoom(s.As("g"), nil)
		long := strings.Repeat("x", 8<<10+1)
		spend(
			"g",
			sendMessage,
			testkit.Vars{"input": testkit.Vars{"roomId": room, "contents": long}},
			3,
		)
	}, func(cfg *config.Config) { cfg.RateMutations = "1/h:10,off" })
}

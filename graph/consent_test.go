package graph_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/internal/config"
	"parley/internal/testkit"
	"parley/internal/testkit/scale"
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

// TestLeaveRoomsStatements: leaving many rooms at once takes as many statements as leaving few, and
// leaves the same rooms and logs as leaving them one by one.
func TestLeaveRoomsStatements(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		s.As("carol")
		const kinds = 6
		makeRooms := func(name string, n int) []string {
			befriends(s, "alice", name)
			leaver := s.As(name)
			rooms := make([]string, n)
			for i := range rooms {
				others := testkit.Vars{"memberIds": []string{"alice", "carol"}}
				switch i % kinds {
				case 0: // a moderator comes after the owner
					rooms[i] = makeRoom(leaver, others)
					role := testkit.Vars{"room": rooms[i], "user": "carol", "role": "MODERATOR"}
					leaver.Do(setRole, role)
				case 1: // the member who came first does
					rooms[i] = makeRoom(leaver, testkit.Vars{"accessType": "PUBLIC"})
					for _, next := range []string{"carol", "alice"} {
						s.As(next).Do(joinRoom, testkit.Vars{"room": rooms[i]})
					}
				case 2: // no owner but the leaver
					rooms[i] = makeRoom(leaver, nil)
				case 3: // another is the owner
					rooms[i] = makeRoom(alice, testkit.Vars{"memberIds": []string{"carol", name}})
				case 4:
					friend := fmt.Sprint(name, "-", i)
					s.As(friend)
					direct := leaver.Do(directRoomOf, testkit.Vars{"user": friend})
					rooms[i] = direct.Str("directRoom.room.id")
				case 5:
					input := testkit.Vars{"memberIds": []string{"alice"}}
					if i == 5 {
						input = testkit.Vars{"exclusive": true}
					}
					rooms[i] = makeRoom(leaver, input)
				}
			}
			return rooms
		}
		// describe returns what is left of a room: its log and its members.
		describe := func(name, room string, i int) string {
			viewer := alice
			switch {
			case i%kinds == 2 || i == 5:
				return s.As(name).
					Refused("NOT_FOUND", roomInfoOf, testkit.Vars{"room": room}).
					Message
			case i%kinds == 4:
				viewer = s.As(fmt.Sprint(name, "-", i))
				direct := viewer.Do(directRoomOf, testkit.Vars{"user": name})
				if direct.Str("directRoom.room.id") == room {
					t.Errorf("room %d is still the direct one", i)
				}
			}
			info := viewer.Do(roomInfoOf, testkit.Vars{"room": room})
			text := []string{info.String()}
			stream := viewer.Subscribe(roomEvents, testkit.Vars{"room": room, "after": 0})
			defer stream.Close()
			for range info.Int("roomInfo.seq") + 1 {
				text = append(text, stream.Next().String())
			}
			described := strings.NewReplacer(room, "ROOM", name, "NAME").
				Replace(strings.Join(text, "\n"))
			return regexp.MustCompile(` at:\S+|^map\[at:\S+`).ReplaceAllString(described, "")
		}
		var counts []int
		for _, n := range []int{2 * kinds, scale.Or(50, 24)} {
			together, single := fmt.Sprint("together", n), fmt.Sprint("single", n)
			one, other := makeRooms(together, n), makeRooms(single, n)
			counts = append(counts, len(s.Statements(func() {
				s.As(together).Do(leaveRooms, testkit.Vars{"rooms": one})
			})))
			for _, room := range other {
				s.As(single).Do(leaveRoom, testkit.Vars{"room": room})
			}
			for i := range n {
				got, want := describe(together, one[i], i), describe(single, other[i], i)
				if got != want {
					t.Errorf("room %d is\n%s\nwant\n%s", i, got, want)
				}
			}
			// The exclusive membership has ended.
			makeRoom(s.As(together), testkit.Vars{"exclusive": true})
		}
		two := makeRooms("few", 2)
		few := len(s.Statements(func() {
			s.As("few").Do(leaveRooms, testkit.Vars{"rooms": two})
		}))
		if counts[0] != counts[1] || few > counts[0] {
			t.Errorf("%d statements for 2 rooms, %v for more", few, counts)
		}
	})
}

const roomInfoOf = `query($room: ID!) { roomInfo(roomId: $room) {
	seq memberCount members { edges { member { role user { id } } } }
} }`

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

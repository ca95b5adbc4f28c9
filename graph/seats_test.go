package graph_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/seat"
	"parley/internal/testkit"
	"parley/internal/testkit/scale"
)

// atOnce runs all of do at once.
func atOnce(do ...func()) {
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for _, f := range do {
		wg.Go(func() {
			<-begin
			f()
		})
	}
	close(begin)
	wg.Wait()
}

func exclusive(members ...string) testkit.Vars {
	return testkit.Vars{
		"input": testkit.Vars{
			"exclusive":  true,
			"disconnect": true,
			"memberIds":  append([]string{}, members...),
		},
	}
}

// TestSwitchesThatNameEachOther has two people who are each in an exclusive room leave it for one
// with the other.
func TestSwitchesThatNameEachOther(t *testing.T) {
	t.Parallel()
	s := testkit.StartWithoutDeadlocks(t)
	for i := range scale.Or(40, 12) {
		a, b := fmt.Sprint("a", i), fmt.Sprint("b", i)
		clients := map[string]*testkit.Client{a: s.As(a), b: s.As(b)}
		befriends(s, a, b)
		for _, c := range clients {
			c.Do(createRoom, exclusive())
		}
		move := func(who, other string) func() {
			return func() { clients[who].Refused("ALREADY_IN_ROOM", createRoom, exclusive(other)) }
		}
		atOnce(move(a, b), move(b, a))
		for who, c := range clients {
			if n := len(c.Do(`{ myRoomIds }`, nil).List("myRoomIds")); n != 1 {
				t.Fatalf("%s is in %d rooms", who, n)
			}
		}
	}
}

// TestRoomsThatNameEachOther has people who are in no exclusive room make one with the other at
// once. There are no seats to be locked: they themselves must be.
func TestRoomsThatNameEachOther(t *testing.T) {
	t.Parallel()
	s := testkit.StartWithoutDeadlocks(t)
	for i := range scale.Or(40, 12) {
		people := []string{fmt.Sprint("a", i), fmt.Sprint("b", i), fmt.Sprint("c", i)}
		var clients []*testkit.Client
		var moves []func()
		for j, id := range people {
			c := s.As(id)
			clients = append(clients, c)
			befriends(s, id, people[(j+1)%3])
			moves = append(
				moves,
				func() { c.Ask(createRoom, exclusive(people[(j+1)%3], people[(j+2)%3])) },
			)
		}
		atOnce(moves...)
		for _, c := range clients {
			rooms := c.Do(`{ myRooms { nodes { memberCount } } }`, nil).List("myRooms.nodes")
			if len(rooms) != 1 || rooms[0].Int("memberCount") != 3 {
				t.Fatalf("of three that name each other one is in %v", rooms)
			}
		}
	}
}

// TestUpsertsOfTheSamePeople names the same people in another order, some of them new, while they
// move. Each call says something else of them: nothing of it is lost.
func TestUpsertsOfTheSamePeople(t *testing.T) {
	t.Parallel()
	s := testkit.StartWithoutDeadlocks(t)
	admin := s.With(s.Sign(map[string]any{"sub": "admin", "admin": true, "exp": 4102444800}))
	upsert := func(ids []string, profile testkit.Vars) []testkit.JSON {
		users := make([]testkit.Vars, len(ids))
		for i, id := range ids {
			users[i] = testkit.Vars{"id": id, "profile": profile}
		}
		return admin.Do(`mutation($users: [UserInput!]!) { upsertUsers(users: $users) { users { nickName status ensName } } }`,
			testkit.Vars{"users": users}).
			List("upsertUsers.users")
	}
	for i := range scale.Or(20, 8) {
		ids := make([]string, 12)
		for j := range ids {
			// Upper and lower case: a database may sort them otherwise than by bytes.
			ids[j] = fmt.Sprintf("%c%d", "aBcDeFgHiJkL"[j], i/2)
		}
		reversed := slices.Clone(ids)
		slices.Reverse(reversed)
		mover := s.With(
			s.Sign(map[string]any{"sub": fmt.Sprint("mover", i), "admin": true, "exp": 4102444800}),
		)
		value := fmt.Sprint(i)
		atOnce(
			func() { upsert(ids, testkit.Vars{"nickName": value}) },
			func() { upsert(reversed, testkit.Vars{"status": value}) },
			func() { upsert(ids[6:], testkit.Vars{"ensName": value}) },
			func() { mover.Ask(createRoom, exclusive(ids[3], ids[1])) },
		)
		for j, u := range upsert(ids, testkit.Vars{}) {
			if u.Str("nickName") != value || u.Str("status") != value ||
				j >= 6 && u.Str("ensName") != value {
				t.Fatalf("call %d: %s is %v", i, ids[j], u)
			}
		}
	}
}

// TestManyDevicesAtOnce has a person take a seat on many devices at once: each answer is a room, or
// that there was too much at the same moment, and in the end they sit in one.
func TestManyDevicesAtOnce(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		codes := countCodes(inParallel(100, func() testkit.Reply {
			return alice.Ask(
				createRoom,
				testkit.Vars{"input": testkit.Vars{"exclusive": true, "disconnect": true}},
			)
		}))
		if codes[""] == 0 || codes[""]+codes["UNAVAILABLE"] != 100 {
			t.Errorf("answers by code: %v", codes)
		}
		if rooms := alice.Do(`{ myRoomIds }`, nil).Strs("myRoomIds"); len(rooms) != 1 {
			t.Errorf("they are in %d rooms", len(rooms))
		}
	})
}

// TestSeatWithoutMembership: a seat whose membership has ended, as a node of the version before
// leaves it, keeps its user out of no room.
func TestSeatWithoutMembership(t *testing.T) {
	testkit.EachSeeded(t, func(t *testing.T, s *testkit.Server, db *ent.Client) {
		alice, bob := s.As("alice"), s.As("bob")
		for i, move := range []func(room string){
			func(string) { alice.Do(createRoom, exclusive()) },
			func(string) { alice.Do(createRoom, testkit.Vars{"input": testkit.Vars{"exclusive": true}}) },
			func(room string) { alice.Do(joinRoom, testkit.Vars{"room": room, "disconnect": true}) },
		} {
			hall := makeRoom(bob, testkit.Vars{
				"exclusive": true, "disconnect": true, "accessType": "PUBLIC",
			})
			for _, room := range alice.Do(`{ myRoomIds }`, nil).List("myRoomIds") {
				alice.Do(`mutation($room: ID!) { deleteRoom(roomId: $room) { roomId } }`,
					testkit.Vars{"room": room.String()})
			}
			if db.Seat.Query().Where(seat.ID("alice")).ExistX(t.Context()) {
				t.Fatalf("%d: the seat of a deleted room is there", i)
			}
			membership := uuid.New()
			room := uuid.MustParse(hall)
			// SQLite refuses such a seat.
			err := db.Seat.Create().SetID("alice").SetRoomID(room).SetMemberID(membership).
				Exec(t.Context())
			if err == nil {
				move(hall)
			}
			checkInvariants(t, db)
		}
	})
}

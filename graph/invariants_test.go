package graph_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/ban"
	"parley/ent/member"
	"parley/ent/message"
	"parley/ent/roomevent"
	"parley/internal/testkit"
	"parley/internal/testkit/scale"
)

// checkInvariants checks in the database what must hold of all rooms, whatever was done and however
// much of it at once.
func checkInvariants(t *testing.T, db *ent.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	rooms, err := db.Room.Query().All(ctx)
	if err != nil {
		t.Fatal(err)
	}
	exclusive := map[string]uuid.UUID{} // the exclusive room that each person is in
	seats := map[string]uuid.UUID{}
	for _, seat := range db.Seat.Query().AllX(ctx) {
		seats[seat.ID] = seat.RoomID
	}
	direct := map[uuid.UUID]bool{}
	for _, d := range db.DirectRoom.Query().AllX(ctx) {
		direct[d.RoomID] = true
	}
	for _, r := range rooms {
		wrong := func(format string, args ...any) {
			t.Helper()
			t.Errorf("room %s (%s): %s", r.ID, r.AccessType, fmt.Sprintf(format, args...))
		}
		members := db.Member.Query().Where(member.RoomID(r.ID)).AllX(ctx)
		owners := 0
		for _, m := range members {
			if m.Role == member.RoleOWNER {
				owners++
				if m.UserID != r.OwnerID {
					wrong("%s is the owner, and the room says %s", m.UserID, r.OwnerID)
				}
			}
			if r.Exclusive {
				if other, twice := exclusive[m.UserID]; twice {
					wrong("%s is in the exclusive room %s, too", m.UserID, other)
				}
				exclusive[m.UserID] = r.ID
				if seats[m.UserID] != r.ID {
					wrong("%s has no seat in it", m.UserID)
				}
			}
			if db.Ban.Query().Where(ban.RoomID(r.ID), ban.UserID(m.UserID)).ExistX(ctx) {
				wrong("%s is banned and a member", m.UserID)
			}
		}
		switch {
		case r.DeletedAt != nil && len(members) > 0:
			wrong("is deleted and has %d members", len(members))
		case r.DeletedAt != nil && direct[r.ID]:
			wrong("is deleted and kept for a pair")
		case r.DeletedAt == nil && (len(members) == 0 || owners != 1):
			wrong("has %d members and %d owners", len(members), owners)
		case r.DeletedAt == nil && r.MemberCount != len(members):
			wrong("counts %d members and has %d", r.MemberCount, len(members))
		case r.MaxUsers > 0 && len(members) > r.MaxUsers:
			wrong("has %d members, and room for %d", len(members), r.MaxUsers)
		case direct[r.ID] && len(members) != 2:
			wrong("is kept for a pair and has %d members", len(members))
		}
		var seqs []int64
		sent := map[string][]int64{} // the seqs of each person's messages
		for i, m := range db.Message.Query().Where(message.RoomID(r.ID)).Order(message.BySeq()).AllX(ctx) {
			seqs = append(seqs, m.Seq)
			sent[m.AuthorID] = append(sent[m.AuthorID], m.Seq)
			if m.Ordinal != int64(i+1) {
				wrong("message %d has the ordinal %d, and is number %d", m.Seq, m.Ordinal, i+1)
			}
		}
		for _, m := range members {
			own := slices.DeleteFunc(
				slices.Clone(sent[m.UserID]),
				func(seq int64) bool { return seq <= m.JoinedSeq },
			)
			if m.OwnSent != int64(len(own)) {
				wrong(
					"%s has sent %d messages, and is said to have sent %d",
					m.UserID,
					len(own),
					m.OwnSent,
				)
			}
		}
		outside := map[string]int64{} // since when
		for _, e := range db.RoomEvent.Query().Where(roomevent.RoomID(r.ID)).Order(roomevent.BySeq()).AllX(ctx) {
			if e.Kind == roomevent.KindMEMBER_LEFT {
				outside[*e.SubjectID] = e.Seq
			}
			if e.Kind == roomevent.KindMEMBER_JOINED {
				for _, seq := range sent[*e.SubjectID] {
					if left := outside[*e.SubjectID]; left > 0 && left < seq && seq < e.Seq {
						wrong(
							"%s left at %d, joined at %d and sent at %d",
							*e.SubjectID,
							left,
							e.Seq,
							seq,
						)
					}
				}
				delete(outside, *e.SubjectID)
			}
		}
		for person, left := range outside {
			if n := len(sent[person]); n > 0 && sent[person][n-1] > left {
				wrong("%s left at %d and sent at %d", person, left, sent[person][n-1])
			}
		}
		if int64(len(seqs)) != r.MessageCount {
			wrong("counts %d messages and has %d", r.MessageCount, len(seqs))
		}
		for _, e := range db.RoomEvent.Query().Where(roomevent.RoomID(r.ID)).AllX(ctx) {
			seqs = append(seqs, e.Seq)
		}
		slices.Sort(seqs)
		for i, seq := range seqs {
			if seq != int64(i+1) {
				wrong("the log has %d where %d must be", seq, i+1)
				break
			}
		}
		if r.Seq != int64(len(seqs)) {
			wrong("is at seq %d, and its log has %d entries", r.Seq, len(seqs))
		}
	}
	for person, room := range seats {
		if exclusive[person] != room {
			t.Errorf("%s has a seat in %s and is in %s", person, room, exclusive[person])
		}
	}
}

// randomUsers are users who run random operations on a few rooms.
type randomUsers struct {
	t       *testing.T
	people  []string
	clients map[string]*testkit.Client
	rooms   []string
	random  func(n int) int
}

func newRandomUsers(t *testing.T, s *testkit.Server, random func(n int) int) *randomUsers {
	t.Helper()
	c := &randomUsers{
		t:       t,
		people:  []string{"ann", "bob", "cat", "dan", "eve"},
		clients: map[string]*testkit.Client{},
		random:  random,
	}
	for _, id := range c.people {
		c.clients[id] = s.As(id)
	}
	for i, input := range []testkit.Vars{
		{"accessType": "PUBLIC", "maxUsers": 3},
		{"accessType": "PRIVATE", "memberIds": []string{"bob", "cat"}},
		{"accessType": "FRIEND", "exclusive": true},
		{"accessType": "PUBLIC", "exclusive": true, "maxUsers": 2},
	} {
		c.rooms = append(c.rooms, makeRoom(c.clients[c.people[i]], input))
	}
	return c
}

// act runs a random operation as a random user and returns its name. The operation may be denied,
// but must not fail by a fault of the server.
func (c *randomUsers) act() string {
	who, whom := c.people[c.random(len(c.people))], c.people[c.random(len(c.people))]
	room := c.rooms[c.random(len(c.rooms))]
	vars := testkit.Vars{
		"room":       room,
		"user":       whom,
		"users":      []string{whom, c.people[c.random(len(c.people))]},
		"disconnect": c.random(2) == 0,
		"ban":        c.random(3) == 0,
	}
	var query string
	switch c.random(16) {
	case 0, 1, 2:
		query = joinRoom
	case 3, 4:
		query = leaveRoom
	case 5:
		query = kick
	case 6, 7:
		query = addMembers
	case 8:
		query, vars["role"] = setRole, []string{"OWNER", "MODERATOR", "MEMBER"}[c.random(3)]
	case 9:
		query = `mutation($room: ID!, $user: ID!) { unban(roomId: $room, userId: $user) { room { id } } }`
	case 10:
		query = updateRoom
		vars["input"] = testkit.Vars{
			"roomId":     room,
			"maxUsers":   c.random(5),
			"accessType": []string{"PUBLIC", "PRIVATE", "FRIEND"}[c.random(3)],
		}
	case 11:
		query, vars["contents"] = `mutation($room: ID!, $contents: String!) { sendMessage(input: { roomId: $room, contents: $contents }) { message { id } } }`, "x"
	case 12:
		query = []string{requestFriend, requestFriend, removeFriend, setPermission}[c.random(4)]
		vars["p"] = []string{"EVERYONE", "FRIENDS", "NOBODY"}[c.random(3)]
	case 13:
		query, vars["accept"] = answerFriend, true
	case 14:
		query, vars["rooms"] = []string{directRoom, leaveRooms}[c.random(2)], []any{
			room,
			c.rooms[c.random(len(c.rooms))],
		}
	default:
		query, vars["input"] = createRoom, testkit.Vars{
			"exclusive":  c.random(2) == 0,
			"disconnect": c.random(2) == 0,
			"memberIds":  []string{whom},
			"maxUsers":   c.random(4),
		}
	}
	reply := c.clients[who].Ask(query, vars)
	switch code := reply.Code(); code {
	case "INTERNAL", "UNAVAILABLE", "GRAPHQL_VALIDATION_FAILED":
		c.t.Errorf("%s: %s with %v: %+v", who, query, vars, reply.Errors)
	case "":
		if path := map[string]string{directRoom: "directRoom.room.id", createRoom: "createRoom.room.id"}[query]; path != "" &&
			len(c.rooms) < 30 {
			c.rooms = append(c.rooms, reply.Data.Str(path))
		}
	}
	return fmt.Sprintf("%s did %s with %v", who, query, vars)
}

// TestRoomsStaySound has people do things at random, one after another and all at once, and looks
// at the database.
func TestRoomsStaySound(t *testing.T) {
	testkit.EachSeeded(t, func(t *testing.T, s *testkit.Server, db *ent.Client) {
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		c := newRandomUsers(t, s, rand.New(rand.NewPCG(seed, 1)).IntN)
		for range scale.Or(200, 60) {
			did := c.act()
			if checkInvariants(t, db); t.Failed() {
				t.Fatalf("since %s", did)
			}
		}
		// Each user twice, at the same time. Rooms that are created meanwhile are not used by
		// others.
		var do []func()
		for i := range 2 * len(c.people) {
			one := *c
			one.random = rand.New(rand.NewPCG(seed, uint64(i+2))).IntN
			one.rooms = slices.Clone(c.rooms)
			do = append(do, func() {
				for range scale.Or(60, 20) {
					one.act()
				}
			})
		}
		atOnce(do...)
		checkInvariants(t, db)
	})
}

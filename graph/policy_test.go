package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/friendship"
	"parley/ent/member"
	"parley/ent/room"
	"parley/internal/testkit"
)

// TestFriendsRooms: friends of the owner see a FRIEND room, but not users with an open friend request
// in either direction.
func TestFriendsRooms(t *testing.T) {
	testkit.EachSeeded(t, func(t *testing.T, s *testkit.Server, db *ent.Client) {
		owner := s.As("owner")
		id := makeRoom(owner, testkit.Vars{"accessType": "FRIEND"})
		private := makeRoom(owner, testkit.Vars{"accessType": "PRIVATE"})
		for who, state := range map[string]friendship.State{
			"friend": friendship.StateFRIENDS, "asked": friendship.StateREQUESTED, "invited": friendship.StateINVITED, "stranger": "",
		} {
			c := s.As(who)
			if state != "" {
				befriend(t, db, who, "owner", state)
			}
			found := slices.Contains(
				c.Do(`{ rooms(first: 100) { nodes { id } } }`, nil).Strs("rooms.nodes.*.id"),
				id,
			)
			if want := who == "friend"; found != want {
				t.Errorf("%s finds the room: %v", who, found)
			}
			const roomInfo = `query($id: ID!) { roomInfo(roomId: $id) { id } }`
			if who == "friend" {
				c.Do(roomInfo, testkit.Vars{"id": id})
			} else {
				c.Refused("NOT_FOUND", roomInfo, testkit.Vars{"id": id})
			}
			c.Refused("NOT_FOUND", roomInfo, testkit.Vars{"id": private})
		}
	})
}

// befriend writes what a person has with a friend.
func befriend(t *testing.T, db *ent.Client, userID, friendID string, state friendship.State) {
	t.Helper()
	create := db.Friendship.Create().
		SetUserID(userID).
		SetFriendID(friendID).
		SetState(state).
		SetRequestedAt(time.Now())
	if state == friendship.StateFRIENDS {
		create.SetSince(time.Now())
	}
	if err := create.Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestRoomsLeavesOutWhereOneIsBanned(t *testing.T) {
	testkit.EachSeeded(t, func(t *testing.T, s *testkit.Server, db *ent.Client) {
		owner, bob := s.As("owner"), s.As("bob")
		banned := makeRoom(owner, testkit.Vars{"accessType": "PUBLIC"})
		other := makeRoom(owner, testkit.Vars{"accessType": "PUBLIC"})
		err := db.Ban.Create().
			SetRoomID(uuid.MustParse(banned)).
			SetUserID("bob").
			SetActorID("owner").
			SetAt(time.Now()).
			Exec(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		const rooms = `{ rooms { nodes { id } } }`
		if got := bob.Do(rooms, nil).Strs("rooms.nodes.*.id"); !slices.Equal(got, []string{other}) {
			t.Errorf("bob finds %v, want %s", got, other)
		}
		if got := owner.Do(rooms, nil).Strs("rooms.nodes.*.id"); len(got) != 2 {
			t.Errorf("who is not banned finds %v", got)
		}
	})
}

// TestHandOver has owners leave: the longest-serving moderator follows, else the longest-serving
// member.
func TestHandOver(t *testing.T) {
	testkit.EachSeeded(t, func(t *testing.T, s *testkit.Server, db *ent.Client) {
		for _, c := range []struct {
			moderators []string
			heir       string
		}{
			{nil, "first"},
			{[]string{"third"}, "third"},
			{[]string{"third", "second"}, "second"},
		} {
			name := func(who string) string { return fmt.Sprint(who, len(c.moderators)) }
			owner := s.As(name("owner"))
			people := []string{name("first"), name("second"), name("third")}
			for _, id := range people {
				befriends(s, name("owner"), id)
			}
			id := makeRoom(owner, testkit.Vars{"exclusive": true, "memberIds": people})
			for _, who := range c.moderators {
				n, err := db.Member.Update().
					Where(member.RoomID(uuid.MustParse(id)), member.UserID(name(who))).
					SetRole(member.RoleMODERATOR).
					Save(t.Context())
				if n != 1 || err != nil {
					t.Fatal(n, err)
				}
			}
			makeRoom(owner, testkit.Vars{"exclusive": true, "disconnect": true})
			edges := s.As(people[0]).
				Do(`query($id: ID!) { roomInfo(roomId: $id) { members { edges { member { role user { id } } } } } }`,
					testkit.Vars{"id": id}).
				List("roomInfo.members.edges")
			var owners []string
			for _, e := range edges {
				if e.Str("member.role") == "OWNER" {
					owners = append(owners, e.Str("member.user.id"))
				}
			}
			if !slices.Equal(owners, []string{name(c.heir)}) {
				t.Errorf(
					"with the moderators %v the owner is %v, want %s",
					c.moderators,
					owners,
					c.heir,
				)
			}
		}
	})
}

// TestTimesNeverRunBackwards gives a room's newest event a time that is yet to come, as a clock set
// back does.
func TestTimesNeverRunBackwards(t *testing.T) {
	testkit.EachSeeded(t, func(t *testing.T, s *testkit.Server, db *ent.Client) {
		alice := s.As("alice")
		id := makeRoom(alice, nil)
		last := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
		if err := db.Room.Update().
			Where(room.ID(uuid.MustParse(id))).
			SetEventAt(last).
			Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
		sent := alice.Do(
			`mutation($id: ID!) { sendMessage(input: { roomId: $id, contents: "now" }) { message { createdAt } } }`,
			testkit.Vars{"id": id},
		)
		at, err := time.Parse(time.RFC3339Nano, sent.Str("sendMessage.message.createdAt"))
		if err != nil || at.Before(last) {
			t.Errorf("sent at %s (%v), after what was at %s", at, err, last)
		}
	})
}

func TestLongNameInToken(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		for sub, c := range map[string]struct{ name, want string }{
			"long": {strings.Repeat("ö", 300), strings.Repeat("ö", 200)},
			"most": {strings.Repeat("ö", 200), strings.Repeat("ö", 200)},
		} {
			token := s.Sign(
				map[string]any{
					"sub":     sub,
					"name":    c.name,
					"picture": "https://example.com/" + strings.Repeat("p", 3000),
					"exp":     time.Now().Add(time.Hour).Unix(),
				},
			)
			me := s.With(token).Do(`{ me { nickName avatar } }`, nil)
			if got := me.Str("me.nickName"); got != c.want {
				t.Errorf("%s: %q", sub, got)
			}
			// A shortened address would be another one: a picture that does not fit is ignored.
			if got := me.Str("me.avatar"); got != "" {
				t.Errorf("%s: the picture's address is %q", sub, got)
			}
		}
	})
}

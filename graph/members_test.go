package graph_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/internal/app"
	"parley/internal/testkit"
	"parley/internal/testkit/scale"
)

const (
	addMembers = `mutation($room: ID!, $users: [ID!]!) { addMembers(roomId: $room, userIds: $users) { room { memberCount } members { id role user { id } } } }`
	setRole    = `mutation($room: ID!, $user: ID!, $role: RoomRole!) { setMemberRole(roomId: $room, userId: $user, role: $role) { room { viewerRole } member { id role user { id } } } }`
)

func TestAddMembers(t *testing.T) {
	testkit.EachApp(t, app.Options{PollInterval: time.Hour}, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		s.As("carol")
		s.As("dave")
		room := makeRoom(alice, testkit.Vars{"accessType": "PRIVATE", "maxUsers": 3})
		list := bob.Subscribe(
			`subscription { myRoomsChanged { kind room { id unreadCount } } }`,
			nil,
		)
		list.Next()
		stream := alice.Subscribe(roomEvents, testkit.Vars{"room": room})
		stream.Next()
		sendText(alice, room, "before")
		stream.Next()

		if e := alice.Refused(
			"UNKNOWN_USER",
			addMembers,
			testkit.Vars{"room": room, "users": []string{"bob", "nobody"}},
		); fmt.Sprint(
			e.Extensions["ids"],
		) != "[nobody]" {
			t.Errorf("%+v", e)
		}
		alice.Refused(
			"BAD_USER_INPUT",
			addMembers,
			testkit.Vars{"room": room, "users": []string{""}},
		)
		alice.Refused(
			"ROOM_FULL",
			addMembers,
			testkit.Vars{"room": room, "users": []string{"bob", "carol", "dave"}},
		)
		alice.Do(kick, testkit.Vars{"room": room, "user": "dave", "ban": true})
		if e := alice.Refused(
			"BANNED",
			addMembers,
			testkit.Vars{"room": room, "users": []string{"bob", "dave"}},
		); fmt.Sprint(
			e.Extensions["ids"],
		) != "[dave]" {
			t.Errorf("%+v", e)
		}
		added := alice.Do(addMembers, testkit.Vars{"room": room, "users": []string{"carol", "alice", "bob", "carol"}}).
			At("addMembers")
		if got := added.Strs(
			"members.*.user.id",
		); !slices.Equal(got, []string{"carol", "alice", "bob"}) ||
			added.Int("room.memberCount") != 3 {
			t.Errorf("added %v", added)
		}
		for i, who := range []string{"carol", "bob"} {
			e := stream.Next().At("roomEvents")
			if e.Str("__typename") != "MemberJoined" || e.Int("seq") != 2+i ||
				e.Str("user.id") != who ||
				e.Str("role") != "MEMBER" ||
				e.Str("member.role") != "MEMBER" {
				t.Errorf("event %v, want %s", e, who)
			}
		}
		if e := list.Next().
			At("myRoomsChanged"); e.Str("kind") != "CHANGED" || e.Str("room.id") != room ||
			e.Int("room.unreadCount") != 0 {
			t.Errorf("bob hears %v", e)
		}
		// Adding a member again, or no user, changes nothing.
		alice.Do(addMembers, testkit.Vars{"room": room, "users": []string{"bob"}})
		alice.Do(addMembers, testkit.Vars{"room": room, "users": []string{}})
		if seq := alice.Do(`query($id: ID!) { roomInfo(roomId: $id) { seq } }`, testkit.Vars{"id": room}).
			Int("roomInfo.seq"); seq != 3 {
			t.Errorf("seq %d", seq)
		}
	})
}

func TestAddMembersToExclusive(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		s.As("carol")
		befriends(s, "alice", "bob")
		befriends(s, "alice", "carol")
		room := makeRoom(alice, testkit.Vars{"exclusive": true})
		makeRoom(bob, testkit.Vars{"exclusive": true})
		if e := alice.Refused(
			"ALREADY_IN_ROOM",
			addMembers,
			testkit.Vars{"room": room, "users": []string{"carol", "bob"}},
		); fmt.Sprint(
			e.Extensions["ids"],
		) != "[bob]" {
			t.Errorf("%+v", e)
		}
		alice.Do(addMembers, testkit.Vars{"room": room, "users": []string{"carol"}})
		s.As("carol").
			Refused("ALREADY_IN_ROOM", createRoom, testkit.Vars{"input": testkit.Vars{"exclusive": true}})
	})
}

// TestAddMembersStatements adds many people with no more statements than few.
func TestAddMembersStatements(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		counts := map[bool][]int{}
		size := scale.Or(60, 20)
		for _, exclusive := range []bool{false, true} {
			for _, n := range []int{2, size} {
				var people []string
				for i := range n {
					people = append(people, fmt.Sprint(exclusive, n, "p", i))
					befriends(s, "alice", people[i])
				}
				room := makeRoom(
					alice,
					testkit.Vars{"exclusive": exclusive, "disconnect": exclusive},
				)
				statements := s.Statements(
					func() { alice.Do(addMembers, testkit.Vars{"room": room, "users": people}) },
				)
				counts[exclusive] = append(counts[exclusive], len(statements))
			}
			if c := counts[exclusive]; c[0] != c[1] {
				t.Errorf(
					"exclusive %v: %d statements for 2, %d for %d",
					exclusive,
					c[0],
					c[1],
					size,
				)
			}
		}
	})
}

func TestRemoveMember(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		s.As("carol")
		room := makeRoom(alice, testkit.Vars{"accessType": "PUBLIC", "memberIds": []string{"bob"}})
		id := alice.Do(`query($id: ID!) { roomInfo(roomId: $id) { members { edges { member { id } } } } }`, testkit.Vars{"id": room}).
			Str("roomInfo.members.edges.1.member.id")
		removed := alice.Do(kick, testkit.Vars{"room": room, "user": "bob"}).At("removeMember")
		if removed.Str("memberId") != id || removed.Str("userId") != "bob" ||
			removed.Int("room.memberCount") != 1 {
			t.Errorf("removed %v", removed)
		}
		if again := alice.Do(kick, testkit.Vars{"room": room, "user": "bob"}).
			At("removeMember"); !again.IsNull(
			"memberId",
		) {
			t.Errorf("removed again: %v", again)
		}
		bob.Do(joinRoom, testkit.Vars{"room": room})
		alice.Refused(
			"UNKNOWN_USER",
			kick,
			testkit.Vars{"room": room, "user": "nobody", "ban": true},
		)
		for _, who := range []string{"bob", "carol", "carol"} {
			ahead := alice.Do(kick, testkit.Vars{"room": room, "user": who, "ban": true}).
				At("removeMember")
			if ahead.IsNull("memberId") != (who == "carol") {
				t.Errorf("%s banned: %v", who, ahead)
			}
		}
		bob.Refused("BANNED", joinRoom, testkit.Vars{"room": room})

		const bans = `query($id: ID!, $after: String) { roomInfo(roomId: $id) { bans(first: 1, after: $after) { nodes { id } edges { node { id } by { id } at } pageInfo { hasNextPage hasPreviousPage endCursor } } } }`
		first := alice.Do(bans, testkit.Vars{"id": room}).At("roomInfo.bans")
		second := alice.Do(bans, testkit.Vars{"id": room, "after": first.Str("pageInfo.endCursor")}).
			At("roomInfo.bans")
		if first.Str("nodes.0.id") != "bob" || first.Str("edges.0.by.id") != "alice" ||
			!first.Bool("pageInfo.hasNextPage") ||
			second.Str("edges.0.node.id") != "carol" ||
			second.Bool("pageInfo.hasNextPage") ||
			!second.Bool("pageInfo.hasPreviousPage") {
			t.Errorf("bans %v, then %v", first, second)
		}
		alice.Refused("BAD_USER_INPUT", bans, testkit.Vars{"id": room, "after": "nonsense"})
		for range 2 {
			alice.Do(
				`mutation($room: ID!) { unban(roomId: $room, userId: "bob") { room { id } user { id } } }`,
				testkit.Vars{"room": room},
			)
		}
		bob.Do(joinRoom, testkit.Vars{"room": room})
	})
}

// TestBansStatements lists the bans of many rooms with no more statements than of few.
func TestBansStatements(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		people := []string{"a", "b", "c"}
		for _, id := range people {
			s.As(id)
		}
		var counts []int
		for i := range 12 {
			room := makeRoom(alice, nil)
			for _, id := range people {
				alice.Do(kick, testkit.Vars{"room": room, "user": id, "ban": true})
			}
			if i == 1 || i == 11 {
				var data testkit.JSON
				statements := s.Statements(func() {
					data = alice.Do(
						`{ myRooms { nodes { bans(first: 2) { nodes { nickName viewerFriendship } edges { by { nickName } } pageInfo { hasNextPage } } } } }`,
						nil,
					)
				})
				for _, room := range data.List("myRooms.nodes") {
					if len(room.List("bans.nodes")) != 2 ||
						!room.Bool("bans.pageInfo.hasNextPage") {
						t.Errorf("bans: %v", room)
					}
				}
				counts = append(counts, len(statements))
			}
		}
		if counts[1] > counts[0] {
			t.Errorf("%d statements for 2 rooms, %d for 12", counts[0], counts[1])
		}
	})
}

func TestSetMemberRole(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		s.As("carol")
		room := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob", "carol"}})
		stream := alice.Subscribe(roomEvents, testkit.Vars{"room": room, "after": 0})
		stream.Next()
		vars := func(user, role string) testkit.Vars { return testkit.Vars{"room": room, "user": user, "role": role} }
		if m := alice.Do(setRole, vars("bob", "MODERATOR")).
			At("setMemberRole.member"); m.Str("role") != "MODERATOR" ||
			m.Str("user.id") != "bob" {
			t.Errorf("%v", m)
		}
		alice.Do(setRole, vars("bob", "MODERATOR")) // is one: nothing happens
		alice.Refused("UNKNOWN_USER", setRole, vars("nobody", "MEMBER"))
		alice.Do(setRole, vars("carol", "MODERATOR"))
		bob.Refused("FORBIDDEN", kick, testkit.Vars{"room": room, "user": "carol"}) // the same role
		alice.Do(setRole, vars("carol", "MEMBER"))
		if p := alice.Do(setRole, vars("bob", "OWNER")).
			At("setMemberRole"); p.Str("member.role") != "OWNER" ||
			p.Str("room.viewerRole") != "MODERATOR" {
			t.Errorf("handing over: %v", p)
		}
		alice.Refused("FORBIDDEN", setRole, vars("bob", "MEMBER"))
		bob.Do(setRole, vars("alice", "MEMBER"))
		var got []string
		for range 6 {
			e := stream.Next().At("roomEvents")
			got = append(
				got,
				fmt.Sprint(e.Int("seq"), e.Str("__typename"), e.Str("user.id"), e.Str("role")),
			)
		}
		want := []string{
			"1MemberRoleChangedbobMODERATOR",
			"2MemberRoleChangedcarolMODERATOR",
			"3MemberRoleChangedcarolMEMBER",
			"4MemberRoleChangedaliceMODERATOR",
			"5MemberRoleChangedbobOWNER",
			"6MemberRoleChangedaliceMEMBER",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

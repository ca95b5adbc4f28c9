package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"parley/internal/testkit"
)

// makeRoom makes a room and returns its id.
func makeRoom(c *testkit.Client, input testkit.Vars) string {
	if input == nil {
		input = testkit.Vars{}
	}
	return c.Do(createRoom, testkit.Vars{"input": input}).Str("createRoom.room.id")
}

func TestMyRooms(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		var want []string
		for i := range 7 {
			want = append(
				[]string{makeRoom(alice, testkit.Vars{"name": fmt.Sprint("room ", i)})},
				want...)
		}
		makeRoom(bob, testkit.Vars{"accessType": "PUBLIC"}) // not hers

		if got := alice.Do(`{ myRoomIds }`, nil).Strs("myRoomIds"); !slices.Equal(got, want) {
			t.Errorf("myRoomIds %v, want %v", got, want)
		}
		var got []string
		after := any(nil)
		for page := range 4 {
			p := alice.Do(`query($after: String) { myRooms(first: 3, after: $after) {
				nodes { id } edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`, testkit.Vars{"after": after}).At("myRooms")
			got = append(got, p.Strs("edges.*.node.id")...)
			if !slices.Equal(p.Strs("nodes.*.id"), p.Strs("edges.*.node.id")) {
				t.Errorf("nodes and edges differ: %v", p)
			}
			if p.Bool("pageInfo.hasPreviousPage") != (page > 0) ||
				p.Bool("pageInfo.hasNextPage") != (page < 2) {
				t.Errorf("page %d: %v", page, p.At("pageInfo"))
			}
			if !p.Bool("pageInfo.hasNextPage") {
				break
			}
			after = p.Str("pageInfo.endCursor")
		}
		if !slices.Equal(got, want) {
			t.Errorf("paged %v, want %v", got, want)
		}
	})
}

func TestPagesRefuse(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		id := makeRoom(alice, nil)
		ofRooms := alice.Do(`{ rooms { pageInfo { endCursor } } }`, nil).
			Str("rooms.pageInfo.endCursor")
		ofMembers := alice.Do(`query($id: ID!) { roomInfo(roomId: $id) { members { pageInfo { endCursor } } } }`, testkit.Vars{"id": id}).
			Str("roomInfo.members.pageInfo.endCursor")
		for _, list := range []struct{ query, foreign string }{
			{`query($first: Int, $after: String) { myRooms(first: $first, after: $after) { nodes { id } } }`, ofRooms},
			{`query($first: Int, $after: String) { rooms(first: $first, after: $after) { nodes { id } } }`, ofMembers},
			{`query($first: Int, $after: String) { roomInfo(roomId: "` + id + `") { members(first: $first, after: $after) { nodes { id } } } }`, ofRooms},
		} {
			for _, bad := range []struct {
				field string
				vars  testkit.Vars
			}{
				{"first", testkit.Vars{"first": -1}},
				{"first", testkit.Vars{"first": 101}},
				{"after", testkit.Vars{"after": ""}},
				{"after", testkit.Vars{"after": "nonsense"}},
				{"after", testkit.Vars{"after": strings.Repeat("A", 10_000)}},
				{"after", testkit.Vars{"after": list.foreign}},
			} {
				if e := alice.Refused(
					"BAD_USER_INPUT",
					list.query,
					bad.vars,
				); e.Extensions["field"] != bad.field {
					t.Errorf("%s with %v: field %v", list.query, bad.vars, e.Extensions["field"])
				}
			}
			alice.Do(list.query, testkit.Vars{"first": 100, "after": nil})
			alice.Do(list.query, testkit.Vars{"first": 0})
		}
	})
}

func TestRoomMembersPages(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		want := []string{"alice"}
		for i := range 11 {
			id := fmt.Sprintf("p%02d", 11-i) // joined in this order, which is not that of the ids
			s.As(id)
			want = append(want, id)
		}
		id := makeRoom(alice, testkit.Vars{"memberIds": want[1:]})
		var got []string
		after := any(nil)
		for {
			p := alice.Do(`query($id: ID!, $after: String) { roomInfo(roomId: $id) { members(first: 5, after: $after) {
				totalCount nodes { id } pageInfo { hasNextPage endCursor } } } }`, testkit.Vars{"id": id, "after": after}).
				At("roomInfo.members")
			got = append(got, p.Strs("nodes.*.id")...)
			if p.Int("totalCount") != 12 {
				t.Errorf("totalCount %d", p.Int("totalCount"))
			}
			if !p.Bool("pageInfo.hasNextPage") {
				break
			}
			after = p.Str("pageInfo.endCursor")
		}
		if !slices.Equal(got, want) {
			t.Errorf("paged %v, want %v", got, want)
		}
	})
}

func TestRoomInfoHides(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		public := makeRoom(alice, testkit.Vars{"accessType": "PUBLIC"})
		private := makeRoom(alice, testkit.Vars{"accessType": "PRIVATE"})
		friend := makeRoom(alice, testkit.Vars{"accessType": "FRIEND"})
		const info = `query($id: ID!) { roomInfo(roomId: $id) { id viewerRole joinKey } }`
		const node = `query($id: ID!) { node(id: $id) { __typename id } }`

		seen := bob.Do(info, testkit.Vars{"id": public}).At("roomInfo")
		if !seen.IsNull("viewerRole") || !seen.IsNull("joinKey") {
			t.Errorf("an outsider sees %v", seen)
		}
		hidden := bob.Refused("NOT_FOUND", info, testkit.Vars{"id": private}).Message
		for _, id := range []string{friend, "00000000-0000-7000-8000-000000000000", "nonsense", "", strings.ToUpper(private), "\x00"} {
			if e := bob.Refused("NOT_FOUND", info, testkit.Vars{"id": id}); e.Message != hidden {
				t.Errorf("%q can be distinguished from a hidden room: %s", id, e.Message)
			}
			if !bob.Do(node, testkit.Vars{"id": id}).IsNull("node") {
				t.Errorf("node finds %q", id)
			}
		}
		if got := bob.Do(node, testkit.Vars{"id": public}).Str("node.__typename"); got != "Room" {
			t.Errorf("node is a %s", got)
		}
		if got := bob.Do(node, testkit.Vars{"id": "alice"}).Str("node.__typename"); got != "User" {
			t.Errorf("node is a %s", got)
		}
	})
}

func TestRoomsDiscover(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		tea := makeRoom(
			alice,
			testkit.Vars{
				"name":        "Tea Garden",
				"description": "Ünder 100% _shade_",
				"tags":        []string{"Calm", "green"},
			},
		)
		chess := makeRoom(alice, testkit.Vars{"name": "Chess", "tags": []string{"games"}})
		makeRoom(
			alice,
			testkit.Vars{"name": "Tea, private", "accessType": "PRIVATE", "tags": []string{"Calm"}},
		)
		makeRoom(alice, testkit.Vars{"name": "Tea with friends", "accessType": "FRIEND"})
		for _, c := range []struct {
			name string
			vars testkit.Vars
			want []string
		}{
			{"all, the newest first", nil, []string{chess, tea}},
			{"a word", testkit.Vars{"search": "tea"}, []string{tea}},
			{"all words, anywhere", testkit.Vars{"search": " GARDEN  ünder calm"}, []string{tea}},
			{"not all words", testkit.Vars{"search": "tea chess"}, nil},
			{"wildcards are letters", testkit.Vars{"search": "100% _shade_"}, []string{tea}},
			{"a wildcard matches nothing else", testkit.Vars{"search": "c%s"}, nil},
			{"nor does the other", testkit.Vars{"search": "ches_"}, nil},
			{"nor a backslash", testkit.Vars{"search": `\`}, nil},
			{"a tag", testkit.Vars{"tag": "calm"}, []string{tea}},
			{"no part of a tag", testkit.Vars{"tag": "cal"}, nil},
			{"both", testkit.Vars{"search": "tea", "tag": "games"}, nil},
			{"nothing asked for", testkit.Vars{"search": ""}, []string{chess, tea}},
		} {
			got := bob.Do(`query($search: String, $tag: String) { rooms(search: $search, tag: $tag) { nodes { id } } }`, c.vars).
				Strs("rooms.nodes.*.id")
			if !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
			}
		}
		first := bob.Do(`{ rooms(first: 1) { nodes { id } pageInfo { hasNextPage endCursor } } }`, nil).
			At("rooms")
		second := bob.Do(`query($after: String) { rooms(first: 1, after: $after) { nodes { id } pageInfo { hasNextPage } } }`,
			testkit.Vars{"after": first.Str("pageInfo.endCursor")}).
			At("rooms")
		if first.Str("nodes.0.id") != chess || second.Str("nodes.0.id") != tea ||
			second.Bool("pageInfo.hasNextPage") {
			t.Errorf("paged %v, then %v", first, second)
		}
		bob.Refused(
			"BAD_USER_INPUT",
			`{ rooms(search: "`+strings.Repeat("a ", 101)+`") { nodes { id } } }`,
			nil,
		)
		bob.Refused(
			"BAD_USER_INPUT",
			`{ rooms(search: "`+strings.Repeat("a ", 11)+`") { nodes { id } } }`,
			nil,
		)
		bob.Refused("BAD_USER_INPUT", `{ rooms(tag: "") { nodes { id } } }`, nil)
	})
}

// TestMyRoomsStatements counts what the chat list asks the database: not more for fifty rooms than
// for one.
func TestMyRoomsStatements(t *testing.T) {
	const list = `{ myRooms(first: 50) { nodes { name tags viewerRole joinKey members { nodes { nickName } } creator { nickName } } } }`
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		var people []string
		for i := range 5 {
			people = append(people, fmt.Sprint("p", i))
			s.As(people[i])
		}
		for rooms := 1; rooms <= 50; rooms++ {
			makeRoom(
				alice,
				testkit.Vars{"memberIds": people[:rooms%len(people)], "tags": []string{"t"}},
			)
			if rooms != 1 && rooms != 50 {
				continue
			}
			var data testkit.JSON
			statements := s.Statements(func() { data = alice.Do(list, nil) })
			if n := len(data.List("myRooms.nodes")); n != rooms {
				t.Fatalf("%d rooms, want %d", n, rooms)
			}
			// Rooms, memberships, tags, members, and people: the creators may be asked for before
			// the members are known.
			if len(statements) > 6 {
				t.Errorf(
					"%d rooms took %d statements:\n%s",
					rooms,
					len(statements),
					strings.Join(statements, "\n"),
				)
			}
		}
	})
}

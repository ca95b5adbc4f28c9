package graph_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/testkit"
)

const createRoom = `mutation($input: CreateRoomInput!) { createRoom(input: $input) { room {
	id name description accessType maxUsers tags exclusive is1v1 memberCount seq viewerRole joinKey createdAt updatedAt
	openseaCollection { name cover slug }
	creator { id }
	members { totalCount nodes { id } edges { member { role user { id } } } }
} } }`

func TestCreateRoom(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		s.As("carol")

		room := alice.Do(createRoom, testkit.Vars{"input": testkit.Vars{
			"name":              "Garden",
			"description":       "Plants.\nAnd tea.",
			"memberIds":         []string{"carol", "bob", "carol", "alice"},
			"maxUsers":          3,
			"tags":              []string{"b", "a", "b"},
			"openseaCollection": testkit.Vars{"name": "Apes", "slug": "apes"},
		}}).At("createRoom.room")

		got := map[string]string{}
		for _, field := range []string{"name", "description", "accessType", "maxUsers", "tags", "exclusive", "is1v1", "memberCount", "seq", "viewerRole", "creator.id", "openseaCollection", "members.nodes", "members.totalCount"} {
			got[field] = room.At(field).String()
		}
		want := map[string]string{
			"name":               "Garden",
			"description":        "Plants.\nAnd tea.",
			"accessType":         "PRIVATE",
			"maxUsers":           "3",
			"tags":               "[b a]",
			"exclusive":          "false",
			"is1v1":              "false",
			"memberCount":        "3",
			"seq":                "0",
			"viewerRole":         "OWNER",
			"creator.id":         "alice",
			"openseaCollection":  "map[cover: name:Apes slug:apes]",
			"members.nodes":      "[map[id:alice] map[id:carol] map[id:bob]]",
			"members.totalCount": "3",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the room (-want +got):\n%s", diff)
		}
		if key := room.Str("joinKey"); len(key) < 26 {
			t.Errorf("joinKey %q has fewer than 128 bits", key)
		}
		if room.Str("createdAt") != room.Str("updatedAt") {
			t.Errorf("made at %s, updated at %s", room.Str("createdAt"), room.Str("updatedAt"))
		}

		seen := bob.Do(`query($id: ID!) { roomInfo(roomId: $id) { viewerRole joinKey members { edges { member { role } } } } }`,
			testkit.Vars{"id": room.Str("id")}).
			At("roomInfo")
		if seen.Str("viewerRole") != "MEMBER" || !seen.IsNull("joinKey") {
			t.Errorf("bob sees %v", seen)
		}
		if roles := seen.Strs(
			"members.edges.*.member.role",
		); !slices.Equal(
			roles,
			[]string{"OWNER", "MEMBER", "MEMBER"},
		) {
			t.Errorf("roles %v", roles)
		}
	})
}

func TestCreateRoomAccessTypeDefault(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		s.As("bob")
		for _, c := range []struct {
			input testkit.Vars
			want  string
		}{
			{testkit.Vars{}, "PUBLIC"},
			{testkit.Vars{"memberIds": []string{"alice"}}, "PUBLIC"}, // only the viewer
			{testkit.Vars{"memberIds": []string{"bob"}}, "PRIVATE"},
			{testkit.Vars{"memberIds": []string{"bob"}, "accessType": "PUBLIC"}, "PUBLIC"},
			{testkit.Vars{"accessType": "FRIEND"}, "FRIEND"},
		} {
			if got := alice.Do(createRoom, testkit.Vars{"input": c.input}).
				Str("createRoom.room.accessType"); got != c.want {
				t.Errorf("%v: %s, want %s", c.input, got, c.want)
			}
		}
	})
}

func TestCreateRoomRefuses(t *testing.T) {
	long := func(n int) string { return strings.Repeat("ö", n) }
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		s.As("bob")
		tooMany := make([]string, 1001)
		for i := range tooMany {
			tooMany[i] = fmt.Sprint("p", i)
		}
		manyTags := strings.Split(strings.Repeat("t,", 20)+"t", ",")
		for _, c := range []struct {
			name, code, field string
			input             testkit.Vars
		}{
			{"name too long", "BAD_USER_INPUT", "name", testkit.Vars{"name": long(201)}},
			{"name with NUL", "BAD_USER_INPUT", "name", testkit.Vars{"name": "a\x00b"}},
			{"description too long", "BAD_USER_INPUT", "description", testkit.Vars{"description": long(2001)}},
			{"tag too long", "BAD_USER_INPUT", "tags", testkit.Vars{"tags": []string{long(51)}}},
			{"tag empty", "BAD_USER_INPUT", "tags", testkit.Vars{"tags": []string{""}}},
			{"too many tags", "BAD_USER_INPUT", "tags", testkit.Vars{"tags": manyTags}},
			{"too many members", "BAD_USER_INPUT", "memberIds", testkit.Vars{"memberIds": tooMany}},
			{"member id with NUL", "BAD_USER_INPUT", "memberIds", testkit.Vars{"memberIds": []string{"a\x00"}}},
			{"member id empty", "BAD_USER_INPUT", "memberIds", testkit.Vars{"memberIds": []string{""}}},
			{"negative size", "BAD_USER_INPUT", "maxUsers", testkit.Vars{"maxUsers": -1}},
			{"size below the members named", "BAD_USER_INPUT", "maxUsers", testkit.Vars{"maxUsers": 1, "memberIds": []string{"bob"}}},
			{"slug empty", "BAD_USER_INPUT", "openseaCollection.slug", testkit.Vars{"openseaCollection": testkit.Vars{"name": "x", "slug": ""}}},
			{"key empty", "BAD_USER_INPUT", "idempotencyKey", testkit.Vars{"idempotencyKey": ""}},
			{"key too long", "BAD_USER_INPUT", "idempotencyKey", testkit.Vars{"idempotencyKey": long(201)}},
			{"access type unknown", "GRAPHQL_VALIDATION_FAILED", "", testkit.Vars{"accessType": "SECRET"}},
			{"size beyond 32 bits", "GRAPHQL_VALIDATION_FAILED", "", testkit.Vars{"maxUsers": 1 << 40}},
			{"field unknown", "GRAPHQL_VALIDATION_FAILED", "", testkit.Vars{"nope": 1}},
		} {
			e := alice.Refused(c.code, createRoom, testkit.Vars{"input": c.input})
			if field, _ := e.Extensions["field"].(string); field != c.field {
				t.Errorf("%s: field %q, want %q", c.name, field, c.field)
			}
		}
		e := alice.Refused("BAD_USER_INPUT", createRoom, testkit.Vars{
			"input": testkit.Vars{"memberIds": []string{"bob", ""}},
		})
		if want := "Id 2 of memberIds must not be empty."; e.Message != want {
			t.Errorf("message %q, want %q", e.Message, want)
		}
		accepted := testkit.Vars{
			"name":           long(200),
			"description":    long(2000),
			"tags":           []string{long(50)},
			"idempotencyKey": long(200),
		}
		alice.Do(createRoom, testkit.Vars{"input": accepted})
		if n := len(alice.Do(`{ myRoomIds }`, nil).List("myRoomIds")); n != 1 {
			t.Errorf("%d rooms were made, want the accepted one", n)
		}
	})
}

func TestCreateRoomUnknownUsers(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		s.As("bob")
		e := alice.Refused("UNKNOWN_USER", createRoom, testkit.Vars{"input": testkit.Vars{
			"memberIds": []string{"nobody", "bob", "noone"}, "idempotencyKey": "k",
		}})
		if got := fmt.Sprint(e.Extensions["ids"]); got != "[nobody noone]" {
			t.Errorf("ids %s", got)
		}
		if n := len(alice.Do(`{ myRoomIds }`, nil).List("myRoomIds")); n != 0 {
			t.Errorf("%d rooms were made", n)
		}
		// Nothing was kept of it: the key is free once the people exist.
		s.As("nobody")
		s.As("noone")
		alice.Do(
			createRoom,
			testkit.Vars{
				"input": testkit.Vars{
					"memberIds":      []string{"nobody", "bob", "noone"},
					"idempotencyKey": "k",
				},
			},
		)
	})
}

func TestCreateRoomIdempotency(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		request := testkit.Vars{
			"input": testkit.Vars{
				"name":           "Once",
				"memberIds":      []string{"bob"},
				"idempotencyKey": "k",
			},
		}

		ids := inParallel(
			100,
			func() string { return alice.Do(createRoom, request).At("createRoom.room").String() },
		)
		if len(slices.Compact(ids)) != 1 {
			t.Errorf("100 requests with one key were answered differently: %v", slices.Compact(ids))
		}
		if n := len(alice.Do(`{ myRoomIds }`, nil).List("myRoomIds")); n != 1 {
			t.Errorf("%d rooms were made", n)
		}
		alice.Refused(
			"IDEMPOTENCY_CONFLICT",
			createRoom,
			testkit.Vars{
				"input": testkit.Vars{
					"name":           "Other",
					"memberIds":      []string{"bob"},
					"idempotencyKey": "k",
				},
			},
		)

		// Keys belong to a person: another may use the same one.
		theirs := bob.Do(
			createRoom,
			testkit.Vars{"input": testkit.Vars{"name": "Bob's", "idempotencyKey": "k"}},
		)
		if theirs.Str("createRoom.room.name") != "Bob's" {
			t.Errorf("bob got %v", theirs)
		}
	})
}

func TestCreateRoomExclusive(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob, carol := s.As("alice"), s.As("bob"), s.As("carol")
		exclusive := func(more testkit.Vars) testkit.Vars {
			input := testkit.Vars{"exclusive": true}
			maps.Copy(input, more)
			return testkit.Vars{"input": input}
		}
		befriends(s, "alice", "bob")
		befriends(s, "carol", "bob")
		first := alice.Do(createRoom, exclusive(testkit.Vars{"memberIds": []string{"bob"}})).
			Str("createRoom.room.id")

		if e := alice.Refused(
			"ALREADY_IN_ROOM",
			createRoom,
			exclusive(nil),
		); e.Message != "User joined to other room" {
			t.Errorf("message %q", e.Message)
		}
		e := carol.Refused(
			"ALREADY_IN_ROOM",
			createRoom,
			exclusive(testkit.Vars{"memberIds": []string{"bob"}}),
		)
		if got := fmt.Sprint(e.Extensions["ids"]); got != "[bob]" {
			t.Errorf("ids %s", got)
		}
		// disconnect moves only the caller, never someone named.
		carol.Refused(
			"ALREADY_IN_ROOM",
			createRoom,
			exclusive(testkit.Vars{"memberIds": []string{"bob"}, "disconnect": true}),
		)
		// Other rooms are not limited.
		alice.Do(
			createRoom,
			testkit.Vars{"input": testkit.Vars{"memberIds": []string{"bob", "carol"}}},
		)

		alice.Do(createRoom, exclusive(testkit.Vars{"disconnect": true}))
		left := bob.Do(`query($id: ID!) { roomInfo(roomId: $id) { memberCount seq viewerRole members { nodes { id } } } }`, testkit.Vars{"id": first}).
			At("roomInfo")
		if left.Int("memberCount") != 1 || left.Str("viewerRole") != "OWNER" ||
			left.Str("members.nodes.0.id") != "bob" {
			t.Errorf("after its owner left: %v", left)
		}
		if left.Int("seq") != 2 { // alice left, bob became the owner
			t.Errorf("seq %d, want 2", left.Int("seq"))
		}
		alice.Refused(
			"NOT_FOUND",
			`query($id: ID!) { roomInfo(roomId: $id) { id } }`,
			testkit.Vars{"id": first},
		)

		// The last one out closes the room.
		bob.Do(createRoom, exclusive(testkit.Vars{"disconnect": true, "accessType": "PUBLIC"}))
		bob.Refused(
			"NOT_FOUND",
			`query($id: ID!) { roomInfo(roomId: $id) { id } }`,
			testkit.Vars{"id": first},
		)
	})
}

// TestCreateRoomExclusiveInParallel moves users between exclusive rooms at the same time: no user is
// ever in two.
func TestCreateRoomExclusiveInParallel(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		people := []string{"a", "b", "c", "d"}
		clients := map[string]*testkit.Client{}
		for _, id := range people {
			clients[id] = s.As(id)
		}
		for i, id := range people {
			befriends(s, id, people[(i+1)%len(people)])
		}
		var wg sync.WaitGroup
		for i, id := range people {
			other := people[(i+1)%len(people)]
			for range 4 { // devices of one person
				wg.Go(func() {
					for range 5 {
						clients[id].Ask(
							createRoom,
							testkit.Vars{
								"input": testkit.Vars{
									"exclusive":  true,
									"disconnect": true,
									"memberIds":  []string{other},
								},
							},
						)
						reply := clients[id].Ask(
							createRoom,
							testkit.Vars{
								"input": testkit.Vars{"exclusive": true, "disconnect": true},
							},
						)
						if len(reply.Errors) > 0 {
							t.Errorf("%s: %+v", id, reply.Errors)
						}
					}
				})
			}
		}
		wg.Wait()
		for _, id := range people {
			rooms := clients[id].Do(`{ myRooms { nodes { id exclusive memberCount members { totalCount nodes { id } } } } }`, nil).
				List("myRooms.nodes")
			if len(rooms) != 1 {
				t.Errorf("%s is in %d exclusive rooms: %v", id, len(rooms), rooms)
			}
			for _, room := range rooms {
				if room.Int("memberCount") != len(room.List("members.nodes")) {
					t.Errorf("the room's count is off: %v", room)
				}
			}
		}
	})
}

// inParallel runs do n times at once and returns what it returned.
func inParallel[T any](n int, do func() T) []T {
	out := make([]T, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { out[i] = do() })
	}
	wg.Wait()
	return out
}

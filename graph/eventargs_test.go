package graph_test

import (
	"maps"
	"testing"

	"parley/internal/testkit"
)

// TestEventArguments: subscriptions are refused if they select of their events what can never work.
func TestEventArguments(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		room := makeRoom(alice, nil)
		const (
			events = `subscription($room: ID!) { roomEvents(roomId: $room) { ... on `
			number = `subscription($room: ID!, $n: Int!) { roomEvents(roomId: $room) { ... on `
			text   = `subscription($room: ID!, $text: String) { roomEvents(roomId: $room) { ... on `
			end    = ` } } }`
		)
		for _, c := range []struct {
			query, field string
			vars         testkit.Vars
		}{
			{events + `StreamOpened { messages(last: 51) { nodes { id } }` + end, "last", nil},
			{events + `StreamOpened { messages(last: 0) { nodes { id } }` + end, "last", nil},
			{
				number + `StreamOpened { messages(last: $n) { nodes { id } }` + end, "last",
				testkit.Vars{"n": 51},
			},
			{`subscription { myEvents { event { ... on StreamOpened { messages(last: 51) { nodes { id } } } } } }`, "last", nil},
			{
				`subscription($n: Int!) { myEvents { event {
					... on StreamOpened { messages(last: $n) { nodes { id } } } } } }`, "last",
				testkit.Vars{"n": -1},
			},
			{events + `RoomEvent { room { members(first: 101) { totalCount } }` + end, "first", nil},
			{
				number + `MemberLeft { room { members(first: $n) { totalCount } }` + end, "first",
				testkit.Vars{"n": 101},
			},
			{
				text + `MemberLeft { room { members(after: $text) { totalCount } }` + end, "after",
				testkit.Vars{"text": "none"},
			},
			{events + `RoomUpdated { room { bans(first: -1) { nodes { id } } }` + end, "first", nil},
			{events + `RoomUpdated { room { bans(after: "none") { nodes { id } } }` + end, "after", nil},
			{
				events + `RoomUpdated { room { messages(first: 1, last: 1) { nodes { id } } }` + end,
				"last", nil,
			},
			{events + `RoomUpdated { room { messages(last: 101) { nodes { id } } }` + end, "last", nil},
			{
				events + `RoomUpdated { room { messages(beforeSeq: -1) { nodes { id } } }` + end,
				"beforeSeq", nil,
			},
			{
				events + `MessageAdded { message { replies(first: 101) { nodes { id } } }` + end,
				"first", nil,
			},
			{
				events + `MessageAdded { message { replies(before: "none") { nodes { id } } }` + end,
				"before", nil,
			},
			{`subscription($room: ID!) { messageAdded(roomId: $room) { ...M } }
				fragment M on Message { replies(last: 101) { nodes { id } } }`, "last", nil},
			{`subscription { myRoomsChanged { room { members(first: 101) { totalCount } } } }`, "first", nil},
			{`subscription { roomCreated { members(first: 101) { totalCount } } }`, "first", nil},
		} {
			vars := testkit.Vars{"room": room}
			maps.Copy(vars, c.vars)
			for how, e := range map[string]testkit.ReplyError{
				"WebSocket": alice.Subscribe(c.query, vars).Error(),
				"SSE":       alice.Events(c.query, vars).Error(),
			} {
				if e.Extensions["code"] != "BAD_USER_INPUT" || e.Extensions["field"] != c.field {
					t.Errorf("%s %v over %s: %+v", c.query, c.vars, how, e)
				}
			}
		}
		// Fields that @skip or @include leaves out are not checked.
		stream := alice.Subscribe(events+`StreamOpened {
			other: messages(last: 51) @skip(if: true) { nodes { id } } messages { nodes { id } }`+end,
			testkit.Vars{"room": room})
		stream.Next()
	})
}

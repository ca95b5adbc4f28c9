package graph_test

import (
	"database/sql"
	"encoding/json"
	"os"
	"strconv"
	"testing"

	"github.com/pressly/goose/v3"

	"parley/internal/testkit"
)

const validationFailed = "GRAPHQL_VALIDATION_FAILED"

// TestInputThatTheSchemaForbids sends values that do not fit the schema. The server refuses each
// operation as a whole and does nothing of it.
func TestInputThatTheSchemaForbids(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		_ = bob
		created := alice.Do(
			`mutation { createRoom(input: {name: "r", memberIds: ["bob"], accessType: PRIVATE}) { room { id } } }`,
			nil,
		)
		room := created.Str("createRoom.room.id")
		sent := alice.Do(
			`mutation($r: ID!) { sendMessage(input: {roomId: $r, contents: "first"}) { message { id } } }`,
			testkit.Vars{"r": room},
		)
		message := sent.Str("sendMessage.message.id")
		state := `query($r: ID!) { myRooms { nodes { name accessType } }
			roomInfo(roomId: $r) { accessType members { edges { member { role } node { id } } }
				messages(first: 50) { nodes { type contents reactions { count } } } } }`
		before := alice.Do(state, testkit.Vars{"r": room}).String()
		for _, test := range []struct {
			query string
			vars  testkit.Vars
		}{
			// An enum's value in another letter case, and a string literal for an enum.
			{`mutation($a: RoomAccessType) { createRoom(input: {accessType: $a}) { room { id } } }`, testkit.Vars{"a": "public"}},
			{`mutation($i: CreateRoomInput!) { createRoom(input: $i) { room { id } } }`, testkit.Vars{"i": testkit.Vars{"accessType": "Public"}}},
			{`mutation($t: MessageType!, $r: ID!) { sendMessage(input: {roomId: $r, contents: "{no", type: $t}) { message { type } } }`, testkit.Vars{"t": "card", "r": room}},
			{`mutation($w: RoomRole!, $r: ID!) { setMemberRole(roomId: $r, userId: "bob", role: $w) { member { role } } }`, testkit.Vars{"w": "moderator", "r": room}},
			{`mutation { createRoom(input: {accessType: "PUBLIC"}) { room { id } } }`, nil},
			// Null where the schema has no null.
			{`mutation($b: Boolean, $r: ID!) { removeMember(roomId: $r, userId: "bob", ban: $b) { userId } }`, testkit.Vars{"b": nil, "r": room}},
			{`mutation($i: CreateRoomInput = {name: "d"}) { createRoom(input: $i) { room { name } } }`, testkit.Vars{"i": nil}},
			{`mutation($o: Boolean, $m: ID!) { react(messageId: $m, emoji: "👍", on: $o) { message { id } } }`, testkit.Vars{"o": nil, "m": message}},
			{`query($t: Boolean, $r: ID!) { roomInfo(roomId: $r) { messages(inThreads: $t) { nodes { seq } } } }`, testkit.Vars{"t": nil, "r": room}},
			{`query($v: Boolean = false) { __typename @include(if: $v) }`, testkit.Vars{"v": nil}},
			{`query($v: Boolean = false) { myRooms { nodes { ...F @skip(if: $v) } } } fragment F on Room { id }`, testkit.Vars{"v": nil}},
			// An object for a scalar or an enum.
			{`{ rooms(search: {}) { nodes { id } } }`, nil},
			{`{ user(id: {}) { id } }`, nil},
			{`{ node(id: {}) { id } }`, nil},
			{`{ me { id @include(if: {}) } }`, nil},
			{`mutation { createRoom(input: {name: {}}) { room { id } } }`, nil},
			{`mutation($m: ID!) { react(messageId: $m, emoji: {}) { message { id } } }`, testkit.Vars{"m": message}},
			{`mutation($r: ID!) { sendMessage(input: {roomId: $r, contents: "x", type: {}}) { message { id } } }`, testkit.Vars{"r": room}},
			{`{ myRooms { nodes { members(after: {}) { nodes { id } } } } }`, nil},
			// A second field of a mutation whose variable or literal does not fit: the first is not
			// executed.
			{
				`mutation($i: CreateRoomInput!, $r: ID!) { sendMessage(input: {roomId: $r, contents: "sent"}) { message { seq } } createRoom(input: $i) { room { id } } }`,
				testkit.Vars{"r": room, "i": testkit.Vars{"maxUsers": "3"}},
			},
			{
				`mutation($i: CreateRoomInput!, $r: ID!) { sendMessage(input: {roomId: $r, contents: "sent"}) { message { seq } } createRoom(input: $i) { room { id } } }`,
				testkit.Vars{"r": room, "i": testkit.Vars{"maxUsers": 2147483648}},
			},
			{`mutation($r: ID!) { sendMessage(input: {roomId: $r, contents: "sent"}) { message { seq } } createRoom(input: {maxUsers: 2147483648}) { room { id } } }`, testkit.Vars{"r": room}},
		} {
			reply := alice.Ask(test.query, test.vars)
			if reply.Code() != validationFailed || reply.Data.String() != "<nil>" {
				t.Errorf("%s with %v: %v %+v", test.query, test.vars, reply.Data, reply.Errors)
			}
		}
		// Half of a surrogate pair in a literal.
		alice.Refused(
			"GRAPHQL_PARSE_FAILED",
			`mutation($r: ID!) { sendMessage(input: {roomId: $r, contents: "a\uD83D b"}) { message { contents } } }`,
			testkit.Vars{"r": room},
		)
		after := alice.Do(state, testkit.Vars{"r": room}).String()
		if before != after {
			t.Errorf("the refused operations changed\n%s\nto\n%s", before, after)
		}
	})
}

// TestSubscriptionsThatTheSchemaForbids: a directive whose condition is null or an object is
// refused when the subscription begins. Before, the first event ended the process.
func TestSubscriptionsThatTheSchemaForbids(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		room := alice.Do(`mutation { createRoom(input: {}) { room { id } } }`, nil).
			Str("createRoom.room.id")
		null := testkit.Vars{"v": nil, "r": room}
		for _, test := range []struct {
			query string
			vars  testkit.Vars
		}{
			{`subscription($v: Boolean = false) { roomCreated { id @include(if: $v) } }`, testkit.Vars{"v": nil}},
			{`subscription { roomCreated { id @include(if: {}) } }`, nil},
			{`subscription($v: Boolean = false, $r: ID!) { messageAdded(roomId: $r) { id @skip(if: $v) } }`, null},
			{`subscription($v: Boolean = false, $r: ID!) { messageAdded(roomId: $r) { ...F @include(if: $v) } } fragment F on Message { id }`, null},
			{`subscription($v: Boolean = false, $r: ID!) { roomEvents(roomId: $r) { __typename ... on MessageAdded { seq @include(if: $v) } } }`, null},
			{`subscription($s: RoomScope!) { roomCreated(scope: $s) { id } }`, testkit.Vars{"s": "public"}},
			{`subscription($s: RoomScope) { roomCreated(scope: $s) { id } }`, testkit.Vars{"s": nil}},
			{`subscription { roomCreated(scope: {}) { id } }`, nil},
			{`subscription { roomCreated { id members(after: {}) { nodes { id } } } }`, nil},
		} {
			stream := alice.Subscribe(test.query, test.vars)
			if e := stream.Error(); e.Extensions["code"] != validationFailed {
				t.Errorf("%s: %+v", test.query, e)
			}
			stream.Close()
		}
		alice.Do(`mutation { createRoom(input: {}) { room { id } } }`, nil)
	})
}

// TestNullTakesTheDefault: an input field that has a default takes it for null, as a literal, as a
// variable and inside of one; and the request is the same as one without the field.
func TestNullTakesTheDefault(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		room := alice.Do(`mutation { createRoom(input: {name: null, description: null, memberIds: null, maxUsers: null,
			tags: null, exclusive: null, disconnect: null}) { room { id } } }`, nil).
			Str("createRoom.room.id")
		for i, test := range []struct {
			query string
			vars  testkit.Vars
		}{
			{`mutation($r: ID!) { sendMessage(input: {roomId: $r, contents: "x", idempotencyKey: "k"}) { message { id type } } }`, testkit.Vars{"r": room}},
			{`mutation($r: ID!) { sendMessage(input: {roomId: $r, contents: "x", idempotencyKey: "k", type: null, mentionIds: null}) { message { id type } } }`, testkit.Vars{"r": room}},
			{`mutation($r: ID!, $t: MessageType) { sendMessage(input: {roomId: $r, contents: "x", idempotencyKey: "k", type: $t}) { message { id type } } }`, testkit.Vars{"r": room, "t": nil}},
			{
				`mutation($i: SendMessageInput!) { sendMessage(input: $i) { message { id type } } }`,
				testkit.Vars{"i": testkit.Vars{"roomId": room, "contents": "x", "idempotencyKey": "k", "type": nil, "mentionIds": nil}},
			},
		} {
			message := alice.Do(test.query, test.vars).At("sendMessage.message")
			if got := message.Str("type"); got != "TEXT" {
				t.Errorf("%d: type %q", i, got)
			}
		}
		seqs := alice.Do(
			`query($r: ID!) { roomInfo(roomId: $r) { messages(first: 9) { nodes { seq } } } }`,
			testkit.Vars{"r": room},
		)
		if n := seqs.List("roomInfo.messages.nodes"); len(n) != 1 {
			t.Errorf("%v; want one message: the requests are the same", n)
		}
	})
}

// TestNullVariableInInput: a variable that is null takes the default of the input field that it
// stands for, whatever the field's type.
func TestNullVariableInInput(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		for _, declared := range []string{"", " = null"} {
			room := alice.Do(`mutation($n: String`+declared+`, $d: String, $u: [ID!], $m: Int`+declared+`, $t: [String!], $e: Boolean) {
				createRoom(input: {name: $n, description: $d, memberIds: $u, maxUsers: $m, tags: $t, exclusive: $e, disconnect: $e}) {
					room { name description maxUsers tags exclusive memberCount } } }`,
				testkit.Vars{
					"n": nil,
					"d": nil,
					"u": nil,
					"m": nil,
					"t": nil,
					"e": nil,
				}).
				At("createRoom.room")
			if got := room.String(); got != "map[description: exclusive:false maxUsers:0 memberCount:1 name: tags:[]]" {
				t.Errorf("with null: %s", got)
			}
		}
	})
}

// TestEmptyEnumsAreRepaired: the migration gives rows that an earlier version stored with an empty
// enum value one that the schema has.
func TestEmptyEnumsAreRepaired(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url, driver, source string) {
		alice := testkit.StartOn(t, url).As("alice")
		room := alice.Do(`mutation { createRoom(input: {accessType: PUBLIC}) { room { id } } }`, nil).
			Str("createRoom.room.id")
		alice.Do(
			`mutation($r: ID!) { sendMessage(input: {roomId: $r, contents: "x"}) { message { id } } }`,
			testkit.Vars{"r": room},
		)

		db, err := sql.Open(driver, source)
		if err != nil {
			t.Fatal(err)
		}
		const version = 20261130022000
		for _, statement := range []string{
			"UPDATE rooms SET access_type = ''", "UPDATE messages SET type = ''",
			"DELETE FROM goose_db_version WHERE version_id = " + strconv.Itoa(version),
		} {
			if _, err := db.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		dir, dialect := "postgres", goose.DialectPostgres
		if driver == "sqlite" {
			dir, dialect = "sqlite", goose.DialectSQLite3
		}
		migrations, err := goose.NewProvider(
			dialect,
			db,
			os.DirFS("../internal/store/migrations/"+dir),
			goose.WithDisableGlobalRegistry(true),
		)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := migrations.ApplyVersion(t.Context(), version, true); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		again := testkit.StartOn(t, url).
			As("alice").
			Do(`query($r: ID!) { roomInfo(roomId: $r) { accessType messages(first: 9) { nodes { type } } } }`, testkit.Vars{"r": room})
		if got := again.Str(
			"roomInfo.accessType",
		) + again.Str(
			"roomInfo.messages.nodes.0.type",
		); got != "PRIVATETEXT" {
			t.Errorf("after the migration: %s", got)
		}
	})
}

// TestDefaultsOfTheOperation: a variable that is left out has the default of the operation that is
// executed, also in a fragment that another operation of the document shares.
func TestDefaultsOfTheOperation(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		document := `mutation None($n: String) { ...F } mutation Other($n: String = "other") { ...F }
			fragment F on Mutation { createRoom(input: {name: $n}) { room { name } } }`
		for operation, want := range map[string]string{"None": "", "Other": "other"} {
			body, err := json.Marshal(testkit.Vars{"query": document, "operationName": operation})
			if err != nil {
				t.Fatal(err)
			}
			reply := s.As("alice").Post(body, "application/json")
			if got := reply.Data.Str("createRoom.room.name"); got != want || reply.Code() != "" {
				t.Errorf("%s: name %q, %+v; want %q", operation, got, reply.Errors, want)
			}
		}
	})
}

package graph_test

import (
	"encoding/json"
	"strings"

	"parley/internal/testkit/opgen"
)

// oracleCase is an operation that a server got wrong once, or that is easy to get wrong.
type oracleCase struct {
	// query is the document. If it has an operation Selected, that is the one to execute.
	query     string
	variables string // a JSON object
	valid     bool
}

func (c oracleCase) operation() opgen.Operation {
	o := opgen.Operation{Query: c.query, Variables: json.RawMessage(c.variables)}
	if strings.Contains(c.query, " Selected") {
		o.OperationName = "Selected"
	}
	return o
}

// oracleCases are compared with graphql-js besides the generated operations.
func oracleCases() []oracleCase {
	const (
		valid   = true
		invalid = false
	)
	return []oracleCase{
		// A variable that is left out is null by its default, where null is not allowed.
		{
			`mutation($ban: Boolean = null) { removeMember(roomId: "1", userId: "2", ban: $ban) { userId } }`,
			`{}`,
			invalid,
		},
		{
			`mutation($ban: Boolean = false) { removeMember(roomId: "1", userId: "2", ban: $ban) { userId } }`,
			`{}`,
			valid,
		},
		{
			`mutation($ban: Boolean) { removeMember(roomId: "1", userId: "2", ban: $ban) { userId } }`,
			`{}`,
			valid,
		},
		{
			`query($first: Int = null) { myRooms(first: $first) { nodes { id } } }`,
			`{}`,
			valid,
		},
		// A directive's argument is null or no Boolean.
		{
			`subscription($v: Boolean = false) { roomCreated { id @include(if: $v) } }`,
			`{"v": null}`,
			invalid,
		},
		{
			`subscription($v: Boolean = false) { roomCreated { id @include(if: $v) } }`,
			`{"v": true}`,
			valid,
		},
		{`subscription($v: Boolean = false) { roomCreated { id @include(if: $v) } }`, `{}`, valid},
		{`subscription { roomCreated { id @include(if: {}) } }`, `{}`, invalid},
		{`subscription { roomCreated { id @include(if: []) } }`, `{}`, invalid},
		{`subscription { roomCreated { id @include(if: null) } }`, `{}`, invalid},
		{`subscription { roomCreated { id @include(if: "true") } }`, `{}`, invalid},
		{`subscription { roomCreated { id @include(if: 1) } }`, `{}`, invalid},
		{
			`subscription($v: Boolean = true) { messageAdded(roomId: "1") { id @skip(if: $v) } }`,
			`{"v": null}`,
			invalid,
		},
		{
			`subscription($v: Boolean = true) { messageAdded(roomId: "1") { ...F @include(if: $v) } } fragment F on Message { id }`,
			`{"v": null}`,
			invalid,
		},
		{
			`subscription($v: Boolean = true) { roomEvents(roomId: "1") { __typename ... on MessageAdded { seq @include(if: $v) } } }`,
			`{"v": null}`,
			invalid,
		},
		{`query($v: Boolean = false) { __typename @include(if: $v) }`, `{"v": null}`, invalid},
		{
			`query($v: Boolean = false) { rooms { nodes { id @include(if: $v) } } }`,
			`{"v": null}`,
			invalid,
		},
		{
			`query($v: Boolean = false) { ... @include(if: $v) { me { id } } }`,
			`{"v": null}`,
			invalid,
		},
		{
			`query($v: Boolean = false) { me @skip(if: true) { id @include(if: $v) } }`,
			`{"v": null}`,
			invalid,
		},
		{`query($v: Boolean) { me { id @include(if: $v) } }`, `{"v": true}`, invalid},
		{`query($v: Boolean = null) { me { id @include(if: $v) } }`, `{"v": true}`, invalid},
		{`query($v: Boolean!) { me { id @include(if: $v) } }`, `{}`, invalid},
		{`query($v: Boolean!) { me { id @include(if: $v) } }`, `{"v": "true"}`, invalid},
		{`query($v: Boolean!) { me { id @include(if: $v) } }`, `{"v": {}}`, invalid},
		{`query($v: Boolean!) { me { id @include(if: $v) } }`, `{"v": [true]}`, invalid},

		// {} and [] for a scalar or enum.
		{`{ rooms(search: {}) { nodes { id } } }`, `{}`, invalid},
		{`{ rooms(search: []) { nodes { id } } }`, `{}`, invalid},
		{`{ rooms(search: {a: 1}) { nodes { id } } }`, `{}`, invalid},
		{`{ rooms(first: {}) { nodes { id } } }`, `{}`, invalid},
		{`{ user(id: {}) { id } }`, `{}`, invalid},
		{`{ node(id: {}) { id } }`, `{}`, invalid},
		{`{ __type(name: {}) { name } }`, `{}`, invalid},
		{`{ __type(name: "Room") { name } }`, `{}`, valid},
		{`mutation { createRoom(input: {name: {}}) { room { id } } }`, `{}`, invalid},
		{`mutation { createRoom(input: {accessType: {}}) { room { id } } }`, `{}`, invalid},
		{`mutation { createRoom(input: {tags: {}}) { room { id } } }`, `{}`, invalid},
		{`mutation { createRoom(input: {tags: [{}]}) { room { id } } }`, `{}`, invalid},
		{`mutation { createRoom(input: []) { room { id } } }`, `{}`, invalid},
		{`mutation { createRoom(input: [{}]) { room { id } } }`, `{}`, invalid},
		{`mutation { createRoom(input: "x") { room { id } } }`, `{}`, invalid},
		{`mutation { react(messageId: "1", emoji: {}) { message { id } } }`, `{}`, invalid},
		{
			`mutation { sendMessage(input: {roomId: "1", contents: "x", type: {}}) { message { id } } }`,
			`{}`,
			invalid,
		},
		{`subscription { roomCreated(scope: {}) { id } }`, `{}`, invalid},
		{`subscription { roomCreated { id members(after: {}) { nodes { id } } } }`, `{}`, invalid},
		{`query($v: String = {}) { rooms(search: $v) { nodes { id } } }`, `{}`, invalid},
		{`query($v: RoomScope = {}) { me { id } }`, `{}`, invalid},
		{`query($v: String) { rooms(search: $v) { nodes { id } } }`, `{"v": {}}`, invalid},
		{`query($v: String) { rooms(search: $v) { nodes { id } } }`, `{"v": []}`, invalid},

		// Enum values by their exact names.
		{
			`mutation($a: RoomAccessType) { createRoom(input: {accessType: $a}) { room { id } } }`,
			`{"a": "PUBLIC"}`,
			valid,
		},
		{
			`mutation($a: RoomAccessType) { createRoom(input: {accessType: $a}) { room { id } } }`,
			`{"a": "public"}`,
			invalid,
		},
		{
			`mutation($a: RoomAccessType) { createRoom(input: {accessType: $a}) { room { id } } }`,
			`{"a": "bogus"}`,
			invalid,
		},
		{
			`mutation($a: RoomAccessType) { createRoom(input: {accessType: $a}) { room { id } } }`,
			`{"a": ""}`,
			invalid,
		},
		{
			`mutation($a: RoomAccessType) { createRoom(input: {accessType: $a}) { room { id } } }`,
			`{"a": 0}`,
			invalid,
		},
		{
			`mutation($a: RoomAccessType) { createRoom(input: {accessType: $a}) { room { id } } }`,
			`{"a": ["PUBLIC"]}`,
			invalid,
		},
		{
			`mutation($a: RoomAccessType) { createRoom(input: {accessType: $a}) { room { id } } }`,
			`{"a": null}`,
			valid,
		},
		{
			`mutation($i: CreateRoomInput!) { createRoom(input: $i) { room { id } } }`,
			`{"i": {"accessType": "Public"}}`,
			invalid,
		},
		{`mutation { createRoom(input: {accessType: public}) { room { id } } }`, `{}`, invalid},
		{`mutation { createRoom(input: {accessType: "PUBLIC"}) { room { id } } }`, `{}`, invalid},
		{
			`mutation($t: MessageType!) { sendMessage(input: {roomId: "1", contents: "{", type: $t}) { message { id } } }`,
			`{"t": "card"}`,
			invalid,
		},
		{
			`mutation($r: RoomRole!) { setMemberRole(roomId: "1", userId: "bob", role: $r) { member { role } } }`,
			`{"r": "moderator"}`,
			invalid,
		},
		{
			`subscription($s: RoomScope!) { roomCreated(scope: $s) { id } }`,
			`{"s": "public"}`,
			invalid,
		},
		{
			`subscription($s: RoomScope!) { roomCreated(scope: $s) { id } }`,
			`{"s": "PUBLIC"}`,
			valid,
		},
		{`query($v: RoomScope = public) { me { id } }`, `{}`, invalid},

		// Null in a place that has a default.
		{
			`mutation($b: Boolean) { removeMember(roomId: "1", userId: "bob", ban: $b) { userId } }`,
			`{"b": null}`,
			invalid,
		},
		{
			`mutation($b: Boolean) { removeMember(roomId: "1", userId: "bob", ban: $b) { userId } }`,
			`{}`,
			valid,
		},
		{
			`mutation($b: Boolean) { removeMember(roomId: "1", userId: "bob", ban: $b) { userId } }`,
			`{"b": true}`,
			valid,
		},
		{
			`mutation($i: CreateRoomInput = {name: "d"}) { createRoom(input: $i) { room { name } } }`,
			`{"i": null}`,
			invalid,
		},
		{
			`mutation($i: CreateRoomInput = {name: "d"}) { createRoom(input: $i) { room { name } } }`,
			`{}`,
			valid,
		},
		{
			`mutation($o: Boolean, $m: ID!) { react(messageId: $m, emoji: "x", on: $o) { message { id } } }`,
			`{"m": "1", "o": null}`,
			invalid,
		},
		{
			`query($t: Boolean) { roomInfo(roomId: "1") { messages(inThreads: $t) { nodes { seq } } } }`,
			`{"t": null}`,
			invalid,
		},
		{
			`query($t: Boolean) { roomInfo(roomId: "1") { messages(inThreads: $t) { nodes { seq @include(if: true) } } } }`,
			`{"t": null}`,
			invalid,
		},
		{
			`query($t: Boolean) { roomInfo(roomId: "1") @skip(if: true) { messages(inThreads: $t) { nodes { seq } } } }`,
			`{"t": null}`,
			invalid,
		},
		{
			`query($t: Boolean) { roomInfo(roomId: "1") { ...F } } fragment F on Room { messages(inThreads: $t) { nodes { seq } } }`,
			`{"t": null}`,
			invalid,
		},
		{`subscription($s: RoomScope) { roomCreated(scope: $s) { id } }`, `{"s": null}`, invalid},
		{`subscription($s: RoomScope) { roomCreated(scope: $s) { id } }`, `{}`, valid},
		{`subscription { roomCreated(scope: null) { id } }`, `{}`, invalid},
		{`mutation { sendMessage(input: null) { message { id } } }`, `{}`, invalid},
		{`mutation { addMembers(roomId: "1", userIds: [null]) { room { id } } }`, `{}`, invalid},
		{
			`mutation($u: ID = "a") { addMembers(roomId: "1", userIds: [$u]) { room { id } } }`,
			`{"u": null}`,
			invalid,
		},
		{
			`mutation($u: ID = "a") { addMembers(roomId: "1", userIds: [$u]) { room { id } } }`,
			`{}`,
			valid,
		},
		{
			`mutation($u: ID) { addMembers(roomId: "1", userIds: [$u]) { room { id } } }`,
			`{"u": "a"}`,
			invalid,
		},
		{
			`mutation($u: [ID!]!) { addMembers(roomId: "1", userIds: $u) { room { id } } }`,
			`{"u": [null]}`,
			invalid,
		},
		{
			`mutation($u: [ID]!) { addMembers(roomId: "1", userIds: $u) { room { id } } }`,
			`{"u": ["a"]}`,
			invalid,
		},
		{
			`mutation($u: [ID!] = []) { addMembers(roomId: "1", userIds: $u) { room { id } } }`,
			`{"u": null}`,
			invalid,
		},
		{
			`mutation($u: ID!) { addMembers(roomId: "1", userIds: $u) { room { id } } }`,
			`{"u": "a"}`,
			invalid,
		},
		{
			`mutation($i: UpdateRoomInput!) { updateRoom(input: $i) { room { id } } }`,
			`{"i": {"roomId": null}}`,
			invalid,
		},
		{
			`mutation($i: UpdateRoomInput!) { updateRoom(input: $i) { room { id } } }`,
			`{"i": {"roomId": "1", "tags": [null]}}`,
			invalid,
		},
		{
			`mutation($i: UpdateRoomInput!) { updateRoom(input: $i) { room { id } } }`,
			`{"i": {"roomId": "1", "tags": null, "name": null}}`,
			valid,
		},

		// Values that do not fit, beside a mutation that does.
		{
			`mutation($i: CreateRoomInput!) { sendMessage(input: {roomId: "1", contents: "x"}) { message { seq } } createRoom(input: $i) { room { id } } }`,
			`{"i": {"maxUsers": "3"}}`,
			invalid,
		},
		{
			`mutation($i: CreateRoomInput!) { sendMessage(input: {roomId: "1", contents: "x"}) { message { seq } } createRoom(input: $i) { room { id } } }`,
			`{"i": {"maxUsers": 2147483648}}`,
			invalid,
		},
		{
			`mutation($i: CreateRoomInput!) { createRoom(input: $i) { room { id } } }`,
			`{"i": {"maxUsers": 1.5}}`,
			invalid,
		},
		{
			`mutation($i: CreateRoomInput!) { createRoom(input: $i) { room { id } } }`,
			`{"i": {"maxUsers": 1.0}}`,
			valid,
		},
		{
			`mutation($i: CreateRoomInput!) { createRoom(input: $i) { room { id } } }`,
			`{"i": {"maxUsers": 1e3}}`,
			valid,
		},
		{
			`mutation($i: CreateRoomInput!) { createRoom(input: $i) { room { id } } }`,
			`{"i": {"maxUsers": true}}`,
			invalid,
		},
		{
			`mutation($i: CreateRoomInput!) { createRoom(input: $i) { room { id } } }`,
			`{"i": {"name": 5}}`,
			invalid,
		},
		{
			`mutation($i: CreateRoomInput!) { createRoom(input: $i) { room { id } } }`,
			`{"i": {"name": {}}}`,
			invalid,
		},
		{
			`mutation($i: CreateRoomInput!) { createRoom(input: $i) { room { id } } }`,
			`{"i": {"tags": "one"}}`,
			valid,
		},
		{
			`mutation($i: CreateRoomInput!) { createRoom(input: $i) { room { id } } }`,
			`{"i": {"tags": ["one", 2]}}`,
			invalid,
		},
		{
			`mutation($i: CreateRoomInput!) { createRoom(input: $i) { room { id } } }`,
			`{"i": {"tags": [["one"]]}}`,
			invalid,
		},
		{
			`mutation($i: CreateRoomInput!) { createRoom(input: $i) { room { id } } }`,
			`{"i": {"memberIds": [1, "b"]}}`,
			valid,
		},
		{
			`mutation($i: CreateRoomInput!) { createRoom(input: $i) { room { id } } }`,
			`{"i": {"memberIds": [1.5]}}`,
			invalid,
		},
		{
			`mutation($i: CreateRoomInput!) { createRoom(input: $i) { room { id } } }`,
			`{"i": {"memberIds": [true]}}`,
			invalid,
		},
		{
			`mutation($i: CreateRoomInput!) { createRoom(input: $i) { room { id } } }`,
			`{"i": {"nothing": 1}}`,
			invalid,
		},
		{
			`mutation($i: CreateRoomInput!) { createRoom(input: $i) { room { id } } }`,
			`{"i": {"nothing": null}}`,
			invalid,
		},
		{
			`mutation($i: CreateRoomInput!) { createRoom(input: $i) { room { id } } }`,
			`{"i": {"__typename": "CreateRoomInput"}}`,
			invalid,
		},
		{
			`mutation($i: CreateRoomInput!) { createRoom(input: $i) { room { id } } }`,
			`{"i": []}`,
			invalid,
		},
		{
			`mutation($i: CreateRoomInput!) { createRoom(input: $i) { room { id } } }`,
			`{"i": [{}]}`,
			invalid,
		},
		{
			`mutation($i: CreateRoomInput!) { createRoom(input: $i) { room { id } } }`,
			`{"i": "x"}`,
			invalid,
		},
		{
			`mutation($i: CreateRoomInput!) { createRoom(input: $i) { room { id } } }`,
			`{"i": {"openseaCollection": {"name": "x"}}}`,
			invalid,
		},
		{
			`mutation($i: CreateRoomInput!) { createRoom(input: $i) { room { id } } }`,
			`{"i": {"openseaCollection": {"name": "x", "slug": "y"}}}`,
			valid,
		},
		{
			`mutation { createRoom(input: {openseaCollection: {name: "x"}}) { room { id } } }`,
			`{}`,
			invalid,
		},
		{`mutation { createRoom(input: {nothing: 1}) { room { id } } }`, `{}`, invalid},
		{`mutation { createRoom(input: {__typename: "x"}) { room { id } } }`, `{}`, invalid},
		{`mutation { createRoom(input: {name: "a", name: "a"}) { room { id } } }`, `{}`, invalid},
		{`mutation($n: String!) { createRoom(input: {name: $n}) { room { id } } }`, `{}`, invalid},
		{`mutation($n: String) { createRoom(input: {name: $n}) { room { id } } }`, `{}`, valid},
		{
			`mutation($n: String) { createRoom(input: {openseaCollection: {name: $n, slug: "x"}}) { room { id } } }`,
			`{"n": "x"}`,
			invalid,
		},
		{
			`mutation($n: String = "x") { createRoom(input: {openseaCollection: {name: $n, slug: "x"}}) { room { id } } }`,
			`{"n": null}`,
			invalid,
		},
		{
			`mutation($n: String = "x") { createRoom(input: {openseaCollection: {name: $n, slug: "x"}}) { room { id } } }`,
			`{}`,
			valid,
		},

		// Numbers.
		{`query($n: Int) { rooms(first: $n) { nodes { id } } }`, `{"n": "5"}`, invalid},
		{`query($n: Int) { rooms(first: $n) { nodes { id } } }`, `{"n": 5.0}`, valid},
		{`query($n: Int) { rooms(first: $n) { nodes { id } } }`, `{"n": 5e0}`, valid},
		{`query($n: Int) { rooms(first: $n) { nodes { id } } }`, `{"n": -0}`, valid},
		{`query($n: Int) { rooms(first: $n) { nodes { id } } }`, `{"n": 2147483647}`, valid},
		{`query($n: Int) { rooms(first: $n) { nodes { id } } }`, `{"n": 2147483648}`, invalid},
		{`query($n: Int) { rooms(first: $n) { nodes { id } } }`, `{"n": -2147483649}`, invalid},
		{`query($n: Int) { rooms(first: $n) { nodes { id } } }`, `{"n": 1e400}`, invalid},
		{
			`query($n: Int) { rooms(first: $n) { nodes { id } } }`,
			`{"n": 12345678901234567890}`,
			invalid,
		},
		{`{ rooms(first: 2147483647) { nodes { id } } }`, `{}`, valid},
		{`{ rooms(first: 2147483648) { nodes { id } } }`, `{}`, invalid},
		{`{ rooms(first: -2147483649) { nodes { id } } }`, `{}`, invalid},
		{`{ rooms(first: 9223372036854775808) { nodes { id } } }`, `{}`, invalid},
		{`{ roomInfo(roomId: 9223372036854775808) { id } }`, `{}`, valid},
		{
			`mutation { addMembers(roomId: "x", userIds: 9223372036854775808) { room { id } } }`,
			`{}`, valid,
		},
		{`{ rooms(first: 1.0) { nodes { id } } }`, `{}`, invalid},
		{`{ rooms(first: 1e3) { nodes { id } } }`, `{}`, invalid},
		{`{ rooms(first: "1") { nodes { id } } }`, `{}`, invalid},
		{`query($n: Int = 2147483648) { rooms(first: $n) { nodes { id } } }`, `{"n": 1}`, invalid},
		{`query($n: Int = 1.0) { rooms(first: $n) { nodes { id } } }`, `{"n": 1}`, invalid},
		{`{ user(id: 5) { id } }`, `{}`, valid},
		{`{ user(id: 12345678901234567890123) { id } }`, `{}`, valid},
		{`{ user(id: 5.0) { id } }`, `{}`, invalid},
		{`{ user(id: true) { id } }`, `{}`, invalid},
		{`{ user(id: a) { id } }`, `{}`, invalid},
		{`query($i: ID!) { user(id: $i) { id } }`, `{"i": 5}`, valid},
		{`query($i: ID!) { user(id: $i) { id } }`, `{"i": 5.0}`, valid},
		{`query($i: ID!) { user(id: $i) { id } }`, `{"i": 5.5}`, invalid},
		{`query($i: ID!) { user(id: $i) { id } }`, `{"i": 9007199254740993}`, valid},
		{`query($i: ID!) { user(id: $i) { id } }`, `{"i": 12345678901234567890}`, valid},
		{`query($i: ID!) { user(id: $i) { id } }`, `{"i": {}}`, invalid},
		{`query($s: String) { rooms(search: $s) { nodes { id } } }`, `{"s": 5}`, invalid},
		{`{ rooms(search: 5) { nodes { id } } }`, `{}`, invalid},
		{`{ rooms(search: x) { nodes { id } } }`, `{}`, invalid},
		{`{ rooms(search: true) { nodes { id } } }`, `{}`, invalid},

		// Half a surrogate pair.
		{
			`mutation { sendMessage(input: {roomId: "1", contents: "a\uD83D b"}) { message { contents } } }`,
			`{}`,
			invalid,
		},
		{
			`mutation { sendMessage(input: {roomId: "1", contents: "a\uDE00 b"}) { message { contents } } }`,
			`{}`,
			invalid,
		},
		{
			`mutation { sendMessage(input: {roomId: "1", contents: "a\uDE00\uD83D b"}) { message { contents } } }`,
			`{}`,
			invalid,
		},
		{
			`mutation { sendMessage(input: {roomId: "1", contents: "a\uD83D\u{DE00}"}) { message { contents } } }`,
			`{}`,
			invalid,
		},
		{
			`mutation { sendMessage(input: {roomId: "1", contents: "a\uD83D\\uDE00"}) { message { contents } } }`,
			`{}`,
			invalid,
		},
		{
			`mutation { sendMessage(input: {roomId: "1", contents: "a\u{D83D}"}) { message { contents } } }`,
			`{}`,
			invalid,
		},
		{
			`mutation { sendMessage(input: {roomId: "1", contents: "a\uD83D\uDE00 \u{1F600}"}) { message { contents } } }`,
			`{}`,
			valid,
		},
		{
			`mutation { sendMessage(input: {roomId: "1", contents: "a\\uD83D b"}) { message { contents } } }`,
			`{}`,
			valid,
		},
		{
			`mutation { sendMessage(input: {roomId: "1", contents: """a\uD83D b"""}) { message { contents } } }`,
			`{}`,
			valid,
		},
		{`query($s: String = "\uD83D") { rooms(search: $s) { nodes { id } } }`, `{}`, invalid},
		{
			`query($s: String) { rooms(search: $s) { nodes { id } } }`,
			`{"s": "party \ud83c"}`,
			valid,
		}, // see exceptions
		{
			`query($s: String) { rooms(search: $s) { nodes { id } } }`,
			`{"s": "party \ud83c\udf89"}`,
			valid,
		},
		{`{ me { id } }`, `{"s": "party \ud83c"}`, valid}, // see exceptions

		// Variables.
		{`query($v: Int) { me { id } }`, `{}`, invalid},
		{`query { rooms(first: $v) { nodes { id } } }`, `{"v": 1}`, invalid},
		{`query($v: Int, $v: Int) { rooms(first: $v) { nodes { id } } }`, `{}`, invalid},
		{`query($v: Nothing) { rooms(first: $v) { nodes { id } } }`, `{}`, invalid},
		{`query($v: Room) { rooms(first: $v) { nodes { id } } }`, `{}`, invalid},
		{`query($v: String) { rooms(first: $v) { nodes { id } } }`, `{}`, invalid},
		{`query($v: [Int]) { rooms(first: $v) { nodes { id } } }`, `{}`, invalid},
		{`query($v: Time) { rooms(search: $v) { nodes { id } } }`, `{}`, invalid},
		{`query($v: Int!) { rooms(first: $v) { nodes { id } } }`, `{"v": 1}`, valid},
		{`query($v: Int! = 3) { rooms(first: $v) { nodes { id } } }`, `{}`, valid},
		{`query($v: Int! = 3) { rooms(first: $v) { nodes { id } } }`, `{"v": null}`, invalid},
		{`query($v: Int! = null) { rooms(first: $v) { nodes { id } } }`, `{"v": 1}`, invalid},
		{`query($v: Int = "3") { rooms(first: $v) { nodes { id } } }`, `{"v": 1}`, invalid},
		{`query($v: Int = $w, $w: Int) { rooms(first: $v) { nodes { id } } }`, `{}`, invalid},
		{`query($v: [String!] = "a") { me { id } }`, `{}`, invalid},
		{
			`mutation($v: [String!] = "a") { updateRoom(input: {roomId: "1", tags: $v}) { room { id } } }`,
			`{}`,
			valid,
		},
		{
			`mutation($v: [String!] = [["a"]]) { updateRoom(input: {roomId: "1", tags: $v}) { room { id } } }`,
			`{}`,
			invalid,
		},
		{`query($v: Int @include(if: true)) { rooms(first: $v) { nodes { id } } }`, `{}`, invalid},
		{`query($v: Boolean = true @skip(if: $v)) { me { id } }`, `{}`, invalid},
		{
			`query A($v: Int) { rooms(first: $v) { ...F } } fragment F on RoomConnection { nodes { id } }`,
			`{"v": 1}`,
			valid,
		},
		{
			`query($v: Int) { ...F } fragment F on Query { rooms(search: $v) { nodes { id } } }`,
			`{}`,
			invalid,
		},
		{
			`query { ...F } fragment F on Query { rooms(search: $v) { nodes { id } } }`,
			`{}`,
			invalid,
		},
		{
			`query A($v: Int) { ...F } query B { ...F } fragment F on Query { rooms(first: $v) { nodes { id } } }`,
			`{}`,
			invalid,
		},
		{`{ me { id } }`, `{"undeclared": {"a": [1, null]}}`, valid},

		// Arguments.
		{`{ roomInfo { id } }`, `{}`, invalid},
		{`{ roomInfo(roomId: "1", nothing: 1) { id } }`, `{}`, invalid},
		{`{ roomInfo(roomId: "1", roomId: "1") { id } }`, `{}`, invalid},
		{`{ me() { id } }`, `{}`, invalid},
		{`{ me { id(a: 1) } }`, `{}`, invalid},
		{`{ me { __typename(a: 1) } }`, `{}`, invalid},
		{`mutation { addMembers(roomId: "1", userIds: "a") { room { id } } }`, `{}`, valid},
		{`mutation { addMembers(roomId: "1", userIds: [["a"]]) { room { id } } }`, `{}`, invalid},
		{`mutation { upsertUsers(users: {id: "a", profile: {}}) { users { id } } }`, `{}`, valid},
		{
			`mutation { upsertUsers(users: [{id: "a", profile: null}]) { users { id } } }`,
			`{}`,
			invalid,
		},
		{`mutation { upsertUsers(users: [{id: "a"}]) { users { id } } }`, `{}`, invalid},

		// Subscriptions have one root field.
		{`subscription { a: roomCreated { id } b: roomCreated { id } }`, `{}`, invalid},
		{`subscription { roomCreated { id } roomCreated { name } }`, `{}`, valid},
		{`subscription { roomCreated { id } myRoomsChanged { kind } }`, `{}`, invalid},
		{
			`subscription { ...F } fragment F on Subscription { roomCreated { id } myRoomsChanged { kind } }`,
			`{}`,
			invalid,
		},
		{
			`subscription { ... { roomCreated { id } } ... on Subscription { roomCreated { id } } }`,
			`{}`,
			valid,
		},
		{`subscription { roomCreated { id } __typename }`, `{}`, invalid},
		{`subscription { __typename }`, `{}`, invalid},
		{
			`subscription($v: Boolean!) { roomCreated @skip(if: $v) { id } }`,
			`{"v": false}`,
			invalid,
		},
		{
			`subscription($v: Boolean!) { ... @include(if: $v) { roomCreated { id } } }`,
			`{"v": true}`,
			invalid,
		},
		{`subscription A { roomCreated { id } } query B { me { id } }`, `{}`, invalid},

		// Selections and fragments.
		{`{ me }`, `{}`, invalid},
		{`{ me { id { x } } }`, `{}`, invalid},
		{`{ me { } }`, `{}`, invalid},
		{`{ me { nothing } }`, `{}`, invalid},
		{`{ node(id: "1") { name } }`, `{}`, invalid},
		{`{ node(id: "1") { ... on Room { name } ... on User { nickName } } }`, `{}`, valid},
		{`{ node(id: "1") { ... on PageInfo { hasNextPage } } }`, `{}`, invalid},
		{`{ node(id: "1") { ... on RoomEvent { seq } } }`, `{}`, invalid},
		{`{ me { ... on Node { id } ... on Room { id } } }`, `{}`, invalid},
		{`{ me { ... on String { id } } }`, `{}`, invalid},
		{`{ me { ... on UserInput { id } } }`, `{}`, invalid},
		{`{ me { ... on Nothing { id } } }`, `{}`, invalid},
		{`{ me { ...F } }`, `{}`, invalid},
		{`{ me { id } } fragment F on User { id }`, `{}`, invalid},
		{`{ me { ...F } } fragment F on User { id } fragment F on User { id }`, `{}`, invalid},
		{`{ me { ...F } } fragment F on User { ...F }`, `{}`, invalid},
		{`{ me { ...F } } fragment F on User { ...G } fragment G on User { ...F }`, `{}`, invalid},
		{`{ me { ...F } } fragment F on User { ... { ...F } }`, `{}`, invalid},
		{`{ me { ...on } } fragment on on User { id }`, `{}`, invalid},
		{`{ me { ...F } } fragment F($x: Int) on User { id }`, `{}`, invalid},
		{`{ me { ...F } } fragment F($x: Int = 3) on User { id }`, `{}`, invalid},
		{`{ me { id @skip(if: false) @skip(if: false) } }`, `{}`, invalid},
		{`{ me { id @skip } }`, `{}`, invalid},
		{`{ me { id @nothing } }`, `{}`, invalid},
		{`{ me { id @viewer } }`, `{}`, invalid},
		{`{ me { id @deprecated } }`, `{}`, invalid},
		{`{ me { ... @defer { id } } }`, `{}`, invalid},
		{`query @skip(if: false) { me { id } }`, `{}`, invalid},
		{`{ me { ...F } } fragment F on User @include(if: true) { id }`, `{}`, invalid},

		// Fields of one name.
		{`{ a: me { id } a: user(id: "1") { id } }`, `{}`, invalid},
		{`{ user(id: "1") { id } user(id: "2") { id } }`, `{}`, invalid},
		{`{ user(id: "1") { id } user(id: "1") { nickName } }`, `{}`, valid},
		{`{ user(id: "1") { id } user(id: 1) { nickName } }`, `{}`, invalid},
		{`{ user(id: "1") { id } user(id: """1""") { nickName } }`, `{}`, invalid},
		{
			`query($a: ID!, $b: ID!) { user(id: $a) { id } user(id: $b) { id } }`,
			`{"a": "1", "b": "1"}`,
			invalid,
		},
		{
			`{ rooms(first: 1, tag: "a") { nodes { id } } rooms(tag: "a", first: 1) { nodes { name } } }`,
			`{}`,
			valid,
		},
		{`{ rooms(first: 1) { nodes { id } } rooms { nodes { name } } }`, `{}`, invalid},
		{`{ me { a: id a: nickName } }`, `{}`, invalid},
		{`{ node(id: "1") { ... on Room { a: name } ... on User { a: nickName } } }`, `{}`, valid},
		{
			`{ node(id: "1") { ... on Room { a: name } ... on User { a: twitter { username } } } }`,
			`{}`,
			invalid,
		},
		{
			`{ node(id: "1") { ... on Room { a: openseaCollection { name } } ... on User { a: twitter { name: username } } } }`,
			`{}`,
			invalid,
		},
		{
			`{ node(id: "1") { ... on Room { a: creator { name: id } } ... on User { a: twitter { name: username } } } }`,
			`{}`,
			invalid,
		},
		{
			`{ node(id: "1") { ... on Room { a: creator { name: nickName } } ... on User { a: twitter { name: username } } } }`,
			`{}`,
			valid,
		},
		{
			`{ node(id: "1") { ... on Room { a: seq } ... on Message { a: replyCount } ... on User { a: id } } }`,
			`{}`,
			invalid,
		},
		{
			`{ node(id: "1") { ... on Room { a: tags } ... on Message { a: contents } } }`,
			`{}`,
			invalid,
		},
		{
			`{ node(id: "1") { ... on Room { a: viewerRole } ... on Message { a: type } } }`,
			`{}`,
			invalid,
		},
		{
			`{ node(id: "1") { ... on Room { a: joinKey } ... on Message { a: contents } } }`,
			`{}`,
			invalid,
		},
		{
			`{ me { twitter { a: username } ...F } } fragment F on User { twitter { a: avatar } }`,
			`{}`,
			invalid,
		},

		// Several operations, which share fragments.
		{
			`query Selected($v: Int) { ...F } query B($v: Int!) { ...F } fragment F on Query { rooms(first: $v) { nodes { id } } }`,
			`{}`,
			valid,
		},
		{
			`query A($v: Int) { ...F } query Selected($v: Int!) { ...F } fragment F on Query { rooms(first: $v) { nodes { id } } }`,
			`{}`,
			invalid,
		},
		{
			`query Selected($v: Int) { ...F } query B($v: String) { ...F } fragment F on Query { rooms(first: $v) { nodes { id } } }`,
			`{}`,
			invalid,
		},
		{
			`query Selected($v: Boolean!) { ...F } query B($v: Boolean = true) { ...F } fragment F on Query { me { id @skip(if: $v) } }`,
			`{}`,
			invalid,
		},
		{
			`query B($v: Boolean!) { ...F } query Selected($v: Boolean = true) { ...F } fragment F on Query { me { id @skip(if: $v) } }`,
			`{}`,
			valid,
		},
		{
			`query B($v: Boolean!) { ...F } query Selected($v: Boolean = true) { ...F } fragment F on Query { me { id @skip(if: $v) } }`,
			`{"v": null}`,
			invalid,
		},
		{
			`query Selected($v: Boolean = true) { ...F } query B($v: Boolean!) { ...F } fragment F on Query { me { id @skip(if: $v) } }`,
			`{"v": null}`,
			invalid,
		},
		{
			`query Selected { me { id } } query B($v: Boolean = true) { me { id @skip(if: $v) } }`,
			`{"v": null}`,
			valid,
		},
		{
			`query Selected { me { id } } query B { rooms(first: "1") { nodes { id } } }`,
			`{}`,
			invalid,
		},
		{
			`query Selected { me { id } } query B($v: Boolean!) { me { id @skip(if: $v) } }`,
			`{}`,
			valid,
		},
		{
			`query Selected { me { id } } subscription B { roomCreated { id } myRoomsChanged { kind } }`,
			`{}`,
			invalid,
		},
		{
			`query Selected { me { id } } mutation B($n: String) { ...F } fragment F on Mutation { createRoom(input: {name: $n}) { room { id } } }`,
			`{}`,
			valid,
		},
		{
			`mutation Selected($n: String) { ...F } mutation B($n: String = "x") { ...F } fragment F on Mutation { createRoom(input: {openseaCollection: {name: $n, slug: "s"}}) { room { id } } }`,
			`{"n": "x"}`,
			invalid,
		},
		{`query A { me { id } } query B { me { id } } # Selected`, `{}`, invalid},

		// Documents.
		{`{ me { id } } { me { id } }`, `{}`, invalid},
		{`{ me { id } } query A { me { id } }`, `{}`, invalid},
		{
			`query A { me { id } } query B { me { id } }`,
			`{}`,
			invalid,
		}, // without a name, which is executed?
		{`query A { me { id } } query A { me { id } }`, `{}`, invalid},
		{`query A { me { id } }`, `{}`, valid},
		{`fragment F on User { id }`, `{}`, invalid},
		{` `, `{}`, invalid},
		{`# nothing`, `{}`, invalid},
		{`{ me { id } } type X { a: Int }`, `{}`, invalid},
		{`{ me { id } } }`, `{}`, invalid},
		{`{ me { id }`, `{}`, invalid},
		{`query query { me { id } }`, `{}`, valid},
		{`query on { me { id } }`, `{}`, valid},
		{`query() { me { id } }`, `{}`, invalid},
		{`"A description." query A { me { id } }`, `{}`, valid},
		{`"A description." { me { id } }`, `{}`, invalid},
		{`query("A description." $v: Int) { rooms(first: $v) { nodes { id } } }`, `{}`, valid},
		{`{ me { ...F } } "A description." fragment F on User { id }`, `{}`, valid},
		{"\ufeff{ me \ufeff{ id } }", `{}`, valid},
		{"{ me\u00a0{ id } }", `{}`, invalid},
		{"{ me { id } } # \u0000", `{}`, valid},
		{"{ me { id } } # \u0007", `{}`, valid},
		{"{ me { id } } # \u007f 🎉", `{}`, valid},
		{"{ me { id } }\u0000", `{}`, invalid},
		{"{ rooms(search: \"\u0007\") { nodes { id } } }", `{}`, valid},
		{"{ rooms(search: \"\u007f\") { nodes { id } } }", `{}`, valid},
		{"{ rooms(search: \"\u2028\") { nodes { id } } }", `{}`, valid},
		{"{ rooms(search: \"\n\") { nodes { id } } }", `{}`, invalid},
		{"{ rooms(search: \"\"\"\u0007\"\"\") { nodes { id } } }", `{}`, valid},
		{`{ rooms(search: "\x") { nodes { id } } }`, `{}`, invalid},
		{`{ rooms(search: "\u12") { nodes { id } } }`, `{}`, invalid},
		{`{ rooms(search: "\u00zz") { nodes { id } } }`, `{}`, invalid},
		{`{ rooms(search: "\u{}") { nodes { id } } }`, `{}`, invalid},
		{`{ rooms(search: "\u{110000}") { nodes { id } } }`, `{}`, invalid},
		{`{ rooms(search: "\u{000041}") { nodes { id } } }`, `{}`, valid},
		{`{ rooms(search: """a""") { nodes { id } } }`, `{}`, valid},
		{`{ rooms(search: """a"""") { nodes { id } } }`, `{}`, invalid},
		{`{ rooms(search: """"a""") { nodes { id } } }`, `{}`, valid},
		{`{ rooms(search: """a""b\"""c""") { nodes { id } } }`, `{}`, valid},
		{`{ rooms(search: 'a') { nodes { id } } }`, `{}`, invalid},
		{`{ rooms(first: 01) { nodes { id } } }`, `{}`, invalid},
		{`{ rooms(first: -01) { nodes { id } } }`, `{}`, invalid},
		{`{ rooms(first: -) { nodes { id } } }`, `{}`, invalid},
		{`{ rooms(first: 1search: "a") { nodes { id } } }`, `{}`, invalid},
		{`{ rooms(first: 1_search: "a") { nodes { id } } }`, `{}`, invalid},
		{`mutation { addMembers(roomId: "1", userIds: [1.5.2]) { room { id } } }`, `{}`, invalid},
		{`mutation { addMembers(roomId: "1", userIds: [1"a"]) { room { id } } }`, `{}`, valid},
		{`{ me { id .. on User { id } } }`, `{}`, invalid},
		{`{ me { id & nickName } }`, `{}`, invalid},
		{`{ me { id | nickName } }`, `{}`, invalid},
		{`{,me,{,id,},}`, `{}`, valid},
		{`{ true: me { null: id false: nickName } }`, `{}`, valid},
		{`{ __schema { types { fields { type { fields { name } } } } } }`, `{}`, valid},
		{
			`{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }`,
			`{}`,
			invalid,
		},
		{
			`{ __schema { description types { kind specifiedByURL isOneOf fields(includeDeprecated: true) { args(includeDeprecated: true) { isDeprecated deprecationReason } }
			inputFields(includeDeprecated: true) { defaultValue } enumValues(includeDeprecated: true) { name } } directives { isRepeatable locations args(includeDeprecated: true) { name } } } }`,
			`{}`,
			valid,
		},
		{`{ __type(name: "Room") { fields(includeDeprecated: "true") { name } } }`, `{}`, invalid},
		{
			`query($d: Boolean) { __type(name: "Room") { fields(includeDeprecated: $d) { name } } }`,
			`{}`,
			valid,
		},
		{`{ me { __schema { queryType { name } } } }`, `{}`, invalid},
		{`mutation { __schema { queryType { name } } }`, `{}`, invalid},
		{`mutation { __typename }`, `{}`, valid},
		{`{ __type { name } }`, `{}`, invalid},
	}
}

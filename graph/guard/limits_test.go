package guard_test

import (
	"fmt"
	"strings"
	"testing"

	"parley/internal/config"
	"parley/internal/testkit"
)

func TestLimits(t *testing.T) {
	var aliases, bomb strings.Builder
	for i := range 300 {
		fmt.Fprintf(&aliases, "a%d: id ", i)
	}
	bomb.WriteString("query { me { ...f0 } } ")
	for i := range 40 { // 2^40 fields, if it were written out
		fmt.Fprintf(&bomb, "fragment f%d on User { ...f%d ...f%d } ", i, i+1, i+1)
	}
	bomb.WriteString("fragment f40 on User { id }")
	s := testkit.Start(t, "sqlite3")
	alice := s.As("alice")
	for name, query := range map[string]string{
		"aliases":    "{ me {" + aliases.String() + "} }",
		"long alias": "{ ...f } fragment f on Query { me { " + strings.Repeat("a", 101) + ": id } }",
		"fragments":  bomb.String(),
		"threads":    `{ myRooms(first: 50) { nodes { messages(last: 50) { nodes { replies { nodes { id } } } } } } }`,
		"complexity": `{ myRooms(first: 100) { nodes { members(first: 100) { nodes { id nickName avatar } } } } }`,
	} {
		statements := s.Statements(func() { alice.Refused("TOO_COMPLEX", query, nil) })
		if len(statements) > 0 {
			t.Errorf("%s: the database was asked: %v", name, statements)
		}
	}
	alice.Do(
		`{ myRooms(first: 50) { nodes { members { nodes { id nickName } } creator { nickName } } } }`,
		nil,
	)

	shallow := testkit.Start(t, "sqlite3", func(cfg *config.Config) { cfg.MaxDepth = 3 })
	bob := shallow.As("bob")
	bob.Refused("TOO_COMPLEX", `{ myRooms { nodes { members { nodes { id } } } } }`, nil)
	bob.Refused(
		"TOO_COMPLEX",
		`{ myRooms { ...f } } fragment f on RoomConnection { nodes { creator { id } } }`,
		nil,
	)
	bob.Do(`{ myRooms { nodes { id } } }`, nil)
}

// TestLargeAnswers: what has no page counts by how much of it there may be, also where that is in a
// variable, and long texts count as such.
func TestLargeAnswers(t *testing.T) {
	s := testkit.Start(t, "sqlite3")
	alice := s.As("alice")
	room := alice.Do(createRoom, nil).Str("createRoom.room.id")
	many := func(n int, what string) string {
		var text strings.Builder
		for i := range n {
			fmt.Fprintf(&text, " a%d: %s", i, what)
		}
		return text.String()
	}
	vars := testkit.Vars{"room": room, "people": []string{"alice"}}
	everybody := testkit.Vars{"room": room, "people": make([]string, 1000)}
	messages := func(what string) string {
		return `query($room: ID!) { roomInfo(roomId: $room) { messages(first: 100) { nodes { ` + what + ` } } } }`
	}
	add := func(n int) string {
		return `mutation($room: ID!, $people: [ID!]!) {` + many(
			n,
			`addMembers(roomId: $room, userIds: $people) { members { role user { id nickName } } }`,
		) + `}`
	}
	alice.Do(add(10), vars) // which is small, and the same operation with others is not
	for name, refused := range map[string]struct {
		query string
		vars  testkit.Vars
	}{
		"mentions":   {messages(many(10, "mentions { id nickName status avatar }")), vars},
		"reactions":  {messages(many(10, "reactions { emoji count }")), vars},
		"contents":   {messages(many(50, "contents")), vars},
		"addMembers": {add(10), everybody},
	} {
		if e := alice.Refused(
			"TOO_COMPLEX",
			refused.query,
			refused.vars,
		); !strings.Contains(
			e.Message,
			"values",
		) {
			t.Errorf("%s: %s", name, e.Message)
		}
	}
	alice.Do(
		messages(
			`contents mentions { nickName } reactions { emoji count } from { nickName } replyTo { contents from { nickName } }`,
		),
		vars,
	)
	alice.Do(`{ myRooms(first: 50) { nodes { messages(last: 5) { nodes { contents } } } } }`, nil)
	e := alice.Refused(
		"BAD_USER_INPUT",
		sendMessage,
		testkit.Vars{
			"input": testkit.Vars{
				"roomId":     room,
				"contents":   "x",
				"mentionIds": make([]string, 101),
			},
		},
	)
	if e.Extensions["field"] != "mentionIds" {
		t.Errorf("the field is %v", e.Extensions["field"])
	}
}

func TestIntrospectionIsOffUnlessWanted(t *testing.T) {
	const query = `{ __schema { types { name fields { args { type { ofType { ofType { ofType { ofType { ofType { ofType { name } } } } } } } } } } } }`
	s := testkit.Start(t, "sqlite3")
	alice := s.As("alice")
	for _, question := range []string{
		query, `{ schema: __schema { types { name } } }`, `{ __type(name: "Room") { name } }`, `{ me { id } ... { ...F } } fragment F on Query { __schema { types { name } } }`,
	} {
		e := alice.Refused("FORBIDDEN", question, nil)
		if !strings.Contains(e.Message, "PARLEY_INTROSPECTION=on") ||
			!strings.Contains(e.Message, "/schema.graphql") {
			t.Errorf("the error does not say what to do: %s", e.Message)
		}
	}
	if name := alice.Do(`{ __typename me { __typename } }`, nil).
		Str("me.__typename"); name != "User" {
		t.Errorf("__typename is %q", name)
	}
	if e := s.As("alice").
		Refused("GRAPHQL_VALIDATION_FAILED", `{ myRoom { id } }`, nil); strings.Contains(
		e.Message,
		"myRooms",
	) {
		t.Errorf("an error tells the schema: %s", e.Message)
	}
	open := testkit.Start(
		t,
		"sqlite3",
		func(cfg *config.Config) { cfg.Introspection = "on"; cfg.MaxDepth = 3 },
	)
	open.As("alice").Do(query, nil)
}

// TestIntrospectionHasACost: what tools ask for is answered, what multiplies is not, and both take
// from the query rate.
func TestIntrospectionHasACost(t *testing.T) {
	const tools = `query IntrospectionQuery { __schema { description queryType { name kind } mutationType { name kind }
		subscriptionType { name kind } types { ...FullType } directives { name description isRepeatable locations
		args(includeDeprecated: true) { ...InputValue } } } }
	fragment FullType on __Type { kind name description specifiedByURL isOneOf fields(includeDeprecated: true) { name description
		args(includeDeprecated: true) { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
		inputFields(includeDeprecated: true) { ...InputValue } interfaces { ...TypeRef }
		enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
	fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason }
	fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType {
		kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } } }`
	wide := "{ " + strings.Join(aliased(45, `__schema { types { ...f } }`), " ") + ` }
		fragment f on __Type { fields { name type { ofType { fields { name type { name } } } } } }`
	many := "{ " + strings.Join(aliased(50, `__type(name: "String") { ...f }`), " ") + ` }
		fragment f on __Type { fields { type { ofType { fields { name description isDeprecated deprecationReason
		type { kind name ofType { kind name ofType { kind name } } } args { name description } } } } } }`
	s := testkit.Start(t, "sqlite3", func(cfg *config.Config) {
		cfg.Introspection, cfg.RateQueries = "on", "1/h:100000,off"
	})
	alice := s.As("alice")
	for _, query := range []string{wide, many} {
		if e := alice.Refused("TOO_COMPLEX", query, nil); !strings.Contains(e.Message, "schema") {
			t.Errorf("%s", e.Message)
		}
	}
	answered := 0
	for alice.Ask(tools, nil).Code() == "" {
		if answered++; answered > 50 {
			t.Fatal("it costs nothing")
		}
	}
	t.Logf("%d times", answered)
	if answered < 4 {
		t.Errorf("what tools ask for is answered %d times", answered)
	}
	alice.Refused("RATE_LIMITED", tools, nil)
}

func TestBadDocuments(t *testing.T) {
	s := testkit.Start(t, "sqlite3")
	alice := s.As("alice")
	alice.Refused("GRAPHQL_PARSE_FAILED", `{ me { `, nil)
	alice.Refused("GRAPHQL_VALIDATION_FAILED", `{ nope }`, nil)
	alice.Refused("GRAPHQL_VALIDATION_FAILED", `query($input: CreateRoomInput!) { me { id } }`, nil)
	alice.Refused("GRAPHQL_PARSE_FAILED", `{ me { `+strings.Repeat("id ", 6000)+` } }`, nil)

	var unknown strings.Builder
	for i := range 1400 {
		fmt.Fprintf(&unknown, "nope%d ", i)
	}
	reply := alice.Ask("{"+unknown.String()+"}", nil)
	if reply.Code() != "GRAPHQL_VALIDATION_FAILED" || len(reply.Errors) != 20 {
		t.Errorf("1400 unknown fields: %d errors, the first %s", len(reply.Errors), reply.Code())
	}
}

func TestWhichOperation(t *testing.T) {
	s := testkit.Start(t, "sqlite3")
	alice := s.As("alice")
	const two = `query A { me { id } } query B { me { nickName } }`
	if e := alice.Refused(
		"GRAPHQL_VALIDATION_FAILED",
		two,
		nil,
	); !strings.Contains(
		e.Message,
		"several operations",
	) {
		t.Errorf("none named: %s", e.Message)
	}
	reply := alice.Post([]byte(`{"query": "`+two+`", "operationName": "C"}`), "application/json")
	if reply.Code() != "GRAPHQL_VALIDATION_FAILED" ||
		!strings.Contains(reply.Errors[0].Message, `no operation "C"`) {
		t.Errorf("one named that is not there: %+v", reply.Errors)
	}
}

const createRoom = `mutation { createRoom(input: {}) { room { id } } }`

const sendMessage = `mutation($input: SendMessageInput!) { sendMessage(input: $input) { message { id } } }`

func aliased(n int, field string) []string {
	fields := make([]string, n)
	for i := range fields {
		fields[i] = fmt.Sprintf("f%d: %s", i, field)
	}
	return fields
}

package graph_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"parley/graph"
	"parley/internal/config"
	"parley/internal/testkit"
)

// asker writes queries at random.
type asker struct {
	schema *ast.Schema
	random func(n int) int
	rooms  []string
}

// query is one of some root fields with a selection. With a directive on each it asks the same.
func (a *asker) query(directive string) string {
	roots := []string{"me", "myRooms", "roomInfo", "rooms", "myRoomIds"}
	var q strings.Builder
	for i := range 1 + a.random(2) {
		field := a.schema.Query.Fields.ForName(roots[a.random(len(roots))])
		fmt.Fprintf(&q, " q%d: %s%s%s%s", i, field.Name, a.args(field), directive, a.selection(field.Type.Name(), 4))
	}
	return "{" + q.String() + " }"
}

// args are arguments of a field, for the most part left out.
func (a *asker) args(f *ast.FieldDefinition) string {
	var args []string
	last := a.random(2) == 0
	for _, arg := range f.Arguments {
		switch value := a.random(4); {
		case arg.Name == "first" && last && f.Arguments.ForName("last") != nil || arg.Name == "last" && !last:
			continue // not both of them
		case arg.Name == "roomId":
			args = append(args, fmt.Sprintf("roomId: %q", a.rooms[a.random(len(a.rooms))]))
		case (arg.Name == "first" || arg.Name == "last") && value > 0:
			args = append(args, fmt.Sprintf("%s: %d", arg.Name, value))
		case arg.Type.Name() == "Int" && value == 1:
			args = append(args, fmt.Sprintf("%s: %d", arg.Name, a.random(9)))
		case arg.Type.Name() == "Boolean" && value == 1:
			args = append(args, fmt.Sprintf("%s: %t", arg.Name, a.random(2) == 0))
		}
	}
	if len(args) == 0 {
		return ""
	}
	return "(" + strings.Join(args, ", ") + ")"
}

// selection selects some of a type's fields.
func (a *asker) selection(name string, depth int) string {
	def := a.schema.Types[name]
	if def.IsLeafType() {
		return ""
	}
	var q strings.Builder
	q.WriteString(" { __typename")
	for i := range 1 + a.random(5) {
		field := def.Fields[a.random(len(def.Fields))]
		if strings.HasPrefix(field.Name, "__") || depth == 0 && !a.schema.Types[field.Type.Name()].IsLeafType() {
			continue
		}
		chosen := fmt.Sprintf(" f%d: %s%s%s", i, field.Name, a.args(field), a.selection(field.Type.Name(), depth-1))
		switch a.random(6) {
		case 0:
			chosen = fmt.Sprintf(" ... on %s {%s }", name, chosen)
		case 1:
			chosen += fmt.Sprintf(" ... {%s }", chosen)
		}
		q.WriteString(chosen)
	}
	q.WriteString(" }")
	return q.String()
}

// chatter has somebody write, answer, react, read, edit, delete, or change their profile.
func (c *crowd) chatter() string {
	who := c.people[c.random(len(c.people))]
	client, room := c.clients[who], c.rooms[c.random(len(c.rooms))]
	latest := client.Ask(`query($room: ID!) { roomInfo(roomId: $room) { seq messages(last: 5) { nodes { id seq } } } }`, testkit.Vars{"room": room})
	var messages []testkit.JSON
	if latest.Code() == "" && !latest.Data.IsNull("roomInfo.messages") {
		messages = latest.Data.List("roomInfo.messages.nodes")
	}
	input := testkit.Vars{"roomId": room, "contents": `"é" & <b>`}
	vars := testkit.Vars{"input": input}
	query := `mutation($input: SendMessageInput!) { sendMessage(input: $input) { message { id } } }`
	about := func(do string) {
		query, vars = `mutation($id: ID!) { `+do+` }`, testkit.Vars{"id": messages[c.random(len(messages))].Str("id")}
	}
	what := c.random(12)
	if len(messages) == 0 {
		what %= 4
	}
	switch what {
	case 0:
		query = `mutation($name: String) { updateProfile(input: { nickName: $name, twitter: { username: $name } }) { user { id } } }`
		vars = testkit.Vars{"name": fmt.Sprint(c.random(1000))}
	case 1:
		input["mentionIds"], input["idempotencyKey"] = []string{c.people[c.random(len(c.people))]}, fmt.Sprint(c.random(1000))
	case 2:
		input["openseaItem"] = testkit.Vars{"contractAddress": "0x1", "name": "a\tb"}
	case 4, 5:
		input["replyToId"] = messages[c.random(len(messages))].Str("id")
	case 6, 7:
		input["threadId"] = messages[c.random(len(messages))].Str("id")
	case 8:
		about(`editMessage(messageId: $id, contents: "edited") { message { id } }`)
	case 9:
		about(`deleteMessage(messageId: $id) { message { id } }`)
	case 10:
		about(`react(messageId: $id, emoji: "👍") { message { id } }`)
	case 11:
		query = `mutation($room: ID!, $seq: Int!) { markRead(roomId: $room, seq: $seq) { room { id } } }`
		vars = testkit.Vars{"room": room, "seq": messages[0].Int("seq")}
	}
	client.Ask(query, vars)
	return fmt.Sprintf("%s did %s with %v", who, query, vars)
}

// TestBulkSaysTheSame asks one node in bulk, of what it remembers, and another field by field, while things change on the
// other: nobody reads anything older or anything else.
func TestBulkSaysTheSame(t *testing.T) {
	for name, url := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "two.db") },
		"postgres": func(t *testing.T) string { return testkit.MigratedPostgresURL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := url(t)
			many := func(cfg *config.Config) { cfg.MaxAliases, cfg.MaxDepth = 1000, 30 }
			here, there := testkit.StartOn(t, database, many), testkit.StartOn(t, database, many)
			seed := uint64(time.Now().UnixNano())
			t.Logf("seed %d", seed)
			random := rand.New(rand.NewPCG(seed, 1)).IntN
			c := newCrowd(t, there, random)
			asks := &asker{schema: load(t, graph.SDL()), random: random}
			seen := 0
			for i := range 400 {
				did := c.act()
				for range random(3) {
					did = c.chatter()
				}
				asks.rooms = c.rooms
				who := c.people[random(len(c.people))]
				plain, fieldByField := asks.both()
				for len(fieldByField) > 5000 { // a document's length is limited
					plain, fieldByField = asks.both()
				}
				got, want := here.As(who).Ask(plain, nil), c.clients[who].Ask(fieldByField, nil)
				if got.Data.String() != want.Data.String() || !slices.Equal(codes(got), codes(want)) {
					t.Fatalf("%d: %s asked %s\ngot  %v %+v\nwant %v %+v\nsince %s", i, who, plain, got.Data, got.Errors, want.Data, want.Errors, did)
				}
				if got.Code() == "" {
					seen++
				}
			}
			if seen < 100 {
				t.Errorf("only %d of the queries had an answer", seen)
			}
		})
	}
}

// codes are the codes of a reply's errors, whose order is nobody's promise.
func codes(reply testkit.Reply) []string {
	var list []string
	for _, e := range reply.Errors {
		list = append(list, fmt.Sprint(e.Path, e.Extensions["code"]))
	}
	slices.Sort(list)
	return list
}

// both is the same query for each of the two ways: what has a condition is executed field by field.
func (a *asker) both() (plain, fieldByField string) {
	const mark = " @include(if: true)"
	fieldByField = a.query(mark)
	return strings.ReplaceAll(fieldByField, mark, ""), fieldByField
}

// TestBulkRemembers: a screen that is opened again costs one statement.
func TestBulkRemembers(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		var rooms []string
		for range 5 {
			room := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}, "tags": []string{"a"}})
			say(bob, room, "hello")
			rooms = append(rooms, room)
		}
		list := `{ myRooms { nodes { name tags creator { nickName } members(first: 10) { nodes { nickName twitter { username } } } unreadCount latestMessage { contents from { nickName } } } } }`
		info := `query($room: ID!) { roomInfo(roomId: $room) { name creator { nickName } members { edges { member { role user { id } } } } } }`
		both := func() {
			alice.Do(list, nil)
			alice.Do(info, testkit.Vars{"room": rooms[0]})
		}
		both()
		if again := s.Statements(both); len(again) != 2 {
			t.Errorf("two queries again took %d statements: %q", len(again), again)
		}
		say(bob, rooms[2], "news")
		changed := s.Statements(both)
		if len(changed) > 10 || !slices.ContainsFunc(changed, func(q string) bool { return strings.Contains(q, "messages") }) {
			t.Errorf("with news they took %d statements: %q", len(changed), changed)
		}
		if got := alice.Do(list, nil).List("myRooms.nodes")[0]; got.Str("latestMessage.contents") != "news" || got.Int("unreadCount") != 2 {
			t.Errorf("the list says %v", got)
		}
		bob.Do(`mutation { updateProfile(input: { nickName: "Robert" }) { user { id } } }`, nil)
		if got := alice.Do(list, nil).List("myRooms.nodes")[0]; got.Str("latestMessage.from.nickName") != "Robert" {
			t.Errorf("the list says %v", got)
		}
	})
}

package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"parley/graph"
	"parley/internal/app"
	"parley/internal/config"
	"parley/internal/live"
	"parley/internal/testkit"
	"parley/internal/testkit/scale"
)

// selectionOf selects a field, and by a fragment of its type, which it returns, everything below
// it.
func selectionOf(schema *ast.Schema, field *ast.FieldDefinition) (selection, fragment string) {
	of := schema.Types[field.Type.Name()]
	if of.Kind != ast.Object {
		return field.Name, ""
	}
	return field.Name + " { ...f }", "fragment f on " + of.Name + " { " + fieldsOf(
		schema,
		of,
		1,
	) + " }"
}

// fieldsOf selects all fields of a type, and theirs down to a depth.
func fieldsOf(schema *ast.Schema, of *ast.Definition, depth int) string {
	var below []string
	for _, f := range of.Fields {
		switch of := schema.Types[f.Type.Name()]; {
		case of.Kind != ast.Object:
			below = append(below, f.Name)
		case depth > 0:
			below = append(below, f.Name+" { __typename "+fieldsOf(schema, of, depth-1)+" }")
		}
	}
	return strings.Join(below, " ")
}

// happening makes one event of a kind happen, and undoes it after it has been counted.
type happening struct {
	make func()
	undo func()
}

// happenings are ways to make each kind of event happen once in a room of alice's that bob is in.
func happenings(s *testkit.Server, room string) map[string]happening {
	alice, carol := s.As("alice"), s.As("carol")
	message := sendText(alice, room, "about this").Str("id")
	in := testkit.Vars{"room": room, "message": message}
	do := func(c *testkit.Client, field string) func() {
		variables := "$room: ID!"
		if strings.Contains(field, "$message") {
			variables += ", $message: ID!"
		}
		if !strings.Contains(field, "$room") {
			variables = "$message: ID!"
		}
		return func() { c.Do("mutation("+variables+") { "+field+" { __typename } }", in) }
	}
	join, leave := do(carol, `joinRoom(roomId: $room)`), do(carol, `leaveRoom(roomId: $room)`)
	last := ""
	return map[string]happening{
		"MessageAdded": {
			func() { sendText(alice, room, "x", testkit.Vars{"replyToId": message}) },
			nil,
		},
		"MessageEdited": {
			do(alice, `editMessage(messageId: $message, contents: "edited")`),
			do(alice, `editMessage(messageId: $message, contents: "as it was")`),
		},
		"MessageDeleted": {func() {
			alice.Do(
				`mutation($m: ID!) { deleteMessage(messageId: $m) { __typename } }`,
				testkit.Vars{"m": last},
			)
		}, func() { last = sendText(alice, room, "to be deleted").Str("id") }},
		"ReactionsChanged": {
			do(alice, `react(messageId: $message, emoji: "x")`),
			do(alice, `react(messageId: $message, emoji: "x", on: false)`),
		},
		"MemberJoined": {join, leave},
		"MemberLeft":   {leave, join},
		"MemberRoleChanged": {
			do(alice, `setMemberRole(roomId: $room, userId: "bob", role: MODERATOR)`),
			do(alice, `setMemberRole(roomId: $room, userId: "bob", role: MEMBER)`),
		},
		"RoomUpdated": {
			do(alice, `updateRoom(input: { roomId: $room, name: "new" })`),
			do(alice, `updateRoom(input: { roomId: $room, name: "old" })`),
		},
	}
}

// TestEventFieldsAreBatched: whatever field of an event is selected, as often as a document may and
// by several groups of subscribers, the event takes the same number of SQL statements.
func TestEventFieldsAreBatched(t *testing.T) {
	aliases, documents := scale.Or(49, 20), scale.Or(6, 3)
	// slack is for executions that end while another one loads: they look for membership ends by
	// themselves.
	slack := 2 * documents
	schema := gqlparser.MustLoadSchema(&ast.Source{Name: "schema.graphql", Input: graph.SDL()})
	generous := func(cfg *config.Config) {
		cfg.MaxComplexity, cfg.MaxDepth, cfg.MaxAliases = 1<<30, 30, 1000
	}
	testkit.EachApp(t, app.Options{PollInterval: time.Hour}, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		s.As("carol")
		room := makeRoom(
			alice,
			testkit.Vars{
				"accessType": "PUBLIC",
				"tags":       []string{"a"},
				"memberIds":  []string{"bob"},
			},
		)
		ways := happenings(s, room)
		for _, kind := range schema.PossibleTypes["RoomEvent"] {
			way, ok := ways[kind.Name]
			switch {
			case slices.Contains([]string{"StreamOpened", "Resync"}, kind.Name): // not in the log
				continue
			case kind.Name == "RoomDeleted": // it happens once
				continue
			case !ok:
				t.Errorf("no test makes a %s happen", kind.Name)
				continue
			case kind.Name == "MemberLeft" || kind.Name == "MessageDeleted":
				way.undo() // so that there is what goes
			}
			for _, field := range kind.Fields {
				selected, fragment := selectionOf(schema, field)
				cost := func(documents, aliases int) int {
					var streams []*testkit.Stream
					for d := range documents {
						var set strings.Builder
						for a := range aliases {
							fmt.Fprintf(&set, "d%da%d: %s ", d, a, selected)
						}
						stream := []*testkit.Client{alice, bob}[d%2].Subscribe(
							`subscription($room: ID!) { roomEvents(roomId: $room) { kind: __typename at: seq ... on `+
								kind.Name+` { `+set.String()+` } } } `+fragment,
							testkit.Vars{"room": room},
						)
						stream.Next() // StreamOpened
						streams = append(streams, stream)
					}
					ran := s.Statements(func() {
						way.make()
						for _, stream := range streams {
							if got := stream.Next().Str("roomEvents.kind"); got != kind.Name {
								t.Errorf("%s comes instead of %s", got, kind.Name)
							}
						}
					})
					for _, stream := range streams {
						stream.Close()
					}
					if way.undo != nil {
						way.undo()
					}
					return len(ran)
				}
				one := cost(1, 1)
				if many := cost(documents, aliases); many > one+slack {
					t.Errorf(
						"%s.%s: an event takes %d statements for one field, and %d for %d documents with %d aliases",
						kind.Name,
						field.Name,
						one,
						many,
						documents,
						aliases,
					)
				}
			}
		}
	}, generous)
}

// TestArrivalsAreBatched: a new room takes the same number of SQL statements however many different
// documents subscribers of new rooms have.
func TestArrivalsAreBatched(t *testing.T) {
	// Two documents are the least: what viewers have for themselves is loaded for the first, and
	// then for all others. Reading the room may overlap with its creation: hence the slack.
	const least, people, slack = 2, 12, 4
	schema := gqlparser.MustLoadSchema(&ast.Source{Name: "schema.graphql", Input: graph.SDL()})
	fields := fieldsOf(schema, schema.Types["Room"], 1)
	for _, scope := range []string{"PUBLIC", "MINE"} {
		testkit.EachApp(
			t,
			app.Options{PollInterval: time.Hour},
			func(t *testing.T, s *testkit.Server) {
				alice := s.As("alice")
				cost := func(documents int) int {
					var streams []*testkit.Stream
					for d := range documents {
						who := alice
						if scope == "PUBLIC" {
							who = s.As(fmt.Sprint("person", d))
						}
						streams = append(streams, who.Subscribe(fmt.Sprintf(
							`subscription { roomCreated(scope: %s) { d%d: __typename id %s } }`,
							scope,
							d,
							fields,
						), nil))
					}
					await(
						t,
						"they follow",
						func() bool { return metric(t, s, "parley_subscriptions") == documents },
					)
					ran := s.Statements(func() {
						room := makeRoom(
							alice,
							testkit.Vars{"accessType": "PUBLIC", "tags": []string{"a"}},
						)
						for _, stream := range streams {
							if got := stream.Next().Str("roomCreated.id"); got != room {
								t.Errorf("%s comes instead of %s", got, room)
							}
						}
					})
					for _, stream := range streams {
						stream.Close()
					}
					await(
						t,
						"they are gone",
						func() bool { return metric(t, s, "parley_subscriptions") == 0 },
					)
					return len(ran)
				}
				if few, many := cost(least), cost(people); many > few+slack {
					t.Errorf(
						"%s: a room takes %d statements for %d documents and %d for %d",
						scope,
						few,
						least,
						many,
						people,
					)
				}
			},
			func(cfg *config.Config) { cfg.MaxComplexity = 1 << 30 },
		)
	}
}

// TestDocumentsAreLimited: one user follows one room with so many different documents at a time.
func TestDocumentsAreLimited(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		room := makeRoom(alice, nil)
		follow := func(i int) *testkit.Stream {
			return alice.Subscribe(
				fmt.Sprintf(
					`subscription($room: ID!) { roomEvents(roomId: $room) { a%d: seq } }`,
					i,
				),
				testkit.Vars{"room": room},
			)
		}
		for i := range live.MaxKeys {
			follow(i).Next()
		}
		follow(0).Next() // the same again
		if e := follow(
			live.MaxKeys,
		).Error(); e.Extensions["code"] != "RATE_LIMITED" ||
			!strings.Contains(e.Message, "20") {
			t.Errorf("%+v", e)
		}
	})
}

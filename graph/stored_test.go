package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"parley/graph"
	"parley/internal/testkit"
)

// TestInputsAreStored gives each field of an input that its object has, too, a value: the mutation
// returns it, and so does a query afterwards. With a field that is forgotten on the way from the
// input to the database, the mutation would succeed and change nothing.
func TestInputsAreStored(t *testing.T) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Name: "schema.graphql", Input: graph.SDL()})
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		room := makeRoom(alice, testkit.Vars{"accessType": "PUBLIC"})
		for _, test := range []struct {
			mutation, input, object string // object is the payload's field
			more                    testkit.Vars
		}{
			{"createRoom", "CreateRoomInput", "room", nil},
			{"updateRoom", "UpdateRoomInput", "room", testkit.Vars{"roomId": room}},
			{
				"sendMessage", "SendMessageInput", "message",
				testkit.Vars{"roomId": room, "contents": "{}"},
			},
			{"updateProfile", "ProfileInput", "user", nil},
		} {
			payload := schema.Types[schema.Mutation.Fields.ForName(test.mutation).Type.Name()]
			object := schema.Types[payload.Fields.ForName(test.object).Type.Name()]
			asNode := "node(id: $id) { ... on " + object.Name + " { %s } }"
			if object.Name == "User" {
				asNode = "node: user(id: $id) { %s }"
			}
			for _, field := range schema.Types[test.input].Fields {
				if object.Fields.ForName(field.Name) == nil {
					continue
				}
				value, selection := someOf(schema, field.Type, field.Name)
				input := testkit.Vars{field.Name: value}
				for name, value := range test.more {
					if input[name] == nil {
						input[name] = value
					}
				}
				selected := field.Name + selection
				changed := alice.Do(fmt.Sprintf("mutation($input: %s!) { %s(input: $input) { %s { id %s } } }",
					test.input, test.mutation, test.object, selected),
					testkit.Vars{"input": input}).
					At(test.mutation + "." + test.object)
				read := alice.Do("query($id: ID!) { "+fmt.Sprintf(asNode, selected)+" }",
					testkit.Vars{"id": changed.Str("id")}).At("node")
				want := fmt.Sprint(value)
				if got := changed.At(field.Name).String(); got != want {
					t.Errorf(
						"%s.%s: the mutation returns %s, want %s",
						test.input,
						field.Name,
						got,
						want,
					)
				}
				if got := read.At(field.Name).String(); got != want {
					t.Errorf(
						"%s.%s: a query returns %s, want %s",
						test.input,
						field.Name,
						got,
						want,
					)
				}
			}
		}
	})
}

// someOf is a value of an input type that no field has by default, and what to select of such a
// field.
func someOf(schema *ast.Schema, of *ast.Type, name string) (value any, selection string) {
	if of.Elem != nil {
		value, selection = someOf(schema, of.Elem, name)
		return []any{value}, selection
	}
	switch def := schema.Types[of.Name()]; {
	case def.Kind == ast.InputObject:
		fields, selected := map[string]any{}, []string{}
		for _, field := range def.Fields {
			value, selection := someOf(schema, field.Type, field.Name)
			fields[field.Name], selected = value, append(selected, field.Name+selection)
		}
		return fields, " { " + strings.Join(selected, " ") + " }"
	case def.Kind == ast.Enum:
		return def.EnumValues[len(def.EnumValues)-1].Name, ""
	case of.Name() == "Int":
		return 7, ""
	case of.Name() == "Boolean":
		return true, ""
	case slices.Contains([]string{"avatar", "cover", "imageUrl"}, name):
		return "https://example.com/picture.png", ""
	case name == "contents":
		return `{"some": "JSON"}`, ""
	default:
		return "some " + name, ""
	}
}

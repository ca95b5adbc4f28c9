package graph

import (
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"parley/graph/generated"
	"parley/graph/guard"
)

// TestTextsAreWeighed: of each text in the schema it is known how long it may be, or that it is short.
func TestTextsAreWeighed(t *testing.T) {
	t.Parallel()
	short := []string{"roomId", "joinKey", "token"}
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	for _, of := range schema.Types {
		if of.Kind != ast.Object || of.BuiltIn {
			continue
		}
		for _, field := range of.Fields {
			kind := field.Type.Name()
			if (kind == "String" || kind == "ID") && texts[field.Name] == 0 && !slices.Contains(short, field.Name) {
				t.Errorf("nobody says how long %s.%s may be", of.Name, field.Name)
			}
		}
	}
}

// TestWeights: all the reactions that there may be are weighed, and long aliases, which are there again for each element of a list;
// and a screen of messages is below what one person may have by default, so that others need not wait for it.
func TestWeights(t *testing.T) {
	t.Parallel()
	schema := generated.NewExecutableSchema(generated.Config{Complexity: costs()})
	server := guard.New(schema, guard.Options{})
	server.Use(&Limits{Depth: 15, Complexity: 20_000, Aliases: 50})
	for _, test := range []struct {
		fields      string
		least, most int64
	}{
		{"reactions { " + strings.Repeat("x", maxAlias) + ": count }", 50 * 50 * (maxAlias + 2), 48 << 20},
		{"contents mentions { id nickName } reactions { emoji count } from { nickName } replyTo { contents from { nickName } }", 50 * 32_000, 48 << 20},
	} {
		query := `{ roomInfo(roomId: "x") { messages(first: 50) { nodes { ` + test.fields + ` } } } }`
		op, errs := server.Prepare(graphql.StartOperationTrace(t.Context()), &graphql.RawParams{Query: query})
		if errs != nil {
			t.Fatal(errs)
		}
		if got := Weight(op); got < making*test.least || got > test.most {
			t.Errorf("%s weighs %d", test.fields, got)
		} else {
			t.Logf("%.1f MiB", float64(got)/(1<<20))
		}
	}
}

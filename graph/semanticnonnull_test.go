package graph_test

import (
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"parley/graph"
)

// TestNullableFields: a nullable field has @semanticNonNull, or says when it is null. The clients of
// package testkit check that fields with @semanticNonNull are not null without an error.
func TestNullableFields(t *testing.T) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Name: "schema.graphql", Input: graph.SDL()})
	marked := 0
	for _, def := range schema.Types {
		if def.BuiltIn || def.Kind != ast.Object && def.Kind != ast.Interface {
			continue
		}
		for _, field := range def.Fields {
			name := def.Name + "." + field.Name
			hasDirective := field.Directives.ForName("semanticNonNull") != nil
			switch {
			case strings.HasPrefix(field.Name, "__"):
			case field.Type.NonNull && hasDirective:
				t.Errorf("%s is never null and has @semanticNonNull", name)
			case field.Type.NonNull:
			case hasDirective:
				marked++
				if def != schema.Mutation && name != "Query.roomInfo" {
					t.Errorf("testkit does not check that %s is null with errors only", name)
				}
			case !strings.Contains(strings.ToLower(field.Description), "null"):
				t.Errorf("%s: say when it is null, or give it @semanticNonNull", name)
			}
		}
	}
	if marked != len(schema.Mutation.Fields)+1 {
		t.Errorf("%d fields have @semanticNonNull", marked)
	}
}

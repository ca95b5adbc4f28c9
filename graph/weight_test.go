package graph

import (
	"slices"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"parley/graph/generated"
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

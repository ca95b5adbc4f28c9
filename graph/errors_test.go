package graph_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"parley/graph"
)

// TestErrorCodes compares the three places that name the codes: the schema, the documentation and
// the code.
func TestErrorCodes(t *testing.T) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Name: "schema.graphql", Input: graph.SDL()})
	var inSchema []string
	for _, value := range schema.Types["ErrorCode"].EnumValues {
		inSchema = append(inSchema, value.Name)
	}

	docs := find(t, regexp.MustCompile("(?m)^\\| `([A-Z_]+)`"), "../docs/errors.md")
	if diff := cmp.Diff(inSchema, docs); diff != "" {
		t.Errorf("docs/errors.md (-schema +docs):\n%s", diff)
	}

	code := find(t, regexp.MustCompile(`(?:Code|code)\w* *= "([A-Z_]+)"`),
		"../internal/web/refusal.go")
	code = append(
		code,
		find(t, regexp.MustCompile(`\w+ +Code += "([A-Z_]+)"`), "../internal/chat/errors.go")...)
	code = append(code, find(t, regexp.MustCompile(`\t\w+ = "([A-Z_]+)"`), "guard/limits.go")...)
	// gqlgen's own: errcode.ParseFailed, errcode.ValidationFailed.
	code = append(code, "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED")
	slices.Sort(code)
	slices.Sort(inSchema)
	if diff := cmp.Diff(inSchema, slices.Compact(code)); diff != "" {
		t.Errorf("the code (-schema +code):\n%s", diff)
	}
}

// find returns what the expression's group matches in the files.
func find(t *testing.T, expression *regexp.Regexp, files ...string) []string {
	t.Helper()
	var found []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range expression.FindAllStringSubmatch(string(text), -1) {
			found = append(found, match[1])
		}
	}
	if len(found) == 0 {
		t.Fatalf("%s matches nothing in %s", expression, strings.Join(files, ", "))
	}
	return found
}

// TestSchemaIsDocumented keeps the schema readable for who explores it.
func TestSchemaIsDocumented(t *testing.T) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Name: "schema.graphql", Input: graph.SDL()})
	for name, def := range schema.Types {
		if def.BuiltIn {
			continue
		}
		if def.Description == "" && name != "Query" && name != "Mutation" &&
			name != "Subscription" {
			t.Errorf("%s has no description", name)
		}
		for _, field := range def.Fields {
			if field.Description == "" && !strings.HasPrefix(field.Name, "__") {
				t.Errorf("%s.%s has no description", name, field.Name)
			}
			if d := field.Directives.ForName(
				"deprecated",
			); d != nil &&
				d.Arguments.ForName("reason") == nil {
				t.Errorf(
					"%s.%s is deprecated, and does not say what to use instead",
					name,
					field.Name,
				)
			}
		}
		for _, value := range def.EnumValues {
			if value.Description == "" {
				t.Errorf("%s.%s has no description", name, value.Name)
			}
		}
	}
}

package graph_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"parley/graph"
)

// TestContract compares the schema with the contract of the frontends: the schema may grow, but must
// not remove, rename or change a part of the contract.
func TestContract(t *testing.T) {
	promised, err := os.ReadFile("testdata/contract.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	for _, broken := range breaks(load(t, string(promised)), load(t, graph.SDL())) {
		t.Error(broken)
	}
}

func load(t *testing.T, sdl string) *ast.Schema {
	t.Helper()
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema", Input: sdl})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// breaks are the promises that a schema does not keep.
func breaks(promised, kept *ast.Schema) (broken []string) {
	say := func(format string, args ...any) { broken = append(broken, fmt.Sprintf(format, args...)) }
	for name, was := range promised.Types {
		if was.BuiltIn {
			continue
		}
		is := kept.Types[name]
		if is == nil || is.Kind != was.Kind {
			say("there is no %s %s", was.Kind, name)
			continue
		}
		for _, i := range was.Interfaces {
			if !strings.Contains(" "+strings.Join(is.Interfaces, " ")+" ", " "+i+" ") {
				say("%s is no %s", name, i)
			}
		}
		for _, member := range was.Types {
			if !strings.Contains(" "+strings.Join(is.Types, " ")+" ", " "+member+" ") {
				say("%s has no %s", name, member)
			}
		}
		for _, value := range was.EnumValues {
			if is.EnumValues.ForName(value.Name) == nil {
				say("%s has no %s", name, value.Name)
			}
		}
		for _, field := range was.Fields {
			if strings.HasPrefix(field.Name, "__") {
				continue
			}
			f := is.Fields.ForName(field.Name)
			if f == nil || f.Type.String() != field.Type.String() ||
				f.DefaultValue.String() != field.DefaultValue.String() {
				say("there is no %s.%s: %s", name, field.Name, field.Type)
				continue
			}
			for _, arg := range field.Arguments {
				if a := f.Arguments.ForName(
					arg.Name,
				); a == nil || a.Type.String() != arg.Type.String() ||
					a.DefaultValue.String() != arg.DefaultValue.String() {
					say("%s.%s has no argument %s: %s", name, field.Name, arg.Name, arg.Type)
				}
			}
			for _, arg := range f.Arguments {
				if field.Arguments.ForName(arg.Name) == nil && arg.Type.NonNull &&
					arg.DefaultValue == nil {
					say("%s.%s needs an argument more, %s", name, field.Name, arg.Name)
				}
			}
		}
		if was.Kind == ast.InputObject {
			for _, field := range is.Fields {
				if was.Fields.ForName(field.Name) == nil && field.Type.NonNull &&
					field.DefaultValue == nil {
					say("%s needs a field more, %s", name, field.Name)
				}
			}
		}
	}
	return broken
}

// TestContractTellsWhatBreaks shows that the comparison sees what it is for.
func TestContractTellsWhatBreaks(t *testing.T) {
	const was = `type Query { a(n: Int = 1): [T!]! u: U } type T { id: ID! x: Int } enum E { A B } input I { a: Int b: [E!] } union U = T | V type V { id: ID! }`
	for change, is := range map[string]string{
		"nothing":           was,
		"growth":            strings.NewReplacer("x: Int", "x: Int y: Int", "A B", "A B C", "a: Int b", "a: Int c: Int d: Int! = 1 b", "(n: Int = 1)", "(n: Int = 1, m: Int)").Replace(was),
		"a field gone":      strings.Replace(was, " x: Int", "", 1),
		"a field renamed":   strings.Replace(was, " x: Int", " y: Int", 1),
		"a field retyped":   strings.Replace(was, " x: Int", " x: Int!", 1),
		"a list retyped":    strings.Replace(was, "[T!]!", "[T!]", 1),
		"a value gone":      strings.Replace(was, "A B", "A", 1),
		"a type gone":       strings.Replace(was, "enum E { A B } input I { a: Int b: [E!] }", "", 1),
		"another default":   strings.Replace(was, "n: Int = 1", "n: Int = 2", 1),
		"an argument gone":  strings.Replace(was, "(n: Int = 1)", "", 1),
		"an argument more":  strings.Replace(was, "(n: Int = 1)", "(n: Int = 1, m: Int!)", 1),
		"an input more":     strings.Replace(was, "a: Int b", "a: Int c: Int! b", 1),
		"an input gone":     strings.Replace(was, "a: Int b", "b", 1),
		"a member gone":     strings.Replace(was, "T | V", "T", 1),
		"an input stricter": strings.Replace(was, "a: Int b", "a: Int! b", 1),
	} {
		broken := breaks(load(t, was), load(t, is))
		if fine := change == "nothing" || change == "growth"; fine != (len(broken) == 0) {
			t.Errorf("%s: %v", change, broken)
		}
	}
}

// TestPublishedSchema: schema.graphql, for tools, is the schema.
func TestPublishedSchema(t *testing.T) {
	published, err := os.ReadFile("../schema.graphql")
	if err != nil {
		t.Fatal(err)
	}
	if string(published) != graph.SDL() {
		t.Error("schema.graphql is out of date: make generate")
	}
}

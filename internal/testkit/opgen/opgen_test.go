package opgen_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"

	"parley/graph"
	"parley/internal/testkit/opgen"
)

func newGenerator(seed uint64, opts opgen.Options) (*ast.Schema, *opgen.Generator) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: graph.SDL()})
	return schema, opgen.New(schema, rand.New(rand.NewPCG(seed, 0)), opts)
}

// check parses and validates an operation and returns the one that it selects.
func check(
	t *testing.T,
	schema *ast.Schema,
	o opgen.Operation,
) (*ast.QueryDocument, *ast.OperationDefinition) {
	t.Helper()
	doc, err := parser.ParseQuery(&ast.Source{Input: o.Query})
	if err != nil {
		t.Fatalf("%v\n%s", err, o.Query)
	}
	if errs := validator.ValidateWithRules(schema, doc, nil); len(errs) > 0 {
		t.Fatalf("%v\n%s\n%s", errs, o.Query, o.Variables)
	}
	op := doc.Operations.ForName(o.OperationName)
	if op == nil {
		t.Fatalf("no operation %q in %s", o.OperationName, o.Query)
	}
	return doc, op
}

// TestReach: all of the schema is reached soon, and everything generated is valid.
func TestReach(t *testing.T) {
	const operations = 2500
	schema, g := newGenerator(1, opgen.Options{})
	missing := map[string]bool{}
	for name, def := range schema.Types {
		if strings.HasPrefix(name, "__") || def.Kind == ast.Union {
			continue
		}
		for _, f := range def.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			missing[name+"."+f.Name] = true
			for _, a := range f.Arguments {
				missing[name+"."+f.Name+"("+a.Name+")"] = true
			}
		}
	}
	for _, name := range []string{"RoomAccessType", "MessageType", "RoomRole", "RoomScope"} { // those of inputs
		for _, v := range schema.Types[name].EnumValues {
			missing[name+"."+v.Name] = true
		}
	}
	for _, what := range []string{
		"query", "mutation", "subscription", "alias", "merged", "spread", "inline on object", "inline on interface", "inline",
		"@skip", "@include", "$ in list", "$ in object", "$ for nullable with default", "default", "list for one", "left out",
	} {
		missing[what] = true
	}
	for range operations {
		o := g.Next()
		doc, op := check(t, schema, o)
		delete(missing, string(op.Operation))
		for _, op := range doc.Operations {
			reachVariables(missing, op, o.Variables)
			reachSelections(schema, missing, op.SelectionSet)
		}
		for _, f := range doc.Fragments {
			reachSelections(schema, missing, f.SelectionSet)
		}
	}
	for what := range missing {
		t.Errorf("not reached by %d operations: %s", operations, what)
	}
}

func reachVariables(
	missing map[string]bool,
	op *ast.OperationDefinition,
	variables json.RawMessage,
) {
	var given map[string]any
	if json.Unmarshal(variables, &given) != nil {
		return
	}
	for _, v := range op.VariableDefinitions {
		if v.DefaultValue != nil {
			delete(missing, "default")
		}
		value, ok := given[v.Variable]
		if !ok {
			delete(missing, "left out")
		}
		reachEncoded(missing, v.Definition, value)
	}
}

// reachEncoded looks at a variable's value.
func reachEncoded(missing map[string]bool, def *ast.Definition, value any) {
	switch value := value.(type) {
	case string:
		delete(missing, def.Name+"."+value)
	case map[string]any:
		for name := range value {
			delete(missing, def.Name+"."+name)
		}
	}
}

func reachSelections(schema *ast.Schema, missing map[string]bool, set ast.SelectionSet) {
	names := map[string]bool{}
	for _, s := range set {
		var directives ast.DirectiveList
		switch s := s.(type) {
		case *ast.Field:
			if names[s.Alias] {
				delete(missing, "merged")
			}
			names[s.Alias] = true
			if s.Alias != s.Name {
				delete(missing, "alias")
			}
			field := s.ObjectDefinition.Name + "." + s.Name
			delete(missing, field)
			for _, a := range s.Arguments {
				delete(missing, field+"("+a.Name+")")
				reachValue(missing, a.Value)
			}
			directives = s.Directives
			reachSelections(schema, missing, s.SelectionSet)
		case *ast.InlineFragment:
			what := "inline"
			if def := schema.Types[s.TypeCondition]; def != nil {
				what += " on " + strings.ToLower(string(def.Kind))
			}
			delete(missing, what)
			directives = s.Directives
			reachSelections(schema, missing, s.SelectionSet)
		case *ast.FragmentSpread:
			delete(missing, "spread")
			directives = s.Directives
		}
		for _, d := range directives {
			delete(missing, "@"+d.Name)
		}
	}
}

// reachValue looks at a value in a document.
func reachValue(missing map[string]bool, v *ast.Value) {
	if v.ExpectedType.Elem != nil && v.Kind != ast.ListValue && v.Kind != ast.Variable &&
		v.Kind != ast.NullValue {
		delete(missing, "list for one")
	}
	switch {
	case v.Kind == ast.EnumValue:
		delete(missing, v.Definition.Name+"."+v.Raw)
	case v.Kind == ast.Variable && v.ExpectedType.NonNull && !v.VariableDefinition.Type.NonNull &&
		v.ExpectedTypeHasDefault:
		delete(missing, "$ for nullable with default")
	}
	for _, child := range v.Children {
		switch {
		case child.Value.Kind == ast.Variable && v.Kind == ast.ListValue:
			delete(missing, "$ in list")
		case child.Value.Kind == ast.Variable:
			delete(missing, "$ in object")
		}
		if v.Kind == ast.ObjectValue {
			delete(missing, v.Definition.Name+"."+child.Name)
		}
		reachValue(missing, child.Value)
	}
}

// TestMistakes: the generator makes each of its mistakes, and only if requested.
func TestMistakes(t *testing.T) {
	_, g := newGenerator(2, opgen.Options{Wrong: 1, Introspection: true})
	missing := map[string]bool{}
	for _, name := range opgen.Mistakes() {
		missing[name] = true
	}
	made := 0
	const operations = 3000
	for range operations {
		o := g.Next()
		if !json.Valid(o.Variables) {
			t.Fatalf("the variables are not JSON: %s", o.Variables)
		}
		if len(o.Mistakes) > 0 {
			made++
		}
		for _, name := range o.Mistakes {
			delete(missing, name)
		}
	}
	for name := range missing {
		t.Errorf("not made in %d operations: %s", operations, name)
	}
	if made < operations/2 {
		t.Errorf("%d of %d operations have a mistake, want more than a half", made, operations)
	}
}

// TestDeterministic: the same source gives the same operations.
func TestDeterministic(t *testing.T) {
	_, one := newGenerator(3, opgen.Options{Wrong: 0.5})
	_, two := newGenerator(3, opgen.Options{Wrong: 0.5})
	for range 200 {
		if a, b := one.Next(), two.Next(); a.Query != b.Query ||
			string(a.Variables) != string(b.Variables) {
			t.Fatalf("%s %s\nand\n%s %s", a.Query, a.Variables, b.Query, b.Variables)
		}
	}
}

// TestOptions: bounds are kept, fields are left out, and values are taken from the caller.
func TestOptions(t *testing.T) {
	schema, g := newGenerator(4, opgen.Options{
		Kinds: []ast.Operation{ast.Query}, MaxDepth: 3, MaxFields: 10, MaxAliases: 2,
		Exclude: func(parent *ast.Definition, f *ast.FieldDefinition) bool {
			return parent.Name == "Query" && f.Name != "roomInfo"
		},
		Value: func(in opgen.Input) (any, bool) {
			return "the room", in.Parent == "Query.roomInfo" && in.Name == "roomId"
		},
	})
	for range 300 {
		o := g.Next()
		_, op := check(t, schema, o)
		if op.Operation != ast.Query {
			t.Fatalf("a %s", op.Operation)
		}
		if strings.Contains(o.Query, "roomInfo") &&
			!strings.Contains(o.Query+string(o.Variables), `the room`) {
			t.Errorf("the value is not the caller's: %s %s", o.Query, o.Variables)
		}
		fields, aliases, depth := size(op.SelectionSet)
		if depth > 4 || aliases > 2 || fields > 20 {
			t.Errorf("%d fields, %d aliases, %d deep: %s", fields, aliases, depth, o.Query)
		}
	}
}

func size(set ast.SelectionSet) (fields, aliases, depth int) {
	for _, s := range set {
		var f, a, d int
		switch s := s.(type) {
		case *ast.Field:
			f, a, d = size(s.SelectionSet)
			f, d = f+1, d+1
			if s.Alias != s.Name {
				a++
			}
			fields, aliases, depth = fields+f, aliases+a, max(depth, d)
			continue
		case *ast.InlineFragment:
			f, a, d = size(s.SelectionSet)
		case *ast.FragmentSpread:
			f, a, d = size(s.Definition.SelectionSet)
		}
		fields, aliases, depth = fields+f, aliases+a, max(depth, d)
	}
	return fields, aliases, depth
}

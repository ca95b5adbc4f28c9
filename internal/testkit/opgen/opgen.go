// Package opgen generates random GraphQL operations over a schema, with their variables. Tests use
// it to compare two implementations of the same step, such as validation or execution, on thousands
// of operations.
//
// The operations are a function of the schema, the options and the random source. Without
// Options.Wrong every operation is valid: its document passes validation, and its variables and
// arguments can be coerced.
package opgen

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Options say what a Generator generates. The zero value generates valid queries, mutations and
// subscriptions of a moderate size.
type Options struct {
	// Kinds are the kinds of operations; none means all that the schema has.
	Kinds []ast.Operation
	// Wrong is how often an operation contains a deliberate mistake, from 0 (never) to 1 (always).
	// Some of the mistakes are none in the place where they are made, for example a number for an
	// ID, so such an operation may be valid.
	Wrong float64
	// MaxDepth is how many fields may be nested; 0 means 6.
	MaxDepth int
	// MaxFields is about how many fields an operation has at most, counting a fragment each time it
	// is spread; 0 means 30.
	MaxFields int
	// MaxAliases is how many fields may have an alias, counted in the same way; 0 means 12.
	MaxAliases int
	// Introspection lets operations select __schema and __type.
	Introspection bool
	// Exclude, if set, leaves out the fields of output types for which it returns true.
	Exclude func(parent *ast.Definition, field *ast.FieldDefinition) bool
	// Value, if set, supplies the value of an argument or input field, such as the id of an
	// existing room. The value must be one that encoding/json encodes, and valid for the input's
	// type. If ok is false, the generator makes one up. Enum values are strings.
	Value func(in Input) (value any, ok bool)
}

// Input is a place for an input value: an argument of a field or directive, or a field of an input
// object.
type Input struct {
	// Parent is what the input belongs to: "Query.roomInfo", "@include" or "CreateRoomInput".
	Parent string
	// Name is the argument's or input field's.
	Name string
	// Type is the input's.
	Type *ast.Type
	// Element is true for an element of a list.
	Element bool
}

// Operation is a generated request.
type Operation struct {
	// Query is the document. It may have several operations.
	Query string
	// OperationName selects one of several operations; it is "" if there is only one without a
	// name.
	OperationName string
	// Variables is a JSON object.
	Variables json.RawMessage
	// Mistakes names the deliberate mistakes in the operation; see [Mistakes].
	Mistakes []string
}

// Generator generates operations. It must not be used by several goroutines at a time.
type Generator struct {
	schema *ast.Schema
	rng    *rand.Rand
	opts   Options
	// chosen counts how often each field, argument and enum value was chosen: the generator prefers
	// what is rare, and so reaches all of the schema soon.
	chosen map[string]int
	// composites and leaves are the names of types, in order: those with selections, and the others
	// (input objects included).
	composites, leaves []string
}

// New returns a generator of operations over schema, which must have been loaded and is not
// changed.
func New(schema *ast.Schema, rng *rand.Rand, opts Options) *Generator {
	if len(opts.Kinds) == 0 {
		for kind, def := range map[ast.Operation]*ast.Definition{
			ast.Query: schema.Query, ast.Mutation: schema.Mutation, ast.Subscription: schema.Subscription,
		} {
			if def != nil {
				opts.Kinds = append(opts.Kinds, kind)
			}
		}
		slices.Sort(opts.Kinds)
	}
	opts.MaxDepth = orElse(opts.MaxDepth, 6)
	opts.MaxFields = orElse(opts.MaxFields, 30)
	opts.MaxAliases = orElse(opts.MaxAliases, 12)
	g := &Generator{schema: schema, rng: rng, opts: opts, chosen: map[string]int{}}
	for name, def := range schema.Types {
		switch {
		case strings.HasPrefix(name, "__"):
		case def.IsCompositeType():
			g.composites = append(g.composites, name)
		default:
			g.leaves = append(g.leaves, name)
		}
	}
	slices.Sort(g.composites)
	slices.Sort(g.leaves)
	return g
}

func orElse(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

// Next returns another operation.
func (g *Generator) Next() Operation {
	mistake := ""
	if g.chance(g.opts.Wrong) {
		mistake = pick(g.rng, Mistakes())
	}
	for range 10 { // not every operation has a place for every mistake
		d := &document{
			Generator: g, fields: g.opts.MaxFields, aliases: g.opts.MaxAliases, pending: mistake,
		}
		if o := d.generate(); d.pending == "" {
			return o
		}
	}
	return (&document{Generator: g, fields: g.opts.MaxFields, aliases: g.opts.MaxAliases}).generate()
}

// chance returns true with the probability p.
func (g *Generator) chance(p float64) bool { return p > 0 && g.rng.Float64() < p }

func pick[T any](rng *rand.Rand, from []T) T { return from[rng.IntN(len(from))] }

// rare returns one of several candidates: one of those chosen least so far, or any.
func rare[T any](g *Generator, from []T, key func(T) string) T {
	least := pick(g.rng, from)
	if g.chance(0.75) {
		for _, i := range g.rng.Perm(len(from)) {
			if g.chosen[key(from[i])] < g.chosen[key(least)] {
				least = from[i]
			}
		}
	}
	g.chosen[key(least)]++
	return least
}

// possible returns the names of the object types that a composite type may be, in order.
func (g *Generator) possible(def *ast.Definition) []string {
	var names []string
	for _, t := range g.schema.GetPossibleTypes(def) {
		names = append(names, t.Name)
	}
	slices.Sort(names)
	return names
}

// overlap returns true if a value can be of both types.
func (g *Generator) overlap(a, b *ast.Definition) bool {
	other := g.possible(b)
	return slices.ContainsFunc(
		g.possible(a),
		func(name string) bool { return slices.Contains(other, name) },
	)
}

// related returns the names of the composite types that may stand in a fragment within a selection
// of parent.
func (g *Generator) related(parent *ast.Definition) []string {
	if strings.HasPrefix(parent.Name, "__") {
		return []string{parent.Name}
	}
	var names []string
	for _, name := range g.composites {
		if g.overlap(parent, g.schema.Types[name]) {
			names = append(names, name)
		}
	}
	return names
}

// selectable returns the fields of a composite type.
func (g *Generator) selectable(def *ast.Definition) []*ast.FieldDefinition {
	var fields []*ast.FieldDefinition
	for _, f := range def.Fields {
		if strings.HasPrefix(f.Name, "__") && !g.opts.Introspection ||
			g.opts.Exclude != nil && g.opts.Exclude(def, f) {
			continue
		}
		fields = append(fields, f)
	}
	return fields
}

func (g *Generator) isLeaf(t *ast.Type) bool { return g.schema.Types[t.Name()].IsLeafType() }

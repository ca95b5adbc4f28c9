package guard

import (
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/internal/chat"
)

// maxIntrospection is how many values of the schema one operation may select. The longest
// introspection query of the known tools selects some 10,000.
const maxIntrospection = 30_000

// errNoIntrospection refuses an operation that selects the schema. __typename does not.
func errNoIntrospection() *gqlerror.Error {
	return refusal(
		string(chat.Forbidden),
		"Introspection is off: PARLEY_INTROSPECTION=on turns it on. "+
			"The schema is at /schema.graphql.",
	)
}

// introspection counts the values that introspection fields return, by the schema itself: lists
// of the schema are of every length. Each value takes a visit, so it stops when it has counted
// more than maxIntrospection.
type introspection struct {
	schema *ast.Schema
	// off: an introspection field counts 1, since it is refused.
	off    bool
	values int
}

// field counts the values below a root field; 0 for __typename.
func (c *introspection) field(f *ast.Field) float64 {
	before := c.values
	switch {
	case f.Name == "__typename":
		return 0
	case c.off:
		c.values++
	case f.Name == "__schema":
		c.selections(f.SelectionSet, c.schema)
	default:
		// The type with the most values counts: its name may be in a variable.
		most := 0
		for _, def := range c.schema.Types {
			each := introspection{schema: c.schema, values: before}
			each.selections(f.SelectionSet, def)
			most = max(most, each.values-before)
			if each.values > maxIntrospection {
				break
			}
		}
		c.values += most
	}
	return float64(c.values - before)
}

// selections counts a selection on a part of the schema.
func (c *introspection) selections(set ast.SelectionSet, on any) {
	for _, s := range set {
		if c.values > maxIntrospection {
			return
		}
		switch s := s.(type) {
		case *ast.Field:
			c.values++
			if len(s.SelectionSet) > 0 {
				c.below(s.Name, on, func(part any) { c.selections(s.SelectionSet, part) })
			}
		case *ast.InlineFragment:
			c.selections(s.SelectionSet, on)
		case *ast.FragmentSpread:
			c.selections(s.Definition.SelectionSet, on)
		}
	}
}

// below calls visit with each part of the schema that a field of another part returns.
func (c *introspection) below(field string, on any, visit func(any)) {
	switch on := on.(type) {
	case *ast.Schema:
		switch field {
		case "types":
			for _, def := range on.Types {
				visit(def)
			}
		case "directives":
			for _, directive := range on.Directives {
				visit(directive)
			}
		default: // the root types
			visit(on.Query)
		}
	case *ast.Definition:
		c.ofDefinition(field, on, visit)
	case *ast.FieldDefinition:
		if field == "type" {
			visit(on.Type)
			return
		}
		for _, argument := range on.Arguments {
			visit(argument)
		}
	case *ast.DirectiveDefinition:
		for _, argument := range on.Arguments {
			visit(argument)
		}
	case *ast.ArgumentDefinition:
		visit(on.Type)
	case *ast.Type:
		switch {
		case on.NonNull && field == "ofType":
			inner := *on
			inner.NonNull = false
			visit(&inner)
		case on.Elem != nil && field == "ofType":
			visit(on.Elem)
		case !on.NonNull && on.Elem == nil:
			c.ofDefinition(field, c.schema.Types[on.NamedType], visit)
		}
	}
}

// ofDefinition is below for a named type.
func (c *introspection) ofDefinition(field string, of *ast.Definition, visit func(any)) {
	switch field {
	case "fields", "inputFields":
		for _, f := range of.Fields {
			visit(f)
		}
	case "enumValues":
		for _, value := range of.EnumValues {
			visit(value)
		}
	case "possibleTypes":
		for _, possible := range c.schema.GetPossibleTypes(of) {
			visit(possible)
		}
	case "interfaces":
		for _, name := range of.Interfaces {
			visit(c.schema.Types[name])
		}
	}
}

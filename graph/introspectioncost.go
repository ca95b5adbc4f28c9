package graph

import (
	"github.com/vektah/gqlparser/v2/ast"
)

// maxIntrospection is how many values of the schema one operation may ask for. The longest
// introspection query of the known tools asks for some 10,000.
const maxIntrospection = 30_000

// introspection counts the values that introspection fields return. Each value takes a visit, so
// it stops when it has counted more than the limit.
type introspection struct {
	schema *ast.Schema
	values int
}

// introspectionCost returns how many values of the schema an operation asks for; more than maxIntrospection stands
// for any number above it.
func introspectionCost(schema *ast.Schema, set ast.SelectionSet) int {
	c := introspection{schema: schema}
	c.root(set)
	return c.values
}

func (c *introspection) root(set ast.SelectionSet) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			switch s.Name {
			case "__schema":
				c.fields(s.SelectionSet, c.schema)
			case "__type":
				c.largest(s.SelectionSet)
			}
		case *ast.InlineFragment:
			c.root(s.SelectionSet)
		case *ast.FragmentSpread:
			c.root(s.Definition.SelectionSet)
		}
	}
}

// largest counts a selection on the type for which it is the most: which one the operation asks for
// may depend on its variables, and what it costs must not.
func (c *introspection) largest(set ast.SelectionSet) {
	most := 0
	for _, def := range c.schema.Types {
		each := introspection{schema: c.schema}
		each.fields(set, def)
		most = max(most, each.values)
	}
	c.values += most
}

// fields counts a selection on a part of the schema.
func (c *introspection) fields(set ast.SelectionSet, on any) {
	for _, s := range set {
		if c.values > maxIntrospection {
			return
		}
		switch s := s.(type) {
		case *ast.Field:
			c.values++
			if len(s.SelectionSet) > 0 {
				c.below(s, on)
			}
		case *ast.InlineFragment:
			c.fields(s.SelectionSet, on)
		case *ast.FragmentSpread:
			c.fields(s.Definition.SelectionSet, on)
		}
	}
}

// below counts what lies below a field that has a selection.
func (c *introspection) below(f *ast.Field, on any) {
	set := f.SelectionSet
	switch on := on.(type) {
	case *ast.Schema:
		switch f.Name {
		case "types":
			for _, def := range on.Types {
				c.fields(set, def)
			}
		case "directives":
			for _, directive := range on.Directives {
				c.fields(set, directive)
			}
		default: // the root types
			c.fields(set, on.Query)
		}
	case *ast.Definition:
		c.definition(f, on)
	case *ast.FieldDefinition:
		if f.Name == "type" {
			c.fields(set, on.Type)
			return
		}
		c.arguments(set, on.Arguments)
	case *ast.DirectiveDefinition:
		c.arguments(set, on.Arguments)
	case *ast.ArgumentDefinition:
		c.fields(set, on.Type)
	case *ast.Type:
		c.wrapped(f, on)
	}
}

func (c *introspection) arguments(set ast.SelectionSet, of ast.ArgumentDefinitionList) {
	for _, argument := range of {
		c.fields(set, argument)
	}
}

// definition counts what lies below a field of a named type.
func (c *introspection) definition(f *ast.Field, of *ast.Definition) {
	switch f.Name {
	case "fields", "inputFields":
		for _, field := range of.Fields {
			c.fields(f.SelectionSet, field)
		}
	case "enumValues":
		for _, value := range of.EnumValues {
			c.fields(f.SelectionSet, value)
		}
	case "possibleTypes":
		for _, possible := range c.schema.GetPossibleTypes(of) {
			c.fields(f.SelectionSet, possible)
		}
	case "interfaces":
		for _, name := range of.Interfaces {
			c.fields(f.SelectionSet, c.schema.Types[name])
		}
	}
}

// wrapped counts what lies below a field of a type that may be a list or not null.
func (c *introspection) wrapped(f *ast.Field, of *ast.Type) {
	switch {
	case of.NonNull && f.Name == "ofType":
		inner := *of
		inner.NonNull = false
		c.fields(f.SelectionSet, &inner)
	case of.Elem != nil && f.Name == "ofType":
		c.fields(f.SelectionSet, of.Elem)
	case !of.NonNull && of.Elem == nil:
		c.definition(f, c.schema.Types[of.NamedType])
	}
}

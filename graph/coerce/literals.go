package coerce

import (
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Operation is what [Check] knows of an operation's variables.
type Operation struct {
	Definition *ast.OperationDefinition
	variables  []variable
}

// variable is a declared variable.
type variable struct {
	*ast.VariableDefinition
	// defaultValue is the coerced default, if there is one.
	defaultValue any
	// needed means that null is refused although the variable's type allows it: the operation uses
	// the variable in a place whose type is not null and that has a default for a variable that is
	// left out (GraphQL specification, section "All Variable Usages Are Allowed").
	needed bool
	// nullIsDefault means that the operation uses the variable for an input field that has a
	// default: null is as good as no value then.
	nullIsDefault bool
}

// Check refuses a document whose literals or uses of variables do not fit the schema. The document
// has passed gqlparser's validation, which leaves some of them to execution. Check also drops each
// null literal of an input field that has a default, so that the default applies.
//
// It returns the document's operations in their order, or errors with the code
// GRAPHQL_VALIDATION_FAILED. The document must not be shared before Check returns.
func Check(schema *ast.Schema, doc *ast.QueryDocument) ([]*Operation, gqlerror.List) {
	var errs gqlerror.List
	ops := make([]*Operation, len(doc.Operations))
	for i, definition := range doc.Operations {
		c := checker{schema: schema, entered: map[*ast.FragmentDefinition]bool{}}
		ops[i] = c.operation(definition)
		errs = append(errs, c.errs...)
	}
	return ops, errs
}

// checker looks at one operation and the fragments that it uses.
type checker struct {
	schema  *ast.Schema
	op      *Operation
	entered map[*ast.FragmentDefinition]bool
	errs    gqlerror.List
}

func (c *checker) fail(at *ast.Position, format string, args ...any) {
	c.errs = append(c.errs, invalid(at, format, args...))
}

func (c *checker) operation(definition *ast.OperationDefinition) *Operation {
	c.op = &Operation{Definition: definition}
	for _, v := range definition.VariableDefinitions {
		declared := variable{VariableDefinition: v}
		if hasDefault(v.DefaultValue) {
			c.value(v.DefaultValue, v.Type, false)
			if len(c.errs) == 0 {
				declared.defaultValue = c.literal(v.DefaultValue, v.Type)
			}
		}
		c.directives(v.Directives)
		c.op.variables = append(c.op.variables, declared)
	}
	c.directives(definition.Directives)
	c.selections(definition.SelectionSet)
	return c.op
}

func (c *checker) selections(set ast.SelectionSet) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if s.Definition != nil {
				c.arguments(s.Arguments, s.Definition.Arguments)
			}
			c.directives(s.Directives)
			c.selections(s.SelectionSet)
		case *ast.InlineFragment:
			c.directives(s.Directives)
			c.selections(s.SelectionSet)
		case *ast.FragmentSpread:
			c.directives(s.Directives)
			if s.Definition != nil && !c.entered[s.Definition] {
				c.entered[s.Definition] = true
				c.directives(s.Definition.Directives)
				c.selections(s.Definition.SelectionSet)
			}
		}
	}
}

func (c *checker) directives(list ast.DirectiveList) {
	for _, d := range list {
		if d.Definition != nil {
			c.arguments(d.Arguments, d.Definition.Arguments)
		}
	}
}

func (c *checker) arguments(list ast.ArgumentList, definitions ast.ArgumentDefinitionList) {
	for _, argument := range list {
		if definition := definitions.ForName(argument.Name); definition != nil {
			c.value(argument.Value, definition.Type, hasDefault(definition.DefaultValue))
		}
	}
}

// value checks a literal, or a use of a variable, in a place of type t. otherwise tells whether the
// place has a default.
func (c *checker) value(v *ast.Value, t *ast.Type, otherwise bool) {
	switch {
	case v.Kind == ast.Variable:
		c.use(v, t, otherwise)
		// In a fragment the definition is that of the last operation, whose default gqlparser would
		// take for a variable that another operation leaves out. Variables has all the defaults.
		v.VariableDefinition = nil
	case v.Kind == ast.NullValue:
		if t.NonNull {
			c.fail(v.Position, "null is not %s.", a(t))
		}
	case t.Elem != nil && v.Kind == ast.ListValue:
		for _, element := range v.Children {
			c.value(element.Value, t.Elem, false)
		}
	case t.Elem != nil:
		c.value(v, t.Elem, false)
	default:
		c.named(v, t)
	}
}

// declared is the index of a variable's declaration; -1 if the value is none that is declared.
func (c *checker) declared(v *ast.Value) int {
	if v.Kind != ast.Variable {
		return -1
	}
	return slices.IndexFunc(c.op.variables, func(d variable) bool { return d.Variable == v.Raw })
}

// use checks the use of a variable in a place of type t.
func (c *checker) use(v *ast.Value, t *ast.Type, otherwise bool) {
	i := c.declared(v)
	if i < 0 {
		c.fail(v.Position, "Variable %q is not defined.", "$"+v.Raw)
		return
	}
	declared := &c.op.variables[i]
	place := t
	if t.NonNull && !declared.Type.NonNull {
		ownDefault := declared.DefaultValue
		if !otherwise && (ownDefault == nil || ownDefault.Kind == ast.NullValue) {
			c.misuse(v, declared, t)
			return
		}
		declared.needed = true
		place = &ast.Type{NamedType: t.NamedType, Elem: t.Elem}
	}
	if !compatible(declared.Type, place) {
		c.misuse(v, declared, t)
	}
}

func (c *checker) misuse(v *ast.Value, declared *variable, t *ast.Type) {
	c.fail(v.Position, "Variable %q of type %q is used where %q is expected.",
		"$"+v.Raw, declared.Type, t)
}

// compatible reports whether a variable of type from may stand in a place of type to (GraphQL
// specification, AreTypesCompatible).
func compatible(from, to *ast.Type) bool {
	switch {
	case to.NonNull && !from.NonNull:
		return false
	case (to.Elem != nil) != (from.Elem != nil):
		return false
	case to.Elem != nil:
		return compatible(from.Elem, to.Elem)
	default:
		return from.NamedType == to.NamedType
	}
}

// named checks a literal of a named type.
func (c *checker) named(v *ast.Value, t *ast.Type) {
	def := c.schema.Types[t.NamedType]
	switch def.Kind {
	case ast.InputObject:
		if v.Kind == ast.ObjectValue {
			c.object(v, def)
			return
		}
	case ast.Enum:
		if v.Kind == ast.EnumValue && def.EnumValues.ForName(v.Raw) != nil {
			return
		}
	default:
		if c.scalar(v, t) {
			return
		}
	}
	c.fail(v.Position, "%s is not %s.", short(v), a(t))
}

// scalar reports whether a literal is one of a scalar.
func (c *checker) scalar(v *ast.Value, t *ast.Type) bool {
	text := v.Kind == ast.StringValue || v.Kind == ast.BlockValue
	switch t.NamedType {
	case stringType:
		return text
	case idType:
		return text || v.Kind == ast.IntValue
	case booleanType:
		return v.Kind == ast.BooleanValue
	case intType:
		_, err := strconv.ParseInt(v.Raw, 10, 32)
		return v.Kind == ast.IntValue && err == nil
	case floatType:
		_, err := strconv.ParseFloat(v.Raw, 64)
		return (v.Kind == ast.IntValue || v.Kind == ast.FloatValue) && err == nil
	default: // a scalar of the schema's own, whose resolver decides what fits
		return true
	}
}

// object checks a literal of an input object.
func (c *checker) object(v *ast.Value, def *ast.Definition) {
	for _, member := range v.Children {
		field := def.Fields.ForName(member.Name)
		if field == nil {
			c.fail(member.Position, "%s has no field %q.", def.Name, member.Name)
			continue
		}
		c.value(member.Value, field.Type, hasDefault(field.DefaultValue))
		if i := c.declared(member.Value); i >= 0 && hasDefault(field.DefaultValue) {
			c.op.variables[i].nullIsDefault = true
		}
	}
	for _, field := range def.Fields {
		if field.Type.NonNull && !hasDefault(field.DefaultValue) &&
			v.Children.ForName(field.Name) == nil {
			c.fail(v.Position, "The field %q of %s is missing: it is %s.",
				field.Name, def.Name, a(field.Type))
		}
	}
	if isOneOf(def) {
		c.oneOf(v, def)
		return
	}
	v.Children = slices.DeleteFunc(v.Children, func(member *ast.ChildValue) bool {
		field := def.Fields.ForName(member.Name)
		return member.Value.Kind == ast.NullValue && field != nil && hasDefault(field.DefaultValue)
	})
}

// oneOf checks that a literal has exactly one field, which cannot be null.
func (c *checker) oneOf(v *ast.Value, def *ast.Definition) {
	if len(v.Children) == 1 {
		only := v.Children[0].Value
		if only.Kind != ast.Variable {
			if only.Kind != ast.NullValue {
				return
			}
		} else {
			for i := range c.op.variables {
				if c.op.variables[i].Variable == only.Raw && c.op.variables[i].Type.NonNull {
					return
				}
			}
		}
	}
	c.fail(v.Position, "%s takes exactly one field, and not null.", def.Name)
}

// literal returns the value of a literal without variables that has been checked.
func (c *checker) literal(v *ast.Value, t *ast.Type) any {
	switch {
	case v.Kind == ast.NullValue:
		return nil
	case t.Elem != nil:
		if v.Kind != ast.ListValue {
			return []any{c.literal(v, t.Elem)}
		}
		list := make([]any, len(v.Children))
		for i, element := range v.Children {
			list[i] = c.literal(element.Value, t.Elem)
		}
		return list
	case v.Kind == ast.ObjectValue:
		def := c.schema.Types[t.NamedType]
		object := make(map[string]any, len(v.Children))
		for _, member := range v.Children {
			if field := def.Fields.ForName(member.Name); field != nil {
				object[member.Name] = c.literal(member.Value, field.Type)
			}
		}
		return object
	case t.NamedType == idType && v.Kind == ast.IntValue:
		text, _ := idText(v.Raw)
		return text
	case t.NamedType == floatType:
		f, _ := strconv.ParseFloat(v.Raw, 64)
		return f
	default:
		value, _ := v.Value(nil)
		return value
	}
}

// short is a literal as an error repeats it.
func short(v *ast.Value) string {
	switch text := v.String(); {
	case len(text) <= shown:
		return text
	case v.Kind == ast.ListValue:
		return "A list"
	case v.Kind == ast.ObjectValue:
		return "An object"
	default:
		return "This value"
	}
}

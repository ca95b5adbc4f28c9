package coerce

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/internal/rawjson"
)

// maxValues is how many values the variables of one operation may hold: elements of lists and
// fields of objects. The longest valid input, upsertUsers with 1,000 users, has about 12,000.
const maxValues = 20_000

// Variables returns the values of the variables that op declares. given holds valid JSON in UTF-8
// by name; a variable that op does not declare is ignored and not decoded.
//
// A value is nil, a bool, a string (String, ID, enum), an int64 (Int), a float64 (Float), a []any
// or a map[string]any. An input field that is null and has a default is left out, so that the
// default applies. Values are never shared with another call, except for those of defaults, which
// must not be changed.
//
// The error has the code GRAPHQL_VALIDATION_FAILED, or TOO_COMPLEX where the variables hold more
// values than the server decodes.
func (op *Operation) Variables(
	schema *ast.Schema, given map[string]any,
) (map[string]any, *gqlerror.Error) {
	if len(op.variables) == 0 {
		return nil, nil
	}
	values := make(map[string]any, len(op.variables))
	d := decoder{schema: schema, left: maxValues}
	for i := range op.variables {
		v := &op.variables[i]
		raw, ok := given[v.Variable].(json.RawMessage)
		switch {
		case ok:
		case hasDefault(v.DefaultValue):
			if v.defaultValue == nil && v.needed {
				d.reset(v.Variable, nil)
				return nil, d.fail("its default is null, and it is used where null is not allowed")
			}
			if v.defaultValue != nil || !v.nullIsDefault {
				values[v.Variable] = v.defaultValue
			}
			continue
		case v.Type.NonNull:
			return nil, invalid(v.Position, "Variable %q of type %q is missing.",
				"$"+v.Variable, v.Type)
		default:
			continue
		}
		d.reset(v.Variable, raw)
		value, err := d.value(v.Type)
		if err == nil && value == nil && v.needed {
			err = d.fail("it is used where null is not allowed")
		}
		if err != nil {
			return nil, err
		}
		if value != nil || !v.nullIsDefault {
			values[v.Variable] = value
		}
	}
	return values, nil
}

// decoder reads JSON by the types of the schema. The JSON is valid.
type decoder struct {
	rawjson.Scanner

	schema *ast.Schema
	// left is how many values may still be read.
	left int
	// path leads to the value that is read: names and indices.
	path ast.Path
}

func (d *decoder) reset(variable string, raw []byte) {
	d.Scanner = rawjson.Scanner{Data: raw}
	d.path = append(d.path[:0], ast.PathName("variable"), ast.PathName(variable))
}

// fail refuses the value at d.path.
func (d *decoder) fail(format string, args ...any) *gqlerror.Error {
	reason := fmt.Sprintf(format, args...)
	err := invalid(nil, "The value of %s does not fit: %s.", d.where(), reason)
	err.Path = append(ast.Path(nil), d.path...)
	return err
}

// where is d.path as a client would write it, as in $input.tags[0].
func (d *decoder) where() string {
	var text strings.Builder
	text.WriteByte('$')
	for i, part := range d.path[1:] {
		switch part := part.(type) {
		case ast.PathIndex:
			fmt.Fprintf(&text, "[%d]", int(part))
		case ast.PathName:
			if i > 0 {
				text.WriteByte('.')
			}
			text.WriteString(string(part))
		}
	}
	return text.String()
}

// value reads a value of type t.
func (d *decoder) value(t *ast.Type) (any, *gqlerror.Error) {
	if d.left--; d.left < 0 {
		return nil, tooManyValues()
	}
	d.Space()
	switch {
	case d.Peek() == 'n':
		d.Pos += len("null")
		if t.NonNull {
			return nil, d.fail("null is not %s", a(t))
		}
		return nil, nil
	case t.Elem != nil && d.Peek() == '[':
		return d.list(t)
	case t.Elem != nil: // a single value stands for a list of one
		value, err := d.value(t.Elem)
		return []any{value}, err
	}
	switch def := d.schema.Types[t.NamedType]; def.Kind {
	case ast.InputObject:
		return d.object(t, def)
	case ast.Enum:
		return d.enum(t, def)
	default:
		return d.scalar(t)
	}
}

const tooComplex = "TOO_COMPLEX"

func tooManyValues() *gqlerror.Error {
	err := invalid(nil, "The variables hold more than %d values.", maxValues)
	err.Extensions["code"] = tooComplex
	return err
}

func (d *decoder) list(t *ast.Type) (any, *gqlerror.Error) {
	list := []any{}
	depth := len(d.path)
	defer func() { d.path = d.path[:depth] }()
	for d.Next('[') {
		d.path = append(d.path[:depth], ast.PathIndex(len(list)))
		value, err := d.value(t.Elem)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	return list, nil
}

func (d *decoder) object(t *ast.Type, def *ast.Definition) (any, *gqlerror.Error) {
	if d.Peek() != '{' {
		return nil, d.unfit(t)
	}
	object := make(map[string]any, len(def.Fields))
	depth := len(d.path)
	given := 0
	for d.Next('{') {
		name := d.Member()
		field := def.Fields.ForName(name)
		if field == nil {
			d.path = d.path[:depth] // not that of the member before it
			return nil, d.fail("%s has no field %q", def.Name, name)
		}
		given++
		d.path = append(d.path[:depth], ast.PathName(name))
		value, err := d.value(field.Type)
		if err != nil {
			return nil, err
		}
		if value == nil && hasDefault(field.DefaultValue) {
			delete(object, name) // an earlier member of the same name
			continue
		}
		object[name] = value
	}
	d.path = d.path[:depth]
	for _, field := range def.Fields {
		if _, ok := object[field.Name]; ok || !field.Type.NonNull ||
			hasDefault(field.DefaultValue) {
			continue
		}
		return nil, d.fail("its field %q of type %s is missing", field.Name, field.Type)
	}
	if isOneOf(def) {
		for _, value := range object {
			if value == nil || given != 1 {
				given = 0
			}
		}
		if given != 1 {
			return nil, d.fail("%s takes exactly one field, and not null", def.Name)
		}
	}
	return object, nil
}

func (d *decoder) enum(t *ast.Type, def *ast.Definition) (any, *gqlerror.Error) {
	if d.Peek() != '"' {
		return nil, d.unfit(t)
	}
	start := d.Pos
	name := d.Text()
	value := def.EnumValues.ForName(name)
	if value == nil {
		d.Pos = start
		return nil, d.unfit(t)
	}
	return value.Name, nil
}

func (d *decoder) scalar(t *ast.Type) (any, *gqlerror.Error) {
	c := d.Peek()
	isNumber := c == '-' || c >= '0' && c <= '9'
	start := d.Pos
	switch t.NamedType {
	case stringType:
		if c == '"' {
			return d.Text(), nil
		}
	case idType:
		if c == '"' {
			return d.Text(), nil
		}
		if isNumber {
			if text, ok := idText(string(d.Value())); ok {
				return text, nil
			}
		}
	case booleanType:
		if c == 't' || c == 'f' {
			d.Value()
			return c == 't', nil
		}
	case intType:
		if isNumber {
			if f, err := strconv.ParseFloat(string(d.Value()), 64); err == nil && isInt32(f) {
				return int64(f), nil
			}
		}
	case floatType:
		if isNumber {
			if f, err := strconv.ParseFloat(string(d.Value()), 64); err == nil {
				return f, nil
			}
		}
	default:
		return d.custom()
	}
	d.Pos = start
	return nil, d.unfit(t)
}

// custom reads the value of a scalar of the schema's own, whose resolver decides what fits. Each
// value in it counts.
func (d *decoder) custom() (any, *gqlerror.Error) {
	raw := d.Value()
	for s := (rawjson.Scanner{Data: raw}); s.Pos < len(raw); {
		switch s.Peek() {
		case '"':
			s.Quoted()
			continue
		case ',', ':':
			d.left--
		}
		s.Pos++
	}
	if d.left < 0 {
		return nil, tooManyValues()
	}
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return nil, d.fail("it is not valid JSON")
	}
	return value, nil
}

// shown is how much of a value an error repeats, in bytes.
const shown = 60

// unfit refuses the value at d.Pos, which is none of type t.
func (d *decoder) unfit(t *ast.Type) *gqlerror.Error {
	text := d.Value()
	if len(text) > shown {
		switch text[0] {
		case '{':
			return d.fail("an object is not %s", a(t))
		case '[':
			return d.fail("a list is not %s", a(t))
		}
		return d.fail("a value of %d bytes is not %s", len(text), a(t))
	}
	return d.fail("%s is not %s", text, a(t))
}

// a names the type of a value that is not null, with its article.
func a(t *ast.Type) string {
	name := (&ast.Type{NamedType: t.NamedType, Elem: t.Elem}).String()
	if name == intType || name == idType {
		return "an " + name
	}
	return "a " + name
}

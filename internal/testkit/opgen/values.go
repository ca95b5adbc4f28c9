package opgen

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/vektah/gqlparser/v2/ast"
)

// kind is how a value is written.
type kind int

const (
	bare     kind = iota // null, a Boolean or a number: the same in a document and in JSON
	text                 // a string
	enum                 // a name in a document, a string in JSON
	variable             // in documents only
	list
	object
	verbatim // given in both forms
)

// value is an input value, which can be written into a document or into the variables.
type value struct {
	kind  kind
	text  string // bare and verbatim: as in a document; text: the string; enum and variable: the name
	json  string // verbatim: as in JSON
	items []*value
	names []string // object: the names of the items
	style int      // text: how it is quoted in a document
}

func null() *value { return &value{kind: bare, text: "null"} }

func number[T int | int64](n T) *value { return &value{kind: bare, text: fmt.Sprint(n)} }

// literal returns the value as it is in a document.
func (v *value) literal() string {
	switch v.kind {
	case text:
		return quote(v.text, v.style)
	case variable:
		return "$" + v.text
	case list, object:
		parts := make([]string, len(v.items))
		for i, item := range v.items {
			parts[i] = item.literal()
			if v.kind == object {
				parts[i] = v.names[i] + ": " + parts[i]
			}
		}
		if v.kind == list {
			return "[" + strings.Join(parts, ", ") + "]"
		}
		return "{" + strings.Join(parts, ", ") + "}"
	default:
		return v.text
	}
}

// encoded returns the value as JSON. It must not contain variables.
func (v *value) encoded() string {
	switch v.kind {
	case bare:
		return v.text
	case text, enum, variable:
		return jsonString(v.text)
	case verbatim:
		return v.json
	default:
		parts := make([]string, len(v.items))
		for i, item := range v.items {
			parts[i] = item.encoded()
			if v.kind == object {
				parts[i] = jsonString(v.names[i]) + ":" + parts[i]
			}
		}
		if v.kind == list {
			return "[" + strings.Join(parts, ",") + "]"
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
}

func jsonString(s string) string {
	encoded, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings always encode
	}
	return string(encoded)
}

// quote returns a string as one of the ways in which GraphQL writes it.
func quote(s string, style int) string {
	printable := !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
	switch {
	case style == 1 && printable && !strings.HasSuffix(s, `"`) && !strings.HasSuffix(s, `\`):
		return `"""` + strings.ReplaceAll(s, `"""`, `\"""`) + `"""`
	case style == 2: // every character as an escape
		var b strings.Builder
		for _, unit := range utf16.Encode([]rune(s)) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
		return `"` + b.String() + `"`
	case style == 3:
		var b strings.Builder
		for _, r := range s {
			fmt.Fprintf(&b, `\u{%X}`, r)
		}
		return `"` + b.String() + `"`
	default:
		return jsonString(s)
	}
}

// input returns a value for a place in a document: a literal or a variable. hasDefault: the place
// has a default value.
func (d *document) input(in Input, hasDefault bool, depth int) *value {
	switch {
	case d.err("undefined variable"):
		return &value{kind: variable, text: "undefined"}
	case d.chance(0.35):
		return d.variable(in, hasDefault)
	default:
		return d.value(in, true, depth)
	}
}

// value returns a value for a place; in a document it may contain variables.
func (d *document) value(in Input, inDocument bool, depth int) *value {
	t := in.Type
	if wrong := d.wrongValue(in, inDocument, depth); wrong != nil {
		return wrong
	}
	if !t.NonNull && d.chance(0.08) {
		return null()
	}
	return d.present(in, inDocument, depth)
}

// present returns a value for a place that is not null.
func (d *document) present(in Input, inDocument bool, depth int) *value {
	if d.opts.Value != nil {
		if given, ok := d.opts.Value(in); ok {
			return d.supplied(given, in.Type)
		}
	}
	if in.Type.Elem != nil {
		return d.list(in, inDocument, depth)
	}
	def := d.schema.Types[in.Type.NamedType]
	switch def.Kind {
	case ast.Enum:
		chosen := rare(
			d.Generator,
			def.EnumValues,
			func(v *ast.EnumValueDefinition) string { return def.Name + "." + v.Name },
		)
		return &value{kind: enum, text: chosen.Name}
	case ast.InputObject:
		return d.object(def, inDocument, depth)
	default:
		return d.scalar(def.Name)
	}
}

func (d *document) list(in Input, inDocument bool, depth int) *value {
	element := in
	element.Type, element.Element = in.Type.Elem, true
	if d.chance(0.1) { // a single value stands for a list of it
		return d.present(element, inDocument, depth)
	}
	v := &value{kind: list}
	for range d.rng.IntN(4) {
		if inDocument && d.chance(0.2) {
			v.items = append(v.items, d.variable(element, false))
			continue
		}
		v.items = append(v.items, d.value(element, inDocument, depth))
	}
	return v
}

func (d *document) object(def *ast.Definition, inDocument bool, depth int) *value {
	v := &value{kind: object}
	add := func(f *ast.FieldDefinition, generate func(Input) *value) {
		d.chosen[def.Name+"."+f.Name]++
		v.names = append(v.names, f.Name)
		v.items = append(v.items, generate(Input{Parent: def.Name, Name: f.Name, Type: f.Type}))
	}
	if def.Directives.ForName("oneOf") != nil {
		add(
			rare(
				d.Generator,
				def.Fields,
				func(f *ast.FieldDefinition) string { return def.Name + "." + f.Name },
			),
			func(in Input) *value { return d.present(in, inDocument, depth+1) },
		)
		return v
	}
	missing := ""
	for _, f := range d.shuffled(def.Fields) {
		required := f.Type.NonNull && f.DefaultValue == nil
		switch {
		case required && missing == "" && d.err("missing field"):
			missing = f.Name
		case required, depth < maxNesting && (d.chance(0.35) || d.chosen[def.Name+"."+f.Name] == 0):
			add(f, func(in Input) *value {
				if inDocument {
					return d.input(in, f.DefaultValue != nil, depth+1)
				}
				return d.value(in, false, depth+1)
			})
		}
	}
	switch {
	case d.err("unknown field"):
		v.names, v.items = append(
			v.names,
			pick(d.rng, []string{"nothing", "__typename", "Name"}),
		), append(
			v.items,
			null(),
		)
	case len(v.names) > 0 && d.err("duplicate field"):
		v.names, v.items = append(v.names, v.names[0]), append(v.items, v.items[0])
	}
	return v
}

// maxNesting is how deep input objects nest in each other.
const maxNesting = 3

func (d *document) shuffled(fields ast.FieldList) []*ast.FieldDefinition {
	shuffled := slices.Clone(fields)
	d.rng.Shuffle(
		len(shuffled),
		func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] },
	)
	return shuffled
}

// texts are strings that are easy to get wrong.
func texts() []string {
	return []string{
		"",
		"a",
		"hello, world",
		" x ",
		"null",
		"true",
		"1",
		"{}",
		"$v",
		"PUBLIC",
		"say \"hi\"",
		`back\slash`,
		"two\nlines",
		"a\ttab",
		"# no comment",
		"ΟΔΥΣΣΕΥΣ",
		"party 🎉",
		"cafe\u0301",
		"\ufffd",
		"\u2028",
		"\u0000",
		"\x7f",
		`\u0041`,
		`"""`,
		"2022-01-29T08:10:10.855372Z",
		"8a6e0804-2bd0-4672-b79d-d97027f9071a",
	}
}

func (d *document) scalar(name string) *value {
	switch name {
	case "Int":
		return number(
			pick(d.rng, []int{0, 1, -1, 2, 20, 50, 100, 101, 1 << 31 >> 1, 1<<31 - 1, -1 << 31}),
		)
	case "Float":
		return &value{kind: bare, text: pick(d.rng, []string{"0", "-1", "1.5", "1e3", "-2.5E-3"})}
	case "Boolean":
		return &value{kind: bare, text: strconv.FormatBool(d.chance(0.5))}
	case "ID":
		if d.chance(0.2) {
			return number(d.rng.IntN(1 << 40))
		}
	}
	return &value{kind: text, text: pick(d.rng, texts()), style: max(0, d.rng.IntN(8)-4)}
}

// supplied returns a value that the options have supplied for a type.
func (d *document) supplied(given any, t *ast.Type) *value {
	encoded, err := json.Marshal(given)
	if err != nil {
		panic(fmt.Sprintf("opgen: a value for %s: %v", t, err))
	}
	var decoded any
	decoder := json.NewDecoder(strings.NewReader(string(encoded)))
	decoder.UseNumber()
	if err := decoder.Decode(&decoded); err != nil {
		panic(err) // it was encoded just now
	}
	return d.converted(decoded, t)
}

func (d *document) converted(given any, t *ast.Type) *value {
	switch given := given.(type) {
	case []any:
		v, element := &value{kind: list}, t
		if t.Elem != nil {
			element = t.Elem
		}
		for _, item := range given {
			v.items = append(v.items, d.converted(item, element))
		}
		return v
	case map[string]any:
		v, def := &value{kind: object}, d.schema.Types[t.Name()]
		for _, name := range slices.Sorted(maps.Keys(given)) {
			field := def.Fields.ForName(name)
			if field == nil {
				panic(fmt.Sprintf("opgen: %s has no field %s", t, name))
			}
			v.names, v.items = append(
				v.names,
				name,
			), append(
				v.items,
				d.converted(given[name], field.Type),
			)
		}
		return v
	case string:
		if d.schema.Types[t.Name()].Kind == ast.Enum {
			return &value{kind: enum, text: given}
		}
		return &value{kind: text, text: given}
	default:
		encoded, err := json.Marshal(given)
		if err != nil {
			panic(err) // it was decoded just now
		}
		return &value{kind: bare, text: string(encoded)}
	}
}

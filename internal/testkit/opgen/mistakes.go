package opgen

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Mistakes returns the names of the mistakes that a generator makes if Options.Wrong allows it.
func Mistakes() []string {
	return []string{
		// In a value, be it in the document or in the variables.
		"odd value",
		"null",
		"enum case",
		"enum string",
		"unknown enum",
		"int range",
		"fraction",
		"number for string",
		"string for number",
		"nested list",
		"list for one",
		"surrogate",
		"escape",
		// In an input object.
		"missing field",
		"unknown field",
		"duplicate field",
		// In a variable.
		"undefined variable",
		"nullable variable",
		"null variable",
		"missing variable",
		"variable type",
		"default value",
		"default null",
		"default variable",
		"output variable",
		"unknown variable type",
		"variable directive",
		"duplicate variable",
		"unused variable",
		"undeclared value",
		// In an argument.
		"missing argument",
		"unknown argument",
		"duplicate argument",
		"no arguments",
		// In a field.
		"unknown selection",
		"no selection",
		"leaf selection",
		"empty selection",
		"conflict",
		// In a directive.
		"unknown directive",
		"repeated directive",
		"directive arguments",
		"directive place",
		// In a fragment.
		"impossible fragment",
		"unknown fragment",
		"leaf fragment",
		"unknown fragment type",
		"fragment cycle",
		"unused fragment",
		"duplicate fragment",
		"fragment variables",
		"fragment name",
		// In the document.
		"two anonymous",
		"duplicate operation",
		"operation name",
		"no operation",
		"type definition",
		"two roots",
		"introspection root",
		"directive on root",
		"tokens",
		"tokens",
	}
}

// err returns true if the generator is to make a mistake here. It makes a mistake once, in a random
// place.
func (d *document) err(name string) bool {
	if d.pending != name || !d.chance(0.4) {
		return false
	}
	d.pending = ""
	d.made = append(d.made, name)
	return true
}

func raw(s string) *value { return &value{kind: verbatim, text: s, json: s} }

// oddValues are values that are wrong in most places. In a document they include some that are not
// values at all.
func oddValues(inDocument bool) []*value {
	odd := []*value{
		null(),
		raw("{}"),
		raw("[]"),
		raw("[[]]"),
		raw("[null]"),
		raw("[{}]"),
		raw("0"),
		raw("-0"),
		raw("1.0"),
		raw("1e3"),
		raw(
			"1.5",
		),
		raw("1e400"),
		raw("2147483648"),
		raw("-2147483649"),
		raw("9007199254740993"),
		raw("9223372036854775808"),
		raw(
			"123456789012345678901234567890",
		),
		raw(`"x"`),
		raw(`"1"`),
		raw(`""`),
		raw(`"true"`),
		raw("true"),
		raw("false"),
		{kind: verbatim, text: "{a: 1}", json: `{"a":1}`},
		{kind: verbatim, text: "{id: null}", json: `{"id":null}`},
		{kind: enum, text: "PUBLIC"},
		{kind: enum, text: "TEXT"},
	}
	if inDocument {
		for _, s := range []string{"public", "TRUE", "a", "$", "$$v", "[", "{a}", "01", "1a", "0x1", ".5", "1.", "-", `'x'`, "[$undefined]"} {
			odd = append(odd, raw(s))
		}
	}
	return odd
}

// wrongValue returns a value that does not fit its place; nil if no mistake is to be made.
func (d *document) wrongValue(in Input, inDocument bool, depth int) *value {
	if d.pending == "" {
		return nil
	}
	right := func() *value { return d.present(in, inDocument, depth) }
	def := d.schema.Types[in.Type.Name()]
	named := in.Type.Elem == nil
	isText := named && (def.Name == "String" || def.Name == "ID")
	switch {
	case d.err("odd value"):
		return pick(d.rng, oddValues(inDocument))
	case in.Type.NonNull && d.err("null"):
		return null()
	case !named && d.err("nested list"):
		return &value{kind: list, items: []*value{{kind: list, items: []*value{right()}}}}
	case named && d.err("list for one"):
		return &value{kind: list, items: []*value{right()}}
	case named && def.Kind == ast.Enum:
		return d.wrongEnum(def, inDocument)
	case named && (def.Name == "Int" || def.Name == "Float"):
		return d.wrongNumber()
	case isText && d.err("number for string"):
		return pick(d.rng, []*value{number(5), raw("5.0"), raw("5.5"), raw("true")})
	case isText && d.err("surrogate"):
		half := pick(
			d.rng,
			[]string{
				`\ud83d`,
				`\uDE00`,
				`\ude00\ud83d`,
				`\uD83D\u0041`,
				`\ud83d\\ude00`,
				`\ud83d\ud83d\ude00`,
				`\ud83d\ude00`,
			},
		)
		return raw(`"a` + half + ` b"`)
	case isText && inDocument && d.err("escape"):
		return raw(`"` + pick(d.rng, []string{
			`\x`,
			`\u12`,
			`\u{}`,
			`\u{110000}`,
			`\u{D83D}`,
			`\u{1F600}`,
			`\u{000000041}`,
			`\uD83D\u{DE00}`,
			`\`,
			`\"`,
			"\n",
			"\x00",
			"\x01",
			`\u00zz`,
			`""x`,
			`""x""`,
			`""x"""`,
			`"" """`,
		}) + `"`)
	}
	return nil
}

func (d *document) wrongEnum(def *ast.Definition, inDocument bool) *value {
	name := pick(d.rng, def.EnumValues).Name
	switch {
	case d.err("enum case"):
		return &value{
			kind: enum,
			text: pick(
				d.rng,
				[]string{strings.ToLower(name), name[:1] + strings.ToLower(name[1:])},
			),
		}
	case d.err("enum string"):
		if inDocument {
			return &value{kind: text, text: name}
		}
		return raw(pick(d.rng, []string{"0", "1", "true", `"` + name + ` "`}))
	case d.err("unknown enum"):
		return &value{
			kind: enum,
			text: pick(d.rng, []string{"", "BOGUS", "null", "true", "OWNER", name + "S"}),
		}
	}
	return nil
}

func (d *document) wrongNumber() *value {
	switch {
	case d.err("int range"):
		return raw(
			pick(
				d.rng,
				[]string{"2147483648", "-2147483649", "9223372036854775808", "1e10", "4294967297"},
			),
		)
	case d.err("fraction"):
		return raw(pick(d.rng, []string{"1.0", "1e3", "1.5", "-0.0", "0e0", "1E+2"}))
	case d.err("string for number"):
		return raw(pick(d.rng, []string{`"1"`, `"x"`, `""`, "true"}))
	}
	return nil
}

// wrongDefinition makes mistakes in the definition of a variable.
func (d *document) wrongDefinition(v *definition, in Input, t *ast.Type) {
	switch {
	case d.err("variable type"):
		other := *t
		switch d.rng.IntN(4) {
		case 0:
			v.typ = "[" + t.String() + "]"
		case 1:
			if t.Elem == nil {
				v.typ = "[" + t.NamedType + "!]!"
				return
			}
			v.typ = t.Elem.String()
		case 2:
			if t.Elem != nil { // an element less strict, or more
				element := *t.Elem
				element.NonNull = !element.NonNull
				other.Elem = &element
				v.typ = other.String()
				return
			}
			fallthrough
		default:
			other = ast.Type{NamedType: pick(d.rng, d.leaves), NonNull: t.NonNull}
			v.typ = other.String()
		}
	case d.err("default value"):
		v.otherwise = pick(d.rng, oddValues(true))
	case d.err("default null"):
		v.otherwise = null()
	case d.err("default variable"):
		v.otherwise = &value{kind: variable, text: pick(d.rng, []string{v.name, "v0"})}
	case d.err("output variable"):
		v.typ = pick(d.rng, d.composites)
	case d.err("unknown variable type"):
		v.typ = pick(
			d.rng,
			[]string{
				"Nothing",
				"[Nothing!]",
				strings.ToLower(in.Type.Name()),
				"__Type",
				"__TypeKind",
			},
		)
	case d.err("variable directive"):
		v.suffix = pick(
			d.rng,
			[]string{
				" @include(if: true)",
				" @viewer",
				" @nothing",
				" @skip(if: $" + v.name + ")",
				" @deprecated",
			},
		)
	}
}

// edit changes one token of a document.
func (d *document) edit(document string) string {
	tokens := split(document)
	at := d.rng.IntN(len(tokens))
	tokens = slices.Clone(tokens)
	switch d.rng.IntN(5) {
	case 0:
		tokens = slices.Delete(tokens, at, at+1)
	case 1:
		tokens = slices.Insert(tokens, at, tokens[at])
	case 2:
		other := d.rng.IntN(len(tokens))
		tokens[at], tokens[other] = tokens[other], tokens[at]
	case 3:
		tokens[at] = tokens[d.rng.IntN(len(tokens))]
	default:
		tokens = slices.Insert(tokens, at, pick(d.rng, []string{
			"!",
			"$",
			"&",
			"(",
			")",
			"...",
			"..",
			".",
			":",
			"=",
			"@",
			"[",
			"]",
			"{",
			"}",
			"|",
			"on",
			"null",
			"true",
			"fragment",
			"query",
			"\"",
			"\"\"\"",
			"#",
			"\ufeff",
			"\u00a0",
			",",
			"\r",
			"0",
			"-1",
			"1.5",
			"é",
			"\x00",
			"()",
			"{}",
			"[]",
			`"d"`,
		}))
	}
	return strings.Join(tokens, " ")
}

// split splits a document into pieces that are mostly tokens.
func split(document string) []string {
	var tokens []string
	rest := document
	for rest = strings.TrimLeft(rest, " \n,"); rest != ""; rest = strings.TrimLeft(rest, " \n,") {
		n := 1
		isName := func(r rune) bool { return r == '_' || r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z' }
		switch {
		case strings.HasPrefix(rest, `"`):
			if end := strings.IndexByte(rest[1:], '"'); end >= 0 {
				n = end + 2
			}
		case strings.HasPrefix(rest, "..."):
			n = 3
		case isName(rune(rest[0])):
			n = strings.IndexFunc(rest, func(r rune) bool { return !isName(r) })
			if n < 0 {
				n = len(rest)
			}
		}
		tokens, rest = append(tokens, rest[:n]), rest[n:]
	}
	return tokens
}

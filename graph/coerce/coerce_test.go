package coerce_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"

	"parley/graph/coerce"
)

const sdl = `
enum Color { RED GREEN }
scalar Any
input Box { size: Int! = 3  label: String = "none"  color: Color  tags: [String!]  inner: Box  id: ID! }
input Pick @oneOf { id: ID name: String }
type Query {
	f(s: String, i: Int, f: Float, b: Boolean, id: ID, c: Color, any: Any): String
	n(i: Int!, on: Boolean! = true): String
	box(box: Box): String
	boxes(boxes: [[Box!]]): String
	list(l: [Int!]!): String
	pick(by: Pick!): String
}
directive @oneOf on INPUT_OBJECT
`

func schema(t testing.TB) *ast.Schema {
	t.Helper()
	return gqlparser.MustLoadSchema(&ast.Source{Input: sdl})
}

// check parses, validates and checks a document.
func check(t testing.TB, s *ast.Schema, query string) (*coerce.Operation, gqlerror.List) {
	t.Helper()
	doc, err := parser.ParseQuery(&ast.Source{Input: query})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	if errs := validator.ValidateWithRules(s, doc, nil); len(errs) > 0 {
		return nil, errs
	}
	ops, errs := coerce.Check(s, doc)
	return ops[0], errs
}

func TestVariables(t *testing.T) {
	t.Parallel()
	s := schema(t)
	type object = map[string]any
	for _, test := range []struct {
		typ, json string
		want      any    // nil with refused
		refused   string // what the message contains
	}{
		{"String", `"a\u00e9\n😀"`, "aé\n😀", ""},
		{"String", `""`, "", ""},
		{"String", `1`, nil, "$v"},
		{"String", `["a"]`, nil, "a String"},
		{"String", `{}`, nil, "a String"},
		{"String", `true`, nil, "a String"},
		{"Int", `-7`, int64(-7), ""},
		{"Int", `7.0`, int64(7), ""},
		{"Int", `1e3`, int64(1000), ""},
		{"Int", `2147483647`, int64(2147483647), ""},
		{"Int", `2147483648`, nil, "an Int"},
		{"Int", `1.5`, nil, "an Int"},
		{"Int", `1e999`, nil, "an Int"},
		{"Int", `"1"`, nil, "an Int"},
		{"Int!", `null`, nil, "null is not an Int"},
		{"Float", `1`, 1.0, ""},
		{"Float", `-2.5e-1`, -0.25, ""},
		{"Float", `1e999`, nil, "a Float"},
		{"Boolean", `true`, true, ""},
		{"Boolean", ` false `, false, ""},
		{"Boolean", `0`, nil, "a Boolean"},
		{"ID", `"x"`, "x", ""},
		{"ID", `123456789012345678901`, "123456789012345678901", ""},
		{"ID", `4.0`, "4", ""},
		{"ID", `-0`, "0", ""},
		{"ID", `1.5`, nil, "an ID"},
		{"ID", `false`, nil, "an ID"},
		{"Color", `"RED"`, "RED", ""},
		{"Color", `"red"`, nil, "a Color"},
		{"Color", `0`, nil, "a Color"},
		{"Color", `{"a":[1,{"b":"]"}]}`, nil, "a Color"},
		{"[Int!]", `[1, 2 ,3]`, []any{int64(1), int64(2), int64(3)}, ""},
		{"[Int!]", `[ ]`, []any{}, ""},
		{"[Int!]", `5`, []any{int64(5)}, ""},
		{"[Int!]", `[1,null]`, nil, "$v[1]"},
		{"[Int!]", `[[1]]`, nil, "$v[0]"},
		{"[[Int]]", `[1,[2,null],null]`, []any{[]any{int64(1)}, []any{int64(2), nil}, nil}, ""},
		{"Box", `{"id":"a"}`, object{"id": "a"}, ""},
		{
			"Box", `{ "id" : 1 , "tags" : "x" , "inner" : {"id":"b","color":"GREEN"} }`,
			object{"id": "1", "tags": []any{"x"}, "inner": object{"id": "b", "color": "GREEN"}},
			"",
		},
		{"Box", `{"id":"a","label":null,"color":null}`, object{"id": "a", "color": nil}, ""},
		{"Box", `{"id":"a","size":null}`, nil, "$v.size"},
		{"Box", `{"id":"a","id":"b"}`, object{"id": "b"}, ""},
		{"Box", `{"i\u0064":"a"}`, object{"id": "a"}, ""},
		{"Box", `{}`, nil, `"id"`},
		{"Box", `{"id":"a","bogus":{"x":[1,2]}}`, nil, `$v does not fit: Box has no field "bogus"`},
		{
			"Box", `{"id":"a","inner":{"id":"b","bogus":1}}`, nil,
			`$v.inner does not fit: Box has no field "bogus"`,
		},
		{"Box", `"a"`, nil, "a Box"},
		{"Box", `[{"id":"a"}]`, nil, "a Box"},
		{"Box", `{"id":"a","inner":{"id":"b","tags":["x",1]}}`, nil, "$v.inner.tags[1]"},
		{"Pick", `{"id":"a"}`, object{"id": "a"}, ""},
		{"Pick", `{"id":"a","name":"b"}`, nil, "exactly one"},
		{"Pick", `{"id":null}`, nil, "exactly one"},
		{"Pick", `{"id":"a","name":null}`, nil, "exactly one"},
		{"Any", `{"a":[1,"x",null]}`, object{"a": []any{1.0, "x", nil}}, ""},
	} {
		field := map[string]string{
			"String": "f(s: $v)", "Int": "f(i: $v)", "Int!": "f(i: $v)", "Float": "f(f: $v)", "Boolean": "f(b: $v)",
			"ID": "f(id: $v)", "Color": "f(c: $v)", "Any": "f(any: $v)", "Box": "box(box: $v)",
			"[Int!]": "list(l: $v)", "[[Int]]": "f", "Pick": "f",
		}[test.typ]
		declared := test.typ
		if test.typ == "[Int!]" {
			declared += "!"
		}
		doc, err := parser.ParseQuery(
			&ast.Source{Input: "query($v: " + declared + ") { " + field + " }"},
		)
		if err != nil {
			t.Fatal(err)
		}
		_ = validator.ValidateWithRules(
			s,
			doc,
			nil,
		) // "$v is never used" for types that no field takes
		ops, errs := coerce.Check(s, doc)
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		values, refused := ops[0].Variables(
			s,
			map[string]any{"v": json.RawMessage(test.json), "undeclared": json.RawMessage(`[[[`)},
		)
		switch {
		case test.refused == "" && refused != nil:
			t.Errorf("%s %s: %v", test.typ, test.json, refused)
		case test.refused == "" && !reflect.DeepEqual(values["v"], test.want):
			t.Errorf("%s %s: %#v; want %#v", test.typ, test.json, values["v"], test.want)
		case test.refused != "" && (refused == nil || !strings.Contains(refused.Message, test.refused)):
			t.Errorf(
				"%s %s: %#v, %v; want an error with %q",
				test.typ,
				test.json,
				values["v"],
				refused,
				test.refused,
			)
		}
	}
}

func TestLiterals(t *testing.T) {
	t.Parallel()
	s := schema(t)
	for query, ok := range map[string]bool{
		`{ f(s: "a") }`: true, `{ f(s: """a""") }`: true, `{ f(s: {}) }`: false, `{ f(s: []) }`: false, `{ f(s: null) }`: true,
		`{ f(i: 2147483648) }`: false, `{ f(i: -2147483648) }`: true, `{ f(i: 1.0) }`: false, `{ f(i: {}) }`: false,
		`{ f(f: 1) }`: true, `{ f(f: 1e999) }`: false, `{ f(f: {}) }`: false,
		`{ f(b: {}) }`: false, `{ f(id: {}) }`: false, `{ f(id: 9223372036854775807) }`: true, `{ f(c: {}) }`: false,
		`{ f(c: red) }`: false, `{ f(c: "RED") }`: false, `{ n(i: null) }`: false, `{ n(i: 1, on: null) }`: false,
		`{ list(l: 1) }`: true, `{ list(l: [1, null]) }`: false, `{ list(l: [[1]]) }`: false, `{ list(l: {}) }`: false,
		`{ boxes(boxes: {id: 1}) }`: true, `{ boxes(boxes: [[{id: 1}], null]) }`: true, `{ boxes(boxes: [[null]]) }`: false,
		`{ box(box: {id: 1, size: null}) }`: false, `{ box(box: {id: 1, label: null}) }`: true, `{ box(box: {}) }`: false,
		`{ box(box: {id: 1, inner: {id: {}}}) }`: false, `{ box(box: {id: 1, inner: {id: 2, tags: {}}}) }`: false,
		`{ pick(by: {id: 1}) }`: true, `{ pick(by: {id: null}) }`: false, `{ pick(by: {}) }`: false,
		`query($v: ID) { pick(by: {id: $v}) }`: false, `query($v: ID!) { pick(by: {id: $v}) }`: true,
		`{ f @include(if: {}) }`: false, `{ f @skip(if: null) }`: false, `{ ... @include(if: {}) { f } }`: false,
		`{ ...F @skip(if: {}) } fragment F on Query { f }`: false, `{ ...F } fragment F on Query { f(s: {}) }`: false,
		`query($v: Int) { n(i: $v) }`: false, `query($v: Int = 1) { n(i: $v) }`: true, `query($v: Int = null) { n(i: $v) }`: false,
		`query($v: Boolean) { n(i: 1, on: $v) }`: true, `query($v: Int) { list(l: [$v]) }`: false,
		`query($v: Int = {}) { f(i: $v) }`: false, `query($v: Color = "RED") { f(c: $v) }`: false,
		`query($v: String) { f(i: $v) }`: false, `query($v: Int) { f(f: $v) }`: false, `query($v: [Int!]) { list(l: $v) }`: false,
		`query($v: Int) { box(box: {id: 1, size: $v}) }`: true, `query($v: ID) { box(box: {id: $v}) }`: false,
	} {
		_, errs := check(t, s, query)
		if (len(errs) == 0) != ok {
			t.Errorf("%s: %v; want accepted: %v", query, errs, ok)
		}
	}
}

// TestNullVariables: null is refused where a place takes a nullable variable only because one of
// them has a default; a variable that is left out gets the default.
func TestNullVariables(t *testing.T) {
	t.Parallel()
	s := schema(t)
	for query, needed := range map[string]bool{
		`query($v: Boolean) { n(i: 1, on: $v) }`:                                     true,
		`query($v: Boolean = true) { f @include(if: $v) }`:                           true,
		`query($v: Boolean = true) { ...F } fragment F on Query { f @skip(if: $v) }`: true,
		`query($v: Int) { box(box: {id: 1, size: $v}) }`:                             true,
		`query($v: Int = 1) { list(l: [$v]) }`:                                       true,
		`query($v: Boolean) { f(b: $v) }`:                                            false,
		`query($v: Int = 1) { f(i: $v) }`:                                            false,
	} {
		op, errs := check(t, s, query)
		if len(errs) > 0 {
			t.Fatalf("%s: %v", query, errs)
		}
		if _, err := op.Variables(s, nil); err != nil {
			t.Errorf("%s without the variable: %v", query, err)
		}
		_, err := op.Variables(s, map[string]any{"v": json.RawMessage("null")})
		if (err != nil) != needed {
			t.Errorf("%s with null: %v; want refused: %v", query, err, needed)
		}
	}
}

// TestDefaults: a variable that is left out has its default, as if the client had sent it.
func TestDefaults(t *testing.T) {
	t.Parallel()
	s := schema(t)
	op, errs := check(
		t,
		s,
		`query($b: Box = {id: 7, label: null, tags: "x", inner: {id: "y", color: RED}}, $l: [Int!]! = 4, $n: Int = null)
		{ box(box: $b) list(l: $l) f(i: $n) }`,
	)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	values, err := op.Variables(s, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"b": map[string]any{
			"id":    "7",
			"tags":  []any{"x"},
			"inner": map[string]any{"id": "y", "color": "RED"},
		},
		"l": []any{int64(4)},
		"n": nil,
	}
	if !reflect.DeepEqual(values, want) {
		t.Errorf("%#v; want %#v", values, want)
	}
}

// TestValuesAreBounded: a JSON text of many small values is refused before it is decoded whole.
func TestValuesAreBounded(t *testing.T) {
	t.Parallel()
	s := schema(t)
	op, errs := check(t, s, `query($l: [Int!]!) { list(l: $l) }`)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	long := json.RawMessage("[" + strings.Repeat("0,", 500_000) + "0]")
	if _, err := op.Variables(
		s,
		map[string]any{"l": long},
	); err == nil ||
		err.Extensions["code"] != "TOO_COMPLEX" {
		t.Errorf("half a million values: %v", err)
	}
	op, errs = check(t, s, `query($a: Any) { f(any: $a) }`)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if _, err := op.Variables(
		s,
		map[string]any{"a": long},
	); err == nil ||
		err.Extensions["code"] != "TOO_COMPLEX" {
		t.Errorf("half a million values of a scalar of the schema's own: %v", err)
	}
	text := json.RawMessage(`"` + strings.Repeat(",", 500_000) + `"`)
	if _, err := op.Variables(s, map[string]any{"a": text}); err != nil {
		t.Errorf("a text of half a million commas: %v", err)
	}
}

// FuzzVariables: whatever the JSON is, decoding neither panics nor runs past its end; and what it
// accepts encodes to JSON that it accepts again with the same values.
func FuzzVariables(f *testing.F) {
	s := schema(f)
	op, errs := check(
		f,
		s,
		`query($b: [[Box!]], $i: Int, $id: ID, $f: Float) { boxes(boxes: $b) f(i: $i, id: $id, f: $f) }`,
	)
	if len(errs) > 0 {
		f.Fatal(errs)
	}
	for _, seed := range []string{
		`[{"id":1,"tags":["a\"]}"],"inner":{"id":"x"}}]`, `1e3`, `-0`, `"\ud83d\ude00"`, ` [ [ ] , null ] `, `{"id":"a","size":2}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !json.Valid([]byte(text)) || !utf8.ValidString(text) {
			return
		}
		for _, name := range []string{"b", "i", "id", "f"} {
			values, err := op.Variables(s, map[string]any{name: json.RawMessage(text)})
			if err != nil {
				continue
			}
			again, encodeErr := json.Marshal(values[name])
			if encodeErr != nil {
				t.Fatalf("%s: %v", text, encodeErr)
			}
			same, err := op.Variables(s, map[string]any{name: json.RawMessage(again)})
			if err != nil || !reflect.DeepEqual(values, same) {
				t.Fatalf("%s: %#v, and again %s: %#v, %v", text, values, again, same, err)
			}
		}
	})
}

package guard

import (
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// grammatical reports whether a document is one by the grammar; parsed tells whether gqlparser
// takes it.
func grammatical(text string) (ok, parsed bool) {
	doc, err := parser.ParseQuery(&ast.Source{Input: text})
	if err != nil {
		return false, false
	}
	return checkGrammar(text, doc) == nil, true
}

func TestGrammar(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{
		`"a"`: true, `""`: true, `"\uD83D\uDE00"`: true, `"\ud83d\ude00\ud83d\ude00"`: true, `"\\uD83D"`: true,
		`"\"\uD83D"`: false, `"\uD83D"`: false, `"\uDE00"`: false, `"\uDE00\uD83D"`: false, `"\uD83D\\uDE00"`: false,
		`"\uD83D\uD83D\uDE00"`: false, `"\u{1F600}"`: true, `"é\uD83D"`: false,
		`"#" "\uD83D"`: false, `"\u00e9"`: true, `"a" # "\uD83D"`: true,
		`"""a"""`: true, `""""""`: true, `"""\uD83D"""`: true, `"""a""""`: false, `"""a"b""c\"""d"""`: true,
		`"""a""" "b"`: true, `"""a"""""`: false, `"""1a"""`: true,
		`1`: true, `-1.5e+3`: true, `1E5`: true, `1a`: false, `1_`: false, `1.5e3x`: false, `1e5e5`: false,
		`1"a"`: true, `1[2]`: true, `a1 b2`: true, `1 a`: true, `1,a`: true, `1#a`: true, `0x1`: false, `[1]`: true,
	} {
		text := "{ f(a: [" + value + "\n]) }"
		if got, parsed := grammatical(text); !parsed || got != want {
			t.Errorf("%s: %v, parsed %v; want %v", text, got, parsed, want)
		}
	}
	for text, want := range map[string]bool{
		`{ ...F } fragment F on Query { a }`:           true,
		`{ ...F } fragment F($x: Int) on Query { a }`:  false,
		"{ a } # a comment \"\n":                       true,
		"{ a } # a comment \"\r{ b(c: \"\\uD83D\") }":  false,
		"\"\"\"A description.\"\"\" query Q { a }":     true,
		"\"A description: \\uD83D.\" query Q { a }":    false,
		"query($v: String = \"\\uD83D\") { a(b: $v) }": false,
	} {
		if got, parsed := grammatical(text); !parsed || got != want {
			t.Errorf("%s: %v, parsed %v; want %v", text, got, parsed, want)
		}
	}
}

// TestGrammarLocation: an error says where it is.
func TestGrammarLocation(t *testing.T) {
	t.Parallel()
	text := "{\n  f(a: \"é\\uD83D\")\n}"
	doc, err := parser.ParseQuery(&ast.Source{Input: text})
	if err != nil {
		t.Fatal(err)
	}
	refused := checkGrammar(text, doc)
	if refused == nil || refused.Locations[0].Line != 2 || refused.Locations[0].Column != 10 {
		t.Errorf("%+v", refused)
	}
	if code := refused.Extensions["code"]; code != "GRAPHQL_PARSE_FAILED" {
		t.Errorf("code %v", code)
	}
}

// FuzzGrammar: the check neither panics nor runs past the end, whatever gqlparser has parsed.
func FuzzGrammar(f *testing.F) {
	f.Add(`{ f(a: "\uD83D\uDE00", b: """x""", c: -1.5e3) } # "`)
	f.Add(strings.Repeat(`"""`, 3))
	f.Fuzz(func(_ *testing.T, text string) { grammatical(text) })
}

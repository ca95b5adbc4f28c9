package guard_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"parley/graph/guard"
)

// TestDocumentSize compares the estimate of a document's memory with what it really takes.
func TestDocumentSize(t *testing.T) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: `
		input In { a: String b: [In!] n: Int }
		type Query { f(a: String, in: In, l: [In!]): Query s(a: String): String }`})
	for name, text := range map[string]string{
		"long text":     `{ s(a: "` + strings.Repeat("x", 60_000) + `") }`,
		"fields":        "{ " + repeat(1200, func(i int) string { return fmt.Sprintf("a%d: s ", i) }) + "}",
		"arguments":     "{ " + repeat(180, func(i int) string { return fmt.Sprintf(`a%d: s(a: "text%d") `, i, i) }) + "}",
		"objects":       "{ f(l: [" + repeat(200, func(i int) string { return fmt.Sprintf("{n: %d} ", i) }) + "]) { s } }",
		"nested fields": repeat(200, func(int) string { return "{ f " }) + "{ s }" + strings.Repeat("}", 200),
		"fragments":     "{ " + repeat(150, func(i int) string { return fmt.Sprintf("...F%d ", i) }) + "}" + repeat(150, func(i int) string { return fmt.Sprintf(" fragment F%d on Query { s }", i) }),
		"small":         `{ s }`,
		"screen":        `query Q($a: String, $b: In = {n: 1}) { f(a: $a, in: $b) { ...A f { s @include(if: true) } } } fragment A on Query { s(a: "x") t: s }`,
	} {
		const n = 100
		documents := make([]*guard.Document, n)
		before := heap()
		for i := range documents {
			own := strings.Clone(text)
			parsed, err := guard.Parse(own, 0)
			if err != nil {
				t.Fatal(name, err)
			}
			d, errs := guard.Validate(schema, own, parsed, false)
			if len(errs) > 0 {
				t.Fatal(name, errs)
			}
			documents[i] = d
		}
		took := int(heap()-before) / n
		estimate := documents[0].Bytes()
		t.Logf(
			"%s: %d bytes of text take %d, estimated %d (%.2f)",
			name,
			len(text),
			took,
			estimate,
			float64(estimate)/float64(took),
		)
		if estimate < took || estimate > 6*took+4096 {
			t.Errorf(
				"%s: the estimate %d is not between %d and six times that",
				name,
				estimate,
				took,
			)
		}
		runtime.KeepAlive(documents)
	}
}

func repeat(n int, part func(int) string) string {
	var text strings.Builder
	for i := range n {
		text.WriteString(part(i))
	}
	return text.String()
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

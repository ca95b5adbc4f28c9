package graph_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// tree is a JSON value. The members of an object are in their order.
type tree struct {
	name     string // the key, of an object's member
	kind     json.Delim
	children []*tree
	leaf     any // of what is no object and no array
}

// parse parses JSON.
func parse(tb testing.TB, text []byte) *tree {
	tb.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	root, err := decode(d)
	if err != nil || d.More() {
		tb.Fatalf("no JSON: %v\n%s", err, text)
	}
	return root
}

func decode(d *json.Decoder) (*tree, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	n := &tree{leaf: token}
	kind, ok := token.(json.Delim)
	if !ok {
		return n, nil
	}
	n.kind, n.leaf = kind, nil
	for d.More() {
		name := ""
		if kind == '{' {
			if token, err = d.Token(); err != nil {
				return nil, err
			}
			name, _ = token.(string)
		}
		child, err := decode(d)
		if err != nil {
			return nil, err
		}
		child.name = name
		n.children = append(n.children, child)
	}
	_, err = d.Token()
	return n, err
}

func (n *tree) walk(visit func(*tree)) {
	visit(n)
	for _, child := range n.children {
		child.walk(visit)
	}
}

// difference returns where two values differ; "" if they are the same.
func (n *tree) difference(other *tree, same func(a, b any) bool) string {
	switch {
	case n.kind != other.kind || n.name != other.name:
		return fmt.Sprintf("/%s is another kind of value, or another key", n.name)
	case len(n.children) != len(other.children):
		return fmt.Sprintf(
			"/%s has %d and %d elements",
			n.name,
			len(n.children),
			len(other.children),
		)
	case n.kind == 0 && !same(n.leaf, other.leaf):
		return fmt.Sprintf("/%s is %v and %v", n.name, n.leaf, other.leaf)
	}
	for i := range n.children {
		if found := n.children[i].difference(other.children[i], same); found != "" {
			return "/" + n.name + found
		}
	}
	return ""
}

// nulled returns how much of a path leads to a null, -1 if it leads elsewhere.
func (n *tree) nulled(path ast.Path) int {
	for i := 0; ; i++ {
		if n.kind == 0 && n.leaf == nil {
			return i
		}
		if i == len(path) {
			return -1
		}
		var next *tree
		switch at := path[i].(type) {
		case ast.PathName:
			for _, child := range n.children {
				if n.kind == '{' && child.name == string(at) {
					next = child
				}
			}
		case ast.PathIndex:
			if n.kind == '[' && int(at) < len(n.children) {
				next = n.children[at]
			}
		}
		if next == nil {
			return -1
		}
		n = next
	}
}

// failures are the codes of a response's errors by the null that they explain. An error below that
// null may hide others there.
type failures struct{ at, below map[string][]string }

func failuresOf(data *tree, errs gqlerror.List) (failures, string) {
	f := failures{at: map[string][]string{}, below: map[string][]string{}}
	for _, err := range errs {
		n := data.nulled(err.Path)
		if n < 0 {
			return f, fmt.Sprintf("the error %v is where no null is", err)
		}
		of, place := f.at, err.Path[:n].String()
		if n < len(err.Path) {
			of = f.below
		}
		if code := fmt.Sprint(err.Extensions["code"]); !slices.Contains(of[place], code) {
			of[place] = append(of[place], code)
		}
	}
	return f, ""
}

// disagreement returns in what two responses differ; "" if they are equal: their data, the order
// of the keys included, and the paths and codes of their errors, of which those below a null that
// moved up may be others.
func disagreement(
	tb testing.TB, one, other *graphql.Response, same func(a, b any) bool,
) string {
	tb.Helper()
	a, b := parse(tb, one.Data), parse(tb, other.Data)
	if found := a.difference(b, same); found != "" {
		return "data: " + found
	}
	first, wrong := failuresOf(a, one.Errors)
	if wrong != "" {
		return wrong
	}
	second, wrong := failuresOf(b, other.Errors)
	if wrong != "" {
		return "the other: " + wrong
	}
	if found := differentCodes(first.at, second.at, true); found != "" {
		return found
	}
	return differentCodes(first.below, second.below, false)
}

func differentCodes(a, b map[string][]string, all bool) string {
	for _, place := range slices.Concat(keys(a), keys(b)) {
		x, y := a[place], b[place]
		slices.Sort(x)
		slices.Sort(y)
		switch {
		case len(x) == 0 || len(y) == 0,
			(all || len(x) == 1 && len(y) == 1) && !slices.Equal(x, y):
			return fmt.Sprintf("errors for %q: %v and %v", place, x, y)
		}
	}
	return ""
}

func keys(m map[string][]string) []string {
	var list []string
	for key := range m {
		list = append(list, key)
	}
	return list
}

func equalLeaves(a, b any) bool { return a == b }

func show(r *graphql.Response) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s", r.Data)
	for _, err := range r.Errors {
		fmt.Fprintf(&b, "\n  %s: %v %s", err.Path, err.Extensions["code"], err.Message)
	}
	return b.String()
}

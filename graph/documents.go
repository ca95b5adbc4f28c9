package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/graph/guard"
	"parley/internal/auth"
)

// maxWeight bounds the work of validating a document, in visits of a selection and comparisons of two: some 10 ms. A
// screen's document with fifty fragments weighs a few thousand.
const maxWeight = 30_000

// documentCache has validated documents of users, and apart from them those of clients without a
// token, which cannot evict the users'.
type documentCache struct{ users, anonymous *guard.Cache[*guard.Document] }

func newDocumentCache() documentCache {
	return documentCache{
		users:     guard.NewCache(userDocuments, (*guard.Document).Bytes),
		anonymous: guard.NewCache(anonymousDocuments, (*guard.Document).Bytes),
	}
}

// Get is [graphql.Cache]'s.
func (c documentCache) Get(ctx context.Context, text string) (*guard.Document, bool) {
	if d, ok := c.users.Get(ctx, text); ok {
		return d, true
	}
	return c.anonymous.Get(ctx, text)
}

// Add is [graphql.Cache]'s.
func (c documentCache) Add(ctx context.Context, text string, d *guard.Document) {
	if _, ok := auth.FromContext(ctx); ok {
		c.users.Add(ctx, text, d)
		return
	}
	c.anonymous.Add(ctx, text, d)
}

// tooDear refuses a document that has been parsed where validating it would be too much.
func tooDear(doc *ast.QueryDocument) *gqlerror.Error {
	w := weigher{fragments: make(map[string]*ast.FragmentDefinition, len(doc.Fragments))}
	for _, f := range doc.Fragments {
		w.fragments[f.Name] = f
	}
	if name := w.recursive(); name != "" {
		refused := gqlerror.Errorf("Fragment %q uses itself: fragments cannot be recursive.", name)
		errcode.Set(refused, errcode.ValidationFailed)
		return refused
	}
	for _, op := range doc.Operations {
		w.weigh(op.SelectionSet)
	}
	for _, f := range doc.Fragments {
		w.weigh(f.SelectionSet)
	}
	if w.heavy() {
		return refusal("The document repeats fields and fragments too often: validating it would take too long.")
	}
	return nil
}

// weigher estimates from above what validation does with a document, and stops when that is too much. The document's
// fragments must not be recursive.
type weigher struct {
	fragments map[string]*ast.FragmentDefinition
	weight    int
}

func (w *weigher) heavy() bool { return w.weight > maxWeight }

// recursive returns the name of a fragment that uses itself; "" where there is none.
func (w *weigher) recursive() string {
	const open, done = 1, 2
	state := make(map[string]int, len(w.fragments))
	var visit func(ast.SelectionSet) string
	enter := func(name string) string {
		f := w.fragments[name]
		switch {
		case state[name] == open:
			return name
		case f == nil || state[name] == done:
			return ""
		}
		state[name] = open
		defer func() { state[name] = done }()
		return visit(f.SelectionSet)
	}
	visit = func(set ast.SelectionSet) string {
		for _, s := range set {
			found := ""
			switch s := s.(type) {
			case *ast.Field:
				found = visit(s.SelectionSet)
			case *ast.InlineFragment:
				found = visit(s.SelectionSet)
			case *ast.FragmentSpread:
				found = enter(s.Name)
			}
			if found != "" {
				return found
			}
		}
		return ""
	}
	for name := range w.fragments {
		if found := enter(name); found != "" {
			return found
		}
	}
	return ""
}

// weigh adds the weight of an operation or of a fragment.
func (w *weigher) weigh(set ast.SelectionSet) {
	w.compare(set)
	w.walk(set, map[string]bool{})
}

// walk is the way that every rule takes: into each fragment once. Each inline fragment is compared by itself besides.
func (w *weigher) walk(set ast.SelectionSet, entered map[string]bool) {
	for _, s := range set {
		if w.weight++; w.heavy() {
			return
		}
		switch s := s.(type) {
		case *ast.Field:
			w.walk(s.SelectionSet, entered)
		case *ast.InlineFragment:
			w.compare(s.SelectionSet)
			w.walk(s.SelectionSet, entered)
		case *ast.FragmentSpread:
			if f := w.fragments[s.Name]; f != nil && !entered[s.Name] {
				entered[s.Name] = true
				w.walk(f.SelectionSet, entered)
			}
		}
	}
}

// compare is what the rule of merging does with selection sets that come to lie in one object of the response: it
// compares each two fields of one name, and each two fragments, and then what lies below fields of one name.
func (w *weigher) compare(sets ...ast.SelectionSet) {
	type namesake struct {
		fields int
		below  []ast.SelectionSet
	}
	names := map[string]*namesake{}
	spread, spreads := map[string]bool{}, 0
	var collect func(ast.SelectionSet)
	collect = func(set ast.SelectionSet) {
		for _, s := range set {
			if w.heavy() {
				return
			}
			switch s := s.(type) {
			case *ast.Field:
				same := names[s.Alias]
				if same == nil {
					same = &namesake{}
					names[s.Alias] = same
				}
				same.fields++
				w.weight += same.fields
				if len(s.SelectionSet) > 0 {
					same.below = append(same.below, s.SelectionSet)
				}
			case *ast.InlineFragment:
				w.weight++
				collect(s.SelectionSet)
			case *ast.FragmentSpread:
				spreads++
				w.weight += spreads
				if f := w.fragments[s.Name]; f != nil && !spread[s.Name] {
					spread[s.Name] = true
					collect(f.SelectionSet)
				}
			}
		}
	}
	for _, set := range sets {
		collect(set)
	}
	for _, same := range names {
		if len(same.below) > 0 && !w.heavy() {
			w.compare(same.below...)
		}
	}
}

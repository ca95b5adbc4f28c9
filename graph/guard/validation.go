package guard

import (
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// maxValidationWork bounds the work of validating a document, in visits of a selection and
// comparisons of two selections: some 10 ms. A screen's document with fifty fragments takes a few
// thousand.
const maxValidationWork = 30_000

// tooExpensive refuses a parsed document whose validation would take too long, or one of whose
// fragments is recursive.
func tooExpensive(doc *ast.QueryDocument) *gqlerror.Error {
	w := validationWork{fragments: make(map[string]*ast.FragmentDefinition, len(doc.Fragments))}
	for _, f := range doc.Fragments {
		w.fragments[f.Name] = f
	}
	if name := w.recursive(); name != "" {
		refused := gqlerror.Errorf("Fragment %q uses itself: fragments cannot be recursive.", name)
		errcode.Set(refused, errcode.ValidationFailed)
		return refused
	}
	for _, op := range doc.Operations {
		w.definition(op.SelectionSet)
	}
	for _, f := range doc.Fragments {
		w.definition(f.SelectionSet)
	}
	if w.exceeded() {
		return refusal(
			tooComplex,
			"The document repeats fields and fragments too often: validating it "+
				"would take too long.",
		)
	}
	return nil
}

// validationWork is an upper bound of what validation does with a document. It stops counting above
// maxValidationWork. The document's fragments must not be recursive.
type validationWork struct {
	fragments map[string]*ast.FragmentDefinition
	work      int
}

func (w *validationWork) exceeded() bool { return w.work > maxValidationWork }

// recursive returns the name of a fragment that uses itself, or "".
func (w *validationWork) recursive() string {
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

// definition adds the work for an operation or a fragment.
func (w *validationWork) definition(set ast.SelectionSet) {
	w.compare(set)
	w.walk(set, map[string]bool{})
}

// walk counts the way of every rule: into each fragment once. Each inline fragment is compared by
// itself besides.
func (w *validationWork) walk(set ast.SelectionSet, entered map[string]bool) {
	for _, s := range set {
		if w.work++; w.exceeded() {
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

// compare counts what the rule of field merging does with selection sets of one object of the
// response: it compares each two fields of one name and each two fragments, and then what lies
// below fields of one name.
func (w *validationWork) compare(sets ...ast.SelectionSet) {
	type namesake struct {
		fields int
		below  []ast.SelectionSet
	}
	names := map[string]*namesake{}
	spread, spreads := map[string]bool{}, 0
	var collect func(ast.SelectionSet)
	collect = func(set ast.SelectionSet) {
		for _, s := range set {
			if w.exceeded() {
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
				w.work += same.fields
				if len(s.SelectionSet) > 0 {
					same.below = append(same.below, s.SelectionSet)
				}
			case *ast.InlineFragment:
				w.work++
				collect(s.SelectionSet)
			case *ast.FragmentSpread:
				spreads++
				w.work += spreads
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
		if len(same.below) > 0 && !w.exceeded() {
			w.compare(same.below...)
		}
	}
}

package guard

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"
)

// singleRoot is the rule that a subscription selects exactly one field of Subscription, which may
// be repeated, and uses neither @skip nor @include there (GraphQL specification, September 2025,
// section "Single Root Field"). gqlparser's rule counts the names of fields instead of the names
// in the response, and leaves the directives out.
func singleRoot(observers *core.Events, addError core.AddErrFunc) {
	observers.OnOperation(func(_ *core.Walker, op *ast.OperationDefinition) {
		if op.Operation != ast.Subscription {
			return
		}
		r := roots{names: map[string]bool{}, entered: map[string]bool{}}
		r.collect(op.SelectionSet)
		var message string
		switch {
		case r.conditional:
			message = "The root field of a subscription cannot have @skip or @include."
		case r.introspection:
			message = "A subscription cannot select an introspection field at its root."
		case len(r.names) > 1:
			message = "A subscription must select exactly one root field."
		default:
			return
		}
		addError(core.Message("%s", message), core.At(op.Position))
	})
}

// roots is what a subscription selects at its root.
type roots struct {
	names                      map[string]bool
	introspection, conditional bool
	entered                    map[string]bool // fragments, by name
}

func (r *roots) collect(set ast.SelectionSet) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			r.names[s.Alias] = true
			r.introspection = r.introspection || strings.HasPrefix(s.Name, "__")
			r.condition(s.Directives)
		case *ast.InlineFragment:
			r.condition(s.Directives)
			r.collect(s.SelectionSet)
		case *ast.FragmentSpread:
			r.condition(s.Directives)
			if s.Definition != nil && !r.entered[s.Name] {
				r.entered[s.Name] = true
				r.collect(s.Definition.SelectionSet)
			}
		}
	}
}

func (r *roots) condition(directives ast.DirectiveList) {
	r.conditional = r.conditional ||
		directives.ForName("skip") != nil || directives.ForName("include") != nil
}

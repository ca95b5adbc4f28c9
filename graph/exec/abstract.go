package exec

import (
	"errors"
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Abstract is an interface or union, which is the interface I in Go. Its cases are given by
// [Abstract.Add].
type Abstract[I any] struct{ cases []Case[I] }

// Case is one of the object types that values of an interface or union can have.
type Case[I any] struct {
	is func(I) bool
	of Type[I]
}

// CaseOf is an object type of Go type T, a pointer, which is a concrete type of the Go interface I.
func CaseOf[I, T any](object *Object[T]) Case[I] {
	return Case[I]{
		is: func(value I) bool {
			var null T
			_, ok := any(value).(T)
			return ok && any(value) != any(null)
		},
		of: func(c *compiler, f *selected) completer[I] {
			complete := object.compile(c, f.sets)
			return func(r *run, values []I) encoder {
				objs := make([]T, len(values))
				for i, value := range values {
					objs[i], _ = any(value).(T)
				}
				return complete(r, objs)
			}
		},
	}
}

// Add adds a case.
func (a *Abstract[I]) Add(c Case[I]) { a.cases = append(a.cases, c) }

// Of is the interface or union as a type. Objects are resolved together with those of their own
// type.
func (a *Abstract[I]) Of() Type[I] {
	return func(c *compiler, f *selected) completer[I] {
		completers := make([]completer[I], len(a.cases))
		for k := range a.cases {
			completers[k] = a.cases[k].of(c, f)
		}
		return func(r *run, values []I) encoder {
			kind, place := make([]int, len(values)), make([]int, len(values))
			groups := make([][]I, len(completers))
			var unknown *gqlerror.Error
			for i, value := range values {
				k := slices.IndexFunc(a.cases, func(c Case[I]) bool { return c.is(value) })
				if kind[i] = k; k >= 0 {
					place[i], groups[k] = len(groups[k]), append(groups[k], value)
				} else if unknown == nil {
					unknown = f.present(r, fmt.Errorf("%w: %T", errUnknown, value))
				}
			}
			encoders := make([]encoder, len(completers))
			for k, complete := range completers {
				if len(groups[k]) > 0 {
					encoders[k] = complete(r, groups[k])
				}
			}
			return func(w *writer, i int) bool {
				if kind[i] < 0 {
					w.fail(unknown)
					return false
				}
				return encoders[kind[i]](w, place[i])
			}
		}
	}
}

var errUnknown = errors.New("a value is nil or of none of the types that its interface can be")

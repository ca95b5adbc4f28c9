package exec

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

var errEvents = errors.New("the events are of another type than the subscription's field")

// Field is a field of objects of Go type T.
type Field[T any] struct {
	plain   func(b []byte, obj T) []byte
	compile func(c *compiler, f *selected) func(r *run, objs []T) encoder
}

// Plain is a field that can be written from the object alone and never fails: write appends JSON.
func Plain[T any](write func(b []byte, obj T) []byte) Field[T] { return Field[T]{plain: write} }

// Part is a field whose value, of Go type V, is in the object.
func Part[T, V any](of Type[V], part func(T) V) Field[T] {
	return Field[T]{compile: func(c *compiler, f *selected) func(r *run, objs []T) encoder {
		complete := of(c, f)
		return func(r *run, objs []T) encoder {
			values := make([]V, len(objs))
			for i, obj := range objs {
				values[i] = part(obj)
			}
			return complete(r, values)
		}
	}}
}

// Args are the values of a field's arguments in Go.
type Args = map[string]any

// ArgsFunc turns the coerced arguments of a field into Go values; nil: the field has none.
type ArgsFunc func(ctx context.Context, raw map[string]any) (Args, error)

// Resolved is a field that a resolver computes for all objects at once. A resolver returns a value
// for each of objs, in their order, and an error for all of them, or [graphql.BatchErrors] with one
// for each. nullable is whether the field may be null in the schema.
func Resolved[T, V any](
	of Type[V], nullable bool, args ArgsFunc,
	resolve func(ctx context.Context, args Args, objs []T) ([]V, error),
) Field[T] {
	return Field[T]{compile: func(c *compiler, f *selected) func(r *run, objs []T) encoder {
		complete := of(c, f)
		call := newCall(f, args, resolve)
		return func(r *run, objs []T) encoder {
			values, failed := call.run(r, objs)
			return completed(r, complete, values, failed, nullable)
		}
	}}
}

// RootField is a field of a query or mutation.
func RootField[V any](
	of Type[V], nullable bool, args ArgsFunc,
	resolve func(ctx context.Context, args Args) (V, error),
) Field[Root] {
	one := func(ctx context.Context, args Args, _ []Root) ([]V, error) {
		value, err := resolve(ctx, args)
		return []V{value}, err
	}
	field := Resolved(of, nullable, args, one)
	return Field[Root]{compile: func(c *compiler, f *selected) func(r *run, objs []Root) encoder {
		next := field.compile(c, f)
		return func(r *run, objs []Root) encoder {
			if r.RootField == nil {
				return next(r, objs)
			}
			before := r.ctx
			defer func() { r.ctx = before }()
			r.ctx = r.RootField(r.ctx)
			return next(r, objs)
		}
	}}
}

// call is a resolver's call.
type call[T, V any] struct {
	*selected
	args    ArgsFunc
	resolve func(ctx context.Context, args Args, objs []T) ([]V, error)
	// context is that of a call, without its arguments.
	context graphql.FieldContext
	// known are the arguments of all calls, after the first: if they are constant.
	constant bool
	known    atomic.Pointer[Args]
}

func newCall[T, V any](
	f *selected, args ArgsFunc, resolve func(context.Context, Args, []T) ([]V, error),
) *call[T, V] {
	var obj T
	// The resolver of a root field may change what its arguments refer to.
	_, root := any(obj).(Root)
	return &call[T, V]{
		selected: f, args: args, resolve: resolve,
		context: graphql.FieldContext{
			Object:     f.field.ObjectDefinition.Name,
			Field:      graphql.CollectedField{Field: f.field, Selections: f.selections()},
			IsResolver: true,
		},
		constant: !root && !usesVariables(f.field),
	}
}

// run calls the resolver. failed has the error of each object, or is nil.
func (c *call[T, V]) run(r *run, objs []T) (values []V, failed []*gqlerror.Error) {
	values, err := c.safely(r, objs)
	if err == nil {
		return values, nil
	}
	failed = make([]*gqlerror.Error, len(objs))
	each, ok := errors.AsType[graphql.BatchErrors](err)
	if !ok {
		one := c.present(r, err)
		for i := range failed {
			failed[i] = one
		}
		return make([]V, len(objs)), failed
	}
	// Objects that follow one another often share an error: it is presented, and logged, once.
	var last error
	var shown *gqlerror.Error
	for i, err := range each.Errors() {
		if err == nil {
			continue
		}
		if shown == nil || !same(err, last) {
			last, shown = err, c.present(r, err)
		}
		failed[i] = shown
	}
	return values, failed
}

// same reports whether two errors are one.
func same(a, b error) bool {
	return reflect.ValueOf(a).Comparable() && a == b //nolint:errorlint // the error itself is meant
}

// present returns an error of the field as that of the response.
func (s *selected) present(r *run, err error) *gqlerror.Error {
	shown := *r.Present(r.ctx, s.path, err)
	if p := s.field.Position; p != nil {
		shown.Locations = []gqlerror.Location{{Line: p.Line, Column: p.Column}}
	}
	return &shown
}

func (c *call[T, V]) safely(r *run, objs []T) (values []V, err error) {
	defer func() {
		if what := recover(); what != nil {
			values, err = nil, r.Recover(r.ctx, what)
		}
	}()
	if err := r.ctx.Err(); err != nil {
		return nil, err
	}
	field := c.context // a copy: gqlgen sets its parent
	if field.Args, err = c.arguments(r); err != nil {
		return nil, err
	}
	values, err = c.resolve(graphql.WithFieldContext(r.ctx, &field), field.Args, objs)
	each, ok := errors.AsType[graphql.BatchErrors](err)
	if (err == nil || ok) && len(values) != len(objs) || ok && len(each.Errors()) != len(objs) {
		return nil, errLength
	}
	return values, err
}

// arguments returns the arguments of a call.
func (c *call[T, V]) arguments(r *run) (Args, error) {
	if c.args == nil {
		return nil, nil
	}
	if known := c.known.Load(); known != nil {
		return *known, nil
	}
	args, err := c.args(r.ctx, c.field.ArgumentMap(r.Variables))
	if err == nil && c.constant {
		c.known.Store(&args)
	}
	return args, err
}

// usesVariables reports whether an argument of a field depends on a variable.
func usesVariables(f *ast.Field) bool {
	return slices.ContainsFunc(
		f.Arguments,
		func(a *ast.Argument) bool { return isVariable(a.Value) },
	)
}

func isVariable(v *ast.Value) bool {
	return v.Kind == ast.Variable || slices.ContainsFunc(v.Children,
		func(child *ast.ChildValue) bool { return isVariable(child.Value) })
}

var errLength = errors.New(
	"a resolver returned another number of values or errors than there are objects",
)

// completed completes the values of those objects whose resolver did not fail.
func completed[V any](
	r *run, complete completer[V], values []V, failed []*gqlerror.Error, nullable bool,
) encoder {
	if failed == nil {
		return complete(r, values)
	}
	var there []V
	places := make([]int, len(values))
	for i, value := range values {
		if failed[i] == nil {
			places[i] = len(there)
			there = append(there, value)
		}
	}
	encode := complete(r, there)
	return func(w *writer, i int) bool {
		if err := failed[i]; err != nil {
			w.fail(err)
			return nullable && w.null()
		}
		return encode(w, places[i])
	}
}

// Type completes values of Go type V.
type Type[V any] func(c *compiler, f *selected) completer[V]

// Leaf is a scalar or enum: write appends JSON.
func Leaf[V any](write func(b []byte, value V) []byte) Type[V] {
	return func(*compiler, *selected) completer[V] {
		return func(_ *run, values []V) encoder {
			return func(w *writer, i int) bool {
				w.b = write(w.b, values[i])
				return true
			}
		}
	}
}

// Of is an object.
func (o *Object[T]) Of() Type[T] {
	return func(c *compiler, f *selected) completer[T] { return o.compile(c, f.sets) }
}

// Nullable is a type that may be null: where isNull says so, or where what it consists of is null
// and must not be.
func Nullable[V any](isNull func(V) bool, of Type[V]) Type[V] {
	return func(c *compiler, f *selected) completer[V] {
		complete := of(c, f)
		return func(r *run, values []V) encoder {
			there, places := present(values, isNull)
			encode := complete(r, there)
			return func(w *writer, i int) bool {
				if places != nil {
					if i = places[i]; i < 0 {
						return w.null()
					}
				}
				start := len(w.b)
				if !encode(w, i) {
					w.b = w.b[:start]
					return w.null()
				}
				return true
			}
		}
	}
}

// Required is a type that must not be null, of which Go has a null.
func Required[V any](isNull func(V) bool, of Type[V]) Type[V] {
	return func(c *compiler, f *selected) completer[V] {
		complete := of(c, f)
		return func(r *run, values []V) encoder {
			there, places := present(values, isNull)
			if places == nil {
				return complete(r, values)
			}
			missing := f.present(r, errNull)
			encode := complete(r, there)
			return func(w *writer, i int) bool {
				if places[i] < 0 {
					w.fail(missing)
					return false
				}
				return encode(w, places[i])
			}
		}
	}
}

var errNull = errors.New("null where the schema has no null")

// present returns the values that are not null and the place of each value among them, -1 for null;
// nil places where none is null.
func present[V any](values []V, isNull func(V) bool) (there []V, places []int) {
	first := 0
	for first < len(values) && !isNull(values[first]) {
		first++
	}
	if first == len(values) {
		return values, nil
	}
	places = make([]int, len(values))
	for i, value := range values {
		if isNull(value) {
			places[i] = -1
			continue
		}
		places[i] = len(there)
		there = append(there, value)
	}
	return there, places
}

// List is a list of values of Go type V.
func List[V any](of Type[V]) Type[[]V] {
	return func(c *compiler, f *selected) completer[[]V] {
		complete := of(c, f)
		return func(r *run, lists [][]V) encoder {
			begin := make([]int, len(lists))
			for i := 1; i < len(lists); i++ {
				begin[i] = begin[i-1] + len(lists[i-1])
			}
			encode := complete(r, joined(lists))
			return func(w *writer, i int) bool {
				w.b = append(w.b, '[')
				for k := range lists[i] {
					if k > 0 {
						w.b = append(w.b, ',')
					}
					w.pushIndex(k)
					ok := encode(w, begin[i]+k)
					w.pop()
					if !ok {
						return false
					}
				}
				w.b = append(w.b, ']')
				return true
			}
		}
	}
}

// joined returns the elements of all lists.
func joined[V any](lists [][]V) []V {
	if len(lists) == 1 {
		return lists[0]
	}
	return slices.Concat(lists...)
}

// Pointers has the elements of lists of a struct type completed by their addresses.
func Pointers[V any](of Type[[]*V]) Type[[]V] {
	return func(c *compiler, f *selected) completer[[]V] {
		complete := of(c, f)
		return func(r *run, lists [][]V) encoder {
			pointers := make([][]*V, len(lists))
			for i, list := range lists {
				if list == nil {
					continue
				}
				pointers[i] = make([]*V, len(list))
				for k := range list {
					pointers[i][k] = &list[k]
				}
			}
			return complete(r, pointers)
		}
	}
}

// Case is one of the object types that values of an interface or union can have.
type Case[I any] func(c *compiler, f *selected) func(r *run, values []I, kind []int, self int) encoder

// CaseOf is an object type of Go type T, a pointer, which is a concrete type of the Go interface I.
func CaseOf[I, T any](of *Object[T]) (is func(I) bool, use Case[I]) {
	is = func(value I) bool {
		var null T
		_, ok := any(value).(T)
		return ok && any(value) != any(null)
	}
	return is, func(c *compiler, f *selected) func(r *run, values []I, kind []int, self int) encoder {
		complete := of.compile(c, f.sets)
		return func(r *run, values []I, kind []int, self int) encoder {
			var objs []T
			for i, value := range values {
				if kind[i] == self {
					obj, _ := any(value).(T)
					objs = append(objs, obj)
				}
			}
			return complete(r, objs)
		}
	}
}

// Abstract is an interface or union. Its cases are given by [Abstract.Add].
type Abstract[I any] struct {
	is  []func(I) bool
	use []Case[I]
}

// Add adds a case.
func (a *Abstract[I]) Add(is func(I) bool, use Case[I]) {
	a.is, a.use = append(a.is, is), append(a.use, use)
}

// Of is the interface or union as a type. Objects are resolved together with those of their own
// type.
func (a *Abstract[I]) Of() Type[I] {
	return func(c *compiler, f *selected) completer[I] {
		cases := make([]func(r *run, values []I, kind []int, self int) encoder, len(a.use))
		for k, use := range a.use {
			cases[k] = use(c, f)
		}
		return func(r *run, values []I) encoder {
			kind, place := make([]int, len(values)), make([]int, len(values))
			count := make([]int, len(cases))
			var unknown *gqlerror.Error
			for i, value := range values {
				kind[i] = -1
				for k, is := range a.is {
					if is(value) {
						kind[i], place[i] = k, count[k]
						count[k]++
						break
					}
				}
				if kind[i] < 0 && unknown == nil {
					unknown = f.present(r, fmt.Errorf("%w: %T", errUnknown, value))
				}
			}
			encoders := make([]encoder, len(cases))
			for k, complete := range cases {
				if count[k] > 0 {
					encoders[k] = complete(r, values, kind, k)
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

// NoPointer reports whether a pointer is null: see [Nullable] and [Required].
func NoPointer[V any](value *V) bool { return value == nil }

// NoSlice reports whether a list is null.
func NoSlice[V any](list []V) bool { return list == nil }

// Never is for Go types without a null.
func Never[V any](V) bool { return false }

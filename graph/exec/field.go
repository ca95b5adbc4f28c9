package exec

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

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

// ArgumentsCheck checks the arguments of a field of a type.
type ArgumentsCheck func(object, field string, args Args) error

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
		if args != nil {
			c.arguments = append(c.arguments, call.checkArguments)
		}
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
		if !c.mutation {
			return next
		}
		return func(r *run, objs []Root) encoder {
			before := r.ctx
			defer func() { r.ctx = before }()
			r.ctx = r.MutationField(r.ctx)
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

// checkArguments calls check with the arguments for a request.
func (c *call[T, V]) checkArguments(r *run, check ArgumentsCheck) error {
	args, err := c.arguments(r)
	if err != nil {
		return err
	}
	return check(c.context.Object, c.field.Name, args)
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

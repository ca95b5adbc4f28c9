// Package bulk executes selections for many objects at a time: each field is resolved once, for all objects that it is
// selected of, and then everything is written as JSON from top to bottom. A selection is compiled once, and executed as
// often as its operation is.
//
// It knows no partial results. What it has no way for, and what fails, is for an executor that does: a compilation or an
// execution that returns [ErrElsewhere], or any other error, has to be begun anew there, which queries allow.
package bulk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// ErrElsewhere says that a selection, or a value in it, is for another executor.
var ErrElsewhere = errors.New("this is executed elsewhere")

// Encoder appends the value of the object at i as JSON.
type Encoder func(b []byte, i int) []byte

// Loader resolves what is selected of all objs.
type Loader[T any] func(ctx context.Context, vars map[string]any, objs []T) (Encoder, error)

// Field is a field of objects of type T.
type Field[T any] struct {
	plain func(b []byte, obj T) []byte
	load  func(f *ast.Field, sets []ast.SelectionSet) (Loader[T], error)
}

// Object is a type of the schema whose objects are of type T.
type Object[T any] struct {
	Name       string
	Interfaces []string
	Fields     map[string]Field[T]
}

// Value is a field whose value is in the object: write appends it as JSON.
func Value[T any](write func(b []byte, obj T) []byte) Field[T] { return Field[T]{plain: write} }

// Loaded is a field without selections whose values have to be resolved: get returns what writes them.
func Loaded[T any](get func(ctx context.Context, args Args, objs []T) (Encoder, error)) Field[T] {
	return Field[T]{load: func(f *ast.Field, _ []ast.SelectionSet) (Loader[T], error) {
		return func(ctx context.Context, vars map[string]any, objs []T) (Encoder, error) {
			return get(ctx, argsOf(f, vars), objs)
		}, nil
	}}
}

// Either is one field where what is selected of it is such, and else another.
func Either[T any](such func(ast.SelectionSet) bool, one, other Field[T]) Field[T] {
	return Field[T]{load: func(f *ast.Field, sets []ast.SelectionSet) (Loader[T], error) {
		for _, set := range sets {
			if !such(set) {
				return other.load(f, sets)
			}
		}
		return one.load(f, sets)
	}}
}

// One is a field whose value is an object: get returns that of each of objs, in its place. The zero value is null.
func One[T any, U comparable](of *Object[U], get func(ctx context.Context, args Args, objs []T) ([]U, error)) Field[T] {
	return Field[T]{load: func(f *ast.Field, sets []ast.SelectionSet) (Loader[T], error) {
		load, err := of.Compile(sets)
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context, vars map[string]any, objs []T) (Encoder, error) {
			values, err := get(ctx, argsOf(f, vars), objs)
			if err != nil {
				return nil, err
			}
			var null U
			if !slices.Contains(values, null) {
				return load(ctx, vars, values)
			}
			if f.Definition.Type.NonNull {
				return nil, fmt.Errorf("%w: %s.%s is null", ErrElsewhere, f.ObjectDefinition.Name, f.Name)
			}
			there, places := make([]U, 0, len(values)), make([]int, len(values))
			for i, v := range values {
				if v == null {
					places[i] = -1
					continue
				}
				places[i] = len(there)
				there = append(there, v)
			}
			write, err := load(ctx, vars, there)
			return func(b []byte, i int) []byte {
				if places[i] < 0 {
					return append(b, "null"...)
				}
				return write(b, places[i])
			}, err
		}, nil
	}}
}

// Part is a field whose value is an object that is a part of its own.
func Part[T, U any](of *Object[U], part func(T) U) Field[T] {
	return Field[T]{load: func(_ *ast.Field, sets []ast.SelectionSet) (Loader[T], error) {
		load, err := of.Compile(sets)
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context, vars map[string]any, objs []T) (Encoder, error) {
			parts := make([]U, len(objs))
			for i, obj := range objs {
				parts[i] = part(obj)
			}
			return load(ctx, vars, parts)
		}, nil
	}}
}

// Many is a field whose value is a list of objects, none of them null: get returns that of each of objs, in its place.
func Many[T any, U comparable](of *Object[U], get func(ctx context.Context, args Args, objs []T) ([][]U, error)) Field[T] {
	return Field[T]{load: func(f *ast.Field, sets []ast.SelectionSet) (Loader[T], error) {
		load, err := of.Compile(sets)
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context, vars map[string]any, objs []T) (Encoder, error) {
			lists, err := get(ctx, argsOf(f, vars), objs)
			if err != nil {
				return nil, err
			}
			var all []U
			ends := make([]int, len(lists))
			for i, list := range lists {
				all = append(all, list...)
				ends[i] = len(all)
			}
			var null U
			if slices.Contains(all, null) {
				return nil, fmt.Errorf("%w: %s.%s has null in it", ErrElsewhere, f.ObjectDefinition.Name, f.Name)
			}
			write, err := load(ctx, vars, all)
			return func(b []byte, i int) []byte {
				from := 0
				if i > 0 {
					from = ends[i-1]
				}
				b = append(b, '[')
				for k := from; k < ends[i]; k++ {
					if k > from {
						b = append(b, ',')
					}
					b = write(b, k)
				}
				return append(b, ']')
			}, err
		}, nil
	}}
}

// Compile returns what resolves all that sets select of objects of the type.
func (o *Object[T]) Compile(sets []ast.SelectionSet) (Loader[T], error) {
	var chosen []*selected
	for _, set := range sets {
		if err := o.collect(set, &chosen); err != nil {
			return nil, err
		}
	}
	type part struct {
		prefix []byte // the brace or comma, and the key
		plain  func(b []byte, obj T) []byte
		load   Loader[T]
	}
	parts := make([]part, len(chosen))
	for i, s := range chosen {
		before := byte(',')
		if i == 0 {
			before = '{'
		}
		parts[i].prefix = append(strconv.AppendQuote([]byte{before}, s.field.Alias), ':')
		if s.field.Name == "__typename" {
			name := String(nil, o.Name)
			parts[i].plain = func(b []byte, _ T) []byte { return append(b, name...) }
			continue
		}
		field, ok := o.Fields[s.field.Name]
		if !ok {
			return nil, fmt.Errorf("%w: %s.%s", ErrElsewhere, o.Name, s.field.Name)
		}
		parts[i].plain = field.plain
		if field.load != nil {
			var err error
			if parts[i].load, err = field.load(s.field, s.sets); err != nil {
				return nil, err
			}
		}
	}
	return func(ctx context.Context, vars map[string]any, objs []T) (Encoder, error) {
		if len(objs) == 0 {
			return nil, nil
		}
		writers := make([]Encoder, len(parts))
		for k := range parts {
			if parts[k].load == nil {
				continue
			}
			var err error
			if writers[k], err = parts[k].load(ctx, vars, objs); err != nil {
				return nil, err
			}
		}
		return func(b []byte, i int) []byte {
			for k := range parts {
				b = append(b, parts[k].prefix...)
				if writers[k] != nil {
					b = writers[k](b, i)
				} else {
					b = parts[k].plain(b, objs[i])
				}
			}
			return append(b, '}')
		}, nil
	}, nil
}

// selected is a field of the response: what it is, and all that is selected below it (GraphQL, section CollectFields).
type selected struct {
	field *ast.Field
	sets  []ast.SelectionSet
}

// collect adds what a set selects of objects of the type. Conditions are for another executor.
func (o *Object[T]) collect(set ast.SelectionSet, chosen *[]*selected) error {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if len(s.Directives) > 0 {
				return fmt.Errorf("%w: a directive", ErrElsewhere)
			}
			at := slices.IndexFunc(*chosen, func(c *selected) bool { return c.field.Alias == s.Alias })
			if at < 0 {
				at = len(*chosen)
				*chosen = append(*chosen, &selected{field: s})
			}
			(*chosen)[at].sets = append((*chosen)[at].sets, s.SelectionSet)
		case *ast.InlineFragment:
			if err := o.spread(s.TypeCondition, s.Directives, s.SelectionSet, chosen); err != nil {
				return err
			}
		case *ast.FragmentSpread:
			if err := o.spread(s.Definition.TypeCondition, s.Directives, s.Definition.SelectionSet, chosen); err != nil {
				return err
			}
		}
	}
	return nil
}

// spread adds what a fragment on a type selects.
func (o *Object[T]) spread(on string, directives ast.DirectiveList, set ast.SelectionSet, chosen *[]*selected) error {
	if len(directives) > 0 {
		return fmt.Errorf("%w: a directive", ErrElsewhere)
	}
	if on != "" && on != o.Name && !slices.Contains(o.Interfaces, on) {
		return nil // it does not apply
	}
	return o.collect(set, chosen)
}

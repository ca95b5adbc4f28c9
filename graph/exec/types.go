package exec

import (
	"errors"
	"slices"

	"github.com/vektah/gqlparser/v2/gqlerror"
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

// NoPointer reports whether a pointer is null: see [Nullable] and [Required].
func NoPointer[V any](value *V) bool { return value == nil }

// NoSlice reports whether a list is null.
func NoSlice[V any](list []V) bool { return list == nil }

// Never is for Go types without a null.
func Never[V any](V) bool { return false }

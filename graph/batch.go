package graph

import (
	"context"
	"errors"
	"sync"
)

// batch loads values by key, each once, and together with the values of the key's siblings: whatever else came into
// the response with it and will be asked for the same. The first to ask for one loads all of them in one go; the
// others find theirs, or wait for it. So the number of loads follows from the operation, not from the number of rows,
// and nobody waits for a timer to see who else will ask. What could not be loaded is loaded anew for the next one who asks.
type batch[K comparable, V any] struct {
	// siblings returns the keys to load together with one, itself included or not.
	siblings func(K) []K
	// load returns the values of keys; what is missing in the map is the zero value.
	load  func(ctx context.Context, keys []K) (map[K]V, error)
	loads *loads

	mu     sync.Mutex
	loaded map[K]*outcome[V]
}

// outcome is a value that is there when done is closed.
type outcome[V any] struct {
	done  chan struct{}
	value V
	err   error
}

// errUnloaded is what those who wait get from a load that has panicked; whoever ran it panics.
var errUnloaded = errors.New("the load of the batch has panicked")

// use says how to load, and where to count it.
func (b *batch[K, V]) use(loads *loads, siblings func(K) []K, load func(context.Context, []K) (map[K]V, error)) {
	b.loads, b.siblings, b.load = loads, siblings, load
}

// get returns the value of key.
func (b *batch[K, V]) get(ctx context.Context, key K) (V, error) {
	before, keys, outcomes := b.claim(key)
	if before != nil {
		select {
		case <-before.done:
			return before.value, before.err
		case <-ctx.Done():
			var none V
			return none, ctx.Err()
		}
	}

	failed := true // or has panicked
	b.loads.begin()
	defer func() {
		if failed {
			b.forget(keys)
		}
		b.loads.end() // before anybody gets what has been loaded
		for _, o := range outcomes {
			close(o.done)
		}
	}()
	values, err := b.load(ctx, keys)
	for i, o := range outcomes {
		o.value, o.err = values[keys[i]], err
	}
	failed = err != nil
	return outcomes[0].value, err
}

// claim returns the outcome of key if a caller has asked for it before. Otherwise the caller loads keys,
// and sets their outcomes.
func (b *batch[K, V]) claim(key K) (before *outcome[V], keys []K, outcomes []*outcome[V]) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if before, ok := b.loaded[key]; ok {
		return before, nil, nil
	}
	if b.loaded == nil {
		b.loaded = make(map[K]*outcome[V])
	}
	for _, k := range append([]K{key}, b.siblings(key)...) {
		if _, ok := b.loaded[k]; !ok {
			o := &outcome[V]{done: make(chan struct{}), err: errUnloaded}
			b.loaded[k] = o
			keys, outcomes = append(keys, k), append(outcomes, o)
		}
	}
	return nil, keys, outcomes
}

func (b *batch[K, V]) forget(keys []K) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, k := range keys {
		delete(b.loaded, k)
	}
}

// put makes a value known that has come into the response on another way, unless one is known.
func (b *batch[K, V]) put(key K, value V) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.loaded == nil {
		b.loaded = make(map[K]*outcome[V])
	}
	if b.loaded[key] == nil {
		o := &outcome[V]{done: make(chan struct{}), value: value}
		close(o.done)
		b.loaded[key] = o
	}
}

// siblings remembers which keys came into the response together.
type siblings[K comparable] struct {
	mu     sync.Mutex
	groups map[K]*[]K
}

// add says that keys came together. One that came before stays in its group, and the others join it there.
func (s *siblings[K]) add(keys []K) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.groups == nil {
		s.groups = make(map[K]*[]K)
	}
	group := new([]K)
	for _, k := range keys {
		if s.groups[k] != nil {
			group = s.groups[k]
			break
		}
	}
	for _, k := range keys {
		if s.groups[k] == nil {
			s.groups[k] = group
			*group = append(*group, k)
		}
	}
}

// of returns all that came together with key.
func (s *siblings[K]) of(key K) []K {
	s.mu.Lock()
	defer s.mu.Unlock()
	group := s.groups[key]
	if group == nil {
		return nil
	}
	return append([]K(nil), *group...)
}

// loads counts what has been loaded.
type loads struct {
	mu         sync.Mutex
	began, ran int
}

func (l *loads) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.began++
}

func (l *loads) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ran++
}

// count returns how often something has been loaded; settled tells that nothing is being loaded just now.
func (l *loads) count() (n int, settled bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ran, l.ran == l.began
}

package graph

import (
	"context"
	"slices"
	"sync"
)

// loader returns the values of keys in their order.
type loader[K, V any] func(ctx context.Context, keys []K) ([]V, error)

// cache has values by key, each loaded once. It is safe for concurrent use; the zero value is
// empty. What could not be loaded is loaded again for the next caller.
type cache[K comparable, V any] struct {
	mu      sync.Mutex
	entries []entry[K, V]
	// indexes are where keys are in entries, once there are more than a few.
	indexes map[K]int
	// loading is full while values are being loaded, so that concurrent callers find what the first
	// one loads.
	loading chan struct{}
}

// entry is a key and, if it is loaded, its value. One that is claimed but not loaded is being
// loaded.
type entry[K comparable, V any] struct {
	key             K
	value           V
	claimed, loaded bool
}

// getMany returns the values of keys in their order. It loads those that are missing at once.
func (c *cache[K, V]) getMany(ctx context.Context, keys []K, load loader[K, V]) ([]V, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	out := make([]V, len(keys))
	if c.getLoaded(keys, out) {
		return out, nil
	}
	select {
	case c.loadSlot() <- struct{}{}:
		defer func() { <-c.loading }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if missing, places := c.claim(keys); len(missing) > 0 {
		if err := c.loadClaimed(ctx, missing, places, load); err != nil {
			return nil, err
		}
	}
	c.getLoaded(keys, out)
	return out, nil
}

// loadSlot returns loading, and creates it first.
func (c *cache[K, V]) loadSlot() chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.loading == nil {
		c.loading = make(chan struct{}, 1)
	}
	return c.loading
}

// getLoaded puts the values of keys into out, and reports whether all are there.
func (c *cache[K, V]) getLoaded(keys []K, out []V) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, key := range keys {
		at := c.indexOf(key)
		if at < 0 || !c.entries[at].loaded {
			return false
		}
		out[i] = c.entries[at].value
	}
	return true
}

// indexOf returns where key is in entries, or -1. The caller has locked the cache.
func (c *cache[K, V]) indexOf(key K) int {
	if c.indexes == nil {
		return slices.IndexFunc(c.entries, func(e entry[K, V]) bool { return e.key == key })
	}
	if at, ok := c.indexes[key]; ok {
		return at
	}
	return -1
}

// add adds an entry for a key that has none. The caller has locked the cache.
func (c *cache[K, V]) add(e entry[K, V]) {
	const few = 8
	c.entries = append(c.entries, e)
	switch n := len(c.entries); {
	case c.indexes != nil:
		c.indexes[e.key] = n - 1
	case n > few:
		c.indexes = make(map[K]int, cap(c.entries))
		for i := range c.entries {
			c.indexes[c.entries[i].key] = i
		}
	}
}

// claim returns those of keys that are not there, each once, and their places in entries. The
// caller loads them.
func (c *cache[K, V]) claim(keys []K) (missing []K, indexes []int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries = slices.Grow(c.entries, len(keys))
	for _, key := range keys {
		at := c.indexOf(key)
		if at < 0 {
			at = len(c.entries)
			c.add(entry[K, V]{key: key})
		}
		if e := &c.entries[at]; !e.claimed {
			e.claimed = true
			missing, indexes = append(missing, key), append(indexes, at)
		}
	}
	return missing, indexes
}

// loadClaimed loads the values of claimed keys, or gives them up.
func (c *cache[K, V]) loadClaimed(
	ctx context.Context, keys []K, indexes []int, load loader[K, V],
) error {
	var values []V
	defer func() { // also if load panics
		c.mu.Lock()
		defer c.mu.Unlock()
		for i, at := range indexes {
			e := &c.entries[at]
			if e.claimed = values != nil; e.claimed {
				e.value, e.loaded = values[i], true
			}
		}
	}()
	found, err := load(ctx, keys)
	if err == nil {
		values = found
	}
	return err
}

// put adds a value that was loaded in another way, unless there is one.
func (c *cache[K, V]) put(key K, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.indexOf(key) < 0 {
		c.add(entry[K, V]{key, value, true, true})
	}
}

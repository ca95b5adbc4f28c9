package guard

import (
	"context"
	"sync"

	"parley/internal/auth"
	"parley/internal/sizedlru"
)

// textCache caches values by text, each with an estimate of its bytes. What users have sent it caches
// apart from what clients without a token have, which cannot evict the users' values. It is safe for
// concurrent use.
type textCache[V any] struct {
	sizeOf func(V) int

	mu               sync.Mutex
	users, anonymous *sizedlru.Cache[string, V]
}

// newTextCache returns a cache of at most users and anonymous bytes. sizeOf estimates the bytes of
// a value.
func newTextCache[V any](users, anonymous int, sizeOf func(V) int) *textCache[V] {
	return &textCache[V]{
		sizeOf:    sizeOf,
		users:     sizedlru.New[string, V](users),
		anonymous: sizedlru.New[string, V](anonymous),
	}
}

// Get is [graphql.Cache]'s.
func (c *textCache[V]) Get(_ context.Context, text string) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if v, ok := c.users.Get(text); ok {
		return v, true
	}
	return c.anonymous.Get(text)
}

// entryBytes is what an entry takes beside its key and value.
const entryBytes = 200

// Add is [graphql.Cache]'s. It keeps the value that a text has already, so that all requests share
// it, and caches no value above an eighth of its part.
func (c *textCache[V]) Add(ctx context.Context, text string, value V) {
	to := c.anonymous
	if _, ok := auth.FromContext(ctx); ok {
		to = c.users
	}
	size := entryBytes + len(text) + c.sizeOf(value)
	if size > to.Limit()/8 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := to.Get(text); !ok {
		to.Put(text, value, size)
	}
}

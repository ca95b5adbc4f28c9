// Package sizedlru has a cache whose bound is a number of bytes.
package sizedlru

import (
	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Cache holds values by their keys within a number of bytes: those that were used last. It is not
// safe for concurrent use.
type Cache[K comparable, V any] struct {
	values *simplelru.LRU[K, sized[V]]
	bytes  int
	limit  int
}

type sized[V any] struct {
	value V
	bytes int
}

// maxValues is more values than any cache holds: its bound is the bytes.
const maxValues = 1 << 30

// New returns an empty cache of at most limit bytes.
func New[K comparable, V any](limit int) *Cache[K, V] {
	values, err := simplelru.NewLRU[K, sized[V]](maxValues, nil)
	if err != nil {
		panic(err) // the size is above 0
	}
	return &Cache[K, V]{values: values, limit: limit}
}

// Get returns the value of a key, if it is cached.
func (c *Cache[K, V]) Get(key K) (V, bool) {
	found, ok := c.values.Get(key)
	return found.value, ok
}

// Put caches a value of a number of bytes instead of the one before. A value that is larger than the
// cache is not cached.
func (c *Cache[K, V]) Put(key K, value V, bytes int) {
	c.Remove(key)
	if bytes > c.limit {
		return
	}
	c.values.Add(key, sized[V]{value, bytes})
	for c.bytes += bytes; c.bytes > c.limit; {
		_, oldest, _ := c.values.RemoveOldest()
		c.bytes -= oldest.bytes
	}
}

// Remove removes the value of a key, if it is cached.
func (c *Cache[K, V]) Remove(key K) {
	if before, ok := c.values.Peek(key); ok {
		c.bytes -= before.bytes
		c.values.Remove(key)
	}
}

// Len returns the number of values.
func (c *Cache[K, V]) Len() int { return c.values.Len() }

// Limit returns the largest size of the values.
func (c *Cache[K, V]) Limit() int { return c.limit }

// Bytes returns the size of the values.
func (c *Cache[K, V]) Bytes() int { return c.bytes }

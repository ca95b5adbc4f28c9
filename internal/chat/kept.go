package chat

import (
	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// kept holds values by key within a number of bytes: those used last stay. Whoever uses it guards
// it.
type kept[K comparable, V any] struct {
	values *simplelru.LRU[K, sized[V]]
	bytes  int
	most   int
}

type sized[V any] struct {
	value V
	bytes int
}

// manyValues is more values than any kept holds: its bound is the bytes.
const manyValues = 1 << 30

func newKept[K comparable, V any](most int) *kept[K, V] {
	values, err := simplelru.NewLRU[K, sized[V]](manyValues, nil)
	if err != nil {
		panic(err) // the size is above 0
	}
	return &kept[K, V]{values: values, most: most}
}

func (k *kept[K, V]) get(key K) (V, bool) {
	found, ok := k.values.Get(key)
	return found.value, ok
}

// put keeps a value of a number of bytes in the place of the one before.
func (k *kept[K, V]) put(key K, value V, bytes int) {
	k.remove(key)
	if bytes > k.most {
		return
	}
	k.values.Add(key, sized[V]{value, bytes})
	for k.bytes += bytes; k.bytes > k.most; {
		_, oldest, _ := k.values.RemoveOldest()
		k.bytes -= oldest.bytes
	}
}

func (k *kept[K, V]) remove(key K) {
	if before, ok := k.values.Peek(key); ok {
		k.bytes -= before.bytes
		k.values.Remove(key)
	}
}

package limit

import (
	"hash/maphash"
	"sync"
	"time"
)

const (
	shards = 64
	// maxKeys is the number of buckets that a limiter stores, at about 60 bytes each. For a moment
	// it may store twice as many.
	maxKeys = 1 << 16
	// maxPerGeneration is the number of recent buckets of a shard above which it evicts some.
	maxPerGeneration = maxKeys / shards
)

// KeyedLimiter has a token bucket for each key, all with the same rate. Its memory is bounded. It
// evicts full buckets first, since a new bucket is full, too. If that is not enough, it evicts the
// buckets that have not been used for longest: a client with so many keys gains nothing by this,
// because it can use a new key each time.
//
// All methods are safe for concurrent use. docs/adr/0070 compares it with an LRU of x/time/rate.
type KeyedLimiter[K comparable] struct {
	rate   Rate
	seed   maphash.Seed
	start  time.Time
	shards [shards]shard[K]
}

// shard stores, for each bucket, the time at which it is full again, since the start of the limiter.
// This is the theoretical arrival time of the generic cell rate algorithm (ITU-T I.371): one number,
// without a refill.
type shard[K comparable] struct {
	mu sync.Mutex
	// recent are the buckets used since the last change of generations, previous the others.
	recent, previous map[K]time.Duration
}

// NewKeyedLimiter returns a limiter with full buckets. The rate must not be zero.
func NewKeyedLimiter[K comparable](rate Rate) *KeyedLimiter[K] {
	return &KeyedLimiter[K]{rate: rate, seed: maphash.MakeSeed(), start: time.Now()}
}

// Take takes n tokens of a key's bucket and returns 0. If the bucket has fewer, Take takes none and
// returns the time until it has n. If n exceeds the burst, Take waits for a full bucket only, and
// leaves it in debt: a large request that cannot be divided is delayed, but possible.
func (l *KeyedLimiter[K]) Take(key K, n int) (wait time.Duration) {
	now := time.Since(l.start)
	s := l.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	full, isRecent := s.recent[key]
	if !isRecent {
		full = s.previous[key]
	}
	full = max(full, now)
	least := time.Duration(min(n, l.rate.Burst)) * l.rate.Every
	if wait := full + least - now - time.Duration(l.rate.Burst)*l.rate.Every; wait > 0 {
		return max(wait, time.Millisecond)
	}
	if !isRecent && len(s.recent) >= maxPerGeneration {
		s.evict(now)
	}
	if s.recent == nil {
		s.recent = map[K]time.Duration{}
	}
	s.recent[key] = full + time.Duration(n)*l.rate.Every
	return 0
}

// Refund returns n tokens to a key's bucket.
func (l *KeyedLimiter[K]) Refund(key K, n int) {
	s := l.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, generation := range []map[K]time.Duration{s.recent, s.previous} {
		if full, ok := generation[key]; ok {
			generation[key] = full - time.Duration(n)*l.rate.Every
			return
		}
	}
}

// Len returns the number of buckets that the limiter stores.
func (l *KeyedLimiter[K]) Len() int {
	total := 0
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		total += len(s.recent) + len(s.previous)
		s.mu.Unlock()
	}
	return total
}

func (l *KeyedLimiter[K]) shard(key K) *shard[K] {
	return &l.shards[maphash.Comparable(l.seed, key)%shards]
}

// evict removes the recent buckets that are full. If more than half remain, it starts a new
// generation and removes the previous one.
func (s *shard[K]) evict(now time.Duration) {
	for key, full := range s.recent {
		if full <= now {
			delete(s.recent, key)
		}
	}
	if len(s.recent) > maxPerGeneration/2 { // otherwise the next eviction would follow soon
		s.recent, s.previous = s.previous, s.recent
		clear(s.recent)
	}
}

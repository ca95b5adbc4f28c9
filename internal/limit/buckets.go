// Package limit bounds what one user, or one address, may take of what all need.
//
// [Gate] limits how often something may be done: token buckets for users and for addresses.
// [Memory] admits uses of memory to a budget before the memory is allocated, with quotas for users
// and addresses: [Memory.Reserve] refuses at once, [Memory.Acquire] waits. [Executions] apply it to
// the rendering of events, and [Reporter] logs which limit is reached, once a minute for each.
//
// Who asks comes from the caller; the address comes from the context: see [NewContext].
package limit

import (
	"hash/maphash"
	"sync"
	"time"
)

// Pace is how often something may happen: Burst times at once, and once more each Every. The zero
// Pace is no limit.
type Pace struct {
	Burst int
	Every time.Duration
	// Remote: it holds only for what comes from another machine.
	Remote bool
}

// limits tells whether there is a limit.
func (p Pace) limits() bool { return p.Burst > 0 && p.Every > 0 }

const (
	shards = 64
	// known is how many buckets are kept of one kind; twice that for a moment. One takes some 60
	// bytes.
	known = 1 << 16
	// perGeneration is how many of them a shard keeps before it looks which it can forget.
	perGeneration = known / shards
)

// Buckets are the token buckets of many keys, which all have the same pace. What they take of
// memory is bounded: a bucket that is full again is as good as one that was never there, and is
// forgotten; where that is not enough, those that have not been asked for longest are forgotten
// before they are full. Whoever has as many keys as that needs no bucket twice anyway.
//
// They may be used by many goroutines. docs/adr/0070 compares them with an LRU of x/time/rate.
type Buckets[K comparable] struct {
	pace   Pace
	seed   maphash.Seed
	begun  time.Time
	shards [shards]shard[K]
}

// shard has each bucket as the time since the beginning at which it is full again (the theoretical
// arrival time of the generic cell rate algorithm, ITU-T I.371): one number that needs no
// refilling.
type shard[K comparable] struct {
	mu sync.Mutex
	// young have been asked since the last change of generations; old have not.
	young, old map[K]time.Duration
}

// NewBuckets returns full buckets of a pace that is a limit.
func NewBuckets[K comparable](pace Pace) *Buckets[K] {
	return &Buckets[K]{pace: pace, seed: maphash.MakeSeed(), begun: time.Now()}
}

// Take takes n from a key's bucket. Where there is not as much it takes nothing, and returns how
// long it is until there is. More than a full bucket holds is taken from a full one, which then
// stays empty for longer: what is asked for at once and cannot be divided is late, not impossible.
func (b *Buckets[K]) Take(key K, n int) (wait time.Duration) {
	now := time.Since(b.begun)
	s := b.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	full, isYoung := s.young[key]
	if !isYoung {
		full = s.old[key]
	}
	full = max(full, now)
	least := time.Duration(min(n, b.pace.Burst)) * b.pace.Every
	if wait := full + least - now - time.Duration(b.pace.Burst)*b.pace.Every; wait > 0 {
		return max(wait, time.Millisecond)
	}
	if !isYoung && len(s.young) >= perGeneration {
		s.forget(now)
	}
	if s.young == nil {
		s.young = map[K]time.Duration{}
	}
	s.young[key] = full + time.Duration(n)*b.pace.Every
	return 0
}

// GiveBack puts back n that were taken.
func (b *Buckets[K]) GiveBack(key K, n int) {
	s := b.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, generation := range []map[K]time.Duration{s.young, s.old} {
		if full, ok := generation[key]; ok {
			generation[key] = full - time.Duration(n)*b.pace.Every
			return
		}
	}
}

// Len is how many buckets are remembered.
func (b *Buckets[K]) Len() int {
	total := 0
	for i := range b.shards {
		s := &b.shards[i]
		s.mu.Lock()
		total += len(s.young) + len(s.old)
		s.mu.Unlock()
	}
	return total
}

func (b *Buckets[K]) shard(key K) *shard[K] {
	return &b.shards[maphash.Comparable(b.seed, key)%shards]
}

// forget makes room among the young: of the buckets that are full, or else of the old ones.
func (s *shard[K]) forget(now time.Duration) {
	for key, full := range s.young {
		if full <= now {
			delete(s.young, key)
		}
	}
	if len(s.young) > perGeneration/2 { // so that what was looked at was worth it
		s.young, s.old = s.old, s.young
		clear(s.young)
	}
}

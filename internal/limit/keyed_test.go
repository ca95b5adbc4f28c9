package limit_test

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/limit"
)

func TestKeyedLimiter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := limit.NewKeyedLimiter[string](limit.Rate{Burst: 3, Every: time.Second})
		take := func(key string, n int, want time.Duration) {
			t.Helper()
			if got := l.Take(key, n); got != want {
				t.Errorf("take %d of %s: wait %v, want %v", n, key, got, want)
			}
		}
		take("a", 1, 0)
		take("a", 2, 0)
		take("a", 1, time.Second)
		take("a", 2, 2*time.Second)
		take("b", 3, 0) // each key has its own bucket
		time.Sleep(1500 * time.Millisecond)
		take("a", 2, 500*time.Millisecond) // the refused calls have taken nothing
		take("a", 1, 0)
		l.Refund("a", 1)
		take("a", 1, 0)
		time.Sleep(time.Hour)
		take("a", 3, 0) // the bucket holds no more than the burst
		take("a", 1, time.Second)
		time.Sleep(3 * time.Second)
		take("a", 10, 0) // more than the burst: possible, but it leaves a debt
		take("a", 1, 8*time.Second)
		l.Refund("unused", 5)
		take("unused", 4, 0)
	})
}

// TestKeyedLimiterModel compares the limiter with a bucket that is refilled step by step.
func TestKeyedLimiterModel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const burst, every = 5, 100 * time.Millisecond
		l := limit.NewKeyedLimiter[int](limit.Rate{Burst: burst, Every: every})
		left, random := burst*every, rand.New(rand.NewPCG(1, 2))
		for range 20_000 {
			passed := time.Duration(random.Int64N(int64(3 * every)))
			time.Sleep(passed)
			left = min(left+passed, burst*every)
			n := 1 + random.IntN(burst)
			got := l.Take(7, n) == 0
			if want := left >= time.Duration(n)*every; got != want {
				t.Fatalf("take %d with %v left: %v, want %v", n, left, got, want)
			}
			if got {
				left -= time.Duration(n) * every
			}
		}
	})
}

// TestKeyedLimiterIsBounded uses millions of addresses: the limiter's memory stays bounded, and it
// does not evict an address that is still active.
func TestKeyedLimiterIsBounded(t *testing.T) {
	t.Parallel()
	l := limit.NewKeyedLimiter[netip.Addr](limit.Rate{Burst: 1, Every: 24 * time.Hour})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	active := netip.MustParseAddr("2001:db8::1")
	l.Take(active, 1)
	const maxBuckets = 1 << 17
	for i := range uint64(3_000_000) {
		var raw [16]byte
		binary.BigEndian.PutUint64(raw[:], i+1<<32)
		if l.Take(netip.AddrFrom16(raw), 1) != 0 {
			t.Fatal("the bucket of a new address is not full")
		}
		if i%1_000_000 == 0 && l.Len() > maxBuckets {
			t.Fatalf("%d buckets are stored", l.Len())
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if n := l.Len(); n > maxBuckets || n < maxBuckets/4 {
		t.Errorf("%d buckets are stored", n)
	}
	if took := int64(after.HeapAlloc) - int64(before.HeapAlloc); took > 40<<20 {
		t.Errorf("the buckets take %d bytes", took)
	}
	runtime.KeepAlive(l)
}

// TestFullBucketsAreEvictedFirst: a bucket that is not full is not evicted while full ones can be.
func TestFullBucketsAreEvictedFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := limit.NewKeyedLimiter[int](limit.Rate{Burst: 10, Every: time.Second})
		l.Take(-1, 1000) // empty until the test ends
		for i := range 1_000_000 {
			l.Take(i, 1) // full again after a second
			if i%10_000 == 0 {
				time.Sleep(2 * time.Second)
			}
		}
		if l.Take(-1, 1) == 0 {
			t.Error("an empty bucket was evicted before full ones")
		}
	})
}

// TestKeyedLimiterConcurrently: concurrent callers get no more tokens than there are.
func TestKeyedLimiterConcurrently(t *testing.T) {
	t.Parallel()
	const goroutines, keys, burst = 64, 50, 20
	l := limit.NewKeyedLimiter[int](limit.Rate{Burst: burst, Every: time.Hour})
	var got [keys]atomic.Int64
	var running sync.WaitGroup
	for range goroutines {
		running.Go(func() {
			for range 2 * burst {
				for key := range keys {
					if l.Take(key, 1) == 0 {
						got[key].Add(1)
						if key%2 == 1 { // refund every second key
							got[key].Add(-1)
							l.Refund(key, 1)
						}
					}
				}
			}
		})
	}
	running.Wait()
	for key := range keys {
		want := int64(burst)
		if key%2 == 1 {
			want = 0
		}
		if n := got[key].Load(); n != want {
			t.Errorf("key %d: %d tokens were taken, want %d", key, n, want)
		}
		if wait := l.Take(key, burst); (wait == 0) != (key%2 == 1) {
			t.Errorf("key %d: the wait for a full bucket is %v", key, wait)
		}
	}
}

func BenchmarkTake(b *testing.B) {
	limiter := limit.NewKeyedLimiter[string](limit.Rate{Burst: 100, Every: time.Microsecond})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			limiter.Take("user", 1)
		}
	})
}

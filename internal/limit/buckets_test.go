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

func TestBuckets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := limit.NewBuckets[string](limit.Pace{Burst: 3, Every: time.Second})
		take := func(key string, n int, want time.Duration) {
			t.Helper()
			if got := b.Take(key, n); got != want {
				t.Errorf("%d of %s: wait %v; want %v", n, key, got, want)
			}
		}
		take("a", 1, 0)
		take("a", 2, 0)
		take("a", 1, time.Second)
		take("a", 2, 2*time.Second)
		take("b", 3, 0) // each has their own
		time.Sleep(1500 * time.Millisecond)
		take("a", 2, 500*time.Millisecond) // what was refused has cost nothing
		take("a", 1, 0)
		b.GiveBack("a", 1)
		take("a", 1, 0)
		time.Sleep(time.Hour)
		take("a", 3, 0) // no more than a burst has gathered
		take("a", 1, time.Second)
		time.Sleep(3 * time.Second)
		take("a", 10, 0) // more than it holds: late, not impossible
		take("a", 1, 8*time.Second)
		b.GiveBack("nobody", 5)
		take("nobody", 4, 0)
	})
}

// TestBucketsModel compares with a bucket that is refilled step by step.
func TestBucketsModel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const burst, every = 5, 100 * time.Millisecond
		b := limit.NewBuckets[int](limit.Pace{Burst: burst, Every: every})
		left, random := burst*every, rand.New(rand.NewPCG(1, 2))
		for range 20_000 {
			passed := time.Duration(random.Int64N(int64(3 * every)))
			time.Sleep(passed)
			left = min(left+passed, burst*every)
			n := 1 + random.IntN(burst)
			got := b.Take(7, n) == 0
			if want := left >= time.Duration(n)*every; got != want {
				t.Fatalf("taking %d with %v left: %v", n, left, got)
			}
			if got {
				left -= time.Duration(n) * every
			}
		}
	})
}

// TestBucketsAreBounded: millions of addresses take bounded memory, and whoever goes on asking is
// not forgotten.
func TestBucketsAreBounded(t *testing.T) {
	t.Parallel()
	b := limit.NewBuckets[netip.Addr](limit.Pace{Burst: 1, Every: 24 * time.Hour})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	insistent := netip.MustParseAddr("2001:db8::1")
	b.Take(insistent, 1)
	const most = 1 << 17
	for i := range uint64(3_000_000) {
		var raw [16]byte
		binary.BigEndian.PutUint64(raw[:], i+1<<32)
		if b.Take(netip.AddrFrom16(raw), 1) != 0 {
			t.Fatal("a new address has no full bucket")
		}
		if i%1_000_000 == 0 && b.Len() > most {
			t.Fatalf("%d buckets are kept", b.Len())
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if n := b.Len(); n > most || n < most/4 {
		t.Errorf("%d buckets are kept", n)
	}
	if took := int64(after.HeapAlloc) - int64(before.HeapAlloc); took > 40<<20 {
		t.Errorf("they take %d bytes", took)
	}
	runtime.KeepAlive(b)
}

// TestFullBucketsGoFirst: as long as there is room for those that are not full, none of them is
// forgotten.
func TestFullBucketsGoFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := limit.NewBuckets[int](limit.Pace{Burst: 10, Every: time.Second})
		b.Take(-1, 1000) // empty for longer than all of this
		for i := range 1_000_000 {
			b.Take(i, 1) // full again after a second
			if i%10_000 == 0 {
				time.Sleep(2 * time.Second)
			}
		}
		if b.Take(-1, 1) == 0 {
			t.Error("a bucket that is empty was forgotten for those that are full")
		}
	})
}

// TestBucketsAtOnce: however many ask at the same time, no more get something than there is.
func TestBucketsAtOnce(t *testing.T) {
	t.Parallel()
	const goroutines, keys, burst = 64, 50, 20
	b := limit.NewBuckets[int](limit.Pace{Burst: burst, Every: time.Hour})
	var got [keys]atomic.Int64
	var running sync.WaitGroup
	for range goroutines {
		running.Go(func() {
			for range 2 * burst {
				for key := range keys {
					if b.Take(key, 1) == 0 {
						got[key].Add(1)
						if key%2 == 1 { // and some put it back
							got[key].Add(-1)
							b.GiveBack(key, 1)
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
			t.Errorf("key %d: %d were taken of %d", key, n, want)
		}
		if wait := b.Take(key, burst); (wait == 0) != (key%2 == 1) {
			t.Errorf("key %d: what is left: %v", key, wait)
		}
	}
}

func BenchmarkTake(b *testing.B) {
	buckets := limit.NewBuckets[string](limit.Pace{Burst: 100, Every: time.Microsecond})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			buckets.Take("somebody", 1)
		}
	})
}

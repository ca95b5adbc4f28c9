package limit_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/limit"
)

// acquire acquires bytes for user, and releases them after held. It sets at to the time that Acquire
// took, or to -1 if it timed out.
func acquire(
	t *testing.T,
	m *limit.Memory,
	user string,
	bytes int64,
	timeout, held time.Duration,
	at *time.Duration,
) {
	t.Helper()
	begun := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	r, err := m.Acquire(ctx, limit.Owner{User: user}, bytes)
	*at = time.Since(begun)
	if err != nil {
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s gets %v", user, err)
		}
		*at = -1
		return
	}
	time.Sleep(held)
	r.Release()
}

func expectStats(t *testing.T, m *limit.Memory, want limit.MemoryStats) {
	t.Helper()
	got := m.Stats()
	got.Limit = 0
	if got != want {
		t.Errorf("stats are %+v, want %+v", got, want)
	}
}

// TestAcquireWaits: callers are admitted in FIFO order, except that a quota blocks its own callers
// only.
func TestAcquireWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := limit.NewMemory(limit.MemoryOptions{Bytes: 20, User: 10, Anonymous: 10})
		var at [7]time.Duration
		start := func(i int, user string, bytes int64, timeout, held time.Duration) {
			go acquire(t, m, user, bytes, timeout, held, &at[i]) // ends with the test's bubble
			synctest.Wait()
		}
		start(0, "a", 60, time.Hour, 4*time.Second) // oversized: above the quota
		start(1, "a", 5, time.Second, time.Hour)    // times out, though the budget has room
		// Two oversized reservations run one after the other.
		start(2, "b", 1000, time.Hour, time.Second)
		start(
			3,
			"c",
			8,
			time.Hour,
			9*time.Second,
		) // overtakes callers that wait for their own quota
		start(4, "d", 7, time.Hour, time.Second) // the budget has no room
		start(5, "", 1, time.Hour, time.Second)  // does not overtake
		start(6, "e", 0, 0, 0)                   // 0 bytes are always admitted
		expectStats(t, m, limit.MemoryStats{Reserved: 18, Waiting: 4})
		time.Sleep(time.Minute)
		synctest.Wait()
		want := [7]time.Duration{0, -1, 4 * time.Second, 0, 5 * time.Second, 5 * time.Second, 0}
		if at != want {
			t.Errorf("the waits are %v, want %v", at, want)
		}
		expectStats(t, m, limit.MemoryStats{Refused: 1})
	})
}

// TestAcquireOversized: an oversized reservation that waits for its own quota does not block the
// oversized reservations of other users.
func TestAcquireOversized(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := limit.NewMemory(limit.MemoryOptions{Bytes: 20, User: 10})
		sent, err := m.Acquire(t.Context(), limit.Owner{User: "a"}, 60)
		if err != nil {
			t.Fatal(err)
		}
		sent.Shrink(9)
		var own, other time.Duration
		go acquire(t, m, "a", 60, time.Second, time.Hour, &own) // ends with the test's bubble
		synctest.Wait()
		go acquire(t, m, "b", 60, time.Minute, time.Second, &other) // ends with the test's bubble
		time.Sleep(time.Hour)
		synctest.Wait()
		if own != -1 || other != 0 {
			t.Errorf("the waits are %v and %v", own, other)
		}
		sent.Release()
	})
}

// TestAcquireAbandoned: a caller whose context is cancelled does not count as refused.
func TestAcquireAbandoned(t *testing.T) {
	t.Parallel()
	m := limit.NewMemory(limit.MemoryOptions{Bytes: 8, User: 8})
	all, err := m.Acquire(t.Context(), limit.Owner{User: "a"}, 8)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, user := range []string{"a", "b"} {
		if _, err := m.Acquire(ctx, limit.Owner{User: user}, 9); !errors.Is(err, context.Canceled) {
			t.Errorf("%s gets %v", user, err)
		}
	}
	all.Release()
	expectStats(t, m, limit.MemoryStats{})
}

// TestShrink: Shrink releases memory, and admits the callers that wait for it.
func TestShrink(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := limit.NewMemory(limit.MemoryOptions{Bytes: 80, User: 10})
		all, err := m.Acquire(t.Context(), limit.Owner{User: "a"}, 80)
		if err != nil {
			t.Fatal(err)
		}
		var own, others time.Duration
		go acquire(t, m, "b", 70, time.Hour, time.Hour, &others) // ends with the test's bubble
		synctest.Wait()
		expectStats(t, m, limit.MemoryStats{Reserved: 10, Waiting: 1})
		all.Shrink(1000)
		all.Shrink(4)
		all.Shrink(6)
		go acquire(t, m, "a", 6, time.Hour, time.Hour, &own) // ends with the test's bubble
		synctest.Wait()
		expectStats(t, m, limit.MemoryStats{Reserved: 20})
		all.Release()
		all.Release()
		time.Sleep(time.Hour)
		synctest.Wait()
		expectStats(t, m, limit.MemoryStats{})
	})
}

// TestQueue: a full queue, of one user or of all, refuses the next caller at once.
func TestQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := limit.NewMemory(limit.MemoryOptions{
			Bytes: 8, User: 4, Anonymous: 4, Queue: limit.Queue{User: 2, All: 5},
		})
		refused := func(user string) bool {
			begun := time.Now()
			_, err := m.Acquire(t.Context(), limit.Owner{User: user}, 4)
			if err != nil && (!errors.Is(err, limit.ErrQueueFull) || time.Since(begun) != 0) {
				t.Errorf("%s gets %v after %v", user, err, time.Since(begun))
			}
			return err != nil
		}
		var at [7]time.Duration
		start := func(i int, user string) {
			go acquire(t, m, user, 4, time.Hour, time.Second, &at[i]) // ends with the test's bubble
			synctest.Wait()
		}
		for i := range 3 {
			start(i, "a")
		}
		if !refused("a") {
			t.Error("a third caller of one user waits")
		}
		for i := range 4 {
			start(3+i, "") // the first is admitted
		}
		if !refused("b") {
			t.Error("a sixth caller waits")
		}
		expectStats(t, m, limit.MemoryStats{Reserved: 8, Waiting: 5, Refused: 2})
		time.Sleep(time.Minute)
		synctest.Wait()
		s := time.Second
		if want := [7]time.Duration{0, s, 2 * s, 0, s, 2 * s, 3 * s}; at != want {
			t.Errorf("the waits are %v, want %v", at, want)
		}
		if refused("b") {
			t.Error("b is refused though no caller waits")
		}
	})
}

func owner(user, address string) limit.Owner {
	return limit.Owner{User: user, Address: netip.MustParseAddr(address)}
}

// TestQuotas: each quota counts the reservations of its owners, and no others.
func TestQuotas(t *testing.T) {
	t.Parallel()
	refusals := 0
	m := limit.NewMemory(limit.MemoryOptions{
		Bytes:            1000,
		User:             100,
		Address:          150,
		Anonymous:        60,
		AnonymousAddress: 40,
		Refused:          func() { refusals++ },
	})
	var held []limit.Reservation
	for i, step := range []struct {
		owner limit.Owner
		bytes int64
		want  error
	}{
		{owner("a", "10.0.0.1"), 60, nil},
		{owner("a", "10.0.0.2"), 41, limit.ErrQuotaExceeded}, // 101 of one user
		{owner("a", "10.0.0.2"), 40, nil},
		{owner("b", "10.0.0.1"), 91, limit.ErrQuotaExceeded}, // 151 of one address
		{owner("b", "10.0.0.1"), 90, nil},
		{owner("", "10.0.0.1"), 41, limit.ErrQuotaExceeded}, // 41 of one anonymous address
		{owner("", "10.0.0.1"), 40, nil},
		{owner("", "10.0.0.2"), 21, limit.ErrQuotaExceeded}, // 61 of all anonymous owners
		{owner("", "10.0.0.2"), 20, nil},
		{owner("c", "10.0.0.3"), 100, nil},
	} {
		r, err := m.Reserve(step.owner, step.bytes)
		if !errors.Is(err, step.want) {
			t.Errorf("step %d: %v, want %v", i, err, step.want)
		}
		if err == nil {
			held = append(held, r)
		}
	}
	expectStats(t, m, limit.MemoryStats{Reserved: 350, Refused: 4})
	if refusals != 4 {
		t.Errorf("%d refusals were reported", refusals)
	}
	for i := range held {
		held[i].Release()
	}
	expectStats(t, m, limit.MemoryStats{Refused: 4})
	if _, err := m.Reserve(owner("a", "10.0.0.1"), 100); err != nil {
		t.Errorf("after all is released: %v", err)
	}
}

// TestSmall: small reservations count for no quota until half of the budget is reserved. An attacker
// with many of them leaves the other half to the quotas.
func TestSmall(t *testing.T) {
	t.Parallel()
	m := limit.NewMemory(
		limit.MemoryOptions{Bytes: 100, User: 20, Anonymous: 10, AnonymousAddress: 10, Small: 5},
	)
	admitted := 0
	for range 100 {
		if _, err := m.Reserve(owner("", "10.0.0.1"), 5); err == nil {
			admitted++
		}
	}
	if admitted != 12 { // 50 bytes without a quota, 10 with one
		t.Errorf("%d reservations are admitted, want 12", admitted)
	}
	r := m.Open(owner("a", "10.0.0.2"))
	for range 4 {
		if err := r.Grow(5); err != nil {
			t.Error(err)
		}
	}
	if err := r.Grow(1); !errors.Is(err, limit.ErrQuotaExceeded) {
		t.Errorf("above the quota: %v", err)
	}
	if r.Bytes() != 20 {
		t.Errorf("the reservation has %d bytes", r.Bytes())
	}

	// A small reservation that grows counts for its owner as a whole.
	m = limit.NewMemory(limit.MemoryOptions{Bytes: 100, User: 20, Small: 5})
	r = m.Open(owner("a", "10.0.0.2"))
	for _, step := range []struct {
		bytes int64
		want  error
	}{{5, nil}, {16, limit.ErrQuotaExceeded}, {15, nil}, {1, limit.ErrQuotaExceeded}} {
		if err := r.Grow(step.bytes); !errors.Is(err, step.want) {
			t.Errorf("%d more: %v, want %v", step.bytes, err, step.want)
		}
	}
	r.Release()
	expectStats(t, m, limit.MemoryStats{Refused: 2})
}

// TestMemoryConcurrently: the budget is never exceeded, and nothing stays reserved.
func TestMemoryConcurrently(t *testing.T) {
	t.Parallel()
	m := limit.NewMemory(
		limit.MemoryOptions{Bytes: 1000, User: 300, Address: 700, Anonymous: 300, Small: 10},
	)
	var running sync.WaitGroup
	for i := range 16 {
		running.Go(func() {
			o := limit.OwnerOf(
				limit.NewContext(t.Context(), netip.MustParseAddr("10.0.0.1")),
				fmt.Sprint(i%4),
			)
			for n := range 500 {
				if r, err := m.Reserve(o, int64(1+n%100)); err == nil {
					_ = r.Grow(50)
					r.Shrink(20)
					r.Release()
				}
				if r, err := m.Acquire(t.Context(), o, int64(1+n%400)); err == nil {
					r.Release()
				}
				if got := m.Stats().Reserved; got < 0 || got > 1000 {
					t.Errorf("%d bytes are reserved", got)
				}
			}
		})
	}
	running.Wait()
	if got := m.Stats(); got.Reserved != 0 || got.Waiting != 0 {
		t.Errorf("in the end: %+v", got)
	}
}

// TestNilMemory: a nil Memory admits everything.
func TestNilMemory(t *testing.T) {
	t.Parallel()
	var none *limit.Memory
	r, err := none.Acquire(t.Context(), limit.Owner{User: "a"}, 1<<40)
	if err != nil || none.Stats() != (limit.MemoryStats{}) {
		t.Error(err)
	}
	if err := r.Grow(1 << 40); err != nil {
		t.Error(err)
	}
	r.Shrink(0)
	r.Release()
}

// BenchmarkReserve measures the reservation of a small body.
func BenchmarkReserve(b *testing.B) {
	m := limit.NewMemory(limit.MemoryOptions{Bytes: 1 << 28, User: 1 << 25, Small: 8 << 10})
	o := owner("a", "10.0.0.1")
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r, _ := m.Reserve(o, 1000)
			r.Release()
		}
	})
}

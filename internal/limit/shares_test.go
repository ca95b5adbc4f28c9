package limit_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/limit"
)

// holding has somebody hold so many bytes for so long, and returns when they got them, or gave up.
func holding(t *testing.T, s *limit.Shares, person string, bytes int64, patience, held time.Duration, at *time.Duration) {
	t.Helper()
	begun := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	share, err := s.Take(ctx, person, bytes)
	*at = time.Since(begun)
	if err != nil {
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s gets %v", person, err)
		}
		*at = -1
		return
	}
	time.Sleep(held)
	share.Return()
}

// TestShares has people wait for each other, and for themselves first.
func TestShares(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := limit.NewShares(20, 2, limit.Queue{})
		var at [7]time.Duration
		start := func(i int, person string, bytes int64, patience, held time.Duration) {
			go holding(t, s, person, bytes, patience, held, &at[i]) // ends with the test's bubble
			synctest.Wait()
		}
		start(0, "a", 60, time.Hour, 4*time.Second) // more than a person's part: then alone of them
		start(1, "a", 5, time.Second, time.Hour)    // in vain, though there is room
		start(2, "b", 1000, time.Hour, time.Second) // behind who also needs more than their part
		start(3, "c", 8, time.Hour, 9*time.Second)  // nobody stands in the way
		start(4, "d", 7, time.Hour, time.Second)    // there is no room
		start(5, "", 1, time.Hour, time.Second)     // and nobody overtakes
		start(6, "e", 0, 0, 0)                      // nothing is always there
		if got := s.Stats(); got != (limit.SharesStats{Held: 18, Waiting: 4}) {
			t.Errorf("it is %+v", got)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		want := [7]time.Duration{0, -1, 5 * time.Second, 0, 4 * time.Second, 4 * time.Second, 0}
		if at != want {
			t.Errorf("they waited %v, want %v", at, want)
		}
		if got := s.Stats(); got != (limit.SharesStats{Refused: 1}) {
			t.Errorf("in the end it is %+v", got)
		}
	})
}

// TestSharesGoneAway does not count who has not waited for it.
func TestSharesGoneAway(t *testing.T) {
	t.Parallel()
	s := limit.NewShares(8, 1, limit.Queue{})
	all, err := s.Take(t.Context(), "a", 8)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, person := range []string{"a", "b"} {
		if _, err := s.Take(ctx, person, 9); !errors.Is(err, context.Canceled) {
			t.Errorf("%s gets %v", person, err)
		}
	}
	all.Return()
	if got := s.Stats(); got != (limit.SharesStats{}) {
		t.Errorf("in the end it is %+v", got)
	}
}

// TestSharesKeep gives back what is not needed any more, and no more than that.
func TestSharesKeep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := limit.NewShares(80, 8, limit.Queue{})
		all, err := s.Take(t.Context(), "a", 80)
		if err != nil {
			t.Fatal(err)
		}
		var own, others time.Duration
		go holding(t, s, "b", 70, time.Hour, time.Hour, &others) // ends with the test's bubble
		synctest.Wait()
		if got := s.Stats(); got != (limit.SharesStats{Held: 10, Waiting: 1}) {
			t.Errorf("it is %+v", got)
		}
		all.Keep(1000)
		all.Keep(4)
		all.Keep(6)
		go holding(t, s, "a", 6, time.Hour, time.Hour, &own) // ends with the test's bubble
		synctest.Wait()
		if got := s.Stats(); got != (limit.SharesStats{Held: 20}) {
			t.Errorf("it is %+v", got)
		}
		all.Return()
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := s.Stats(); got != (limit.SharesStats{}) {
			t.Errorf("in the end it is %+v", got)
		}
	})
}

// TestSharesQueue bounds how many wait: of one person, and of all. Who is refused is so at once; who waits keeps their place, and
// who need not wait is not counted.
func TestSharesQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := limit.NewShares(8, 2, limit.Queue{Person: 2, All: 5})
		refused := func(person string) bool {
			begun := time.Now()
			_, err := s.Take(t.Context(), person, 4)
			if err != nil && (!errors.Is(err, limit.ErrQueueFull) || time.Since(begun) != 0) {
				t.Errorf("%s gets %v after %v", person, err, time.Since(begun))
			}
			return err != nil
		}
		var at [7]time.Duration
		start := func(i int, person string) {
			go holding(t, s, person, 4, time.Hour, time.Second, &at[i]) // ends with the test's bubble
			synctest.Wait()
		}
		for i := range 3 {
			start(i, "a")
		}
		if !refused("a") {
			t.Error("a third of one person's waits")
		}
		for i := range 4 {
			start(3+i, "") // the first need not wait
		}
		if !refused("b") {
			t.Error("a sixth waits")
		}
		if got := s.Stats(); got != (limit.SharesStats{Held: 8, Waiting: 5, Refused: 2}) {
			t.Errorf("it is %+v", got)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		want := [7]time.Duration{0, time.Second, 2 * time.Second, 0, time.Second, 2 * time.Second, 3 * time.Second}
		if at != want {
			t.Errorf("they waited %v, want %v", at, want)
		}
		if refused("b") {
			t.Error("nobody waits any more")
		}
	})
}

// TestNoShares: nil is no bound.
func TestNoShares(t *testing.T) {
	t.Parallel()
	var none *limit.Shares
	share, err := none.Take(t.Context(), "a", 1<<40)
	if share != nil || err != nil || none.Stats() != (limit.SharesStats{}) {
		t.Errorf("got %v, %v", share, err)
	}
	share.Keep(0)
	share.Return()
}

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
		s := limit.NewShares(80)
		var at [8]time.Duration
		start := func(i int, person string, bytes int64, patience, held time.Duration) {
			go holding(t, s, person, bytes, patience, held, &at[i]) // ends with the test's bubble
			synctest.Wait()
		}
		start(0, "a", 60, time.Hour, 4*time.Second) // more than a person's part: then alone of them
		start(1, "a", 5, time.Hour, time.Second)    // behind that, though there is room
		start(2, "a", 5, time.Second, time.Hour)    // in vain
		start(3, "b", 20, time.Hour, 2*time.Second) // all there is
		start(4, "c", 1000, time.Hour, time.Second) // waits for everything
		start(5, "d", 1, time.Hour, time.Second)    // and does not overtake
		start(6, "", 3, time.Hour, time.Second)
		start(7, "e", 0, 0, 0) // nothing is always there
		if got := s.Stats(); got != (limit.SharesStats{Held: 80, Waiting: 5}) {
			t.Errorf("it is %+v", got)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		want := [8]time.Duration{0, 5 * time.Second, -1, 0, 4 * time.Second, 5 * time.Second, 5 * time.Second, 0}
		if at != want {
			t.Errorf("they waited %v, want %v", at, want)
		}
		if got := s.Stats(); got != (limit.SharesStats{Refused: 1}) {
			t.Errorf("in the end it is %+v", got)
		}
	})
}

// TestSharesKeep gives back what is not needed any more, and no more than that.
func TestSharesKeep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := limit.NewShares(80)
		all, err := s.Take(t.Context(), "a", 80)
		if err != nil {
			t.Fatal(err)
		}
		all.Keep(1000)
		all.Keep(4)
		all.Keep(6)
		if got := s.Stats().Held; got != 4 {
			t.Errorf("%d are held", got)
		}
		var own, others time.Duration
		go holding(t, s, "a", 6, time.Hour, time.Hour, &own) // end with the test's bubble
		go holding(t, s, "b", 70, time.Hour, time.Hour, &others)
		synctest.Wait()
		if got := s.Stats(); got != (limit.SharesStats{Held: 80}) {
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

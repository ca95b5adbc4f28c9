package retry_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/chat/retry"
	"parley/internal/panics"
	"parley/internal/store"
)

var errBroken = errors.New("broken")

// TestAttempts: what has failed because of others is run again, and what may have happened only if
// that is allowed.
func TestAttempts(t *testing.T) {
	panicked := panics.NewGuard(nil)
	unknown := store.UnknownOutcome(errBroken)
	for name, test := range map[string]struct {
		policy   retry.Policy
		err      error // of the first attempts
		failures int
		attempts int
		want     error
		unknown  bool
		stats    retry.Stats
	}{
		"success":         {retry.Once, nil, 0, 1, nil, false, retry.Stats{}},
		"failure":         {retry.Idempotent, errBroken, 99, 1, errBroken, false, retry.Stats{}},
		"stale":           {retry.Once, retry.ErrStale, 2, 3, nil, false, retry.Stats{Stale: 2}},
		"always stale":    {retry.Once, retry.ErrStale, 99, 12, retry.ErrStale, false, retry.Stats{Stale: 12}},
		"unknown, once":   {retry.Once, unknown, 1, 1, unknown, true, retry.Stats{Unknown: 1}},
		"unknown, again":  {retry.Idempotent, unknown, 1, 2, nil, false, retry.Stats{Unknown: 1}},
		"unknown, always": {retry.Idempotent, unknown, 99, 12, unknown, true, retry.Stats{Unknown: 12}},
		"panic": {
			retry.Idempotent, &retry.UnknownError{Cause: fmt.Errorf("%w", panicOf(panicked))}, 1, 1,
			nil, true,
			retry.Stats{Unknown: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var r retry.Retrier
				attempts := 0
				err := r.Do(t.Context(), test.policy, func() error {
					if attempts++; attempts <= test.failures {
						return test.err
					}
					return nil
				})
				if attempts != test.attempts {
					t.Errorf("there were %d attempts, want %d", attempts, test.attempts)
				}
				if name != "panic" && !errors.Is(err, test.want) ||
					retry.IsUnknown(err) != test.unknown {
					t.Errorf("the error is %v", err)
				}
				if got := r.Stats(); got != test.stats {
					t.Errorf("the stats are %+v, want %+v", got, test.stats)
				}
			})
		})
	}
}

// panicOf returns the error of a panic.
func panicOf(guard *panics.Guard) error {
	return guard.Run(context.Background(), panics.Write, func() error { panic("broken") })
}

// TestEnd: no attempt begins after the end of the context.
func TestEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Microsecond)
		defer cancel()
		var r retry.Retrier
		err := r.Do(ctx, retry.Once, func() error { return retry.ErrStale })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("it ends with %v", err)
		}
	})
}

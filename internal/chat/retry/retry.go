// Package retry runs transactions again that have failed only because of what ran beside them.
package retry

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"parley/internal/panics"
	"parley/internal/store"
)

const (
	// Attempts is how often a transaction is run at most.
	Attempts = 12
	// firstPause is the longest pause before the second attempt. It doubles with each, up to
	// longestPause.
	firstPause   = 2 * time.Millisecond
	longestPause = 200 * time.Millisecond
)

// ErrStale asks for another attempt: what was read before a lock had changed when the lock was
// acquired.
var ErrStale = errors.New("what was read has changed before it was locked")

// Policy says what to do with a transaction whose commit may or may not have happened.
type Policy bool

const (
	// Once is for writes that a second run could do twice.
	Once Policy = false
	// Idempotent is for writes of which a second run finds what the first has done.
	Idempotent Policy = true
)

// UnknownError is the error of a write that may or may not have happened.
type UnknownError struct{ Cause error }

// Error implements error.
func (e *UnknownError) Error() string { return "the outcome is unknown: " + e.Cause.Error() }

// Unwrap returns the cause.
func (e *UnknownError) Unwrap() error { return e.Cause }

// Unknown returns an [UnknownError] with a cause.
func Unknown(cause error) error { return &UnknownError{cause} }

// IsUnknown reports whether err is that of a write that may or may not have happened.
func IsUnknown(err error) bool {
	_, is := errors.AsType[*UnknownError](err)
	return is || store.IsOutcomeUnknown(err)
}

// Stats are counts of failed attempts.
type Stats struct {
	// Conflicts lost against another transaction, Stale returned [ErrStale], and of Unknown it is
	// not known whether they were committed.
	Conflicts, Stale, Unknown int64
}

// Retrier runs transactions and counts the attempts that have failed. The zero value is ready. It
// is safe for concurrent use.
type Retrier struct{ conflicts, stale, unknown atomic.Int64 }

// Do calls run, which runs a transaction from its start and changes nothing outside of it, until it
// succeeds or another attempt would not help. It fails with an [UnknownError] if the outcome of the
// last attempt is unknown and the policy does not allow another; that of a panic is never tried
// again.
func (r *Retrier) Do(ctx context.Context, policy Policy, run func() error) error {
	pause := firstPause
	for attempt := 1; ; attempt++ {
		err := run()
		if err == nil {
			return nil
		}
		unknown, stale, conflict := IsUnknown(err), errors.Is(err, ErrStale), store.IsConflict(err)
		switch {
		case unknown:
			r.unknown.Add(1)
		case stale:
			r.stale.Add(1)
		case conflict:
			r.conflicts.Add(1)
		}
		retryable := stale || conflict || unknown && policy == Idempotent
		if !retryable || attempt == Attempts || panics.Is(err) {
			if unknown && (policy == Once || panics.Is(err)) {
				return &UnknownError{err}
			}
			return err
		}
		select {
		case <-time.After(rand.N(pause)): //nolint:gosec // spreads retries of conflicting transactions; not secret
		case <-ctx.Done():
			return ctx.Err()
		}
		pause = min(2*pause, longestPause)
	}
}

// Stats returns the counts.
func (r *Retrier) Stats() Stats {
	return Stats{r.conflicts.Load(), r.stale.Load(), r.unknown.Load()}
}

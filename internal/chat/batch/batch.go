// Package batch writes together what is requested at the same moment: messages, and rooms.
//
// One transaction for many writes takes a fraction of the time of one for each. A write that the
// database refuses, or that cannot be done for a reason of its own, is left to its caller to try
// alone, and fails no other.
package batch

import (
	"errors"
	"time"

	"parley/internal/chat/retry"
	"parley/internal/panics"
	"parley/internal/store"
)

// batchTimeout is how long a batch may take.
const batchTimeout = 10 * time.Second

// shouldRetryAlone reports whether a write that has failed in a batch should be tried alone: what
// the database refuses may be another of them, and whether a write of unknown outcome was done is
// found out by doing it again, where that is doing it once. So it is after a panic of a batch that
// has written nothing: one of the others may be its cause.
func shouldRetryAlone(err error, retries retry.Policy, batch int) bool {
	if _, unknown := errors.AsType[*retry.UnknownError](err); unknown {
		return retries == retry.Idempotent
	}
	return store.IsRefused(err) || panics.Is(err) && batch > 1
}

package chat

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/internal/limit"
)

const (
	// searchTimeout is how long a search may take, and wait for others.
	searchTimeout = 10 * time.Second
	// maxWaitingSearches is how many searches of one user may wait, and maxAllWaitingSearches how
	// many of all users.
	maxWaitingSearches, maxAllWaitingSearches = 20, 1000
)

// newSearches returns bounds for searches, which scan all rooms: so many at a time, of which one
// user may have one.
func newSearches(n int) *limit.Memory {
	return limit.NewMemory(limit.MemoryOptions{
		Bytes: int64(n), User: 1, Anonymous: 1,
		Queue: limit.Queue{User: maxWaitingSearches, All: maxAllWaitingSearches},
	})
}

// beginSearch waits until the viewer may search, and returns a context that bounds the search. The
// caller calls done when it has ended. Returns RATE_LIMITED if too many searches wait, and
// UNAVAILABLE if there was no turn in time.
func (c *Chat) beginSearch(
	ctx context.Context, v Viewer,
) (_ context.Context, done func(), err error) {
	searching, cancel := context.WithTimeout(ctx, searchTimeout)
	slot, err := c.searches.Acquire(searching, limit.Owner{User: v.ID}, 1)
	if err != nil {
		cancel()
		if errors.Is(err, limit.ErrQueueFull) {
			return nil, nil, &Error{
				Code: RateLimited, Message: "Too many searches at a time. Try again later.",
				RetryAfter: time.Second, cause: err,
			}
		}
		return nil, nil, fmt.Errorf("wait to search: %w", err)
	}
	return searching, func() {
		slot.Release()
		cancel()
	}, nil
}

package chat

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/internal/limit"
)

const (
	// searchTime is how long a search may take, and wait for others.
	searchTime = 10 * time.Second
	// searchesWaiting is how many searches of one user may wait, and allSearchesWaiting how many of
	// all users.
	searchesWaiting, allSearchesWaiting = 20, 1000
)

// newSearches returns bounds for searches, which scan all rooms: so many at a time, of which one
// user may have one.
func newSearches(n int) *limit.Memory {
	return limit.NewMemory(limit.MemoryOptions{
		Bytes: int64(n), User: 1, Anonymous: 1,
		Queue: limit.Queue{User: searchesWaiting, All: allSearchesWaiting},
	})
}

// beginSearch waits until the viewer may search, and returns a context that bounds the search. The
// caller calls done when it has ended. Returns RATE_LIMITED if too many searches wait, and
// UNAVAILABLE if there was no turn in time.
func (c *Chat) beginSearch(
	ctx context.Context, v Viewer,
) (_ context.Context, done func(), err error) {
	searching, cancel := context.WithTimeout(ctx, searchTime)
	turn, err := c.searches.Acquire(searching, limit.Owner{User: v.ID}, 1)
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
		turn.Release()
		cancel()
	}, nil
}

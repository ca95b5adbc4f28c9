package chat

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestSearchesTakeTurns: one user searches one at a time, others need not wait, and neither waiting
// nor searching lasts for ever.
func TestSearchesTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &Chat{searches: newSearches(2)}
		alice, bob := Viewer{ID: "alice"}, Viewer{ID: "bob"}
		searching, done, err := c.beginSearch(t.Context(), alice)
		if err != nil {
			t.Fatal(err)
		}
		results := make(chan error, maxWaitingSearches)
		for range maxWaitingSearches {
			go func() {
				_, _, err := c.beginSearch(t.Context(), alice)
				results <- err
			}()
		}
		synctest.Wait()
		_, _, err = c.beginSearch(t.Context(), alice)
		if AsError(err).Code != RateLimited {
			t.Errorf("one too many waits: %v", err)
		}
		_, bobs, err := c.beginSearch(t.Context(), bob)
		if err != nil {
			t.Fatal(err)
		}
		bobs()
		time.Sleep(searchTimeout + time.Second)
		if !errors.Is(searching.Err(), context.DeadlineExceeded) {
			t.Errorf("the search goes on: %v", searching.Err())
		}
		for range maxWaitingSearches {
			if err := <-results; AsError(err).Code != Unavailable {
				t.Errorf("a search that timed out gets %v", err)
			}
		}
		done()
		if _, done, err = c.beginSearch(t.Context(), alice); err != nil {
			t.Fatal(err)
		}
		done()
	})
}

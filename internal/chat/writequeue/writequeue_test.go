package writequeue_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/chat/writequeue"
	"parley/internal/panics"
)

type number struct {
	writequeue.Write
	n int
}

func newNumber(ctx context.Context, n int) *number {
	return &number{writequeue.NewWrite(ctx), n}
}

var errUnknown = errors.New("unknown")

// newQueue returns a queue that takes everything that waits, and executes batches by do.
func newQueue(do func(q *writequeue.Queue[*number], batch []*number)) *writequeue.Queue[*number] {
	var q *writequeue.Queue[*number]
	q = writequeue.New(writequeue.Options[*number]{
		Choose:  func(waiting []*number) (batch, rest []*number) { return waiting, nil },
		Do:      func(batch []*number) { do(q, batch) },
		Unknown: func(cause error) error { return fmt.Errorf("%w: %w", errUnknown, cause) },
		Panics:  panics.NewGuard(slog.New(slog.DiscardHandler)),
	})
	return q
}

// TestBatches: writes that come while a batch is on its way share the next one, in their order.
func TestBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var batches [][]int
		q := newQueue(func(q *writequeue.Queue[*number], batch []*number) {
			time.Sleep(writequeue.MaxDelay / 2)
			var numbers []int
			for _, w := range batch {
				numbers = append(numbers, w.n)
			}
			batches = append(batches, numbers)
			q.Settle(batch)
		})
		var requests sync.WaitGroup
		for n := range 4 {
			requests.Go(func() {
				if err := q.Do(t.Context(), newNumber(t.Context(), n)); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		requests.Wait()
		if got := fmt.Sprint(batches); got != "[[0] [1 2 3]]" {
			t.Errorf("the batches are %s", got)
		}
		if got := q.Stats(); got != (writequeue.Stats{Batches: 2, Writes: 4}) {
			t.Errorf("the stats are %+v", got)
		}
	})
}

// TestSlowBatch: a slow batch holds up no other.
func TestSlowBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(func(q *writequeue.Queue[*number], batch []*number) {
			time.Sleep(time.Duration(batch[0].n) * time.Second)
			q.Settle(batch)
		})
		begun := time.Now()
		var requests sync.WaitGroup
		requests.Go(func() { _ = q.Do(t.Context(), newNumber(t.Context(), 5)) })
		synctest.Wait()
		if err := q.Do(t.Context(), newNumber(t.Context(), 0)); err != nil {
			t.Error(err)
		}
		if took := time.Since(begun); took != writequeue.MaxDelay {
			t.Errorf("the second batch took %v", took)
		}
		requests.Wait()
	})
}

// TestEndOfRequest: a write that is in no batch ends with its request, and is never executed; one
// that is in a batch is waited for.
func TestEndOfRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		executed := 0
		q := newQueue(func(q *writequeue.Queue[*number], batch []*number) {
			executed += len(batch)
			time.Sleep(writequeue.MaxDelay / 2)
			q.Settle(batch)
		})
		ctx, cancel := context.WithTimeout(t.Context(), writequeue.MaxDelay/4)
		defer cancel()
		var requests sync.WaitGroup
		requests.Go(func() {
			if err := q.Do(ctx, newNumber(ctx, 0)); err != nil {
				t.Errorf("the write in the batch fails: %v", err)
			}
		})
		synctest.Wait()
		if err := q.Do(ctx, newNumber(ctx, 1)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the write in no batch returns %v", err)
		}
		requests.Wait()
		if executed != 1 {
			t.Errorf("%d writes were executed", executed)
		}
	})
}

// TestPanics: after a panic the outcome of a batch is unknown, but for what was settled, and the
// queue goes on.
func TestPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(func(q *writequeue.Queue[*number], batch []*number) {
			if batch[0].n == 0 {
				panic("broken")
			}
			q.Settle(batch)
		})
		for n, want := range []error{errUnknown, nil} {
			w := newNumber(t.Context(), n)
			if err := q.Do(t.Context(), w); err != nil {
				t.Error(err)
			}
			if !errors.Is(w.Err, want) {
				t.Errorf("write %d ends with %v, want %v", n, w.Err, want)
			}
		}
	})
}

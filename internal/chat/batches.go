package chat

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parley/internal/store"
)

const (
	// batchTime is how long a batch may take.
	batchTime = 10 * time.Second
	// batchPatience is how long the next batch waits for the one before: what is slow, or waits for a lock, holds up nobody else.
	batchPatience = 200 * time.Millisecond
)

// batches has done together what is asked for at the same moment: what comes while a batch is on its way shares the next one.
// Nobody waits for others to come. One batch is on its way at a time, unless it is slow: of two at once each would be smaller,
// and cost as much.
type batches[T comparable] struct {
	mu sync.Mutex
	// waiting are those that are in no batch yet, in the order in which they came.
	waiting []T
	// led tells that a goroutine has the next batch done when it can be.
	led bool

	done, together atomic.Int64

	// take takes a batch from those that wait; an empty one where nothing can be done now. The batches are locked.
	take func() []T
	// do has a batch done, and tells each in it.
	do func([]T)
}

// join has w done, and returns when done is closed, which do does. It fails where the context ends before w was in a batch, and
// nothing was done; what is on its way by then is waited for, within its own time.
func (b *batches[T]) join(ctx context.Context, w T, done <-chan struct{}) error {
	b.mu.Lock()
	b.waiting = append(b.waiting, w)
	b.lead()
	b.mu.Unlock()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	b.mu.Lock()
	i := slices.Index(b.waiting, w)
	if i >= 0 {
		b.waiting = slices.Delete(b.waiting, i, i+1)
	}
	b.mu.Unlock()
	if i >= 0 {
		return ctx.Err()
	}
	<-done
	return nil
}

// lead has what waits done, if nobody has. The batches are locked.
func (b *batches[T]) lead() {
	if !b.led {
		b.led = true
		go b.run()
	}
}

// run has one batch after the other done. It ends when nothing is left to do, or a batch was slow, behind which another goes on;
// everything that is done is waited for by who asked for it, in join.
func (b *batches[T]) run() {
	for {
		b.mu.Lock()
		batch := b.take()
		b.led = len(batch) > 0
		b.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		slow := time.AfterFunc(batchPatience, func() {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.led = false
			b.lead()
		})
		b.done.Add(1)
		b.together.Add(int64(len(batch)))
		b.do(batch)
		if !slow.Stop() {
			return
		}
	}
}

// worthAlone tells whether something that has failed as one of a batch should be tried alone: what the database refuses may be another
// of them, and whether what is of unknown outcome was done is found out by doing it again, where that is doing it once.
func worthAlone(err error, again rerun) bool {
	unknown := (*Error)(nil)
	return store.IsRefused(err) || again == idempotent && errors.As(err, &unknown) && unknown.OutcomeUnknown
}

// safely is do, of which a panic is an error: there is no request around a batch that would catch it.
func safely(do func() error) (err error) {
	defer func() {
		if what := recover(); what != nil {
			err = fmt.Errorf("panic: %v\n%s", what, debug.Stack())
		}
	}()
	return do()
}

// BatchStats is what has been done together.
type BatchStats struct {
	// Batches are transactions that did what several had asked for, and Together what they did. Waiting is what is in none yet.
	Batches, Together, Waiting int64
}

func (b *batches[T]) stats() BatchStats {
	b.mu.Lock()
	defer b.mu.Unlock()
	return BatchStats{b.done.Load(), b.together.Load(), int64(len(b.waiting))}
}

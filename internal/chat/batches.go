package chat

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parley/internal/panics"
	"parley/internal/store"
)

const (
	// batchTime is how long a batch may take.
	batchTime = 10 * time.Second
	// batchPatience is how long the next batch waits for the one before: what is slow, or waits for
	// a lock, holds up nobody else.
	batchPatience = 200 * time.Millisecond
)

// write is one write that a batch does together with others.
type write struct {
	// within is the context that it came with, without its end: a batch is not for one alone. Of a
	// batch that of its first write counts, so that what is traced and counted belongs to a
	// request.
	within context.Context //nolint:containedctx // its request waits for it
	// done is closed when the write has its outcome.
	done chan struct{}
	// err is the outcome if the write has failed.
	err error
	// settled tells that done is closed. The lock of the batches guards it.
	settled bool
}

func newWrite(ctx context.Context) write {
	return write{within: context.WithoutCancel(ctx), done: make(chan struct{})}
}

// common returns what all kinds of writes have.
func (w *write) common() *write { return w }

// queued is a pointer to a write of some kind.
type queued interface {
	comparable
	common() *write
}

// batches has done together what is asked for at the same moment: what comes while a batch is on
// its way shares the next one. Nobody waits for others to come. One batch is on its way at a time,
// unless it is slow: of two at once each would be smaller, and cost as much.
type batches[T queued] struct {
	panics *panics.Guard

	mu sync.Mutex
	// waiting are those that are in no batch yet, in the order in which they came.
	waiting []T
	// led tells that a goroutine has the next batch done when it can be.
	led bool

	done, together atomic.Int64

	// take takes a batch from those that wait; an empty one where nothing can be done now. The
	// batches are locked.
	take func() []T
	// do does a batch and settles each write in it. What it leaves unsettled because it panics is
	// of unknown outcome.
	do func([]T)
	// release, if set, is called with each write that is settled. The batches are locked.
	release func(T)
}

// join has w done, and returns when it is. It fails where the context ends before w was in a batch,
// and nothing was done; what is on its way by then is waited for, within its own time.
func (b *batches[T]) join(ctx context.Context, w T) error {
	b.enqueue(w)
	done := w.common().done
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	if b.withdraw(w) {
		return ctx.Err()
	}
	<-done
	return nil
}

func (b *batches[T]) enqueue(w T) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = append(b.waiting, w)
	b.lead()
}

// withdraw removes w from the queue. It returns false if w is in a batch already.
func (b *batches[T]) withdraw(w T) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.Index(b.waiting, w)
	if i >= 0 {
		b.waiting = slices.Delete(b.waiting, i, i+1)
	}
	return i >= 0
}

// lead starts the goroutine that does what waits, if there is something and it does not run. The
// batches are locked.
func (b *batches[T]) lead() {
	if b.led || len(b.waiting) == 0 {
		return
	}
	b.led = true
	// It ends when nothing is left to do; join waits for what it does.
	go b.panics.Wrap(b.waiting[0].common().within, panics.Write, b.run, b.abandonQueue)()
}

// run does one batch after the other. It ends when nothing is left to do, or a batch was slow,
// behind which another goes on; everything that is done is waited for by who asked for it, in join.
func (b *batches[T]) run() {
	for {
		batch := b.next()
		if len(batch) == 0 {
			return
		}
		within := batch[0].common().within
		slow := time.AfterFunc(batchPatience, b.panics.Wrap(within, panics.Write, b.passOn, nil))
		b.done.Add(1)
		b.together.Add(int64(len(batch)))
		b.panics.Wrap(within, panics.Write,
			func() { b.do(batch) }, func(err error) { b.abandon(batch, err) })()
		if !slow.Stop() {
			return
		}
	}
}

// next takes the next batch.
func (b *batches[T]) next() []T {
	b.mu.Lock()
	defer b.mu.Unlock()
	batch := b.take()
	b.led = len(batch) > 0
	return batch
}

// passOn has another goroutine do the next batches.
func (b *batches[T]) passOn() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.led = false
	b.lead()
}

// settle gives the writes of a batch their outcomes, and starts the next batch if it waited for
// them.
func (b *batches[T]) settle(batch []T) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, w := range batch {
		b.settleOne(w, nil)
	}
	b.lead()
}

// settleOne settles a write that is not settled; err, if set, is its outcome. The batches are
// locked.
func (b *batches[T]) settleOne(w T, err error) {
	c := w.common()
	if c.settled {
		return
	}
	c.settled = true
	if err != nil {
		c.err = err
	}
	if b.release != nil {
		b.release(w)
	}
	close(c.done)
}

// abandon settles what a panic has left of a batch. It is unknown what of it was written.
func (b *batches[T]) abandon(batch []T, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, w := range batch {
		b.settleOne(w, errUncertain(err))
	}
	b.lead()
}

// abandonQueue fails everything that waits after the goroutine that takes batches has panicked. Of
// that nothing was written.
func (b *batches[T]) abandonQueue(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	waiting := b.waiting
	b.waiting, b.led = nil, false
	for _, w := range waiting {
		b.settleOne(w, err)
	}
}

// worthAlone tells whether something that has failed as one of a batch should be tried alone: what
// the database refuses may be another of them, and whether what is of unknown outcome was done is
// found out by doing it again, where that is doing it once. So it is after a panic of a batch that
// has written nothing: one of the others may be its cause.
func worthAlone(err error, again rerun, batch int) bool {
	if isUncertain(err) {
		return again == idempotent
	}
	return store.IsRefused(err) || panics.Is(err) && batch > 1
}

// BatchStats is what has been done together.
type BatchStats struct {
	// Batches are transactions that did what several had asked for, and Together what they did.
	// Waiting is what is in none yet.
	Batches, Together, Waiting int64
}

func (b *batches[T]) stats() BatchStats {
	b.mu.Lock()
	defer b.mu.Unlock()
	return BatchStats{b.done.Load(), b.together.Load(), int64(len(b.waiting))}
}

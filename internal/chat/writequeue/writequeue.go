// Package writequeue groups writes that are requested at the same time into batches, each of which
// is one transaction: while a batch is on its way, new writes wait for the next one. No write waits
// for others to come.
//
// A batch that is slow, or waits for a lock, holds up no other: after [MaxDelay] the next batch
// starts beside it. More batches at once would each be smaller and cost as much.
package writequeue

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parley/internal/panics"
)

// MaxDelay is how long a batch waits for the batch before it.
const MaxDelay = 200 * time.Millisecond

// Write is one write. A type of writes embeds it, and the queue has pointers to that type.
type Write struct {
	// Context is that of the request, without its end: a batch is not for one request alone. Of a
	// batch that of its first write counts, so that its statements are traced with a request.
	Context context.Context //nolint:containedctx // its request waits for it
	// Err is the outcome if the write has failed, once it is settled.
	Err error

	done    chan struct{}
	settled bool // guarded by the lock of the queue
}

// NewWrite returns a write of the request whose context is ctx.
func NewWrite(ctx context.Context) Write {
	return Write{Context: context.WithoutCancel(ctx), done: make(chan struct{})}
}

func (w *Write) write() *Write { return w }

// Item is a pointer to a type that embeds [Write].
type Item interface {
	comparable
	write() *Write
}

// Options of a [Queue].
type Options[T Item] struct {
	// Choose divides the writes that wait, in the order in which they came, into the next batch and
	// the rest. The batch is empty if nothing can be done now. It is called with the queue's lock
	// held.
	Choose func(waiting []T) (batch, rest []T)
	// Do executes a batch and settles each write in it: see [Queue.Settle].
	Do func(batch []T)
	// Release, if not nil, is called with each write that is settled, with the queue's lock held.
	Release func(T)
	// Unknown returns the error of a write that may or may not have happened, because Do has
	// panicked.
	Unknown func(cause error) error
	// Panics contains the panics of Choose and Do.
	Panics *panics.Guard
}

// Queue executes writes in batches. It is safe for concurrent use.
type Queue[T Item] struct {
	opts Options[T]

	mu      sync.Mutex
	waiting []T
	// running is true while a goroutine takes the next batch when it can.
	running bool

	batches, writes atomic.Int64
}

// New returns an empty queue.
func New[T Item](opts Options[T]) *Queue[T] { return &Queue[T]{opts: opts} }

// Do executes a write and returns when it is settled. It fails if the context ends before the write
// is in a batch: nothing was written then. A write that is in a batch by then is waited for.
func (q *Queue[T]) Do(ctx context.Context, item T) error {
	q.enqueue(item)
	done := item.write().done
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	if q.withdraw(item) {
		return ctx.Err()
	}
	<-done
	return nil
}

func (q *Queue[T]) enqueue(item T) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, item)
	q.start()
}

// withdraw removes a write from the queue. It returns false if the write is in a batch already.
func (q *Queue[T]) withdraw(item T) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.waiting, item)
	if i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	}
	return i >= 0
}

// start starts the goroutine that takes batches, unless it runs or nothing waits. The queue is
// locked.
func (q *Queue[T]) start() {
	if q.running || len(q.waiting) == 0 {
		return
	}
	q.running = true
	// It ends when nothing is left to do; the requests wait for what it does.
	go q.opts.Panics.Wrap(q.waiting[0].write().Context, panics.Write, q.run, q.failWaiting)()
}

// run executes one batch after the other, until nothing is left to do or a batch was slow: then
// another goroutine goes on.
func (q *Queue[T]) run() {
	for {
		batch := q.next()
		if len(batch) == 0 {
			return
		}
		ctx := batch[0].write().Context
		slow := time.AfterFunc(MaxDelay, q.opts.Panics.Wrap(ctx, panics.Write, q.restart, nil))
		q.batches.Add(1)
		q.writes.Add(int64(len(batch)))
		q.opts.Panics.Wrap(ctx, panics.Write,
			func() { q.opts.Do(batch) }, func(err error) { q.Abandon(batch, err) })()
		if !slow.Stop() {
			return
		}
	}
}

// next takes the next batch.
func (q *Queue[T]) next() (batch []T) {
	q.mu.Lock()
	defer q.mu.Unlock()
	batch, q.waiting = q.opts.Choose(q.waiting)
	q.running = len(batch) > 0
	return batch
}

// restart lets another goroutine take the next batches.
func (q *Queue[T]) restart() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.running = false
	q.start()
}

// Settle ends writes of a batch, whose outcomes are set, and starts the next batch if it waited for
// them.
func (q *Queue[T]) Settle(batch []T) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.settle(batch, nil)
	q.start()
}

// Abandon ends the writes of a batch that are not settled after a panic: it is unknown which of
// them were written.
func (q *Queue[T]) Abandon(batch []T, cause error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.settle(batch, q.opts.Unknown(cause))
	q.start()
}

// failWaiting fails all waiting writes after a panic of Choose. None of them was written.
func (q *Queue[T]) failWaiting(cause error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	waiting := q.waiting
	q.waiting, q.running = nil, false
	q.settle(waiting, cause)
}

// settle settles the writes that are not settled; err, if not nil, is their outcome. The queue is
// locked.
func (q *Queue[T]) settle(items []T, err error) {
	for _, item := range items {
		w := item.write()
		if w.settled {
			continue
		}
		w.settled = true
		if err != nil {
			w.Err = err
		}
		if q.opts.Release != nil {
			q.opts.Release(item)
		}
		close(w.done)
	}
}

// Stats is what a queue has done.
type Stats struct {
	// Batches is the number of batches, and Writes that of the writes in them. Waiting is the
	// number of writes that are in no batch yet.
	Batches, Writes, Waiting int64
}

// Stats returns what the queue has done.
func (q *Queue[T]) Stats() Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	return Stats{q.batches.Load(), q.writes.Load(), int64(len(q.waiting))}
}

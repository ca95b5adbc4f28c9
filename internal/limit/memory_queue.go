package limit

import (
	"container/list"
	"context"
	"errors"
	"fmt"
)

// Acquire waits until bytes are admitted for owner, or until ctx ends. It admits callers in FIFO
// order, except that a caller whose own quota is exhausted does not block others. It admits
// reservations above a quota one at a time, and counts them for as much as the quota.
//
// Acquire returns ErrQueueFull at once if too many callers wait, and the error of ctx if ctx ends
// first. The caller must release the reservation.
func (m *Memory) Acquire(ctx context.Context, owner Owner, bytes int64) (Reservation, error) {
	if m == nil || bytes <= 0 {
		return Reservation{}, nil
	}
	w := &waiter{
		Reservation: Reservation{memory: m, owner: owner, bytes: bytes},
		ready:       make(chan struct{}),
	}
	if !m.enqueue(w) {
		m.refuse()
		return Reservation{}, fmt.Errorf("acquire memory: %w", ErrQueueFull)
	}
	select {
	case <-w.ready:
	case <-ctx.Done():
		if !m.dequeue(w) {
			break // admitted in the meantime
		}
		if errors.Is(ctx.Err(), context.DeadlineExceeded) { // otherwise the client has gone away
			m.refuse()
		}
		return Reservation{}, fmt.Errorf("acquire memory: %w", ctx.Err())
	}
	return w.Reservation, nil
}

// waiter is a caller of Acquire.
type waiter struct {
	Reservation               // what it waits for
	waits       bool          // it is counted in Memory.waiting
	ready       chan struct{} // closed when the waiter is admitted
	element     *list.Element // of Memory.queue; nil if the waiter is not in it
}

// enqueue adds w to the queue, and admits it if it need not wait. It returns false if too many
// callers wait.
func (m *Memory) enqueue(w *waiter) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	w.accounts = m.open(w.owner)
	for _, a := range w.accounts {
		if a != nil && w.bytes > a.quota {
			w.bytes, w.oversized = a.quota, true
		}
	}
	w.bytes = min(w.bytes, m.options.Bytes)
	w.element = m.queue.PushBack(w)
	m.grant()
	if w.element == nil {
		return true
	}
	queue, own := m.options.Queue, w.accounts[0]
	if queue.All > 0 && m.waiting.Load() >= queue.All ||
		queue.User > 0 && w.owner.User != "" && own != nil && own.waiting >= queue.User {
		m.queue.Remove(w.element)
		m.close(&w.accounts)
		return false
	}
	w.waits = true
	m.waiting.Add(1)
	if own != nil {
		own.waiting++
	}
	return true
}

// dequeue removes w from the queue. It returns false if w has been admitted in the meantime.
func (m *Memory) dequeue(w *waiter) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if w.element == nil {
		return false
	}
	m.remove(w)
	m.close(&w.accounts)
	m.grant()
	return true
}

// remove removes w from the queue. The caller holds m.mu.
func (m *Memory) remove(w *waiter) {
	m.queue.Remove(w.element)
	w.element = nil
	if !w.waits {
		return
	}
	m.waiting.Add(-1)
	if own := w.accounts[0]; own != nil {
		own.waiting--
	}
}

// grant admits waiters in FIFO order. A waiter whose own quota is exhausted blocks only those that
// count for the same quota. The caller holds m.mu.
func (m *Memory) grant() {
	if m.queue.Len() == 0 {
		return
	}
	m.scan++
	for e := m.queue.Front(); e != nil; {
		w, ok := e.Value.(*waiter)
		e = e.Next()
		if !ok {
			continue
		}
		if m.blocked(w) || w.oversized && m.oversized {
			if own := w.accounts[0]; own != nil {
				own.blocked = m.scan
			}
			continue
		}
		if m.admit(w.accounts, w.bytes, 0) != nil {
			return // all others wait behind it
		}
		m.oversized = m.oversized || w.oversized
		m.remove(w)
		close(w.ready)
	}
}

// blocked reports whether a quota of w is exhausted, or reserved for a waiter before it in this
// scan.
func (m *Memory) blocked(w *waiter) bool {
	blocked := false
	for _, a := range w.accounts {
		if a == nil {
			continue
		}
		if a.reserved+w.bytes > a.quota {
			a.blocked = m.scan
		}
		blocked = blocked || a.blocked == m.scan
	}
	return blocked
}

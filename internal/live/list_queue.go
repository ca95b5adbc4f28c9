package live

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"parley/internal/panics"
)

const (
	// quiet is the least time between two changes of one room in one list, and between a change of
	// a room for several lists and the next one in any list: lists that a change has reached at
	// different times receive the next ones together.
	quiet = 250 * time.Millisecond
	// step is what the times of changes are rounded up to, so that the next changes of a room are
	// due in many lists at the same time, and are rendered together.
	step = 50 * time.Millisecond
	// maxBatch is how many lists a change of a room is rendered for together.
	maxBatch = 1000
)

// setSent counts the change of a room as sent. The hub is locked.
func (l *roomList) setSent(room uuid.UUID, now time.Time) {
	delete(l.due, room)
	l.sent[room] = stepped(now)
}

// stepped rounds a time up.
func stepped(at time.Time) time.Time { return at.Add(step - 1).Truncate(step) }

// ready returns the rooms whose change may be sent now, and how long the next of the others has to
// wait; 0 if there is none. The hub is locked.
func (l *roomList) ready(now time.Time) (ready []uuid.UUID, wait time.Duration) {
	for room, at := range l.sent {
		if now.Sub(at) >= quiet {
			delete(l.sent, room)
		}
	}
	for room := range l.due {
		if _, rendering := l.rendering[room]; rendering {
			continue // it is enqueued again after that
		}
		at := l.sent[room]
		if batch := l.hub.batched[room]; batch.After(at) {
			at = batch
		}
		if left := quiet - now.Sub(at); left <= 0 {
			ready = append(ready, room)
		} else if wait == 0 || left < wait {
			wait = left
		}
	}
	return ready, wait
}

// enqueue makes the changes of a parked list be sent when they may be. The hub is locked.
func (h *Hub) enqueue(l *roomList) {
	if l.sink == nil || h.ctx.Err() != nil {
		return // its goroutine finds the change
	}
	h.pending[l] = struct{}{}
	if h.waking {
		select {
		case h.enqueued <- struct{}{}:
		default:
		}
		return
	}
	h.waking = true
	// It ends when nothing is pending, or with the hub.
	h.running.Go(h.opts.Panics.Wrap(h.ctx, panics.Event, h.sendLists, nil))
}

// sendLists sends the changes of parked lists when they may be sent, until nothing is pending. A
// change of a room that several lists wait for is rendered for all of them together. Other lists are
// woken.
func (h *Hub) sendLists() {
	for {
		batches, sinks, wait := h.readyLists(time.Now())
		for room, lists := range batches {
			for part := range slices.Chunk(lists, maxBatch) {
				// It ends with the batch.
				h.running.Go(h.opts.Panics.Wrap(h.ctx, panics.Event,
					func() { h.sendRoom(room, part) }, nil))
			}
		}
		for _, sink := range sinks {
			h.wake(sink)
		}
		if wait == 0 {
			return
		}
		select {
		case <-h.enqueued:
		case <-time.After(wait):
		case <-h.ctx.Done():
			return
		}
	}
}

// readyLists returns what may be sent now: the rooms that several lists wait for, which it counts as
// sent, and the sinks of the other lists, which it unparks. wait is when the next of the others is
// ready; 0 if there is none, and the goroutine's end.
func (h *Hub) readyLists(now time.Time) (
	batches map[uuid.UUID][]*roomList, sinks []Sink, wait time.Duration,
) {
	h.mu.Lock()
	defer h.mu.Unlock()
	batches = make(map[uuid.UUID][]*roomList)
	for l := range h.pending {
		ready, _ := l.ready(now)
		for _, room := range ready {
			batches[room] = append(batches[room], l)
		}
	}
	for room, at := range h.batched {
		if now.Sub(at) >= quiet {
			delete(h.batched, room)
		}
	}
	for room, lists := range batches {
		if len(lists) == 1 {
			delete(batches, room)
			continue
		}
		h.batched[room] = stepped(now)
		for _, l := range lists {
			l.setSent(room, now)
			l.rendering[room] = struct{}{}
		}
	}
	for l := range h.pending {
		ready, left := l.ready(now)
		if len(ready) == 0 && !l.healing && left > 0 {
			if wait == 0 || left < wait {
				wait = left
			}
			continue
		}
		delete(h.pending, l)
		if len(ready) > 0 || l.healing {
			sinks = append(sinks, l.sink)
			l.sink = nil
		}
	}
	h.waking = wait > 0
	return batches, sinks, wait
}

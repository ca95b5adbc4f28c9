package live

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"parley/internal/panics"
)

const (
	// minChangeInterval is the least time between two changes of one room in one list, and between
	// a change of a room for several lists and the next one in any list: lists that a change has
	// reached at different times receive the next ones together.
	minChangeInterval = 250 * time.Millisecond
	// changeTimeStep is what the times of changes are rounded up to, so that the next changes of a
	// room are due in many lists at the same time, and are rendered together.
	changeTimeStep = 50 * time.Millisecond
	// maxListsPerBatch is how many lists a change of a room is rendered for together.
	maxListsPerBatch = 1000
)

// setSent counts the change of a room as sent. The hub is locked.
func (l *roomList) setSent(room uuid.UUID, now time.Time) {
	delete(l.due, room)
	l.sentAt[room] = roundUp(now)
}

// roundUp rounds a time up.
func roundUp(at time.Time) time.Time { return at.Add(changeTimeStep - 1).Truncate(changeTimeStep) }

// readyRooms returns the rooms whose change may be sent now, and how long the next of the others
// has to wait; 0 if there is none. The hub is locked.
func (l *roomList) readyRooms(now time.Time) (ready []uuid.UUID, wait time.Duration) {
	for room, at := range l.sentAt {
		if now.Sub(at) >= minChangeInterval {
			delete(l.sentAt, room)
		}
	}
	for room := range l.due {
		if _, rendering := l.rendering[room]; rendering {
			continue // it is enqueued again after that
		}
		at := l.sentAt[room]
		if batch := l.hub.batchedAt[room]; batch.After(at) {
			at = batch
		}
		if left := minChangeInterval - now.Sub(at); left <= 0 {
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
	h.pendingLists[l] = struct{}{}
	if h.sendingLists {
		select {
		case h.enqueued <- struct{}{}:
		default:
		}
		return
	}
	h.sendingLists = true
	// It ends when nothing is pending, or with the hub.
	h.running.Go(h.opts.Panics.Wrap(h.ctx, panics.Event, h.sendLists, nil))
}

// sendLists sends the changes of parked lists when they may be sent, until nothing is pending. A
// change of a room that several lists wait for is rendered for all of them together. Other lists
// are woken.
func (h *Hub) sendLists() {
	for {
		batches, sinks, wait := h.readyLists(time.Now())
		for room, lists := range batches {
			for part := range slices.Chunk(lists, maxListsPerBatch) {
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

// readyLists returns what may be sent now: the rooms that several lists wait for, which it counts
// as sent, and the sinks of the other lists, which it unparks. wait is when the next of the others
// is ready; 0 if there is none, and the goroutine's end.
func (h *Hub) readyLists(now time.Time) (
	batches map[uuid.UUID][]*roomList, sinks []Sink, wait time.Duration,
) {
	h.mu.Lock()
	defer h.mu.Unlock()
	batches = make(map[uuid.UUID][]*roomList)
	for l := range h.pendingLists {
		ready, _ := l.readyRooms(now)
		for _, room := range ready {
			batches[room] = append(batches[room], l)
		}
	}
	for room, at := range h.batchedAt {
		if now.Sub(at) >= minChangeInterval {
			delete(h.batchedAt, room)
		}
	}
	for room, lists := range batches {
		if len(lists) == 1 {
			delete(batches, room)
			continue
		}
		h.batchedAt[room] = roundUp(now)
		for _, l := range lists {
			l.setSent(room, now)
			l.rendering[room] = struct{}{}
		}
	}
	for l := range h.pendingLists {
		ready, left := l.readyRooms(now)
		if len(ready) == 0 && !l.readDue && left > 0 {
			if wait == 0 || left < wait {
				wait = left
			}
			continue
		}
		delete(h.pendingLists, l)
		if len(ready) > 0 || l.readDue {
			sinks = append(sinks, l.sink)
			l.sink = nil
		}
	}
	h.sendingLists = wait > 0
	return batches, sinks, wait
}

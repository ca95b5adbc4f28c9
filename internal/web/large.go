package web

import (
	"context"
	"errors"
	"runtime"
	"time"

	"parley/internal/limit"
)

const (
	// largeBytes is the size in bytes above which a request is large: decoding, parsing and
	// validating it takes milliseconds.
	largeBytes = 16 << 10
	// largeWait is how long a large request may wait for a slot.
	largeWait = 10 * time.Second
	// largeQueueUser and largeQueueAll are the numbers of large requests that may wait: of one
	// user, or one anonymous address, and of all.
	largeQueueUser, largeQueueAll = 16, 1000
)

// limitLargeRequests is the name of the limit in the log.
const limitLargeRequests = "heavy_requests"

// largeRequests limits how many large requests are decoded, parsed and validated at a time, to half
// of the processors. Otherwise small requests would wait behind large ones. Requests are admitted
// in FIFO order, those of anonymous clients one at a time.
type largeRequests struct{ slots, anonymous *limit.Memory }

func newLargeRequests(reporter *limit.Reporter) *largeRequests {
	slots := int64(max(runtime.GOMAXPROCS(0)/2, 1))
	queue := limit.Queue{User: largeQueueUser, All: largeQueueAll}
	refused := func() { reporter.Reached(limitLargeRequests, "GOMAXPROCS") }
	return &largeRequests{
		slots: limit.NewMemory(limit.MemoryOptions{
			Bytes: slots, User: max(slots/2, 1), Queue: queue, Refused: refused,
		}),
		anonymous: limit.NewMemory(limit.MemoryOptions{
			Bytes: 1, User: 1, Queue: queue, Refused: refused,
		}),
	}
}

// largeSlot is the right to process a large request. The zero value is the slot of a small one.
type largeSlot struct{ slot, anonymous limit.Reservation }

// release releases the slot. It may be called more than once.
func (s *largeSlot) release() {
	s.slot.Release()
	s.anonymous.Release()
}

// acquire waits until a request of so many bytes of the client of ctx may be processed. Small
// requests do not wait. It returns a refusal if too many requests wait, or if the wait exceeds
// largeWait. The caller must release the slot.
func (h *largeRequests) acquire(ctx context.Context, size int) (slot largeSlot, f *refusal) {
	if size <= largeBytes {
		return slot, nil
	}
	ctx, cancel := context.WithTimeout(ctx, largeWait)
	defer cancel()
	owner, err := limit.Owner{User: ownerOf(ctx).User}, error(nil)
	if owner.User == "" {
		address := limit.Owner{User: ownerOf(ctx).Address.String()}
		slot.anonymous, err = h.anonymous.Acquire(ctx, address, 1)
	}
	if err == nil {
		slot.slot, err = h.slots.Acquire(ctx, owner, 1)
	}
	if err == nil {
		return slot, nil
	}
	slot.release()
	if errors.Is(err, limit.ErrQueueFull) {
		return slot, rateLimited(
			"Too many large requests are waiting. Try again later.",
			time.Second,
		)
	}
	return slot, unavailable("The server has too many large requests. Try again later.")
}

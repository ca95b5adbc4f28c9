package web

import (
	"context"
	"errors"
	"runtime"
	"time"

	"parley/internal/limit"
)

const (
	// heavyInput is the size in bytes above which an input is heavy: decoding, parsing and
	// validating it takes milliseconds.
	heavyInput = 16 << 10
	// heavyTime is how long a heavy input may wait for a slot.
	heavyTime = 10 * time.Second
	// heavyUser and heavyAll are how many heavy inputs may wait: of one user, or of one address
	// without a token, and of all.
	heavyUser, heavyAll = 16, 1000
)

// budgetHeavy is the name of the heavy inputs in the log.
const budgetHeavy = "heavy_requests"

// heavy bounds how many heavy inputs are decoded, parsed and validated at a time to half of the
// processors. Otherwise a small request would wait for a turn behind all of them. Inputs are admitted
// in the order of their arrival; of anonymous clients one at a time.
type heavy struct{ slots, anonymous *limit.Memory }

func newHeavy(reporter *limit.Reporter) *heavy {
	slots := int64(max(runtime.GOMAXPROCS(0)/2, 1))
	queue := limit.Queue{User: heavyUser, All: heavyAll}
	refused := func() { reporter.Reached(budgetHeavy, "GOMAXPROCS") }
	return &heavy{
		slots: limit.NewMemory(limit.MemoryOptions{
			Bytes: slots, User: max(slots/2, 1), Queue: queue, Refused: refused,
		}),
		anonymous: limit.NewMemory(limit.MemoryOptions{
			Bytes: 1, User: 1, Queue: queue, Refused: refused,
		}),
	}
}

// heavySlot is the right to work on a heavy input. The zero value is that of a small one.
type heavySlot struct{ slot, anonymous limit.Reservation }

// release ends the work. It may be called more than once.
func (s *heavySlot) release() {
	s.slot.Release()
	s.anonymous.Release()
}

// acquire waits until an input of so many bytes of the client of ctx may be worked on. A small one
// does not wait. The caller releases the slot.
func (h *heavy) acquire(ctx context.Context, size int) (slot heavySlot, f *refusal) {
	if size <= heavyInput {
		return slot, nil
	}
	ctx, cancel := context.WithTimeout(ctx, heavyTime)
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
		return slot, tooOften("Too many large requests wait. Try again later.", time.Second)
	}
	return slot, unavailable("The server has too many large requests. Try again later.")
}

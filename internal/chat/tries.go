package chat

import (
	"context"
	"time"

	"github.com/google/uuid"

	"parley/internal/limit"
)

// How often a wrong key may be given: by one person, unless a gate says otherwise, and for one room
// by all people. Keys cannot be guessed; this keeps those who try from costing anything. Each node
// counts for itself.
const (
	personTries     = 10
	personTryReturn = 6 * time.Second // until one of them comes back
	roomTries       = 1000
	roomTryReturn   = time.Second
)

// tries counts wrong keys.
type tries struct {
	people *limit.Gate
	rooms  *limit.Buckets[uuid.UUID]
}

func newTries() *tries {
	return &tries{
		people: limit.NewGate(
			limit.Rate{Person: limit.Pace{Burst: personTries, Every: personTryReturn}},
		),
		rooms: limit.NewBuckets[uuid.UUID](limit.Pace{Burst: roomTries, Every: roomTryReturn}),
	}
}

// take counts an attempt of a user to join a room, which may or may not exist, before its outcome
// is known, so that many at once are counted, too. own is how long the user, or the address, has no
// attempt left: then even the right key must be refused, or it could be told from the wrong ones.
// room is how long the room has none left because of others: then wrong keys are refused with
// RATE_LIMITED, and the right one is accepted.
func (t *tries) take(
	ctx context.Context,
	userID string,
	roomID uuid.UUID,
) (own, room time.Duration) {
	if own = t.people.Take(ctx, userID, 1); own > 0 {
		return own, 0
	}
	return 0, t.rooms.Take(roomID, 1)
}

// giveBack undoes the counting of an attempt that was not a wrong key: no key was needed, or it was
// the right one. room is what take has returned.
func (t *tries) giveBack(ctx context.Context, userID string, roomID uuid.UUID, room time.Duration) {
	t.people.GiveBack(ctx, userID, 1)
	if room == 0 {
		t.rooms.GiveBack(roomID, 1)
	}
}

package chat

import (
	"context"
	"time"

	"github.com/google/uuid"

	"parley/internal/limit"
)

// How often a wrong key may be given: by one person, unless a gate says otherwise, and for one room by all people. Keys
// cannot be guessed; this keeps those who try from costing anything. Each node counts for itself.
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
		people: limit.NewGate(limit.Rate{Person: limit.Pace{Burst: personTries, Every: personTryReturn}}),
		rooms:  limit.NewBuckets[uuid.UUID](limit.Pace{Burst: roomTries, Every: roomTryReturn}),
	}
}

// take counts a try of a person's to join a room, which may or may not exist, before its outcome is known, so that many at
// once are counted, too. It returns how long there is none; 0: this is one.
func (t *tries) take(ctx context.Context, userID string, roomID uuid.UUID) (wait time.Duration) {
	if wait = t.people.Take(ctx, userID, 1); wait > 0 {
		return wait
	}
	if wait = t.rooms.Take(roomID, 1); wait > 0 {
		t.people.GiveBack(ctx, userID, 1)
	}
	return wait
}

// giveBack takes back the counting of a try that was none: no key was asked for, or it was the right one.
func (t *tries) giveBack(ctx context.Context, userID string, roomID uuid.UUID) {
	t.people.GiveBack(ctx, userID, 1)
	t.rooms.GiveBack(roomID, 1)
}

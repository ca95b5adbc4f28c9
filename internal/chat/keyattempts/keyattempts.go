// Package keyattempts limits attempts with wrong keys of rooms: per user, per address and, for all
// users, per room. Keys cannot be guessed; the limits bound the cost of the attempts. Each node counts
// its own.
package keyattempts

import (
	"context"
	"time"

	"github.com/google/uuid"

	"parley/internal/limit"
)

// One of the attempts of a room comes back in roomInterval.
const (
	roomAttempts = 1000
	roomInterval = time.Second
)

// Default returns the limit of one user unless another is configured: 10 attempts, of which one
// comes back every 6 s.
func Default() *limit.RateLimiter {
	return limit.NewRateLimiter(
		limit.RateLimits{User: limit.Rate{Burst: 10, Every: 6 * time.Second}},
	)
}

// Limiter counts attempts to join rooms by their keys. It is safe for concurrent use.
type Limiter struct {
	users *limit.RateLimiter
	rooms *limit.KeyedLimiter[uuid.UUID]
}

// New returns a limiter: users limits the attempts of a user and of an address; nil is no limit.
func New(users *limit.RateLimiter) *Limiter {
	return &Limiter{
		users: users,
		rooms: limit.NewKeyedLimiter[uuid.UUID](
			limit.Rate{Burst: roomAttempts, Every: roomInterval},
		),
	}
}

// Take counts an attempt of a user to join a room, which may or may not exist, before its outcome is
// known, so that many at once are counted, too. own is how long the user, or the address, has no
// attempt left: then even the right key must be refused, or it could be told from the wrong ones.
// room is how long the room has none left because of others: then wrong keys are refused with
// RATE_LIMITED, and the right one is accepted.
func (l *Limiter) Take(
	ctx context.Context, userID string, roomID uuid.UUID,
) (own, room time.Duration) {
	if own = l.users.Take(ctx, userID, 1); own > 0 {
		return own, 0
	}
	return 0, l.rooms.Take(roomID, 1)
}

// Refund takes back an attempt that was not a wrong key: no key was needed, or it was the right
// one. room is what Take has returned.
func (l *Limiter) Refund(
	ctx context.Context, userID string, roomID uuid.UUID, room time.Duration,
) {
	l.users.Refund(ctx, userID, 1)
	if room == 0 {
		l.rooms.Refund(roomID, 1)
	}
}

package live

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"parley/internal/broker"
	"parley/internal/panics"
)

const (
	// readAttempts is how often something is tried that reads the database before it is given up
	// and the streams that need it end; the pauses between double from firstRetryPause.
	readAttempts    = 6
	firstRetryPause = 50 * time.Millisecond
)

// MaxKeys is how many different keys one user may follow one topic with.
const MaxKeys = 20

var (
	// ErrTooManyKeys refuses a subscription of a user who follows the topic with MaxKeys other
	// keys.
	ErrTooManyKeys = errors.New("the user follows the topic with too many different keys")
	// ErrPruned ends a subscription if the log no longer goes back to its position.
	ErrPruned = errors.New("the log no longer goes back that far")
	// ErrStopped ends the subscriptions to a room whose log cannot be read or rendered. They can be
	// resumed from their positions.
	ErrStopped = errors.New("the log cannot be read")
	// ErrBehind ends a subscription if what follows its position is no longer kept.
	ErrBehind = errors.New("the subscriber is too far behind")
)

// Event is an entry of a topic.
type Event interface {
	// Position is the event's seq: that of the one before it, and one.
	Position() int64
	// EndsMembership reports whether it ends a membership: of one user, or of all.
	EndsMembership() bool
	// Ends returns the error that ends a user's subscriptions to the topic with the event; nil if
	// the event does not end their membership.
	Ends(user string) error
	// Final reports whether it is the last event of its topic. Subscribers whose membership it ends
	// receive it.
	Final() bool
	// Erases reports whether it erases content that earlier events show: those must be read again.
	Erases() bool
}

// Log is where rooms' logs are read.
type Log interface {
	// Read returns events of a room that follow the one at after, at most limit, in order and
	// without a hole, or ErrPruned. They are of one moment: fewer than limit are all that there
	// were.
	Read(ctx context.Context, room uuid.UUID, after int64, limit int) ([]Event, error)
	// Decode returns the events of a publication, which carry all that was committed with them. It
	// fails if it cannot decode them.
	Decode(room uuid.UUID, commit broker.Commit) ([]Event, error)
	// DecodeRoom returns what the publication of a new room carries, for [RoomCreated]. It fails if
	// it cannot decode it.
	DecodeRoom(room uuid.UUID, commit broker.Commit) (broker.Commit, error)
	// MembershipEnds returns the events of a room above after that end memberships.
	MembershipEnds(ctx context.Context, room uuid.UUID, after int64) ([]Event, error)
	// Heads returns the seqs of rooms; those that do not exist are missing.
	Heads(ctx context.Context, rooms []uuid.UUID) (map[uuid.UUID]int64, error)
	// Created returns the rooms created since a time, the oldest first and at most a few thousand,
	// without those that are known to the caller.
	Created(ctx context.Context, since time.Time, known func(uuid.UUID) bool) ([]Created, error)
}

// Created is a new room.
type Created struct {
	Room uuid.UUID
	// Users are in it from the start; Public tells whether lobbies receive it.
	Users  []string
	Public bool
	// Commit is what was published of it, nil if that is not known.
	Commit broker.Commit
}

// read reads a log, trying again where that fails: ErrPruned, ErrStopped or the context's error is
// the end of it.
func (h *Hub) read(
	ctx context.Context,
	room uuid.UUID,
	after int64,
	limit int,
) (events []Event, err error) {
	err = retry(ctx, func() error {
		events, err = h.log.Read(ctx, room, after, limit)
		return err
	})
	return events, err
}

// retry retries what fails, with pauses that double, and ends with ErrStopped. It does not retry
// ErrPruned, nor a panic: what panics once is likely to panic each time.
func retry(ctx context.Context, try func() error) error {
	pause := firstRetryPause
	for attempt := 1; ; attempt++ {
		err := try()
		switch {
		case err == nil, errors.Is(err, ErrPruned), panics.Is(err):
			return err
		case attempt == readAttempts:
			return fmt.Errorf("%w: %w", ErrStopped, err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
		pause *= 2
	}
}

package chat

import (
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"parley/ent"
	"parley/internal/chat/policy"
	"parley/internal/chat/retry"
	"parley/internal/chat/write"
)

// JoinRoom makes the viewer a member of a room and returns it. It does nothing if the viewer is a
// member.
//
// A viewer who does not see the room needs its key. With disconnect the viewer leaves an exclusive
// room to join another one.
//
// Returns WRONG_KEY without the right key, whether or not the room exists, BANNED if the viewer is
// banned, ROOM_FULL if the room is full, ALREADY_IN_ROOM if it is exclusive and the viewer, without
// disconnect, is in another exclusive room, and RATE_LIMITED after too many wrong keys of the
// viewer or of an address; wrong keys of other users do not block the right key.
func (c *Chat) JoinRoom(
	ctx context.Context, v Viewer, id uuid.UUID, key *string, disconnect bool,
) (*ent.Room, error) {
	own, ofRoom := c.keyAttempts.Take(ctx, v.ID, id)
	if own > 0 {
		key = nil // the right key is rejected, too
	}
	var joined *ent.Room
	err := c.writes.Tx(ctx, retry.Idempotent, func(t *write.Tx) error {
		r, left, err := lockToJoin(ctx, t, v, id, disconnect)
		if err != nil {
			return err
		}
		joined = r.Room
		return join(ctx, r, v, key, disconnect, left)
	})
	e := new(Error)
	switch wrong := errors.As(err, &e) && e.Code == WrongKey; {
	case !wrong && own == 0:
		c.keyAttempts.Refund(ctx, v.ID, id, ofRoom)
	case wrong && own+ofRoom > 0:
		return nil, &Error{
			Code:       RateLimited,
			Message:    "Too many wrong keys. Try again later.",
			RetryAfter: own + ofRoom,
		}
	}
	if err != nil {
		return nil, fmt.Errorf("join room %s: %w", id, err)
	}
	return joined, nil
}

// lockToJoin locks the room to join and, with disconnect, the exclusive room that the viewer is in;
// nil where that is none, or the same.
func lockToJoin(
	ctx context.Context, t *write.Tx, v Viewer, id uuid.UUID, disconnect bool,
) (r, left *write.Room, err error) {
	ids := []uuid.UUID{id}
	if disconnect {
		s, err := t.SeatOf(ctx, v.ID)
		if err != nil {
			return nil, nil, err
		}
		if s != nil && s.RoomID != id {
			ids = append(ids, s.RoomID)
		}
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	for _, next := range ids {
		room, err := t.Lock(ctx, next)
		switch {
		case errors.Is(err, write.ErrNoRoom) && next == id:
			// The same error as for a room that the viewer may not see.
			return nil, nil, errWrongKey()
		case errors.Is(err, write.ErrNoRoom):
			return nil, nil, retry.ErrStale // deleted between the two statements, and the seat with it
		case err != nil:
			return nil, nil, err
		case next == id:
			r = room
		default:
			left = room
		}
	}
	return r, left, nil
}

// join makes the viewer a member of the room. left is the exclusive room that they leave for it, if
// any.
func join(
	ctx context.Context, r *write.Room, v Viewer, key *string, disconnect bool, left *write.Room,
) error {
	relation, m, err := relationIn(ctx, r, v.ID)
	if err != nil {
		return err
	}
	action := policy.Join
	if isKey(r, key) {
		action = policy.JoinByKey
	}
	if err := checkAction(action, r.Room, relation); err != nil {
		return err
	}
	if m != nil {
		return nil
	}
	_, err = admit(ctx, r, v, []string{v.ID}, disconnect, left)
	return err
}

// isKey reports whether a key is the room's, in a time that does not depend on how much of it is
// right.
func isKey(r *write.Room, key *string) bool {
	return key != nil && subtle.ConstantTimeCompare([]byte(*key), []byte(r.Key)) == 1
}

// admit makes users members, appends the events to the log and saves the room. In an exclusive
// room they take their seats: see vacateSeats. No earlier message is unread to them.
func admit(
	ctx context.Context, r *write.Room, v Viewer, userIDs []string, disconnect bool,
	left *write.Room,
) ([]*ent.Member, error) {
	if r.MaxUsers > 0 && r.MemberCount+len(userIDs) > r.MaxUsers {
		return nil, errRoomFull()
	}
	if r.Exclusive {
		if err := vacateSeats(ctx, r.Tx, v, userIDs, disconnect, left); err != nil {
			return nil, err
		}
	}
	return r.Admit(ctx, v.ID, userIDs)
}

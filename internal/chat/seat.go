package chat

import (
	"context"
	"errors"

	"parley/ent"
	"parley/ent/roomevent"
	"parley/internal/chat/retry"
	"parley/internal/chat/write"
)

// vacateSeats makes sure that none of the users, the future members of an exclusive room, has a
// seat in another one. With disconnect the viewer leaves the room left, which the caller has
// locked; it fails if another user has a seat. Until the end of the transaction no other one can
// give them seats.
func vacateSeats(
	ctx context.Context, t *write.Tx, v Viewer, userIDs []string, disconnect bool, left *write.Room,
) error {
	if err := t.LockUsers(ctx, userIDs); err != nil {
		return err
	}
	seats, err := t.Seats(ctx, userIDs...)
	if err != nil {
		return err
	}
	var own *ent.Seat
	var seated, others []string
	for _, s := range seats {
		seated = append(seated, s.ID)
		if s.ID == v.ID {
			own = s
		} else {
			others = append(others, s.ID)
		}
	}
	switch {
	case own != nil && !disconnect:
		return &Error{Code: AlreadyInRoom, Message: "User joined to other room", IDs: seated}
	case len(others) > 0:
		return &Error{
			Code: AlreadyInRoom, Message: "Some of these users joined to other room", IDs: others,
		}
	case own == nil:
		return nil
	case left == nil || left.ID != own.RoomID:
		return retry.ErrStale // on another device
	}
	m, err := left.Member(ctx, v.ID)
	if err != nil {
		return err
	}
	removal := write.Removal{Room: left, Member: m}
	return t.RemoveMembers(ctx, v.ID, roomevent.ReasonDISCONNECTED, removal)
}

// lockExclusiveRoom locks the exclusive room that a user is in; nil if there is none.
func lockExclusiveRoom(ctx context.Context, t *write.Tx, userID string) (*write.Room, error) {
	s, err := t.SeatOf(ctx, userID)
	if s == nil || err != nil {
		return nil, err
	}
	r, err := t.Lock(ctx, s.RoomID)
	if errors.Is(err, write.ErrNoRoom) {
		return nil, retry.ErrStale // deleted between the two statements, and the seat with it
	}
	return r, err
}

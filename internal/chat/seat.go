package chat

import (
	"context"
	"errors"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"

	"parley/ent"
	"parley/ent/roomevent"
	"parley/ent/seat"
	"parley/internal/chat/retry"
	"parley/internal/store"
)

// clearSeats makes sure that nobody of people, who are to be in one exclusive room, has a seat
// elsewhere. With disconnect the viewer leaves theirs, which is in the room left, held before;
// whoever else has one makes it fail. From then on nobody but this transaction seats any of them.
func (t *tx) clearSeats(
	ctx context.Context,
	v Viewer,
	people []string,
	disconnect bool,
	left *held,
) error {
	if err := t.holdPeople(ctx, people); err != nil {
		return err
	}
	seats, err := t.Seat.Query().
		Where(seat.IDIn(store.Padded(people)...)).
		Order(seat.ByID()).
		All(ctx)
	if err != nil {
		return fmt.Errorf("find who is seated elsewhere: %w", err)
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
			Code:    AlreadyInRoom,
			Message: "Someone named joined to other room",
			IDs:     others,
		}
	case own == nil:
		return nil
	case left == nil || left.ID != own.RoomID:
		return retry.ErrStale // on another device
	}
	m, err := left.member(ctx, v.ID)
	if err != nil {
		return err
	}
	return t.depart(ctx, v, roomevent.ReasonDISCONNECTED, departure{left, m})
}

// seatOf returns a person's seat; nil where they have none.
func (t *tx) seatOf(ctx context.Context, userID string) (*ent.Seat, error) {
	s, err := t.Seat.Query().Where(seat.ID(userID)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find the seat of %q: %w", userID, err)
	}
	return s, nil
}

// holdSeatRoom holds the exclusive room that a person is in; nil where they are in none.
func (t *tx) holdSeatRoom(ctx context.Context, userID string) (*held, error) {
	s, err := t.seatOf(ctx, userID)
	if s == nil || err != nil {
		return nil, err
	}
	h, err := t.hold(ctx, s.RoomID)
	if isNotFound(err) {
		return nil, retry.ErrStale // deleted between the two statements, and the seat with it
	}
	return h, err
}

// isNotFound tells whether the domain's answer is that there is no such thing.
func isNotFound(err error) bool {
	e := new(Error)
	return errors.As(err, &e) && e.Code == NotFound
}

// takeSeats gives each member of one exclusive room their seat in it. Their seats have been
// cleared.
func (t *tx) takeSeats(ctx context.Context, members []*ent.Member) error {
	insert := entsql.Dialect(t.dialect).
		Insert(seat.Table).
		Columns(seat.FieldID, seat.FieldRoomID, seat.FieldMemberID)
	for _, m := range members {
		insert.Values(m.UserID, m.RoomID, m.ID)
	}
	query, args := insert.OnConflict(entsql.ConflictColumns(seat.FieldID), entsql.DoNothing()).
		Query()
	result, err := t.ExecContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("take %d seats: %w", len(members), err)
	}
	taken, err := result.RowsAffected()
	if err != nil {
		return fmt.Errorf("count the seats taken: %w", err)
	}
	if int(taken) != len(members) {
		return retry.ErrStale
	}
	return nil
}

package chat

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/directroom"
	"parley/ent/room"
	"parley/internal/chat/policy"
	"parley/internal/chat/retry"
)

// DirectRoom returns the one room kept for the viewer and another person, and makes it where there
// is none. It is kept until either leaves, or it is deleted.
func (c *Chat) DirectRoom(ctx context.Context, v Viewer, userID string) (*ent.Room, error) {
	if err := checkID("userId", userID); err != nil {
		return nil, err
	}
	if userID == v.ID {
		return nil, badInput("userId", "A direct room is for you and somebody else.")
	}
	var r *ent.Room
	err := c.tx(ctx, retry.Idempotent, func(t *tx) error {
		if err := t.checkExist(ctx, []string{userID}); err != nil {
			return err // before a row refers to them
		}
		id, before, err := t.keepForTwo(ctx, v.ID, userID)
		if err != nil {
			return err
		}
		if !before {
			if err := t.checkMayAdd(ctx, v, []string{userID}, false); err != nil {
				return err
			}
			private := room.AccessTypePRIVATE
			r, err = t.createRoom(
				ctx,
				v,
				id,
				CreateRoomInput{
					MemberIds:  []string{userID},
					AccessType: &private,
					MaxUsers:   2,
					direct:     true,
				},
			)
			return err
		}
		r, err = t.Room.Query().Where(room.ID(id), policy.Allowed(policy.Read, v.ID)).Only(ctx)
		if ent.IsNotFound(err) {
			return retry.ErrStale // one of the two has just left it
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find the direct room of %q and %q: %w", v.ID, userID, err)
	}
	return r, nil
}

// keepForTwo returns the id of the room to make for two people, or of the one that is kept for
// them. It holds their place until the transaction ends, so that of many at once one makes the
// room.
func (t *tx) keepForTwo(ctx context.Context, a, b string) (id uuid.UUID, before bool, err error) {
	lower, higher := min(a, b), max(a, b)
	if id, err = uuid.NewV7(); err != nil {
		return id, false, fmt.Errorf("make an id: %w", err)
	}
	first, err := inserted(
		t.DirectRoom.Create().SetLowerID(lower).SetHigherID(higher).SetRoomID(id).
			OnConflictColumns(directroom.FieldLowerID, directroom.FieldHigherID).
			DoNothing().Exec(ctx),
	)
	if err != nil || first {
		return id, false, err
	}
	kept, err := t.DirectRoom.Query().
		Where(directroom.LowerID(lower), directroom.HigherID(higher)).
		Only(ctx)
	if ent.IsNotFound(err) {
		return id, false, retry.ErrStale // released between the two statements
	}
	if err != nil {
		return id, false, fmt.Errorf("find the room kept for them: %w", err)
	}
	return kept.RoomID, true, nil
}

package chat

import (
	"context"
	"fmt"

	"parley/ent"
	"parley/ent/room"
	"parley/internal/chat/policy"
	"parley/internal/chat/retry"
	"parley/internal/chat/write"
)

// DirectRoom returns the one room kept for the viewer and another person, and makes it where there
// is none. It is kept until either leaves, or it is deleted.
func (c *Chat) DirectRoom(ctx context.Context, v Viewer, userID string) (*ent.Room, error) {
	if err := checkID("userId", userID); err != nil {
		return nil, err
	}
	if userID == v.ID {
		return nil, badInput("userId", "A direct room needs another user than yourself.")
	}
	var r *ent.Room
	err := c.writes.Tx(ctx, retry.Idempotent, func(t *write.Tx) error {
		if err := checkExists(ctx, t, userID); err != nil {
			return err // before a row refers to them
		}
		id, before, err := t.ReserveDirectRoom(ctx, v.ID, userID)
		if err != nil {
			return err
		}
		if !before {
			if err := checkMayAdd(ctx, t, v, []string{userID}, false); err != nil {
				return err
			}
			private := room.AccessTypePRIVATE
			r, err = createRoom(
				ctx, t,
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
		r, err = t.Room.Query().Where(policy.AllowedIn(policy.Read, v.ID, id)).Only(ctx)
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

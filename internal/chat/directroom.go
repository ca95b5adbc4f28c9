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

// DirectRoom returns the direct room of the viewer and another user, and creates it if there is
// none. It is their direct room until one of the two leaves or it is deleted.
//
// Returns BAD_USER_INPUT if userID is not a valid id or is the viewer's, UNKNOWN_USER if the user
// does not exist, and FORBIDDEN if the user has not consented.
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
		id, existed, err := t.ReserveDirectRoom(ctx, v.ID, userID)
		if err != nil {
			return err
		}
		if !existed {
			if err := checkMayAdd(ctx, t, v, []string{userID}, false); err != nil {
				return err
			}
			private := room.AccessTypePRIVATE
			r, err = createRoom(ctx, t, v, id, CreateRoomInput{
				MemberIds: []string{userID}, AccessType: &private, MaxUsers: 2, direct: true,
			})
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

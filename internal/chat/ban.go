package chat

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/ban"
	"parley/internal/chat/policy"
	"parley/internal/chat/read"
	"parley/internal/chat/retry"
	"parley/internal/chat/write"
)

// Unban removes the ban of a user, and returns the room and the user. It does nothing if the user
// is not banned.
//
// Returns NOT_FOUND if the viewer may not see the room, FORBIDDEN if their role may not unban,
// UNKNOWN_USER if the user does not exist, and BAD_USER_INPUT if userID is not a valid id.
func (c *Chat) Unban(
	ctx context.Context, v Viewer, roomID uuid.UUID, userID string,
) (*ent.Room, *ent.User, error) {
	if err := checkID("userId", userID); err != nil {
		return nil, nil, err
	}
	r, err := c.changeRoom(ctx, v, roomID, policy.Unban, retry.Idempotent,
		func(r *write.Room, _ *ent.Member) error {
			if err := checkExists(ctx, r.Tx, userID); err != nil {
				return err
			}
			_, err := r.Tx.Ban.Delete().Where(ban.RoomID(roomID), ban.UserID(userID)).Exec(ctx)
			return err
		})
	if err != nil {
		return nil, nil, fmt.Errorf("unban %q from room %s: %w", userID, roomID, err)
	}
	u, err := c.User(ctx, userID)
	if err != nil {
		return nil, nil, err
	}
	return r, u, nil
}

// MaySeeBans tells whether the viewer may see who is banned from a room, by their membership of it;
// nil: they have none.
func (c *Chat) MaySeeBans(r *ent.Room, m *read.Membership) bool {
	return allows(policy.SeeBans, r, m)
}

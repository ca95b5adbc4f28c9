package chat

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/room"
	"parley/internal/chat/policy"
	"parley/internal/chat/read"
	"parley/internal/chat/retry"
	"parley/internal/chat/write"
)

// MarkRead marks everything in the room up to seq as read by the viewer. It never moves backwards,
// and a seq above the room's stands for the newest.
//
// It takes no lock on the room and no seq: messages up to the room's seq are committed and their
// ordinals never change.
//
// Returns NOT_FOUND if the viewer may not see the room, FORBIDDEN if they are not a member, and
// BAD_USER_INPUT if seq is negative.
func (c *Chat) MarkRead(
	ctx context.Context, v Viewer, roomID uuid.UUID, seq int64,
) (*ent.Room, error) {
	if seq < 0 {
		return nil, badInput("seq", "seq must not be negative.")
	}
	var r *ent.Room
	err := c.writes.Tx(ctx, retry.Idempotent, func(t *write.Tx) error {
		var err error
		r, err = t.Room.Query().Where(room.ID(roomID), room.DeletedAtIsNil()).Only(ctx)
		if ent.IsNotFound(err) {
			return errNoRoom()
		}
		if err != nil {
			return fmt.Errorf("get the room: %w", err)
		}
		relation, m, err := read.RelationTo(ctx, t.Client(), r, v.ID)
		if err != nil {
			return err
		}
		if err := checkAction(policy.Write, r, relation); err != nil {
			return err
		}
		return t.MarkRead(ctx, r, m, min(seq, r.Seq))
	})
	if err != nil {
		return nil, fmt.Errorf("mark room %s read: %w", roomID, err)
	}
	return r, nil
}

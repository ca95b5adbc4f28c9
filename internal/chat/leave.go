package chat

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/roomevent"
	"parley/internal/chat/policy"
	"parley/internal/chat/retry"
	"parley/internal/chat/roomlog"
	"parley/internal/chat/write"
)

// LeaveRoom ends the viewer's membership of a room. Returns NOT_FOUND if the viewer may not see the
// room, and FORBIDDEN if they are not a member.
func (c *Chat) LeaveRoom(ctx context.Context, v Viewer, id uuid.UUID) error {
	_, err := c.changeRoom(ctx, v, id, policy.Leave, retry.Once,
		func(r *write.Room, m *ent.Member) error {
			removal := write.Removal{Room: r, Member: m}
			return r.Tx.RemoveMembers(ctx, v.ID, roomevent.ReasonLEFT, removal)
		})
	if err != nil {
		return fmt.Errorf("leave room %s: %w", id, err)
	}
	return nil
}

// DeleteRoom ends all memberships of a room. Its row stays as a tombstone that ends its streams.
// Returns NOT_FOUND if the viewer may not see the room, and FORBIDDEN if they are not its owner.
func (c *Chat) DeleteRoom(ctx context.Context, v Viewer, id uuid.UUID) error {
	_, err := c.changeRoom(ctx, v, id, policy.Delete, retry.Once,
		func(r *write.Room, _ *ent.Member) error {
			if err := r.Tx.ReleaseDirectRooms(ctx, r); err != nil {
				return err
			}
			if err := r.RemoveAll(ctx); err != nil {
				return err
			}
			if err := r.Tombstone(v.ID).Exec(ctx); err != nil {
				return fmt.Errorf("log the end: %w", err)
			}
			return r.Save(ctx)
		})
	if err != nil {
		return fmt.Errorf("delete room %s: %w", id, err)
	}
	return nil
}

// Tombstone returns a deleted room as its former members see it: without name, description and
// members. It returns nil for nil.
func Tombstone(r *ent.Room) *ent.Room {
	if r == nil {
		return nil
	}
	tombstone := roomlog.PublicRoom(r)
	tombstone.Name, tombstone.Description, tombstone.MemberCount = "", "", 0
	tombstone.OpenseaSlug, tombstone.OpenseaName, tombstone.OpenseaCover = nil, "", ""
	return tombstone
}

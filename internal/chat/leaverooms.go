package chat

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/member"
	"parley/ent/roomevent"
	"parley/internal/chat/policy"
	"parley/internal/chat/retry"
	"parley/internal/chat/write"
	"parley/internal/store"
)

// MaxLeaveRooms is how many rooms can be left at once.
const MaxLeaveRooms = 100

// LeaveRooms ends the viewer's memberships of rooms, all of them or none, in one transaction. It
// skips rooms that the viewer is not in and rooms that do not exist. Returns BAD_USER_INPUT if more
// than [MaxLeaveRooms] rooms are named.
func (c *Chat) LeaveRooms(ctx context.Context, v Viewer, ids []uuid.UUID) error {
	if len(ids) > MaxLeaveRooms {
		return badInput(
			"roomIds", "roomIds names %d rooms; at most %d are allowed.", len(ids), MaxLeaveRooms,
		)
	}
	if len(ids) == 0 {
		return nil
	}
	err := c.writes.Tx(ctx, retry.Idempotent, func(t *write.Tx) error {
		memberships, err := t.Member.Query().
			Where(member.UserID(v.ID), member.RoomIDIn(store.Padded(ids)...)).All(ctx)
		if err != nil || len(memberships) == 0 {
			return err
		}
		rooms := make([]uuid.UUID, len(memberships))
		for i, m := range memberships {
			rooms[i] = m.RoomID
		}
		locked, err := t.LockAll(ctx, rooms...)
		if err != nil {
			return err
		}
		// Behind the locks: what was left since is left already.
		mine, err := t.Member.Query().
			Where(member.UserID(v.ID), member.RoomIDIn(store.Padded(write.IDsOf(locked))...)).
			All(ctx)
		if err != nil {
			return err
		}
		var leaving []write.Removal
		for _, r := range locked {
			of := func(m *ent.Member) bool { return m.RoomID == r.ID }
			if i := slices.IndexFunc(mine, of); i >= 0 {
				if err := checkMemberAction(r, policy.Leave, mine[i]); err != nil {
					return err
				}
				leaving = append(leaving, write.Removal{Room: r, Member: mine[i]})
			}
		}
		if len(leaving) == 0 {
			return nil
		}
		return t.RemoveMembers(ctx, v.ID, roomevent.ReasonLEFT, leaving...)
	})
	if err != nil {
		return fmt.Errorf("leave %d rooms: %w", len(ids), err)
	}
	return nil
}

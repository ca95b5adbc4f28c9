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

// MaxLeft is how many rooms can be left at once.
const MaxLeft = 100

// LeaveRooms ends the viewer's memberships of rooms, all of them or none, in one transaction. A
// room that the viewer is not in, or that does not exist, is left already. Returns BAD_USER_INPUT
// if more than 100 rooms are named.
func (c *Chat) LeaveRooms(ctx context.Context, v Viewer, ids []uuid.UUID) error {
	if len(ids) > MaxLeft {
		return badInput(
			"roomIds", "roomIds names %d rooms; at most %d are allowed.", len(ids), MaxLeft,
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
		var leaving []write.Departure
		for _, h := range locked {
			of := func(m *ent.Member) bool { return m.RoomID == h.ID }
			if i := slices.IndexFunc(mine, of); i >= 0 {
				if err := permits(h, policy.Leave, mine[i]); err != nil {
					return err
				}
				leaving = append(leaving, write.Departure{Room: h, Left: mine[i]})
			}
		}
		if len(leaving) == 0 {
			return nil
		}
		return t.Depart(ctx, v.ID, roomevent.ReasonLEFT, leaving...)
	})
	if err != nil {
		return fmt.Errorf("leave %d rooms: %w", len(ids), err)
	}
	return nil
}

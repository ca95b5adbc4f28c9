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
			"roomIds",
			fmt.Sprintf("roomIds names %d rooms; at most %d are allowed.", len(ids), MaxLeft),
		)
	}
	if len(ids) == 0 {
		return nil
	}
	err := c.tx(ctx, retry.Idempotent, func(t *tx) error {
		rooms, err := t.Member.Query().
			Where(member.UserID(v.ID), member.RoomIDIn(store.Padded(ids)...)).All(ctx)
		if err != nil || len(rooms) == 0 {
			return err
		}
		locked, err := t.holdAll(ctx, roomsOf(rooms)...)
		if err != nil {
			return err
		}
		// Behind the locks: what was left since is left already.
		mine, err := t.Member.Query().
			Where(member.UserID(v.ID), member.RoomIDIn(store.Padded(idsOf(locked))...)).All(ctx)
		if err != nil {
			return err
		}
		var leaving []departure
		for _, h := range locked {
			of := func(m *ent.Member) bool { return m.RoomID == h.ID }
			if i := slices.IndexFunc(mine, of); i >= 0 {
				if err := h.permits(policy.Leave, mine[i]); err != nil {
					return err
				}
				leaving = append(leaving, departure{h, mine[i]})
			}
		}
		if len(leaving) == 0 {
			return nil
		}
		return t.depart(ctx, v, roomevent.ReasonLEFT, leaving...)
	})
	if err != nil {
		return fmt.Errorf("leave %d rooms: %w", len(ids), err)
	}
	return nil
}

func roomsOf(members []*ent.Member) []uuid.UUID {
	ids := make([]uuid.UUID, len(members))
	for i, m := range members {
		ids[i] = m.RoomID
	}
	return ids
}

package chat

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/member"
	"parley/ent/roomevent"
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
	err := c.tx(ctx, idempotent, func(t *tx) error {
		mine, err := t.Member.Query().
			Where(member.UserID(v.ID), member.RoomIDIn(padded(ids)...)).All(ctx)
		if err != nil {
			return fmt.Errorf("find the memberships: %w", err)
		}
		// Rooms are locked in the order of their ids.
		slices.SortFunc(
			mine,
			func(a, b *ent.Member) int { return bytes.Compare(a.RoomID[:], b.RoomID[:]) },
		)
		for _, m := range mine {
			if err := t.leave(ctx, v, m.RoomID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("leave %d rooms: %w", len(ids), err)
	}
	return nil
}

// leave ends the viewer's membership of a room, if there is one.
func (t *tx) leave(ctx context.Context, v Viewer, id uuid.UUID) error {
	h, err := t.hold(ctx, id)
	if isNotFound(err) {
		return nil // deleted since
	}
	if err != nil {
		return err
	}
	who, m, err := h.relate(ctx, v.ID)
	if err != nil {
		return err
	}
	if m == nil {
		return nil // left since
	}
	if err := permit(toLeave, doorOf(h.Room), who); err != nil {
		return err
	}
	if err := h.depart(ctx, v, m, roomevent.ReasonLEFT); err != nil {
		return err
	}
	return h.save(ctx)
}

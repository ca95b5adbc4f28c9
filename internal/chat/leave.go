package chat

import (
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/directroom"
	"parley/ent/member"
	"parley/ent/roomevent"
)

// LeaveRoom ends the viewer's membership of a room.
func (c *Chat) LeaveRoom(ctx context.Context, v Viewer, id uuid.UUID) error {
	err := c.tx(ctx, once, func(t *tx) error {
		h, m, err := t.enter(ctx, v, id, toLeave)
		if err != nil {
			return err
		}
		if err := h.depart(ctx, v, m, roomevent.ReasonLEFT); err != nil {
			return err
		}
		return h.save(ctx)
	})
	if err != nil {
		return fmt.Errorf("leave room %s: %w", id, err)
	}
	return nil
}

// DeleteRoom ends all memberships of a room. Its row stays as a tombstone that ends its streams.
func (c *Chat) DeleteRoom(ctx context.Context, v Viewer, id uuid.UUID) error {
	err := c.tx(ctx, once, func(t *tx) error {
		h, _, err := t.enter(ctx, v, id, toDelete)
		if err != nil {
			return err
		}
		if err := h.empty(ctx); err != nil {
			return err
		}
		if err := h.bury(ctx, v); err != nil {
			return err
		}
		return h.save(ctx)
	})
	if err != nil {
		return fmt.Errorf("delete room %s: %w", id, err)
	}
	return nil
}

// empty ends all memberships, and with them the seats.
func (h *held) empty(ctx context.Context) error {
	people, err := h.tx.Member.Query().
		Where(member.RoomID(h.ID)).
		Select(member.FieldUserID).
		Strings(ctx)
	if err != nil {
		return fmt.Errorf("list the members of room %s: %w", h.ID, err)
	}
	if _, err := h.tx.Member.Delete().Where(member.RoomID(h.ID)).Exec(ctx); err != nil {
		return fmt.Errorf("end the memberships of room %s: %w", h.ID, err)
	}
	h.MemberCount = 0
	h.moved = append(h.moved, people...)
	return nil
}

// depart takes a member out of the room: their membership ends (and with it their seat), the log
// says so, an owner hands over, the room is no longer kept for two, and it is deleted where nobody
// is left. The caller saves the room.
func (h *held) depart(
	ctx context.Context,
	actor Viewer,
	m *ent.Member,
	reason roomevent.Reason,
) error {
	if _, err := h.tx.Member.Delete().
		Where(member.RoomID(h.ID), member.ID(m.ID)).
		Exec(ctx); err != nil {
		return fmt.Errorf("end the membership of %q in room %s: %w", m.UserID, h.ID, err)
	}
	h.MemberCount--
	h.Rules++
	h.moved = append(h.moved, m.UserID)
	err := h.log(ctx, roomevent.KindMEMBER_LEFT, actor.ID, func(e *ent.RoomEventCreate) {
		e.SetSubjectID(m.UserID).SetReason(reason)
	})
	if err != nil {
		return err
	}
	if err := h.release(ctx); err != nil {
		return err
	}
	if m.Role != member.RoleOWNER {
		return nil
	}
	if h.MemberCount == 0 {
		return h.bury(ctx, actor)
	}
	return h.bequeath(ctx, actor)
}

// release makes a direct room an ordinary one: the next that its two people ask for is another.
func (h *held) release(ctx context.Context) error {
	if !h.Direct {
		return nil
	}
	if _, err := h.tx.DirectRoom.Delete().Where(directroom.RoomID(h.ID)).Exec(ctx); err != nil {
		return fmt.Errorf("release room %s: %w", h.ID, err)
	}
	h.Direct = false
	return nil
}

// bequeath makes the longest-serving moderator, else member, the owner of a room whose owner has
// left.
func (h *held) bequeath(ctx context.Context, actor Viewer) error {
	heir, err := h.tx.Member.Query().Where(member.RoomID(h.ID)).
		Order(
			func(s *entsql.Selector) {
				s.OrderExpr(entsql.ExprFunc(func(b *entsql.Builder) {
					b.WriteString("CASE ").
						Ident(s.C(member.FieldRole)).
						WriteString(" WHEN 'MODERATOR' THEN 0 ELSE 1 END")
				}))
			},
			member.ByJoinedAt(), member.ByID(),
		).
		First(ctx)
	if err != nil {
		return fmt.Errorf("find an heir in room %s: %w", h.ID, err)
	}
	return h.setRole(ctx, actor, heir, member.RoleOWNER)
}

// bury deletes the room, which nobody is in, and leaves its row as a tombstone.
func (h *held) bury(ctx context.Context, actor Viewer) error {
	h.DeletedAt = &h.at
	h.Rules++
	if err := h.release(ctx); err != nil {
		return err
	}
	return h.log(ctx, roomevent.KindROOM_DELETED, actor.ID, nil)
}

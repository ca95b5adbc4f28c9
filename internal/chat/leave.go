package chat

import (
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"

	"parley/ent"
	"parley/ent/member"
	"parley/ent/roomevent"
)

// depart takes a member out of the room: their membership ends (and with it their seat), the log says so, an owner
// hands over, and the room is deleted where nobody is left. The caller saves the room.
func (h *held) depart(ctx context.Context, userID string, reason roomevent.Reason) error {
	m, err := h.tx.Member.Query().Where(member.RoomID(h.ID), member.UserID(userID)).Only(ctx)
	if err != nil {
		return fmt.Errorf("find %q in room %s: %w", userID, h.ID, err)
	}
	if err := h.tx.Member.DeleteOne(m).Exec(ctx); err != nil {
		return fmt.Errorf("end the membership of %q in room %s: %w", userID, h.ID, err)
	}
	h.MemberCount--
	h.Rules++
	h.moved = append(h.moved, userID)
	err = h.log(ctx, roomevent.KindMEMBER_LEFT, userID, func(e *ent.RoomEventCreate) {
		e.SetSubjectID(userID).SetReason(reason)
	})
	if err != nil {
		return err
	}
	if m.Role != member.RoleOWNER {
		return nil
	}
	if h.MemberCount == 0 {
		return h.bury(ctx, userID)
	}
	return h.handOver(ctx, userID)
}

// handOver makes the longest-serving moderator, else member, the owner.
func (h *held) handOver(ctx context.Context, actor string) error {
	heir, err := h.tx.Member.Query().Where(member.RoomID(h.ID)).
		Order(
			func(s *entsql.Selector) {
				s.OrderExpr(entsql.ExprFunc(func(b *entsql.Builder) {
					b.WriteString("CASE ").Ident(s.C(member.FieldRole)).WriteString(" WHEN 'MODERATOR' THEN 0 ELSE 1 END")
				}))
			},
			member.ByJoinedAt(), member.ByID(),
		).
		First(ctx)
	if err != nil {
		return fmt.Errorf("find an heir in room %s: %w", h.ID, err)
	}
	if err := h.tx.Member.Update().Where(member.ID(heir.ID)).SetRole(member.RoleOWNER).Exec(ctx); err != nil {
		return fmt.Errorf("hand room %s over to %q: %w", h.ID, heir.UserID, err)
	}
	h.OwnerID = heir.UserID
	return h.log(ctx, roomevent.KindMEMBER_ROLE_CHANGED, actor, func(e *ent.RoomEventCreate) {
		e.SetSubjectID(heir.UserID).SetRole(roomevent.RoleOWNER)
	})
}

// bury deletes the room and leaves its row as a tombstone.
func (h *held) bury(ctx context.Context, actor string) error {
	h.DeletedAt = &h.at
	return h.log(ctx, roomevent.KindROOM_DELETED, actor, nil)
}

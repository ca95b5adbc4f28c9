package chat

import (
	"context"
	"fmt"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/endedmembership"
	"parley/ent/roomevent"
	"parley/internal/chat/retry"
	"parley/internal/chat/roomlog"
)

// recordDepartures records why memberships of locked rooms end with departures.
func (t *tx) recordDepartures(
	ctx context.Context, reason roomevent.Reason, all []departure,
) error {
	ended := make([]*ent.EndedMembershipCreate, len(all))
	for i, d := range all {
		ended[i] = t.EndedMembership.Create().
			SetRoomID(d.ID).SetUserID(d.member.UserID).
			SetReason(endedmembership.Reason(reason)).SetAt(d.at)
	}
	err := t.EndedMembership.CreateBulk(ended...).
		OnConflictColumns(endedmembership.FieldRoomID, endedmembership.FieldUserID).
		Update(func(u *ent.EndedMembershipUpsert) { u.UpdateReason().UpdateAt() }).
		Exec(ctx)
	if err != nil {
		return fmt.Errorf("record why %d memberships have ended: %w", len(all), err)
	}
	return nil
}

// recordDeletion records that all memberships of the room end because it is deleted.
func (h *held) recordDeletion(ctx context.Context) error {
	at := "$2"
	if h.tx.dialect == dialect.Postgres {
		at += "::timestamptz"
	}
	_, err := h.tx.ExecContext(ctx, `INSERT INTO ended_memberships (room_id, user_id, reason, at)
SELECT room_id, user_id, $3, `+at+` FROM members WHERE room_id = $1
ON CONFLICT (room_id, user_id) DO UPDATE SET reason = excluded.reason, at = excluded.at`,
		h.ID, h.at, roomlog.ReasonDeleted)
	if err != nil {
		return fmt.Errorf("record the end of the memberships of room %s: %w", h.ID, err)
	}
	return nil
}

// Ended returns MEMBERSHIP_ENDED, with the reason, if refusal is that the viewer may not follow a
// room any more, which they have followed before. It returns other errors as they are.
func (c *Chat) Ended(ctx context.Context, v Viewer, roomID uuid.UUID, refusal error) error {
	if e := AsError(refusal); e.Code != NotFound && e.Code != Forbidden && e.Code != Banned {
		return refusal
	}
	endings, err := c.MembershipEndings(ctx, v, []uuid.UUID{roomID})
	if err != nil {
		return err
	}
	if reason, was := endings[roomID]; was {
		return &roomlog.EndedError{Reason: reason}
	}
	return refusal
}

// pruneEndings deletes what was recorded before a time about memberships that have ended.
func (c *Chat) pruneEndings(ctx context.Context, before time.Time) error {
	err := c.tx(ctx, retry.Idempotent, func(t *tx) error {
		_, err := t.EndedMembership.Delete().Where(endedmembership.AtLT(before)).Exec(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("prune ended memberships: %w", err)
	}
	return nil
}

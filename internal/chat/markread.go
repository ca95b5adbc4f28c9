package chat

import (
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/member"
	"parley/ent/message"
	"parley/ent/predicate"
	"parley/ent/room"
	"parley/internal/broker"
	"parley/internal/chat/policy"
	"parley/internal/chat/retry"
)

// MarkRead says that the viewer has read everything in the room up to seq. It never moves
// backwards, and a seq that is not there yet stands for the newest.
//
// It holds no lock on the room and takes no seq: messages up to the room's seq are committed and
// their ordinals never change.
func (c *Chat) MarkRead(
	ctx context.Context,
	v Viewer,
	roomID uuid.UUID,
	seq int64,
) (*ent.Room, error) {
	if seq < 0 {
		return nil, badInput("seq", "seq must not be negative.")
	}
	var r *ent.Room
	err := c.tx(ctx, retry.Idempotent, func(t *tx) error {
		var err error
		r, err = t.Room.Query().Where(room.ID(roomID), room.DeletedAtIsNil()).Only(ctx)
		if ent.IsNotFound(err) {
			return errNoRoom()
		}
		if err != nil {
			return fmt.Errorf("get the room: %w", err)
		}
		who, m, err := relationTo(ctx, t.Client(), r, v.ID)
		if err != nil {
			return err
		}
		if err := permit(policy.Write, r, who); err != nil {
			return err
		}
		return t.markRead(ctx, r, m, min(seq, r.Seq))
	})
	if err != nil {
		return nil, fmt.Errorf("mark room %s read: %w", roomID, err)
	}
	return r, nil
}

func (t *tx) markRead(ctx context.Context, r *ent.Room, m *ent.Member, seq int64) error {
	all, err := t.newest(ctx, message.RoomID(r.ID), message.SeqLTE(seq))
	if err != nil {
		return err
	}
	if all.Seq <= m.LastReadSeq {
		return nil // nothing new to read, or it would move backwards
	}
	own, err := t.newest(
		ctx,
		message.RoomID(r.ID),
		message.AuthorID(m.UserID),
		message.SeqLTE(seq),
		message.SeqGT(m.JoinedSeq),
	)
	if err != nil {
		return err
	}
	// The baseline of a membership: what was there when it began counts as read, and is among all.
	read := max(all.Ordinal-own.OwnOrdinal, m.OthersRead)
	changed, err := t.Member.Update().
		Where(member.RoomID(r.ID), member.ID(m.ID), member.LastReadSeqLT(all.Seq)).
		SetLastReadSeq(all.Seq).
		SetOthersRead(read).
		Save(ctx)
	if err != nil {
		return fmt.Errorf("update the membership: %w", err)
	}
	if changed > 0 {
		t.publish(broker.Publication{Room: r.ID, Seq: r.Seq, Users: []string{m.UserID}})
	}
	return nil
}

// newest returns the newest message of those selected; the zero message, with ordinals of 0, where
// there is none.
func (t *tx) newest(ctx context.Context, selected ...predicate.Message) (*ent.Message, error) {
	m, err := t.Message.Query().
		Where(selected...).
		Order(message.BySeq(entsql.OrderDesc())).
		First(ctx)
	if ent.IsNotFound(err) {
		return &ent.Message{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find the newest message: %w", err)
	}
	return m, nil
}

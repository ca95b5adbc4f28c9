package write

import (
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"

	"parley/ent"
	"parley/ent/member"
	"parley/ent/message"
	"parley/ent/predicate"
	"parley/internal/broker"
)

// MarkRead sets that a member has read a room up to seq, or up to an older message if there is none
// there. It never moves backwards. The room need not be locked: messages up to the room's seq are
// committed, and their ordinals never change.
func (t *Tx) MarkRead(ctx context.Context, r *ent.Room, m *ent.Member, seq int64) error {
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
		t.Publish(broker.Publication{Room: r.ID, Seq: r.Seq, Users: []string{m.UserID}})
	}
	return nil
}

// newest returns the newest message of those selected; the zero message, with ordinals of 0, where
// there is none.
func (t *Tx) newest(ctx context.Context, selected ...predicate.Message) (*ent.Message, error) {
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

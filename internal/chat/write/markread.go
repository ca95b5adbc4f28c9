package write

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"

	"parley/ent"
	"parley/ent/member"
	"parley/ent/message"
	"parley/ent/predicate"
	"parley/internal/broker"
	"parley/internal/store"
)

// MarkRead sets that a member has read a room up to seq, or up to an older message if there is none
// there. It never moves backwards. The room need not be locked: messages up to the room's seq are
// committed, and their ordinals never change. The member must have been read after the room.
func (t *Tx) MarkRead(ctx context.Context, r *ent.Room, m *ent.Member, seq int64) error {
	newest, err := t.Message.Query().
		Where(message.RoomID(r.ID), message.SeqLTE(seq)).
		Order(message.BySeq(entsql.OrderDesc())).
		First(ctx)
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find the newest message: %w", err)
	}
	if newest.Seq <= m.LastReadSeq {
		return nil // nothing new to read, or it would move backwards
	}
	own, err := t.countOwn(ctx, r, m, newest.Seq)
	if err != nil {
		return err
	}
	// The baseline of a membership: what was there when it began counts as read, and is among all.
	read := max(newest.Ordinal-own, m.OthersRead)
	changed, err := t.Member.Update().
		Where(member.RoomID(r.ID), member.ID(m.ID), member.LastReadSeqLT(newest.Seq)).
		SetLastReadSeq(newest.Seq).
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

// countOwn returns how many messages a member has sent since joining, up to seq, which is after the
// member's read position. No index has the authors of messages, so it searches backwards from seq,
// to the read position at most, for a message of the member: it reads no message twice, whatever
// seqs a client marks. Otherwise the first message of the member above seq shows the number. Older
// ones may have been pruned.
func (t *Tx) countOwn(
	ctx context.Context, r *ent.Room, m *ent.Member, seq int64,
) (int64, error) {
	if m.OwnSent == 0 || seq <= m.JoinedSeq {
		return 0, nil
	}
	inRoom, own := message.RoomID(r.ID), message.AuthorID(m.UserID)
	first := func(order message.OrderOption, where ...predicate.Message) (*ent.Message, error) {
		found, err := t.Message.Query().Where(inRoom).Where(where...).Order(order).First(ctx)
		if err != nil && !ent.IsNotFound(err) {
			return nil, fmt.Errorf("find a message of the member: %w", err)
		}
		return found, nil
	}
	if seq < r.LatestSeq {
		before, err := first(message.BySeq(entsql.OrderDesc()), own,
			message.SeqLTE(seq), message.SeqGT(max(m.LastReadSeq, m.JoinedSeq)))
		if err != nil {
			return 0, err
		}
		if before != nil {
			return before.OwnOrdinal, nil
		}
		if m.LastReadSeq > m.JoinedSeq {
			last, err := first(message.BySeq(), message.Seq(m.LastReadSeq))
			if err != nil {
				return 0, err
			}
			if last != nil {
				return last.Ordinal - m.OthersRead, nil
			}
		}
	}
	next, err := first(message.BySeq(), own, message.SeqGT(seq))
	if err != nil {
		return 0, err
	}
	if next != nil {
		return next.OwnOrdinal - 1, nil
	}
	return m.OwnSent, nil
}

// MarkAllRead is [Tx.MarkRead] up to a message for members of the locked room, who have not read it
// and had joined before it. next has the own_ordinal of the next message that a member has sent
// after it; members who have sent none are missing. It publishes nothing, and changes nothing of
// members who have read the message since.
func (r *Room) MarkAllRead(
	ctx context.Context, users []string, last *ent.Message, next map[string]int64,
) error {
	update := func(users []string, own string, args ...any) error {
		greatest := "MAX"
		if r.Tx.Dialect == dialect.Postgres {
			greatest = "GREATEST"
		}
		_, err := r.Tx.ExecContext(
			ctx,
			`UPDATE members
SET last_read_seq = $2, others_read = `+greatest+`(others_read, CAST($3 AS bigint) - `+own+`)
WHERE room_id = $1 AND last_read_seq < $2 AND `+store.AnyOf(r.Tx.Dialect, "user_id", "$4", "text"),
			append(
				[]any{r.ID, last.Seq, last.Ordinal, store.List(r.Tx.Dialect, users)},
				args...)...)
		if err != nil {
			return fmt.Errorf("mark room %s read for %d members: %w", r.ID, len(users), err)
		}
		return nil
	}
	var withoutNext []string
	for _, user := range users {
		ordinal, found := next[user]
		if !found {
			withoutNext = append(withoutNext, user)
		} else if err := update([]string{user}, "CAST($5 AS bigint)", ordinal-1); err != nil {
			return err
		}
	}
	return update(withoutNext, "own_sent")
}

package prune

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/member"
	"parley/ent/message"
	"parley/ent/predicate"
	"parley/ent/reaction"
	"parley/internal/chat/write"
	"parley/internal/store"
)

// pruneMessages deletes the messages of all rooms that are older than before.
func (p *Pruner) pruneMessages(ctx context.Context, before time.Time) error {
	for after, more := uuid.Nil, true; more; {
		var old []uuid.UUID
		examined := 0
		// In a room, times rise with seqs: its first message is its oldest.
		err := store.Each(ctx, p.db, func(rows *sql.Rows) error {
			var isOld bool
			err := rows.Scan(&after, &isOld)
			examined++
			if isOld {
				old = append(old, after)
			}
			return err
		}, `SELECT r.id, COALESCE((
	SELECT m.created_at < $2 FROM messages m WHERE m.room_id = r.id ORDER BY m.seq LIMIT 1
), false) FROM rooms r WHERE r.id > $1 AND r.created_at < $2 ORDER BY r.id LIMIT $3`,
			after, before, roomPage)
		if err != nil {
			return fmt.Errorf("find rooms with old messages: %w", err)
		}
		for _, id := range old {
			if err := p.pruneMessagesOf(ctx, id, before); err != nil {
				return fmt.Errorf("prune the messages of room %s: %w", id, err)
			}
		}
		more = examined == roomPage
	}
	return nil
}

// pruneMessagesOf deletes the messages of a room that are older than before. First the room's row
// shows where the log begins, then the messages count as read, and then they are deleted. If this is
// interrupted, the next call finds the messages that are left and does it again.
func (p *Pruner) pruneMessagesOf(ctx context.Context, id uuid.UUID, before time.Time) error {
	last, err := p.lastBefore(ctx, id, before)
	if err != nil || last == nil {
		return err
	}
	if err := p.inRoom(ctx, id, func(t *write.Tx, locked *write.Room) (err error) {
		start := last.Seq
		if locked != nil {
			if start, err = locked.SkipLatest(ctx, start); err != nil {
				return err
			}
		}
		return t.PruneLog(ctx, id, start)
	}); err != nil {
		return err
	}
	if err := p.markRead(ctx, id, last); err != nil {
		return err
	}
	reactions := rowsOf{reaction.Table, reaction.FieldMessageSeq}
	if err := p.deleteRows(ctx, id, reactions, last.Seq, nil); err != nil {
		return err
	}
	if err := p.deleteEvents(ctx, id, last.Seq); err != nil {
		return err
	}
	return p.deleteRows(ctx, id, rowsOf{message.Table, message.FieldSeq}, last.Seq, &p.messages)
}

// lastBefore returns the newest message of a room that is older than before; nil if there is none.
// There is no index of times, so it searches by bisection of seqs.
func (p *Pruner) lastBefore(
	ctx context.Context, id uuid.UUID, before time.Time,
) (last *ent.Message, err error) {
	at := func(order message.OrderOption, where ...predicate.Message) (*ent.Message, error) {
		m, err := p.db.Message.Query().
			Where(message.RoomID(id)).
			Where(where...).
			Order(order).
			First(ctx)
		if ent.IsNotFound(err) {
			return nil, nil
		}
		return m, err
	}
	oldest, err := at(message.BySeq())
	if oldest == nil || err != nil || !oldest.CreatedAt.Before(before) {
		return nil, err
	}
	newest, err := at(message.BySeq(entsql.OrderDesc()))
	if newest == nil || err != nil {
		return nil, err
	}
	last = oldest
	for low, high := oldest.Seq+1, newest.Seq+1; low < high; {
		middle := low + (high-low)/2
		m, err := at(message.BySeq(entsql.OrderDesc()), message.SeqLTE(middle))
		switch {
		case err != nil:
			return nil, err
		case m == nil: // pruned meanwhile
			return nil, nil
		case m.CreatedAt.Before(before):
			last, low = m, middle+1
		default:
			high = m.Seq
		}
	}
	return last, nil
}

// markRead makes a room's messages up to last count as read, by stepRows members at a time. It reads
// the messages after last once, which needs no lock, and those that are sent meanwhile in each step.
func (p *Pruner) markRead(ctx context.Context, id uuid.UUID, last *ent.Message) error {
	r, err := p.db.Room.Get(ctx, id)
	if ent.IsNotFound(err) {
		return nil // pruned itself meanwhile
	}
	if err != nil {
		return fmt.Errorf("get the room: %w", err)
	}
	next := make(map[string]int64)
	if err := nextOwn(ctx, p.db, id, last.Seq, r.Seq, next); err != nil {
		return err
	}
	after := ""
	for more := true; more; {
		newest := after // of an attempt: the transaction may be repeated
		err := p.inRoom(ctx, id, func(t *write.Tx, locked *write.Room) error {
			if more = locked != nil; !more {
				return nil
			}
			// A message that was sent before a member joined is read anyway.
			users, err := t.Member.Query().
				Where(
					member.RoomID(id), member.UserIDGT(after),
					member.LastReadSeqLT(last.Seq), member.JoinedSeqLT(last.Seq),
				).
				Order(member.ByUserID()).
				Limit(stepRows).
				Select(member.FieldUserID).
				Strings(ctx)
			if err != nil {
				return err
			}
			more = len(users) == stepRows
			if len(users) == 0 {
				return nil
			}
			newest = users[len(users)-1]
			if err := nextOwn(ctx, t, id, r.Seq, locked.Seq, next); err != nil {
				return err
			}
			r.Seq = locked.Seq
			return locked.MarkAllRead(ctx, users, last, next)
		})
		if err != nil {
			return fmt.Errorf("mark messages up to %d read: %w", last.Seq, err)
		}
		after = newest
	}
	return nil
}

// nextOwn adds to next the own_ordinal of the first message that each author has sent in a room after
// a seq, up to another. Each statement reads at most examinedRows messages.
func nextOwn(
	ctx context.Context, q store.Querier, id uuid.UUID, after, upTo int64, next map[string]int64,
) error {
	for examined := examinedRows; examined == examinedRows; {
		examined = 0
		last := after
		err := store.Each(ctx, q, func(rows *sql.Rows) error {
			var author string
			var ordinal, seq int64
			var n int
			err := rows.Scan(&author, &ordinal, &seq, &n)
			if _, earlier := next[author]; !earlier {
				next[author] = ordinal
			}
			last, examined = max(last, seq), examined+n
			return err
		}, `SELECT author_id, min(own_ordinal), max(seq), count(*) FROM (
	SELECT author_id, own_ordinal, seq FROM messages
	WHERE room_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4
) AS m GROUP BY author_id`, id, after, upTo, examinedRows)
		if err != nil {
			return fmt.Errorf("find the authors of the messages after %d: %w", after, err)
		}
		after = last
	}
	return nil
}

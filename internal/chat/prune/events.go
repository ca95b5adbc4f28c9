package prune

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/roomevent"
	"parley/internal/chat/write"
	"parley/internal/store"
)

// pruneEvents deletes the events of all logs that are older than before. Messages stay: a log that
// begins later only ends the streams that would resume from before it. It also deletes the records of
// why memberships ended before that time.
func (p *Pruner) pruneEvents(ctx context.Context, before time.Time) error {
	if err := p.pruneEndings(ctx, before); err != nil {
		return fmt.Errorf("prune ended memberships: %w", err)
	}
	for {
		var starts []struct {
			Room uuid.UUID `sql:"room_id"`
			Seq  int64     `sql:"seq"`
		}
		err := p.db.RoomEvent.Query().Where(roomevent.AtLT(before)).Limit(roomPage).
			GroupBy(roomevent.FieldRoomID).
			Aggregate(ent.As(ent.Max(roomevent.FieldSeq), "seq")).Scan(ctx, &starts)
		if err != nil {
			return fmt.Errorf("find old events: %w", err)
		}
		if len(starts) == 0 {
			return nil
		}
		for _, start := range starts {
			if err := p.pruneLog(ctx, start.Room, start.Seq); err != nil {
				return fmt.Errorf("prune the log of room %s: %w", start.Room, err)
			}
		}
	}
}

// pruneEndings deletes the records of memberships that ended before a time. There is no index of times:
// each step examines examinedRows of the records, in the order of rooms and users.
func (p *Pruner) pruneEndings(ctx context.Context, before time.Time) error {
	type key struct {
		room uuid.UUID
		user string
	}
	for after, more := (key{}), true; more; {
		last, examined := after, 0
		err := store.Each(ctx, p.db, func(rows *sql.Rows) error {
			examined++
			return rows.Scan(&last.room, &last.user)
		}, `SELECT room_id, user_id FROM ended_memberships
WHERE (room_id, user_id) > ($1, $2) ORDER BY room_id, user_id LIMIT $3`, after.room, after.user, examinedRows)
		if err != nil {
			return err
		}
		err = p.step(ctx, func(t *write.Tx) error {
			_, err := t.ExecContext(ctx, `DELETE FROM ended_memberships
WHERE (room_id, user_id) > ($1, $2) AND (room_id, user_id) <= ($3, $4) AND at < $5`,
				after.room, after.user, last.room, last.user, before)
			return err
		})
		if err != nil {
			return err
		}
		after, more = last, examined == examinedRows
	}
	return nil
}

// pruneLog deletes a room's events up to seq. The room's row shows it first, so that what was pruned
// can always be told from what is missing.
func (p *Pruner) pruneLog(ctx context.Context, id uuid.UUID, seq int64) error {
	err := p.step(ctx, func(t *write.Tx) error { return t.PruneLog(ctx, id, seq) })
	if err != nil {
		return err
	}
	return p.deleteEvents(ctx, id, seq)
}

// deleteEvents deletes the events of a room up to seq.
func (p *Pruner) deleteEvents(ctx context.Context, id uuid.UUID, seq int64) error {
	return p.deleteRows(ctx, id, rowsOf{roomevent.Table, roomevent.FieldSeq}, seq, &p.events)
}

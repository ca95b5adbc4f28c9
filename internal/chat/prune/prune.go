// Package prune deletes what has expired: events of logs, messages, and what is left of deleted
// rooms.
//
// It works in short steps, each of which is a transaction, and pauses after each for as long as the
// step took. On PostgreSQL one step runs at a time, whichever node runs it. A step that changes a
// room locks it, as any other write does.
package prune

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"parley/ent"
	"parley/internal/chat/retry"
	"parley/internal/chat/write"
	"parley/internal/store"
)

const (
	// stepRows is the most rows that a step deletes or updates in a table.
	stepRows = 250
	// examinedRows is how many rows a statement examines that has no index for what it looks for.
	examinedRows = 10_000
	// roomPage is how many rooms a statement examines or returns.
	roomPage = 256
	// pruneLock is the key of the advisory lock that a step holds on PostgreSQL.
	pruneLock = 0x7061726c6579 + 1 // "parley" is the key of migrations
)

// ErrBusy means that another node runs a step.
var ErrBusy = errors.New("another node prunes the database")

// Before has the times before which data has expired. Data does not expire if its time is zero.
type Before struct {
	// Events are the entries of logs that are not messages.
	Events time.Time
	// Messages are messages, with their reactions and the log up to them.
	Messages time.Time
	// Rooms are deleted rooms, by the time of their deletion.
	Rooms time.Time
}

// Counts are numbers of rows that were deleted.
type Counts struct{ Events, Messages, Rooms int64 }

// Pruner prunes a database. It is safe for concurrent use.
type Pruner struct {
	db      *ent.Client
	dialect string
	writes  *write.DB

	events, messages, rooms atomic.Int64
}

// New returns a pruner of a database with ent's dialect of the name.
func New(db *ent.Client, dialectName string, writes *write.DB) *Pruner {
	return &Pruner{db: db, dialect: dialectName, writes: writes}
}

// Counts returns what was deleted so far.
func (p *Pruner) Counts() Counts {
	return Counts{p.events.Load(), p.messages.Load(), p.rooms.Load()}
}

// Prune deletes what has expired. Returns [ErrBusy] if another node prunes the database. Rows
// that were deleted before an error stay deleted, and the next call continues.
func (p *Pruner) Prune(ctx context.Context, before Before) error {
	if !before.Rooms.IsZero() {
		if err := p.pruneRooms(ctx, before.Rooms); err != nil {
			return err
		}
	}
	if !before.Messages.IsZero() {
		if err := p.pruneMessages(ctx, before.Messages); err != nil {
			return err
		}
	}
	if !before.Events.IsZero() {
		return p.pruneEvents(ctx, before.Events)
	}
	return nil
}

// step runs a transaction, unless another node runs one, and pauses.
func (p *Pruner) step(ctx context.Context, do func(*write.Tx) error) error {
	startedAt := time.Now()
	err := p.writes.Tx(ctx, retry.Idempotent, func(t *write.Tx) error {
		if locked, err := lock(ctx, t); err != nil {
			return err
		} else if !locked {
			return ErrBusy
		}
		return do(t)
	})
	if err != nil {
		return err
	}
	select {
	case <-time.After(time.Since(startedAt)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// lock acquires the lock of steps until the transaction ends, and reports whether it is free.
// Transactions of SQLite are alone anyway.
func lock(ctx context.Context, t *write.Tx) (free bool, err error) {
	if t.Dialect != dialect.Postgres {
		return true, nil
	}
	err = store.Each(ctx, t, func(rows *sql.Rows) error { return rows.Scan(&free) },
		"SELECT pg_try_advisory_xact_lock($1)", int64(pruneLock))
	if err != nil {
		return false, fmt.Errorf("lock the pruning: %w", err)
	}
	return free, nil
}

// inRoom runs a step in a room that it locks, or with nil if the room is deleted.
func (p *Pruner) inRoom(
	ctx context.Context, id uuid.UUID, do func(t *write.Tx, locked *write.Room) error,
) error {
	return p.step(ctx, func(t *write.Tx) error {
		locked, err := t.Lock(ctx, id)
		if err != nil && !errors.Is(err, write.ErrNoRoom) {
			return err
		}
		return do(t, locked)
	})
}

// rowsOf are rows of a room: all of a table, or, if seq names a column, those up to a seq.
type rowsOf struct{ table, seq string }

// deleteRows deletes rows of a room, in as many steps as it takes, and counts them.
func (p *Pruner) deleteRows(
	ctx context.Context, id uuid.UUID, rows rowsOf, upTo int64, count *atomic.Int64,
) error {
	where, args := "room_id = $1", []any{id, stepRows}
	if rows.seq != "" {
		where += " AND " + rows.seq + " <= $3"
		args = append(args, upTo)
	}
	statement := "DELETE FROM %s WHERE room_id = $1 AND id IN (SELECT id FROM %[1]s WHERE %[2]s LIMIT $2)"
	if p.dialect == dialect.Postgres { // where no index has ids
		statement = "DELETE FROM %s WHERE room_id = $1 AND ctid = ANY(ARRAY(SELECT ctid FROM %[1]s WHERE %[2]s LIMIT $2))"
	}
	statement = fmt.Sprintf(statement, rows.table, where)
	for deleted := int64(stepRows); deleted == stepRows; {
		err := p.inRoom(ctx, id, func(t *write.Tx, _ *write.Room) error {
			result, err := t.ExecContext(ctx, statement, args...)
			if err == nil {
				deleted, err = result.RowsAffected()
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("delete %s of room %s: %w", rows.table, id, err)
		}
		if count != nil {
			count.Add(deleted)
		}
	}
	return nil
}

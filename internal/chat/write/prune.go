package write

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/endedmembership"
	"parley/ent/room"
	"parley/ent/roomevent"
	"parley/internal/chat/retry"
)

// pruneRooms is how many rooms' logs one look finds to prune.
const pruneRooms = 256

// Prune forgets the events of all logs that are older than before, and returns how many it has
// forgotten. Messages are kept: they are the conversation, and a log that begins later only ends
// the streams that would resume from before it. It also forgets why memberships ended before that.
func (db *DB) Prune(ctx context.Context, before time.Time) (pruned int, err error) {
	if err := db.pruneEndings(ctx, before); err != nil {
		return 0, err
	}
	for {
		var starts []struct {
			Room uuid.UUID `sql:"room_id"`
			Seq  int64     `sql:"seq"`
		}
		err := db.client.RoomEvent.Query().Where(roomevent.AtLT(before)).Limit(pruneRooms).
			GroupBy(roomevent.FieldRoomID).
			Aggregate(ent.As(ent.Max(roomevent.FieldSeq), "seq")).Scan(ctx, &starts)
		if err != nil {
			return pruned, fmt.Errorf("find old events: %w", err)
		}
		if len(starts) == 0 {
			return pruned, nil
		}
		for _, start := range starts {
			n, err := db.pruneRoom(ctx, start.Room, start.Seq)
			if err != nil {
				return pruned, fmt.Errorf("prune the log of room %s: %w", start.Room, err)
			}
			pruned += n
		}
	}
}

// pruneRoom forgets a room's events up to seq, and says so in its row in the same transaction: what
// was pruned can always be told from what is missing.
func (db *DB) pruneRoom(ctx context.Context, id uuid.UUID, seq int64) (pruned int, err error) {
	err = db.Tx(ctx, retry.Idempotent, func(t *Tx) error {
		if err := t.Room.Update().
			Where(room.ID(id), room.LogStartLT(seq)).
			SetLogStart(seq).
			Exec(ctx); err != nil {
			return err
		}
		var err error
		pruned, err = t.RoomEvent.Delete().
			Where(roomevent.RoomID(id), roomevent.SeqLTE(seq)).
			Exec(ctx)
		return err
	})
	return pruned, err
}

// pruneEndings deletes what was recorded before a time about memberships that have ended.
func (db *DB) pruneEndings(ctx context.Context, before time.Time) error {
	err := db.Tx(ctx, retry.Idempotent, func(t *Tx) error {
		_, err := t.EndedMembership.Delete().Where(endedmembership.AtLT(before)).Exec(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("prune ended memberships: %w", err)
	}
	return nil
}

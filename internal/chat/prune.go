package chat

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/room"
	"parley/ent/roomevent"
	"parley/internal/chat/retry"
)

// pruneRooms is how many rooms' logs one look finds to prune.
const pruneRooms = 256

// Prune forgets the events of all logs that are older than before, and returns how many it has
// forgotten. Messages are kept: they are the conversation, and a log that begins later only ends
// the streams that would resume from before it. It also forgets why memberships ended before that.
func (c *Chat) Prune(ctx context.Context, before time.Time) (pruned int, err error) {
	if err := c.pruneEndings(ctx, before); err != nil {
		return 0, err
	}
	for {
		var starts []struct {
			Room uuid.UUID `sql:"room_id"`
			Seq  int64     `sql:"seq"`
		}
		err := c.db.RoomEvent.Query().Where(roomevent.AtLT(before)).Limit(pruneRooms).
			GroupBy(roomevent.FieldRoomID).
			Aggregate(ent.As(ent.Max(roomevent.FieldSeq), "seq")).Scan(ctx, &starts)
		if err != nil {
			return pruned, fmt.Errorf("find old events: %w", err)
		}
		if len(starts) == 0 {
			return pruned, nil
		}
		for _, start := range starts {
			n, err := c.pruneRoom(ctx, start.Room, start.Seq)
			if err != nil {
				return pruned, fmt.Errorf("prune the log of room %s: %w", start.Room, err)
			}
			pruned += n
		}
	}
}

// pruneRoom forgets a room's events up to seq, and says so in its row in the same transaction: what
// was pruned can always be told from what is missing.
func (c *Chat) pruneRoom(ctx context.Context, id uuid.UUID, seq int64) (pruned int, err error) {
	err = c.tx(ctx, retry.Idempotent, func(t *tx) error {
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

package write

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"parley/ent/room"
)

// PruneLog makes the room's log begin after seq, unless it begins later already. Streams that would
// resume from before that get Resync.
func (h *Room) PruneLog(ctx context.Context, seq int64) error {
	h.LogStart = max(h.LogStart, seq)
	err := h.Tx.Room.Update().
		Where(room.ID(h.ID)).
		SetLogStart(h.LogStart).
		SetSeq(h.Seq).
		SetLatestSeq(h.LatestSeq).
		Exec(ctx)
	if err != nil {
		return fmt.Errorf("begin the log of room %s after %d: %w", h.ID, seq, err)
	}
	return nil
}

// PruneMessages is [Room.PruneLog] for messages up to seq that will be deleted. If the newest message
// is one of them, the room has none from then on. Then the room skips a seq, because caches show the
// message at the present one; open streams get Resync.
func (h *Room) PruneMessages(ctx context.Context, seq int64) error {
	if h.LatestSeq > 0 && h.LatestSeq <= seq {
		h.LatestSeq = 0
		h.Seq++
		seq = h.Seq
		h.publish()
	}
	return h.PruneLog(ctx, seq)
}

// PruneDeletedLog is [Room.PruneLog] for a room that is deleted, and so cannot be locked. It changes
// nothing if the room is gone.
func (t *Tx) PruneDeletedLog(ctx context.Context, id uuid.UUID, seq int64) error {
	err := t.Room.Update().Where(room.ID(id), room.LogStartLT(seq)).SetLogStart(seq).Exec(ctx)
	if err != nil {
		return fmt.Errorf("begin the log of the deleted room %s after %d: %w", id, seq, err)
	}
	return nil
}

package write

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"parley/ent/room"
)

// PruneLog makes a room's log begin after seq, unless it begins later already. Streams that would
// resume from before that get Resync. The room may be deleted; it changes nothing if there is none.
func (t *Tx) PruneLog(ctx context.Context, id uuid.UUID, seq int64) error {
	err := t.Room.Update().Where(room.ID(id), room.LogStartLT(seq)).SetLogStart(seq).Exec(ctx)
	if err != nil {
		return fmt.Errorf("begin the log of room %s after %d: %w", id, seq, err)
	}
	return nil
}

// SkipLatest makes a room whose newest message is not newer than seq one without messages. Such a
// message will be deleted. Caches show it at the room's seq, so the room skips one: open streams get
// Resync. It returns the seq after which the log begins.
func (r *Room) SkipLatest(ctx context.Context, seq int64) (start int64, err error) {
	if r.LatestSeq == 0 || r.LatestSeq > seq {
		return seq, nil
	}
	r.LatestSeq = 0
	r.nextSeq()
	r.publish()
	err = r.Tx.Room.Update().
		Where(room.ID(r.ID)).
		SetSeq(r.Seq).
		SetLatestSeq(0).
		SetTimeline(r.Timeline).
		Exec(ctx)
	if err != nil {
		return 0, fmt.Errorf("skip a seq of room %s: %w", r.ID, err)
	}
	return r.Seq, nil
}

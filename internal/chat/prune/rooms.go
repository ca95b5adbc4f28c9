package prune

import (
	"context"
	"fmt"
	"math"
	"time"

	"parley/ent/ban"
	"parley/ent/endedmembership"
	"parley/ent/member"
	"parley/ent/message"
	"parley/ent/reaction"
	"parley/ent/room"
	"parley/ent/roomevent"
	"parley/ent/roomtag"
	"parley/internal/chat/write"
)

// pruneRooms deletes the rows of rooms that were deleted before a time, and those of what belonged to
// them. The keys of requests for these rooms stay: they are kept for good.
func (p *Pruner) pruneRooms(ctx context.Context, before time.Time) error {
	for {
		ids, err := p.db.Room.Query().Where(room.DeletedAtLT(before)).
			Order(room.ByDeletedAt()).Limit(roomPage).IDs(ctx)
		if err != nil {
			return fmt.Errorf("find deleted rooms: %w", err)
		}
		if len(ids) == 0 {
			return nil
		}
		for _, id := range ids {
			for _, rows := range []rowsOf{
				{table: reaction.Table},
				{message.Table, message.FieldSeq},
				{roomevent.Table, roomevent.FieldSeq},
				{table: roomtag.Table},
				{table: ban.Table},
				{table: member.Table},
				{table: endedmembership.Table},
			} {
				if err := p.deleteRows(ctx, id, rows, math.MaxInt64, nil); err != nil {
					return err
				}
			}
			err := p.step(ctx, func(t *write.Tx) error {
				_, err := t.Room.Delete().Where(room.ID(id), room.DeletedAtLT(before)).Exec(ctx)
				return err
			})
			if err != nil {
				return fmt.Errorf("delete room %s: %w", id, err)
			}
			p.rooms.Add(1)
		}
	}
}

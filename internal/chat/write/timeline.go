package write

import (
	"fmt"

	entsql "entgo.io/ent/dialect/sql"

	"parley/ent"
	"parley/internal/store"
)

// A room whose newest event is of another timeline than the present one may have lost events that
// were newer, with the primary before. Their seqs are not used again: the first event on a timeline
// skips store.SkippedSeqs, and the log begins behind them. So subscribers that return with a lost
// position, or any position before, get Resync.

// seqsToSkip is the number of seqs that a room skips, in a statement whose $7 is a
// [store.TimelineArg] and $8 is [store.SkippedSeqs].
const seqsToSkip = `CASE WHEN $7::bigint <> 0 AND timeline NOT IN (0, $7::bigint) THEN $8::bigint ELSE 0 END`

// timelineColumn is the column that withTimeline adds.
const timelineColumn = "present_timeline"

// withTimeline adds the present timeline to a query for rooms.
func withTimeline(q *ent.RoomQuery) *ent.RoomQuery {
	q.Modify(func(s *entsql.Selector) {
		s.AppendSelectExprAs(entsql.ExprFunc(func(b *entsql.Builder) {
			b.WriteString("CAST(").Arg(store.TimelineArg{}).WriteString(" AS bigint)")
		}), timelineColumn)
	})
	return q
}

// enterTimeline makes the next event of a room that was read withTimeline one of the present timeline.
func (h *Room) enterTimeline() error {
	value, err := h.Value(timelineColumn)
	if err != nil {
		return err
	}
	present, ok := value.(int64)
	switch {
	case !ok:
		return fmt.Errorf("read the present timeline: it is a %T", value)
	case present == 0, present == h.Timeline:
		return nil
	case h.Timeline != 0:
		h.Seq += store.SkippedSeqs
		h.LogStart = h.Seq
	}
	h.Timeline = present
	return nil
}

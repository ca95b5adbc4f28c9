package write

import (
	"fmt"

	entsql "entgo.io/ent/dialect/sql"

	"parley/ent"
	"parley/internal/store"
)

// A room whose newest event is of an earlier timeline than the present one may have lost events that
// were newer, with the primary before. Their seqs are not used again: the first event on a timeline
// skips store.SkippedSeqs for each timeline since then, and the log begins behind them. So subscribers
// that return with a lost position, or any position before, get Resync. Each timeline counts, because
// the skip before may have been lost, too. A room never returns to an earlier timeline, which a
// connection behind a pooler may still believe to be the present one.

// seqsToSkip is the number of seqs that a room skips, in a statement whose $7 is a
// [store.TimelineArg], $8 is [store.SkippedSeqs] and $9 is [store.OneCluster].
const seqsToSkip = `CASE WHEN timeline = 0 OR timeline >= $7::bigint THEN 0
		WHEN timeline / $9::bigint = $7::bigint / $9::bigint THEN $8::bigint * ($7::bigint - timeline)
		ELSE $8::bigint END`

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

// presentTimeline returns the present timeline that was read with a room.
func presentTimeline(r *ent.Room) (int64, error) {
	value, err := r.Value(timelineColumn)
	if err != nil {
		return 0, err
	}
	present, ok := value.(int64)
	if !ok {
		return 0, fmt.Errorf("read the present timeline: it is a %T", value)
	}
	return present, nil
}

// nextSeq returns the seq of the next event, which is of the present timeline.
func (h *Room) nextSeq() int64 {
	if h.present > h.Timeline {
		if skipped := seqsSkipped(h.Timeline, h.present); skipped > 0 {
			h.Seq += skipped
			h.LogStart = h.Seq
		}
		h.Timeline = h.present
	}
	h.Seq++
	return h.Seq
}

// seqsSkipped is seqsToSkip for a room whose newest event is of the timeline last.
func seqsSkipped(last, present int64) int64 {
	switch {
	case last == 0 || last >= present:
		return 0
	case last/store.OneCluster == present/store.OneCluster:
		return store.SkippedSeqs * (present - last)
	default:
		return store.SkippedSeqs
	}
}

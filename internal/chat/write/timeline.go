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
// the skip before may have been lost, too.
//
// If the newest event is of a cluster that was made earlier, or of an unknown timeline (0, of a room
// that was restored or that a node of an earlier version has made), all timelines of the present
// cluster count. A room never returns to an earlier timeline, which a connection behind a pooler may
// still believe to be the present one.

// seqsToSkip is the number of seqs that a room skips, in a statement whose $7 is a
// [store.TimelineArg], $8 is [store.SkippedSeqs] and $9 is [store.OneCluster].
const seqsToSkip = `$8::bigint * GREATEST($7::bigint - GREATEST(timeline, $7::bigint / $9::bigint * $9::bigint), 0)`

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
func (r *Room) nextSeq() int64 {
	if r.present > r.Timeline {
		r.Seq += seqsSkipped(r.Timeline, r.present)
		r.LogStart, r.Timeline = r.Seq, r.present
	}
	r.Seq++
	return r.Seq
}

// seqsSkipped is seqsToSkip for a room whose newest event is of the timeline last.
func seqsSkipped(last, present int64) int64 {
	beforeCluster := present / store.OneCluster * store.OneCluster
	return store.SkippedSeqs * max(present-max(last, beforeCluster), 0)
}

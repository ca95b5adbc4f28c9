package roomlog

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/google/uuid"

	"parley/ent/roomevent"
	"parley/internal/store"
)

const (
	// maxEndings is how many rooms Endings reads, and endingDepth how many of the newest
	// events of each.
	maxEndings  = 100
	endingDepth = 1000
)

// Endings returns, for rooms that a user is not in, why the user's membership has ended: a
// LeaveReason, or DELETED. A room is missing if the user was not in it, as far as its log tells, or
// left long ago. It takes one statement, and reads at most 100 rooms.
func (l *Log) Endings(
	ctx context.Context, userID string, rooms []uuid.UUID,
) (map[uuid.UUID]string, error) {
	rooms = rooms[:min(len(rooms), maxEndings)]
	endings := make(map[uuid.UUID]string)
	inside := make(map[uuid.UUID]bool)
	err := store.Each(ctx, l.db, func(rows *sql.Rows) error {
		var id uuid.UUID
		var kind roomevent.Kind
		var reason sql.Null[string]
		var founder bool
		if err := rows.Scan(&id, &kind, &reason, &founder); err != nil {
			return err
		}
		switch kind {
		case roomevent.KindMEMBER_JOINED: // perhaps since the caller has found that they are not in it
			inside[id] = true
		case roomevent.KindMEMBER_LEFT:
			inside[id] = false
			endings[id] = reason.V
		case roomevent.KindROOM_DELETED:
			// Only those who were in the room may learn that it existed.
			if _, left := endings[id]; inside[id] || founder && !left {
				endings[id] = ReasonDeleted
			}
		default: // the statement selects no others
		}
		return nil
	}, `SELECT r.id, e.kind, e.reason, r.creator_id = $1 OR r.owner_id = $1
FROM rooms r JOIN room_events e ON e.room_id = r.id AND e.seq > r.seq - $2
WHERE `+store.AnyOf(l.dialect, "r.id", "$3", "uuid")+` AND (e.kind = 'ROOM_DELETED' OR
	e.kind IN ('MEMBER_JOINED', 'MEMBER_LEFT') AND e.subject_id = $1)
ORDER BY r.id, e.seq`, userID, endingDepth, store.IDList(l.dialect, rooms))
	if err != nil {
		return nil, fmt.Errorf("find why %q has left %d rooms: %w", userID, len(rooms), err)
	}
	return endings, nil
}

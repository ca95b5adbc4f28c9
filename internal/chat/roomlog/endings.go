package roomlog

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/google/uuid"

	"parley/internal/store"
)

// Endings returns, for rooms that a user is not in, why the user's last membership has ended: a
// LeaveReason, or DELETED. A room is missing if the user was never in it, or the record was pruned
// with the log. It takes one statement.
func (l *Log) Endings(
	ctx context.Context, userID string, rooms []uuid.UUID,
) (map[uuid.UUID]string, error) {
	endings := make(map[uuid.UUID]string)
	err := store.Each(ctx, l.db, func(rows *sql.Rows) error {
		var id uuid.UUID
		var reason string
		err := rows.Scan(&id, &reason)
		endings[id] = reason
		return err
	}, `SELECT room_id, reason FROM ended_memberships WHERE user_id = $1 AND `+
		store.AnyOf(l.dialect, "room_id", "$2", "uuid"),
		userID, store.IDList(l.dialect, rooms))
	if err != nil {
		return nil, fmt.Errorf("find why %q has left %d rooms: %w", userID, len(rooms), err)
	}
	return endings, nil
}

// endOf identifies the end of a membership among those of its user and room.
const endOf = "CAST(at AS text)"

// Ends returns what identifies the end of each user's last membership of a room, among the ends of
// the user's memberships of it. A user is missing if they were never in the room, or the record was
// pruned. It takes one statement.
func (l *Log) Ends(
	ctx context.Context, room uuid.UUID, users []string,
) (map[string]string, error) {
	ends := make(map[string]string)
	err := store.Each(ctx, l.db, func(rows *sql.Rows) error {
		var user, end string
		err := rows.Scan(&user, &end)
		ends[user] = end
		return err
	}, `SELECT user_id, `+endOf+` FROM ended_memberships WHERE room_id = $1 AND `+
		store.AnyOf(l.dialect, "user_id", "$2", "text"),
		room, store.List(l.dialect, users))
	if err != nil {
		return nil, fmt.Errorf("find when %d users have left room %s: %w", len(users), room, err)
	}
	return ends, nil
}

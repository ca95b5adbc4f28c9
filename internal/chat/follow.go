package chat

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/member"
	"parley/ent/roomevent"
	"parley/internal/chat/policy"
	"parley/internal/store"
)

// Followed is a room whose log a user may follow.
type Followed struct {
	// Head is the seq of the room's newest event. From an event above it on, the log itself tells
	// when the user is no longer in the room.
	Head int64
	// Joined is the seq before that of the event with which the user joined; 0 for a room's first
	// members.
	Joined int64
}

// FollowAll authorizes the viewer to follow the logs of their rooms, as [Chat.Follow] does for one.
// It returns those rooms, in one statement and at most limit of them; only the rooms of a list, if
// only is not nil.
func (c *Chat) FollowAll(
	ctx context.Context, v Viewer, only []uuid.UUID, limit int,
) (map[uuid.UUID]Followed, error) {
	query := `SELECT r.id, r.seq, r.access_type, r.direct, m.role, m.joined_seq
FROM members m JOIN rooms r ON r.id = m.room_id WHERE m.user_id = $1 AND r.deleted_at IS NULL`
	args := []any{v.ID}
	if only != nil {
		query += ` AND ` + store.AnyOf(c.dialect, "m.room_id", "$2", "uuid")
		args = append(args, store.IDList(c.dialect, only))
	}
	args = append(args, limit)
	followed := make(map[uuid.UUID]Followed)
	err := store.Each(ctx, c.db, func(rows *sql.Rows) error {
		var r ent.Room
		var role member.Role
		var joined int64
		if err := rows.Scan(&r.ID, &r.Seq, &r.AccessType, &r.Direct, &role, &joined); err != nil {
			return err
		}
		if policy.Allows(policy.Read, &r, policy.OfRole(role)) {
			followed[r.ID] = Followed{Head: r.Seq, Joined: joined}
		}
		return nil
	}, fmt.Sprintf("%s LIMIT $%d", query, len(args)), args...)
	if err != nil {
		return nil, fmt.Errorf("follow the rooms of %q: %w", v.ID, err)
	}
	return followed, nil
}

const (
	// maxEndings is how many rooms MembershipEndings reads, and endingDepth how many of the newest
	// events of each.
	maxEndings  = 100
	endingDepth = 1000
)

// MembershipEndings returns, for rooms that the viewer is not in, why the viewer's membership has
// ended: a LeaveReason, or DELETED. A room is missing if the viewer was not in it, as far as its log
// tells, or left long ago. It takes one statement, and reads at most 100 rooms.
func (c *Chat) MembershipEndings(
	ctx context.Context, v Viewer, rooms []uuid.UUID,
) (map[uuid.UUID]string, error) {
	rooms = rooms[:min(len(rooms), maxEndings)]
	endings := make(map[uuid.UUID]string)
	inside := make(map[uuid.UUID]bool)
	err := store.Each(ctx, c.db, func(rows *sql.Rows) error {
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
WHERE `+store.AnyOf(c.dialect, "r.id", "$3", "uuid")+` AND (e.kind = 'ROOM_DELETED' OR
	e.kind IN ('MEMBER_JOINED', 'MEMBER_LEFT') AND e.subject_id = $1)
ORDER BY r.id, e.seq`, v.ID, endingDepth, store.IDList(c.dialect, rooms))
	if err != nil {
		return nil, fmt.Errorf("find why %q has left %d rooms: %w", v.ID, len(rooms), err)
	}
	return endings, nil
}

// joinedPage is how many memberships one statement of Joined reads.
const joinedPage = 5000

// Joined calls found with each membership that has begun since a time, and continues. It takes one
// statement for each 5,000 of them.
func (c *Chat) Joined(
	ctx context.Context, since time.Time, found func(userID string, room uuid.UUID),
) error {
	for after, more := firstID(since), true; more; {
		members, err := c.db.Member.Query().Where(member.IDGT(after)).
			Order(member.ByID()).Limit(joinedPage).
			Select(member.FieldID, member.FieldRoomID, member.FieldUserID).All(ctx)
		if err != nil {
			return fmt.Errorf("find the memberships since %s: %w", since, err)
		}
		for _, m := range members {
			found(m.UserID, m.RoomID)
		}
		if more = len(members) == joinedPage; more {
			after = members[len(members)-1].ID
		}
	}
	return nil
}

package chat

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/member"
	"parley/ent/room"
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

// Follow authorises the viewer to follow a room's log and returns its head at that moment: from an
// event above it on, the log itself tells when the viewer is no longer in the room. Membership and
// head are read in one statement.
func (c *Chat) Follow(ctx context.Context, v Viewer, roomID uuid.UUID) (head int64, err error) {
	r, err := c.db.Room.Query().
		Where(room.ID(roomID), policy.Allowed(policy.Read, v.ID)).
		Select(room.FieldSeq).
		Only(ctx)
	if ent.IsNotFound(err) {
		return 0, refused(ctx, c.db, v, roomID, policy.Read)
	}
	if err != nil {
		return 0, fmt.Errorf("follow room %s: %w", roomID, err)
	}
	return r.Seq, nil
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

// MembershipEndings returns why the viewer's memberships of rooms have ended: see [roomlog.Log.Endings].
func (c *Chat) MembershipEndings(
	ctx context.Context, v Viewer, rooms []uuid.UUID,
) (map[uuid.UUID]string, error) {
	return c.log.Endings(ctx, v.ID, rooms)
}

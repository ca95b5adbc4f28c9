package read

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/ban"
	"parley/ent/friendship"
	"parley/ent/member"
	"parley/ent/room"
	"parley/internal/chat/policy"
	"parley/internal/chat/profiles"
	"parley/internal/store"
)

// RelationTo returns the relation of a user to a room, and their membership if there is one. While
// the room is locked it stays so.
func RelationTo(
	ctx context.Context, db *ent.Client, r *ent.Room, userID string,
) (policy.Relation, *ent.Member, error) {
	m, err := db.Member.Query().Where(member.RoomID(r.ID), member.UserID(userID)).Only(ctx)
	if err == nil {
		return policy.OfRole(m.Role), m, nil
	}
	if !ent.IsNotFound(err) {
		return policy.Outsider, nil, fmt.Errorf("find %q in room %s: %w", userID, r.ID, err)
	}
	banned, err := db.Ban.Query().Where(ban.RoomID(r.ID), ban.UserID(userID)).Exist(ctx)
	if err != nil {
		return policy.Outsider, nil, fmt.Errorf(
			"find a ban of %q in room %s: %w", userID, r.ID, err,
		)
	}
	friend, err := IsOwnersFriend(ctx, db, r, userID)
	return policy.Outside(banned, friend), nil, err
}

// IsOwnersFriend reports whether a user is a friend of a room's owner, if that matters to the room.
func IsOwnersFriend(ctx context.Context, db *ent.Client, r *ent.Room, userID string) (bool, error) {
	if r.AccessType != room.AccessTypeFRIEND {
		return false, nil
	}
	is, err := db.Friendship.Query().Where(friendship.UserID(userID),
		friendship.FriendID(r.OwnerID), friendship.StateEQ(friendship.StateFRIENDS)).Exist(ctx)
	if err != nil {
		return false, fmt.Errorf("find whether %q is a friend of %q: %w", userID, r.OwnerID, err)
	}
	return is, nil
}

// Access is what decides whether a user may read a room's log, at one moment.
type Access struct {
	// Room has what the policy needs to know, and its seq.
	Room     *ent.Room
	Relation policy.Relation
	Profiles profiles.Version
}

// AccessTo returns the access of a user to a room, in one statement, or two if the user is not in the
// room and friends of its owner have rights. found is false if there is no such room.
func (rd *Reader) AccessTo(
	ctx context.Context, userID string, roomID uuid.UUID,
) (a Access, found bool, err error) {
	r := &ent.Room{ID: roomID}
	var role sql.Null[member.Role]
	var banned bool
	err = store.Each(ctx, rd.db, func(rows *sql.Rows) error {
		found = true
		return rows.Scan(&r.Seq, &r.AccessType, &r.Direct, &r.OwnerID, &role, &banned, &a.Profiles)
	}, `SELECT r.seq, r.access_type, r.direct, r.owner_id, m.role,
	m.role IS NULL AND EXISTS (SELECT 1 FROM bans WHERE room_id = $1 AND user_id = $2),
	`+profiles.ReadVersion+`
FROM rooms r LEFT JOIN members m ON m.room_id = $1 AND m.user_id = $2
WHERE r.id = $1 AND r.deleted_at IS NULL`, roomID, userID)
	if err != nil {
		return a, false, fmt.Errorf("read the access of %q to room %s: %w", userID, roomID, err)
	}
	a.Room = r
	if found && role.Valid {
		a.Relation = policy.OfRole(role.V)
		return a, true, nil
	}
	friend, err := IsOwnersFriend(ctx, rd.db, r, userID)
	a.Relation = policy.Outside(banned, friend)
	return a, found, err
}

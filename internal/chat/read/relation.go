package read

import (
	"context"
	"fmt"

	"parley/ent"
	"parley/ent/ban"
	"parley/ent/friendship"
	"parley/ent/member"
	"parley/ent/room"
	"parley/internal/chat/policy"
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

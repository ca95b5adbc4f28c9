package chat

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/ban"
	"parley/ent/friendship"
	"parley/ent/member"
	"parley/ent/room"
)

// relate returns what a person is to a room, and their membership where they have one. Behind the
// room's lock it stays so until the transaction ends.
func relate(
	ctx context.Context,
	db *ent.Client,
	r *ent.Room,
	userID string,
) (relation, *ent.Member, error) {
	m, err := db.Member.Query().Where(member.RoomID(r.ID), member.UserID(userID)).Only(ctx)
	if err == nil {
		return relationOfRole(m.Role), m, nil
	}
	if !ent.IsNotFound(err) {
		return outsider, nil, fmt.Errorf("find %q in room %s: %w", userID, r.ID, err)
	}
	isBanned, err := db.Ban.Query().Where(ban.RoomID(r.ID), ban.UserID(userID)).Exist(ctx)
	if err != nil {
		return outsider, nil, fmt.Errorf("find a ban of %q in room %s: %w", userID, r.ID, err)
	}
	isFriend, err := befriended(ctx, db, r, userID)
	return relationOutside(isBanned, isFriend), nil, err
}

// befriended tells whether somebody is a friend of a room's owner, where that matters: friendships
// are people's, and are found in a statement of their own.
func befriended(ctx context.Context, db *ent.Client, r *ent.Room, userID string) (bool, error) {
	if r.AccessType != room.AccessTypeFRIEND {
		return false, nil
	}
	is, err := db.Friendship.Query().
		Where(friendship.UserID(userID), friendship.FriendID(r.OwnerID), friendship.StateEQ(friendship.StateFRIENDS)).
		Exist(ctx)
	if err != nil {
		return false, fmt.Errorf("find whether %q is a friend of %q: %w", userID, r.OwnerID, err)
	}
	return is, nil
}

// relationOutside is what somebody outside a room is to it.
func relationOutside(isBanned, isFriend bool) relation {
	switch {
	case isBanned && isFriend:
		return bannedFriend
	case isBanned:
		return banned
	case isFriend:
		return friend
	default:
		return outsider
	}
}

// relate is [relate] in a room that is held.
func (h *held) relate(ctx context.Context, userID string) (relation, *ent.Member, error) {
	return relate(ctx, h.tx.Client(), h.Room, userID)
}

// enter holds a room in which the viewer does something that only members may, and returns their
// membership of it. It fails where the policy does not let them.
func (t *tx) enter(
	ctx context.Context,
	v Viewer,
	id uuid.UUID,
	a action,
) (*held, *ent.Member, error) {
	h, err := t.hold(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	who, m, err := h.relate(ctx, v.ID)
	if err != nil {
		return nil, nil, err
	}
	if err := permit(a, doorOf(h.Room), who); err != nil {
		return nil, nil, err
	}
	return h, m, nil
}

// permits asks the policy about a member of the room.
func (h *held) permits(a action, m *ent.Member) error {
	return permit(a, doorOf(h.Room), relationOfRole(m.Role))
}

// refused is the answer to somebody for whom a query with [allowed] has found nothing.
func refused(ctx context.Context, db *ent.Client, v Viewer, id uuid.UUID, a action) error {
	r, err := db.Room.Query().Where(room.ID(id), room.DeletedAtIsNil()).Only(ctx)
	if ent.IsNotFound(err) {
		return errNoRoom()
	}
	if err != nil {
		return fmt.Errorf("get room %s: %w", id, err)
	}
	who, _, err := relate(ctx, db, r, v.ID)
	if err != nil {
		return err
	}
	if err := permit(a, doorOf(r), who); err != nil {
		return err
	}
	return &Error{
		Code:    Unavailable,
		Message: "The room has just changed. Try again.",
	} // they have come in meanwhile
}

// may tells whether the viewer may do something to a room that they see, by their membership of it;
// nil: they have none.
func may(a action, r *ent.Room, m *Membership) bool {
	who := outsider
	if m != nil {
		who = relationOfRole(m.Role)
	}
	return decide(a, doorOf(r), who) == ok
}

// MayRead tells whether the viewer may read the messages of a room, by their membership of it; nil:
// they have none.
func (c *Chat) MayRead(r *ent.Room, m *Membership) bool { return may(toRead, r, m) }

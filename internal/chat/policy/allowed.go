package policy

import (
	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"parley/ent/ban"
	"parley/ent/friendship"
	"parley/ent/member"
	"parley/ent/predicate"
	"parley/ent/room"
)

// Allowed returns the policy as a condition. It selects the rooms in which a user may perform an
// action, which must be allowed to all members or to none. Deleted rooms allow no action.
func Allowed(a Action, userID string) predicate.Room {
	return allowed(a, userID, nil, nil)
}

// AllowedIn is [Allowed] for one room. Each of its subqueries names the room by a parameter, so
// that a sharded database can run it where the room is.
func AllowedIn(a Action, userID string, id uuid.UUID) predicate.Room {
	return room.And(room.ID(id), allowed(a, userID,
		[]predicate.Member{member.RoomID(id)}, []predicate.Ban{ban.RoomID(id)}))
}

// allowed is [Allowed] with conditions of the rows of members and bans that are considered.
func allowed(
	a Action, userID string, members []predicate.Member, bans []predicate.Ban,
) predicate.Room {
	isMember := room.HasMembersWith(append(members, member.UserID(userID))...)
	isBanned := room.HasBansWith(append(bans, ban.UserID(userID))...)
	var where []predicate.Room
	always := true // members may, whatever the visibility
	for v := range visibilities {
		always = always && Decide(a, v, Member) == OK
	}
	if always {
		where = append(where, isMember)
	}
	for v := range visibilities {
		outsiders, allUsers := allowedOutside(a, v, userID, isBanned)
		if !always && !allUsers && Decide(a, v, Member) == OK {
			outsiders = append(outsiders, isMember)
		}
		switch {
		case allUsers && outsiders == nil:
			where = append(where, hasVisibility(v))
		case outsiders != nil:
			where = append(where, room.And(hasVisibility(v), room.Or(outsiders...)))
		}
	}
	return room.And(room.DeletedAtIsNil(), room.Or(where...))
}

// allowedOutside returns conditions for the rooms of a visibility in which a user who is not a
// member may perform an action: one of them must hold, and without conditions it is denied. The
// second result reports whether all users may who are not banned, so that members need no own
// condition.
func allowedOutside(
	a Action, v Visibility, userID string, isBanned predicate.Room,
) (where []predicate.Room, allUsers bool) {
	may := func(r Relation) bool { return Decide(a, v, r) == OK }
	switch {
	case may(Outsider) && may(Banned):
		return nil, true
	case may(Outsider):
		return []predicate.Room{room.Not(isBanned)}, true
	case may(OwnersFriend) && may(BannedFriend):
		return []predicate.Room{ownedByFriend(userID)}, false
	case may(OwnersFriend):
		return []predicate.Room{room.And(ownedByFriend(userID), room.Not(isBanned))}, false
	default:
		return nil, false
	}
}

// hasVisibility selects rooms by their visibility.
func hasVisibility(v Visibility) predicate.Room {
	switch v {
	case Public:
		return room.AccessTypeEQ(room.AccessTypePUBLIC)
	case Friend:
		return room.AccessTypeEQ(room.AccessTypeFRIEND)
	case Direct:
		return room.Direct(true)
	default:
		return room.And(room.AccessTypeEQ(room.AccessTypePRIVATE), room.Direct(false))
	}
}

// HasMember selects the rooms that a user is in.
func HasMember(userID string) predicate.Room {
	return room.HasMembersWith(member.UserID(userID))
}

// ownedByFriend selects the rooms whose owner is a friend of a user.
func ownedByFriend(userID string) predicate.Room {
	return func(s *entsql.Selector) {
		f := entsql.Table(friendship.Table)
		s.Where(entsql.In(s.C(room.FieldOwnerID),
			entsql.Select(f.C(friendship.FieldFriendID)).From(f).Where(entsql.And(
				entsql.EQ(f.C(friendship.FieldUserID), userID),
				entsql.EQ(f.C(friendship.FieldState), friendship.StateFRIENDS),
			)),
		))
	}
}

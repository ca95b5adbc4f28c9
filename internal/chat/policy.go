package chat

import (
	entsql "entgo.io/ent/dialect/sql"

	"parley/ent/ban"
	"parley/ent/friendship"
	"parley/ent/member"
	"parley/ent/predicate"
	"parley/ent/room"
)

// visibleTo selects the rooms that a person may see: those they are in, public ones, and their friends' ones.
// It is the one rule of visibility; deleted rooms are seen by nobody.
func visibleTo(userID string) predicate.Room {
	return room.And(room.DeletedAtIsNil(), room.Or(
		room.AccessTypeEQ(room.AccessTypePUBLIC),
		memberIs(userID),
		ofFriend(userID),
	))
}

// joinableBy selects the rooms that a person is shown when they look for one to join: public ones and their friends'
// ones, also those they are in already, none that they are banned from.
func joinableBy(userID string) predicate.Room {
	return room.And(
		room.DeletedAtIsNil(),
		room.Or(room.AccessTypeEQ(room.AccessTypePUBLIC), ofFriend(userID)),
		room.Not(room.HasBansWith(ban.UserID(userID))),
	)
}

// memberIs selects the rooms that a person is in.
func memberIs(userID string) predicate.Room {
	return room.HasMembersWith(member.UserID(userID))
}

// ofFriend selects the FRIEND rooms whose owner is a friend of the person.
func ofFriend(userID string) predicate.Room {
	return room.And(room.AccessTypeEQ(room.AccessTypeFRIEND), func(s *entsql.Selector) {
		f := entsql.Table(friendship.Table)
		s.Where(entsql.In(s.C(room.FieldOwnerID),
			entsql.Select(f.C(friendship.FieldFriendID)).From(f).Where(entsql.And(
				entsql.EQ(f.C(friendship.FieldUserID), userID),
				entsql.EQ(f.C(friendship.FieldState), friendship.StateFRIENDS),
			)),
		))
	})
}

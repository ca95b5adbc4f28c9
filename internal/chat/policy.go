package chat

import (
	entsql "entgo.io/ent/dialect/sql"

	"parley/ent"
	"parley/ent/ban"
	"parley/ent/friendship"
	"parley/ent/member"
	"parley/ent/predicate"
	"parley/ent/room"
)

// This file is the policy: the one place that decides who may see, join and do what. It is a table;
// docs/permissions.md shows it whole. Queries ask it as a condition (allowed), writes behind the
// room's lock (tx.enter), and open streams begin with the one and are ended by the log.

// action is something that people do to a room, or see of it.
type action int

const (
	toSee action = iota
	toFind
	toJoin
	toJoinByKey
	toRead
	toWrite
	toLeave
	toDeleteOthers
	toAdd
	toRemove
	toUnban
	toSeeBans
	toUpdate
	toSeeKey
	toRotateKey
	toResize
	toChangeRoles
	toChangeAccess
	toDelete
	actions
)

func (a action) String() string {
	return [actions]string{
		toSee:          "see the room",
		toFind:         "find it in `rooms`",
		toJoin:         "join without the right key",
		toJoinByKey:    "join with the right key",
		toRead:         "read and follow messages and events",
		toWrite:        "send, react, mark read, change own messages",
		toLeave:        "leave",
		toDeleteOthers: "delete messages of those below",
		toAdd:          "add members",
		toRemove:       "remove and ban those below",
		toUnban:        "unban",
		toSeeBans:      "see who is banned",
		toUpdate:       "change name, description and tags",
		toSeeKey:       "see the key",
		toRotateKey:    "replace the key",
		toResize:       "change the size",
		toChangeRoles:  "change roles",
		toChangeAccess: "change the access type",
		toDelete:       "delete the room",
	}[a]
}

// door is what a room is to those outside: its access type, or that it is kept for two people.
type door int

const (
	publicDoor door = iota
	privateDoor
	friendDoor
	directDoor
	doors
)

func (d door) String() string {
	return [doors]string{publicDoor: "PUBLIC", privateDoor: "PRIVATE", friendDoor: "FRIEND", directDoor: "direct"}[d]
}

// doorOf returns a room's door.
func doorOf(r *ent.Room) door {
	switch {
	case r.Direct:
		return directDoor
	case r.AccessType == room.AccessTypePUBLIC:
		return publicDoor
	case r.AccessType == room.AccessTypeFRIEND:
		return friendDoor
	default:
		return privateDoor
	}
}

// relation is what a person is to a room. Friends are its owner's. Nobody is banned who is in it.
type relation int

const (
	outsider relation = iota
	friend
	banned
	bannedFriend
	ordinaryMember
	moderator
	owner
	relations
)

func (r relation) String() string {
	return [relations]string{
		outsider: "outsider", friend: "friend", banned: "banned", bannedFriend: "banned friend",
		ordinaryMember: "member", moderator: "moderator", owner: "owner",
	}[r]
}

// inside tells whether the relation is a membership.
func (r relation) inside() bool { return r >= ordinaryMember }

// relationOfRole returns what a member is.
func relationOfRole(role member.Role) relation {
	switch role {
	case member.RoleOWNER:
		return owner
	case member.RoleMODERATOR:
		return moderator
	default:
		return ordinaryMember
	}
}

// mayTouch tells whether someone may do something to another person in the room, as far as those
// two are concerned: to somebody of the same or a higher role nobody may. Outside is the lowest.
func mayTouch(by, to relation) bool { return by.inside() && by > to }

// What the policy answers: yes, or the code of an error. The zero value, of a row that is missing,
// denies.
const (
	ok Code = "OK"
	no      = Forbidden
	nf      = NotFound
	wk      = WrongKey
	ba      = Banned
)

// decide answers whether someone may do something: ok, or the code of the error. Where the table
// has no row it answers "", which is not ok.
func decide(a action, d door, r relation) Code {
	if r.inside() {
		return decideInside(a, d)[r-ordinaryMember]
	}
	if a <= toJoinByKey {
		return decideOutside(d)[a][r]
	}
	if decideOutside(d)[toSee][r] != ok {
		return nf // what one may not see cannot be told from what does not exist
	}
	return no
}

// decideOutside is the half of the table about those who are not in the room. What it leaves out
// takes membership.
func decideOutside(d door) [toJoinByKey + 1][4]Code {
	// outsider, friend, banned, banned friend
	return [doors][toJoinByKey + 1][4]Code{
		publicDoor: {
			toSee:       {ok, ok, ok, ok},
			toFind:      {ok, ok, ba, ba},
			toJoin:      {ok, ok, ba, ba},
			toJoinByKey: {ok, ok, ba, ba},
		},
		privateDoor: {
			toSee:       {nf, nf, nf, nf},
			toFind:      {nf, nf, nf, nf},
			toJoin:      {wk, wk, wk, wk},
			toJoinByKey: {ok, ok, ba, ba},
		},
		friendDoor: {
			toSee:       {nf, ok, nf, ok},
			toFind:      {nf, ok, nf, ba},
			toJoin:      {wk, ok, wk, ba},
			toJoinByKey: {wk, ok, wk, ba},
		},
		directDoor: {
			toSee:       {nf, nf, nf, nf},
			toFind:      {nf, nf, nf, nf},
			toJoin:      {wk, wk, wk, wk},
			toJoinByKey: {wk, wk, wk, wk},
		},
	}[d]
}

// decideInside is the half of the table about members.
func decideInside(a action, d door) [3]Code {
	everyone, moderators, ownerOnly, nobody := [3]Code{
		ok,
		ok,
		ok,
	}, [3]Code{
		no,
		ok,
		ok,
	}, [3]Code{
		no,
		no,
		ok,
	}, [3]Code{
		no,
		no,
		no,
	}
	//                   PUBLIC      PRIVATE     FRIEND      direct
	return [actions][doors][3]Code{
		toSee:          {everyone, everyone, everyone, everyone},
		toFind:         {everyone, nobody, everyone, nobody},
		toJoin:         {everyone, everyone, everyone, everyone}, // they are in: nothing changes
		toJoinByKey:    {everyone, everyone, everyone, everyone},
		toRead:         {everyone, everyone, everyone, everyone},
		toWrite:        {everyone, everyone, everyone, everyone},
		toLeave:        {everyone, everyone, everyone, everyone},
		toDeleteOthers: {moderators, moderators, moderators, nobody},
		toAdd:          {moderators, moderators, moderators, nobody},
		toRemove:       {moderators, moderators, moderators, nobody},
		toUnban:        {moderators, moderators, moderators, nobody},
		toSeeBans:      {moderators, moderators, moderators, nobody},
		toUpdate:       {moderators, moderators, moderators, ownerOnly},
		toSeeKey:       {nobody, moderators, nobody, nobody}, // where a key is asked for
		toRotateKey:    {moderators, moderators, moderators, nobody},
		toResize:       {moderators, moderators, moderators, nobody},
		toChangeRoles:  {ownerOnly, ownerOnly, ownerOnly, nobody},
		toChangeAccess: {ownerOnly, ownerOnly, ownerOnly, nobody},
		toDelete:       {ownerOnly, ownerOnly, ownerOnly, ownerOnly},
	}[a][d]
}

// permit is decide, with the error that its answer stands for.
func permit(a action, d door, r relation) error {
	switch code := decide(a, d, r); code {
	case ok:
		return nil
	case NotFound:
		return errNoRoom()
	case WrongKey:
		return errWrongKey()
	case Banned:
		return &Error{Code: Banned, Message: "You are banned from this room."}
	default: // also the zero value
		return &Error{Code: Forbidden, Message: whoMay(a, d, r)}
	}
}

// whoMay says who may do what somebody may not.
func whoMay(a action, d door, r relation) string {
	switch {
	case !r.inside():
		return "Only members of the room may do this."
	case d == directDoor:
		return "In a direct room nobody may do this."
	case decide(a, d, moderator) == ok:
		return "Only the room's owner or a moderator may do this."
	default:
		return "Only the room's owner may do this."
	}
}

// allowed is the policy as a condition: it selects the rooms to which it lets a person do something
// that all members may or none. Rooms that are deleted let nobody do anything.
func allowed(a action, userID string) predicate.Room {
	var where []predicate.Room
	always := true // members may, whatever the door
	for d := range doors {
		always = always && decide(a, d, ordinaryMember) == ok
	}
	if always {
		where = append(where, memberIs(userID))
	}
	for d := range doors {
		outside, all := allowedOutside(a, d, userID)
		if !always && !all && decide(a, d, ordinaryMember) == ok {
			outside = append(outside, memberIs(userID))
		}
		switch {
		case all && outside == nil:
			where = append(where, doorIs(d))
		case outside != nil:
			where = append(where, room.And(doorIs(d), room.Or(outside...)))
		}
	}
	return room.And(room.DeletedAtIsNil(), room.Or(where...))
}

// allowedOutside selects those outside a door who may do something, as what one of the conditions
// holds for; none: nobody. all tells that it is for all who are not banned, so that members need no
// condition of their own.
func allowedOutside(a action, d door, userID string) (where []predicate.Room, all bool) {
	may := func(r relation) bool { return decide(a, d, r) == ok }
	switch {
	case may(outsider) && may(banned):
		return nil, true
	case may(outsider):
		return []predicate.Room{room.Not(bans(userID))}, true
	case may(friend) && may(bannedFriend):
		return []predicate.Room{ofFriend(userID)}, false
	case may(friend):
		return []predicate.Room{room.And(ofFriend(userID), room.Not(bans(userID)))}, false
	default:
		return nil, false
	}
}

// doorIs selects rooms by their door.
func doorIs(d door) predicate.Room {
	switch d {
	case publicDoor:
		return room.AccessTypeEQ(room.AccessTypePUBLIC)
	case friendDoor:
		return room.AccessTypeEQ(room.AccessTypeFRIEND)
	case directDoor:
		return room.Direct(true)
	default:
		return room.And(room.AccessTypeEQ(room.AccessTypePRIVATE), room.Direct(false))
	}
}

// memberIs selects the rooms that a person is in.
func memberIs(userID string) predicate.Room {
	return room.HasMembersWith(member.UserID(userID))
}

// bans selects the rooms that a person is banned from.
func bans(userID string) predicate.Room {
	return room.HasBansWith(ban.UserID(userID))
}

// ofFriend selects the rooms whose owner is a friend of the person.
func ofFriend(userID string) predicate.Room {
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

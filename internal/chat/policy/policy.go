// Package policy decides which users may do what: it is a table of the actions by the visibility of
// the room and the relation of the user to it, and docs/permissions.md shows it whole. What the
// table does not allow is denied, and so is what has no row.
//
// Queries ask it as a condition (see [Allowed]), writes ask it while they hold the room's lock, and
// a subscription asks it when it begins; the log ends it.
package policy

import (
	"parley/ent"
	"parley/ent/member"
	"parley/ent/room"
)

// Action is something that users do to a room, or see of it.
type Action int

// The actions. Those up to JoinByKey are decided for users outside the room, too.
const (
	See Action = iota
	Find
	Join
	JoinByKey
	Read
	Write
	Leave
	DeleteOthers
	Add
	Remove
	Unban
	SeeBans
	Update
	SeeKey
	RotateKey
	Resize
	ChangeRoles
	ChangeAccess
	Delete
	actions
)

// String returns the action as docs/permissions.md has it.
func (a Action) String() string { return rules[a].name }

// Visibility is what a room is to those outside: its access type, or that it is for two users.
type Visibility int

// The visibilities.
const (
	Public Visibility = iota
	Private
	Friend
	Direct
	visibilities
)

// String returns the access type; "direct" for a direct room.
func (v Visibility) String() string {
	return [visibilities]string{"PUBLIC", "PRIVATE", "FRIEND", "direct"}[v]
}

// VisibilityOf returns the visibility of a room.
func VisibilityOf(r *ent.Room) Visibility {
	switch {
	case r.Direct:
		return Direct
	case r.AccessType == room.AccessTypePUBLIC:
		return Public
	case r.AccessType == room.AccessTypeFRIEND:
		return Friend
	default:
		return Private
	}
}

// Relation is what a user is to a room. Friends are those of its owner. Members are not banned.
type Relation int

// The relations. Members are the last three, the more powerful ones later.
const (
	Outsider Relation = iota
	OwnersFriend
	Banned
	BannedFriend
	Member
	Moderator
	Owner
	relations
)

// String returns the relation as docs/permissions.md has it.
func (r Relation) String() string {
	return [relations]string{
		"outsider", "friend", "banned", "banned friend", "member", "moderator", "owner",
	}[r]
}

// IsMember reports whether the relation is a membership.
func (r Relation) IsMember() bool { return r >= Member }

// OfRole returns the relation of a member with a role.
func OfRole(role member.Role) Relation {
	switch role {
	case member.RoleOWNER:
		return Owner
	case member.RoleMODERATOR:
		return Moderator
	default:
		return Member
	}
}

// Outside returns the relation of a user who is not a member.
func Outside(banned, friend bool) Relation {
	switch {
	case banned && friend:
		return BannedFriend
	case banned:
		return Banned
	case friend:
		return OwnersFriend
	default:
		return Outsider
	}
}

// Outranks reports whether a member may do something to another user, as far as their relations are
// concerned: not to one of the same role or a higher one. Those outside are the lowest.
func (r Relation) Outranks(other Relation) bool { return r.IsMember() && r > other }

// Decision is a decision of the policy.
type Decision int

// The decisions. The zero value denies.
const (
	// Forbidden: the user may know of the room, but not do this.
	Forbidden Decision = iota
	// OK: the user may.
	OK
	// NotFound: to the user the room does not exist.
	NotFound
	// WrongKey: the user may join with the right key only, or not at all without being told so.
	WrongKey
	// IsBanned: the user may not because of a ban.
	IsBanned
)

// Decide returns whether a user with a relation to a room may do something.
func Decide(a Action, v Visibility, r Relation) Decision {
	rule := &rules[a]
	switch {
	case r.IsMember():
		return rule.members[v][r-Member]
	case a <= JoinByKey:
		return rule.others[v][r]
	case Decide(See, v, r) != OK:
		return NotFound // what users may not see cannot be told from what does not exist
	default:
		return Forbidden
	}
}

// Allows reports whether a user with a relation to a room may do something.
func Allows(a Action, r *ent.Room, relation Relation) bool {
	return Decide(a, VisibilityOf(r), relation) == OK
}

// Least returns the least relation of members who may do something; false if no member may.
func Least(a Action, v Visibility) (Relation, bool) {
	for r := Member; r < relations; r++ {
		if Decide(a, v, r) == OK {
			return r, true
		}
	}
	return 0, false
}

package policy

// rule is a row of the policy: who may do one action.
type rule struct {
	name string
	// members are the answers to members, moderators and the owner.
	members [visibilities][3]Decision
	// others are the answers to an outsider, a friend, a banned user and a banned friend; only of
	// actions up to JoinByKey.
	others [visibilities][4]Decision
}

// Short forms for the table.
const (
	no = Forbidden
	ok = OK
	nf = NotFound
	wk = WrongKey
	ba = IsBanned
)

type (
	roles   = [3]Decision
	members = [visibilities]roles
	others  = [visibilities][4]Decision
)

//nolint:gochecknoglobals // never changed
var (
	all       = roles{ok, ok, ok}
	moderates = roles{no, ok, ok}
	owns      = roles{no, no, ok}
	none      = roles{}

	moderation = members{moderates, moderates, moderates, none}
	ownership  = members{owns, owns, owns, none}
)

// rules is the policy.
//
//nolint:gochecknoglobals // never changed
var rules = [actions]rule{
	// visibilities: PUBLIC, PRIVATE, FRIEND, direct
	See: {
		name: "see the room", members: members{all, all, all, all},
		others: others{{ok, ok, ok, ok}, {nf, nf, nf, nf}, {nf, ok, nf, ok}, {nf, nf, nf, nf}},
	},
	Find: {
		name: "find it in `rooms`", members: members{all, none, all, none},
		others: others{{ok, ok, ba, ba}, {nf, nf, nf, nf}, {nf, ok, nf, ba}, {nf, nf, nf, nf}},
	},
	Join: { // for members nothing changes
		name: "join without the right key", members: members{all, all, all, all},
		others: others{{ok, ok, ba, ba}, {wk, wk, wk, wk}, {wk, ok, wk, ba}, {wk, wk, wk, wk}},
	},
	JoinByKey: {
		name: "join with the right key", members: members{all, all, all, all},
		others: others{{ok, ok, ba, ba}, {ok, ok, ba, ba}, {wk, ok, wk, ba}, {wk, wk, wk, wk}},
	},
	Read: {
		name: "read and follow messages and events", members: members{all, all, all, all},
	},
	Write: {
		name: "send, react, mark read, change own messages", members: members{all, all, all, all},
	},
	Leave:        {name: "leave", members: members{all, all, all, all}},
	DeleteOthers: {name: "delete messages of those below", members: moderation},
	Add:          {name: "add members", members: moderation},
	Remove:       {name: "remove and ban those below", members: moderation},
	Unban:        {name: "unban", members: moderation},
	SeeBans:      {name: "see who is banned", members: moderation},
	Update: {
		name:    "change name, description and tags",
		members: members{moderates, moderates, moderates, owns},
	},
	SeeKey:       {name: "see the key", members: members{none, moderates, none, none}},
	RotateKey:    {name: "replace the key", members: moderation},
	Resize:       {name: "change the size", members: moderation},
	ChangeRoles:  {name: "change roles", members: ownership},
	ChangeAccess: {name: "change the access type", members: ownership},
	Delete:       {name: "delete the room", members: members{owns, owns, owns, owns}},
}

package graph_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"parley/graph"
	"parley/internal/testkit"
	"parley/internal/testkit/scale"
)

// The matrix runs every operation on a room, as a user of every role, for every kind of room. The
// expected results are constants and not computed:
//
//	.   it works, or is there
//	-   it is null, or not in the list, without an error
//	FO  FORBIDDEN
//	NF  NOT_FOUND
//	WK  WRONG_KEY
//	BA  BANNED
//	BI  BAD_USER_INPUT
//	    (two spaces if there is no user of that kind: see people)

// people are the columns: those outside (bannedfriend: the owner's friend who is banned, admin: an
// outsider whose token has the claim) and the members. A direct room has no moderator and no bans.
var people = []string{
	"outsider",
	"friend",
	"banned",
	"bannedfriend",
	"admin",
	"member",
	"moderator",
	"owner",
}

var visibilities = []string{"PUBLIC", "PRIVATE", "FRIEND", "direct"}

// answers are what people get, by door.
type answers map[string]string

// members returns the results of an operation that is denied to users outside the room, with a code
// that depends on whether they see it. The arguments are the results of the member, the moderator
// and the owner; in a direct room, of the member and the owner.
func members(ordinary, direct string) answers {
	return answers{
		"PUBLIC":  "FO FO FO FO FO " + ordinary,
		"PRIVATE": "NF NF NF NF NF " + ordinary,
		"FRIEND":  "NF FO NF FO NF " + ordinary,
		"direct":  "NF NF       NF " + withoutModerator(direct),
	}
}

// withoutModerator leaves the moderator's column free.
func withoutModerator(answers string) string {
	memberAndOwner := strings.Fields(answers)
	return fmt.Sprintf("%-6s%s", memberAndOwner[0], memberAndOwner[1])
}

// shown returns the results of a field of a room, by the role of the member. Users outside who see
// the room get null.
func shown(public, private, friend, direct string) answers {
	return answers{
		"PUBLIC":  "-  -  -  -  -  " + public,
		"PRIVATE": "NF NF NF NF NF " + private,
		"FRIEND":  "NF -  NF -  NF " + friend,
		"direct":  "NF NF       NF " + withoutModerator(direct),
	}
}

// listed are the answers of a list that has the rooms one is in.
func listed() answers {
	return answers{
		"PUBLIC":  "-  -  -  -  -  .  .  .",
		"PRIVATE": "-  -  -  -  -  .  .  .",
		"FRIEND":  "-  -  -  -  -  .  .  .",
		"direct":  "-  -        -  .     .",
	}
}

// operation is a row: a root field, and behind a comma how it is used; or a field of Room.
type operation struct {
	name string
	ask  string
	// changes: where it works, the room is another one after it.
	changes bool
	// vars are the variables besides $room.
	vars func(c *matrixUsers, who string) testkit.Vars
	// there tells whether what was asked for is there; nil: whether the root field is not null.
	there func(c *matrixUsers, data testkit.JSON) bool
	want  answers
}

func withTarget(
	c *matrixUsers,
	who string,
) testkit.Vars {
	return testkit.Vars{"user": c.target(who)}
}

func withOwn(c *matrixUsers, who string) testkit.Vars { return testkit.Vars{"message": c.own(who)} }

func withOthers(c *matrixUsers, who string) testkit.Vars {
	return testkit.Vars{"message": c.others(who)}
}

// field is there where a field of the room is not null.
func field(name string) func(*matrixUsers, testkit.JSON) bool {
	return func(_ *matrixUsers, data testkit.JSON) bool { return !data.IsNull("roomInfo." + name) }
}

// has is there where the room is in a list of ids.
func has(path string) func(*matrixUsers, testkit.JSON) bool {
	return func(c *matrixUsers, data testkit.JSON) bool { return slices.Contains(data.Strs(path), c.room) }
}

func matrix() []operation {
	return []operation{
		{
			name: "roomInfo",
			ask:  `query($room: ID!) { roomInfo(roomId: $room) { id memberCount members { nodes { id } } } }`,
			want: answers{
				//          outsider friend banned bannedfriend admin member moderator owner
				"PUBLIC":  ".  .  .  .  .  .  .  .",
				"PRIVATE": "NF NF NF NF NF .  .  .",
				"FRIEND":  "NF .  NF .  NF .  .  .",
				"direct":  "NF NF       NF .     .",
			},
		},
		{name: "node, a room", ask: `query($room: ID!) { node(id: $room) { id } }`, want: answers{
			"PUBLIC":  ".  .  .  .  .  .  .  .",
			"PRIVATE": "-  -  -  -  -  .  .  .",
			"FRIEND":  "-  .  -  .  -  .  .  .",
			"direct":  "-  -        -  .     .",
		}},
		{
			name: "node, a message",
			ask:  `query($message: ID!) { node(id: $message) { id } }`,
			vars: withOthers,
			want: listed(),
		},
		{
			name:  "rooms",
			ask:   `{ rooms(first: 100) { nodes { id } } }`,
			there: has("rooms.nodes.*.id"),
			want: answers{
				"PUBLIC":  ".  .  -  -  .  .  .  .",
				"PRIVATE": "-  -  -  -  -  -  -  -",
				"FRIEND":  "-  .  -  -  -  .  .  .",
				"direct":  "-  -        -  -     -",
			},
		},
		{
			name:  "myRooms",
			ask:   `{ myRooms(first: 100) { nodes { id } } }`,
			there: has("myRooms.nodes.*.id"),
			want:  listed(),
		},
		{name: "myRoomIds", ask: `{ myRoomIds }`, there: has("myRoomIds"), want: listed()},

		{
			name:  "Room.messages",
			ask:   `query($room: ID!) { roomInfo(roomId: $room) { messages { nodes { id } } } }`,
			there: field("messages"),
			want:  shown(".  .  .", ".  .  .", ".  .  .", ". ."),
		},
		{
			name:  "Room.latestMessage",
			ask:   `query($room: ID!) { roomInfo(roomId: $room) { latestMessage { id } } }`,
			there: field("latestMessage"),
			want:  shown(".  .  .", ".  .  .", ".  .  .", ". ."),
		},
		{
			name:  "Room.viewerRole",
			ask:   `query($room: ID!) { roomInfo(roomId: $room) { viewerRole } }`,
			there: field("viewerRole"),
			want:  shown(".  .  .", ".  .  .", ".  .  .", ". ."),
		},
		{
			name:  "Room.bans",
			ask:   `query($room: ID!) { roomInfo(roomId: $room) { bans { nodes { id } } } }`,
			there: field("bans"),
			want:  shown("-  .  .", "-  .  .", "-  .  .", "- -"),
		},
		{
			name:  "Room.joinKey",
			ask:   `query($room: ID!) { roomInfo(roomId: $room) { joinKey } }`,
			there: field("joinKey"),
			want:  shown("-  -  -", "-  .  .", "-  -  -", "- -"),
		},
		{
			name:  "Room.unreadCount",
			ask:   `query($room: ID!) { roomInfo(roomId: $room) { unreadCount } }`,
			there: func(_ *matrixUsers, data testkit.JSON) bool { return data.Int("roomInfo.unreadCount") > 0 },
			want:  shown(".  .  .", ".  .  .", ".  .  .", ". ."),
		},
		{
			name:  "Room.lastReadSeq",
			ask:   `query($room: ID!) { roomInfo(roomId: $room) { lastReadSeq } }`,
			there: func(_ *matrixUsers, data testkit.JSON) bool { return data.Int("roomInfo.lastReadSeq") > 0 },
			want:  shown("-  -  -", "-  -  -", "-  -  -", "- -"), // no member has read a message
		},

		{
			name:    "sendMessage",
			changes: true,
			ask:     `mutation($room: ID!) { sendMessage(input: { roomId: $room, contents: "x" }) { message { id } } }`,
			want:    members(".  .  .", ". ."),
		},
		{
			name:    "editMessage, one's own",
			changes: true,
			ask:     `mutation($message: ID!) { editMessage(messageId: $message, contents: "y") { message { id } } }`,
			vars:    withOwn,
			want:    members(".  .  .", ". ."),
		},
		{
			name: "editMessage, another's",
			ask:  `mutation($message: ID!) { editMessage(messageId: $message, contents: "y") { message { id } } }`,
			vars: withOthers,
			want: members("FO FO FO", "FO FO"),
		},
		{
			name:    "deleteMessage, one's own",
			changes: true,
			ask:     `mutation($message: ID!) { deleteMessage(messageId: $message) { message { id } } }`,
			vars:    withOwn,
			want:    members(".  .  .", ". ."),
		},
		{
			name:    "deleteMessage, a member's",
			changes: true,
			ask:     `mutation($message: ID!) { deleteMessage(messageId: $message) { message { id } } }`,
			vars:    withOthers,
			want:    members("FO .  .", "FO FO"),
		},
		{
			name:    "react",
			changes: true,
			ask:     `mutation($message: ID!) { react(messageId: $message, emoji: "x") { message { id } } }`,
			vars:    withOthers,
			want:    members(".  .  .", ". ."),
		},
		{
			name:    "markRead",
			changes: true,
			ask:     `mutation($room: ID!) { markRead(roomId: $room, seq: 1) { room { id } } }`,
			want:    members(".  .  .", ". ."),
		},

		{
			name:    "joinRoom, without a key",
			changes: true,
			ask:     `mutation($room: ID!) { joinRoom(roomId: $room) { room { id } } }`,
			want: answers{
				"PUBLIC":  ".  .  BA BA .  .  .  .",
				"PRIVATE": "WK WK WK WK WK .  .  .",
				"FRIEND":  "WK .  WK BA WK .  .  .",
				"direct":  "WK WK       WK .     .",
			},
		},
		{
			name:    "joinRoom, with a wrong key",
			changes: true,
			ask:     `mutation($room: ID!) { joinRoom(roomId: $room, key: "wrong") { room { id } } }`,
			want: answers{
				"PUBLIC":  ".  .  BA BA .  .  .  .",
				"PRIVATE": "WK WK WK WK WK .  .  .",
				"FRIEND":  "WK .  WK BA WK .  .  .",
				"direct":  "WK WK       WK .     .",
			},
		},
		{
			name:    "joinRoom, with the room's key",
			changes: true,
			ask:     `mutation($room: ID!, $key: String) { joinRoom(roomId: $room, key: $key) { room { id } } }`,
			vars:    func(c *matrixUsers, _ string) testkit.Vars { return testkit.Vars{"key": c.key()} },
			want: answers{
				"PUBLIC":  ".  .  BA BA .  .  .  .",
				"PRIVATE": ".  .  BA BA .  .  .  .",
				"FRIEND":  "WK .  WK BA WK .  .  .",
				"direct":  "WK WK       WK .     .",
			},
		},
		{
			name:    "leaveRoom",
			changes: true,
			ask:     `mutation($room: ID!) { leaveRoom(roomId: $room) { roomId } }`,
			want:    members(".  .  .", ". ."),
		},
		{
			name:    "addMembers",
			changes: true,
			ask:     `mutation($room: ID!) { addMembers(roomId: $room, userIds: ["outsider"]) { room { id } } }`,
			want:    members("FO .  .", "FO FO"),
		},
		{
			name:    "removeMember, a member",
			changes: true,
			ask:     `mutation($room: ID!, $user: ID!) { removeMember(roomId: $room, userId: $user) { room { id } } }`,
			vars:    withTarget,
			want:    members("FO .  .", "FO FO"),
		},
		{
			name:    "removeMember, the moderator",
			changes: true,
			ask:     `mutation($room: ID!) { removeMember(roomId: $room, userId: "moderator") { room { id } } }`,
			want:    members("FO FO .", "FO FO"),
		},
		{
			name: "removeMember, the owner",
			ask:  `mutation($room: ID!) { removeMember(roomId: $room, userId: "owner") { room { id } } }`,
			want: members("FO FO FO", "FO FO"),
		},
		{
			name:    "removeMember, with a ban",
			changes: true,
			ask:     `mutation($room: ID!, $user: ID!) { removeMember(roomId: $room, userId: $user, ban: true) { room { id } } }`,
			vars:    withTarget,
			want:    members("FO .  .", "FO FO"),
		},
		{
			name:    "removeMember, with a ban ahead",
			changes: true,
			ask:     `mutation($room: ID!) { removeMember(roomId: $room, userId: "outsider", ban: true) { room { id } } }`,
			want:    members("FO .  .", "FO FO"),
		},
		{
			name:    "unban",
			changes: true,
			ask:     `mutation($room: ID!) { unban(roomId: $room, userId: "banned") { room { id } } }`,
			want:    members("FO .  .", "FO FO"),
		},
		{
			name:    "setMemberRole, of a member",
			changes: true,
			ask:     `mutation($room: ID!, $user: ID!) { setMemberRole(roomId: $room, userId: $user, role: MODERATOR) { room { id } } }`,
			vars:    withTarget,
			want:    members("FO FO .", "FO FO"),
		},
		{
			name:    "setMemberRole, the room's owner",
			changes: true,
			ask:     `mutation($room: ID!, $user: ID!) { setMemberRole(roomId: $room, userId: $user, role: OWNER) { room { id } } }`,
			vars:    withTarget,
			want:    members("FO FO .", "FO FO"),
		},
		{
			name: "setMemberRole, one's own",
			ask:  `mutation($room: ID!, $me: ID!) { setMemberRole(roomId: $room, userId: $me, role: MODERATOR) { room { id } } }`,
			vars: func(_ *matrixUsers, who string) testkit.Vars { return testkit.Vars{"me": who} },
			want: members("FO FO FO", "FO FO"),
		},
		{
			name: "setMemberRole, of an outsider",
			ask:  `mutation($room: ID!) { setMemberRole(roomId: $room, userId: "outsider", role: MODERATOR) { room { id } } }`,
			want: members("FO FO BI", "FO FO"),
		},
		{
			name:    "updateRoom, name",
			changes: true,
			ask:     `mutation($room: ID!) { updateRoom(input: { roomId: $room, name: "new" }) { room { id } } }`,
			want:    members("FO .  .", "FO ."),
		},
		{
			name:    "updateRoom, maxUsers",
			changes: true,
			ask:     `mutation($room: ID!) { updateRoom(input: { roomId: $room, maxUsers: 50 }) { room { id } } }`,
			want:    members("FO .  .", "FO FO"),
		},
		{
			name:    "updateRoom, accessType",
			changes: true,
			ask:     `mutation($room: ID!, $access: RoomAccessType) { updateRoom(input: { roomId: $room, accessType: $access }) { room { id } } }`,
			vars: func(c *matrixUsers, _ string) testkit.Vars {
				return testkit.Vars{
					"access": map[string]string{"PUBLIC": "FRIEND", "PRIVATE": "PUBLIC", "FRIEND": "PRIVATE", "direct": "PUBLIC"}[c.door],
				}
			},
			want: members("FO FO .", "FO FO"),
		},
		{
			name:    "rotateRoomKey",
			changes: true,
			ask:     `mutation($room: ID!) { rotateRoomKey(roomId: $room) { room { id } } }`,
			want:    members("FO .  .", "FO FO"),
		},
		{
			name:    "deleteRoom",
			changes: true,
			ask:     `mutation($room: ID!) { deleteRoom(roomId: $room) { roomId } }`,
			want:    members("FO FO .", "FO ."),
		},

		{
			name: "messageAdded",
			ask:  `subscription($room: ID!) { messageAdded(roomId: $room, after: 0) { id } }`,
			want: members(".  .  .", ". ."),
		},
		{
			name: "roomEvents",
			ask:  `subscription($room: ID!) { roomEvents(roomId: $room) { seq } }`,
			want: members(".  .  .", ". ."),
		},
	}
}

// elsewhere are the root fields and fields for the viewer without a row, and why.
var elsewhere = map[string]string{
	"me":                      "oneself",
	"user":                    "people are seen by everybody",
	"friends":                 "one's own",
	"friendRequests":          "one's own",
	"upsertUsers":             "people",
	"signIn":                  "people",
	"updateProfile":           "oneself",
	"requestFriend":           "people",
	"answerFriendRequest":     "people",
	"removeFriend":            "people",
	"createRoom":              "no room to ask about",
	"directRoom":              "no room to ask about: TestDirectRoom",
	"roomCreated":             "sends rooms by the rule of roomInfo: TestRoomCreated",
	"myEvents":                "follows rooms by the rule of roomEvents: TestMyEvents, TestMyEventsEndings",
	"myRoomsChanged":          "sends changes of myRooms: TestMyRoomsChanged",
	"User.addPermission":      "oneself: TestAddPermission",
	"leaveRooms":              "leaves what is there, as leaveRoom does: TestLeaveRooms",
	"User.viewerFriendship":   "people",
	"Message.viewerReactions": "of a message that one may see: node",
}

// TestMatrixIsWhole finds everything in the schema that has no row.
func TestMatrixIsWhole(t *testing.T) {
	rows := map[string]bool{}
	for _, row := range matrix() {
		name, _, _ := strings.Cut(row.name, ",")
		rows[name] = true
		for _, door := range visibilities {
			if len(row.want[door]) == 0 {
				t.Errorf("%s: nothing is said of %s rooms", row.name, door)
			}
		}
	}
	schema := gqlparser.MustLoadSchema(&ast.Source{Name: "schema.graphql", Input: graph.SDL()})
	var needed []string
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation, schema.Subscription} {
		for _, field := range root.Fields {
			if !strings.HasPrefix(field.Name, "__") {
				needed = append(needed, field.Name)
			}
		}
	}
	for _, def := range schema.Types {
		for _, field := range def.Fields {
			if field.Directives.ForName("viewer") != nil {
				needed = append(needed, def.Name+"."+field.Name)
			}
		}
	}
	for _, name := range needed {
		if !rows[name] && elsewhere[name] == "" {
			t.Errorf("%s has no row in the matrix", name)
		}
		delete(rows, name)
	}
	for name := range rows {
		t.Errorf("%s has a row and is not in the schema", name)
	}
}

func TestMatrix(t *testing.T) {
	for _, door := range visibilities {
		t.Run(door, func(t *testing.T) {
			test := func(t *testing.T, s *testkit.Server) {
				c := newMatrixUsers(t, s, door)
				for _, row := range matrix() {
					for i, who := range people {
						want := strings.TrimSpace(
							(row.want[door] + strings.Repeat(" ", 30))[3*i:][:3],
						)
						if (c.clients[who] == nil) != (want == "") {
							t.Fatalf("%s: %q is said of %s in %s rooms", row.name, want, who, door)
						}
						if want == "" {
							continue
						}
						if got := c.ask(row, who); got != want {
							t.Errorf(
								"%s as %s in a %s room: %s, want %s",
								row.name,
								who,
								door,
								got,
								want,
							)
						}
					}
				}
			}
			if scale.Full() || door == "FRIEND" {
				testkit.Each(t, test)
			} else { // the policy does not depend on the database
				t.Parallel()
				test(t, testkit.Start(t, dialect.SQLite))
			}
		})
	}
}

// matrixUsers are the people of the matrix and a room that they are about.
type matrixUsers struct {
	t        *testing.T
	door     string
	clients  map[string]*testkit.Client
	room     string
	messages map[string]string // by who has sent them
}

func newMatrixUsers(t *testing.T, s *testkit.Server, door string) *matrixUsers {
	c := &matrixUsers{t: t, door: door, clients: map[string]*testkit.Client{}}
	for _, who := range people {
		if door == "direct" &&
			slices.Contains([]string{"banned", "bannedfriend", "moderator"}, who) {
			s.As(who)
			continue
		}
		c.clients[who] = s.As(who)
	}
	s.As("target")
	c.clients["target"] = s.As("target")
	c.clients["admin"] = s.With(
		s.Sign(map[string]any{"sub": "admin", "admin": true, "exp": 4102444800}),
	)
	for _, who := range []string{"friend", "bannedfriend"} {
		s.As(who).Do(`mutation { requestFriend(userId: "owner") { user { id } } }`, nil)
		c.clients["owner"].Do(
			`mutation($id: ID!) { answerFriendRequest(userId: $id, accept: true) { user { id } } }`,
			testkit.Vars{"id": who},
		)
	}
	c.set()
	return c
}

// set makes another room, in which each who is inside has said something.
func (c *matrixUsers) set() {
	owner := c.clients["owner"]
	inside := []string{"owner", "member"}
	if c.door == "direct" {
		c.room = owner.Do(`mutation { directRoom(userId: "member") { room { id } } }`, nil).
			Str("directRoom.room.id")
	} else {
		inside = append(inside, "moderator", "target")
		c.room = makeRoom(owner, testkit.Vars{"accessType": c.door, "memberIds": inside[1:]})
		owner.Do(
			`mutation($room: ID!) { setMemberRole(roomId: $room, userId: "moderator", role: MODERATOR) { member { id } }
			a: removeMember(roomId: $room, userId: "banned", ban: true) { userId } b: removeMember(roomId: $room, userId: "bannedfriend", ban: true) { userId } }`,
			testkit.Vars{"room": c.room},
		)
	}
	c.messages = map[string]string{}
	for _, who := range inside {
		c.messages[who] = sendText(c.clients[who], c.room, "from "+who).Str("id")
	}
}

// target is a member besides who asks, without a role.
func (c *matrixUsers) target(who string) string {
	switch {
	case c.door != "direct":
		return "target"
	case who == "member":
		return "owner"
	default:
		return "member"
	}
}

// others is a message of the target's.
func (c *matrixUsers) others(who string) string { return c.messages[c.target(who)] }

// own returns a message of the user; for users outside the room, any message.
func (c *matrixUsers) own(who string) string {
	if own, ok := c.messages[who]; ok {
		return own
	}
	return c.others(who)
}

// key returns the room's key, or a key that no room has if the room has none.
func (c *matrixUsers) key() any {
	room := c.clients["owner"].Do(
		`query($room: ID!) { roomInfo(roomId: $room) { joinKey } }`,
		testkit.Vars{"room": c.room},
	)
	if room.IsNull("roomInfo.joinKey") {
		return "there is none"
	}
	return room.Str("roomInfo.joinKey")
}

// ask runs a row as a user and returns the result.
func (c *matrixUsers) ask(row operation, who string) string {
	c.t.Helper()
	vars := testkit.Vars{}
	if strings.Contains(row.ask, "$room") {
		vars["room"] = c.room
	}
	if row.vars != nil {
		maps.Copy(vars, row.vars(c, who))
	}
	got := c.outcome(row, who, vars)
	if row.changes && got == "." {
		c.leave()
		c.set()
	}
	return got
}

// leave has a direct room be none, so that the next is another.
func (c *matrixUsers) leave() {
	if c.door == "direct" {
		for _, who := range []string{"member", "owner"} {
			c.clients[who].Ask(
				`mutation($room: ID!) { leaveRoom(roomId: $room) { roomId } }`,
				testkit.Vars{"room": c.room},
			)
		}
	}
}

func (c *matrixUsers) outcome(row operation, who string, vars testkit.Vars) string {
	c.t.Helper()
	short := map[any]string{
		"FORBIDDEN":      "FO",
		"NOT_FOUND":      "NF",
		"WRONG_KEY":      "WK",
		"BANNED":         "BA",
		"BAD_USER_INPUT": "BI",
	}
	if strings.HasPrefix(row.ask, "subscription") {
		stream := c.clients[who].Subscribe(row.ask, vars)
		defer stream.Close()
		if _, failed := stream.NextOrError(); failed != nil {
			return short[failed.Extensions["code"]]
		}
		return "."
	}
	reply := c.clients[who].Ask(row.ask, vars)
	if code := reply.Code(); code != "" {
		if short[code] == "" {
			return fmt.Sprint(code, reply.Errors)
		}
		return short[code]
	}
	there := row.there
	if there == nil {
		name, _, _ := strings.Cut(row.name, ",")
		there = func(_ *matrixUsers, data testkit.JSON) bool { return !data.IsNull(name) }
	}
	if there(c, reply.Data) {
		return "."
	}
	return "-"
}

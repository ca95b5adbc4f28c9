package graph_test

import (
	"crypto/rand"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"parley/internal/app"
	"parley/internal/config"
	"parley/internal/testkit"
)

// publishedFields are what a chat app shows of events, all of which publications carry.
const publishedFields = `subscription($room: ID!, $after: Int) { roomEvents(roomId: $room, after: $after) {
	kind: __typename seq at roomId room { id name description memberCount maxUsers accessType createdAt updatedAt creator { nickName } }
	... on MessageAdded { message { ...m reactions { emoji count } } }
	... on MessageEdited { message { ...m } }
	... on MessageDeleted { message { ...m } }
	... on ReactionsChanged { emoji on user { id nickName } message { ...m } }
	... on MemberJoined { user { id nickName } member { role joinedAt user { nickName } } }
	... on MemberLeft { user { id nickName } reason }
	... on MemberRoleChanged { role user { id nickName } member { role joinedAt } }
} }
fragment m on Message { id seq contents type createdAt editedAt deletedAt replyCount mentions { id nickName } from { id nickName avatar } }`

// eachPublishing runs a test on a node that commits, here, and one that shows what it has
// published, there: on SQLite the same, on PostgreSQL another one that NATS connects. Neither
// polls.
func eachPublishing(t *testing.T, test func(t *testing.T, here, there *testkit.Server)) {
	never := app.Options{PollInterval: time.Hour}
	t.Run(dialect.SQLite, func(t *testing.T) {
		t.Parallel()
		s := testkit.StartApp(t, "sqlite::memory:", never)
		test(t, s, s)
	})
	t.Run(dialect.Postgres, func(t *testing.T) {
		t.Parallel()
		url, nats := testkit.MigratedPostgresURL(t), testkit.StartNATS(t).URL
		join := func(cfg *config.Config) { cfg.NATSURL = config.Secret(nats) }
		test(t, testkit.StartApp(t, url, never, join), testkit.StartApp(t, url, never, join))
	})
}

// TestEventsFromPublications: for every kind of event, delivering it takes no SQL statement on the
// node that commits it, nor on another one that NATS connects, and it is shown as the log has it.
func TestEventsFromPublications(t *testing.T) {
	eachPublishing(t, func(t *testing.T, here, there *testkit.Server) {
		servers := slices.Compact([]*testkit.Server{here, there})
		alice := here.As("alice")
		for _, user := range []string{"bob", "carol"} {
			here.As(user).
				Do(`mutation($name: String!) { updateProfile(input: { nickName: $name }) { user { id } } }`,
					testkit.Vars{"name": strings.ToUpper(user)})
		}
		room := makeRoom(
			alice,
			testkit.Vars{"accessType": "PUBLIC", "memberIds": []string{"bob"}},
		)
		ways := happenings(here, room)
		var streams []*testkit.Stream
		for _, server := range servers {
			stream := server.As("bob").Subscribe(publishedFields, testkit.Vars{"room": room})
			stream.Next() // StreamOpened
			streams = append(streams, stream)
		}
		if here != there { // they may not know each other yet
			streams[1].AwaitStart(
				func() string { return sendText(alice, room, "awake").Str("id") },
				func(data testkit.JSON) string { return data.Str("roomEvents.message.id") },
			)
		}
		head := func() int {
			return alice.Do(`query($room: ID!) { roomInfo(roomId: $room) { seq } }`,
				testkit.Vars{"room": room}).Int("roomInfo.seq")
		}
		receive := func(kind string, after int) []testkit.JSON {
			var received []testkit.JSON
			for _, stream := range streams {
				event := stream.Next()
				for event.Str("roomEvents.kind") != kind || event.Int("roomEvents.seq") <= after {
					event = stream.Next()
				}
				received = append(received, event)
			}
			return received
		}
		for _, kind := range slices.Sorted(maps.Keys(ways)) {
			way := ways[kind]
			if kind == "MemberLeft" || kind == "MessageDeleted" {
				way.undo() // so that there is what goes
			}
			cycle := func() {
				before := head()
				way.make()
				receive(kind, before)
				if way.undo != nil {
					way.undo()
				}
			}
			cycle() // so that the nodes know all users
			var received []testkit.JSON
			var elsewhere []string
			before := head()
			statements := here.Statements(func() {
				run := func() {
					way.make()
					received = receive(kind, before)
				}
				if here == there {
					run()
				} else {
					elsewhere = there.Statements(run)
				}
			})
			for _, statement := range slices.Concat(statements, elsewhere) {
				if strings.Contains(statement, "room_events e") ||
					strings.Contains(statement, "FROM room_events") ||
					strings.Contains(statement, "FROM reactions") ||
					strings.Contains(statement, "u.nick_name") {
					t.Errorf("%s: delivering it takes %q", kind, statement)
				}
			}
			if len(elsewhere) > 0 {
				t.Errorf("%s: on another node it takes %q", kind, elsewhere)
			}
			seq := received[0].Int("roomEvents.seq")
			again := here.As("bob").
				Subscribe(publishedFields, testkit.Vars{"room": room, "after": seq - 1})
			again.Next() // StreamOpened
			want := again.Next().String()
			for i, event := range received {
				if got := event.String(); got != want {
					t.Errorf(
						"%s: node %d publishes\n%s\nand the log has\n%s",
						kind,
						i,
						got,
						want,
					)
				}
			}
			again.Close()
			if way.undo != nil {
				way.undo()
			}
		}
		const keys = `subscription($room: ID!) { messageAdded(roomId: $room) { idempotencyKey room { joinKey } } }`
		private := makeRoom(alice, testkit.Vars{"accessType": "PRIVATE"})
		hidden := there.As("alice").Subscribe(keys, testkit.Vars{"room": private})
		hidden.AwaitStart(
			func() string {
				key := rand.Text()
				sendText(alice, private, "x", testkit.Vars{"idempotencyKey": key})
				return key
			},
			func(data testkit.JSON) string {
				if data.Str("messageAdded.room.joinKey") == "" {
					t.Error("the room of an event has no key")
				}
				return data.Str("messageAdded.idempotencyKey")
			},
		)
	})
}

// createdFields are what a chat app shows of a new room, all of which its publication carries.
const createdFields = `fragment created on Room { id name description accessType tags maxUsers memberCount is1v1
	exclusive createdAt updatedAt seq viewerRole unreadCount openseaCollection { name slug } creator { id nickName }
	members { totalCount nodes { id nickName } edges { cursor member { role joinedAt user { id } } } pageInfo { hasNextPage endCursor } } }`

// TestCreatedFromPublications: delivering a new room takes no SQL statement on the node that
// creates it, nor on another one that NATS connects, and it is shown as a query shows it.
func TestCreatedFromPublications(t *testing.T) {
	eachPublishing(t, func(t *testing.T, here, there *testkit.Server) {
		alice := here.As("alice")
		users := []string{"bob", "carol"}
		for _, user := range users {
			here.As(user)
		}
		type subscriber struct {
			*testkit.Stream
			lobby bool
		}
		var streams []subscriber
		awake := func() string {
			return makeRoom(alice, testkit.Vars{"accessType": "PUBLIC", "memberIds": users})
		}
		subscribe := func() {
			for _, server := range slices.Compact([]*testkit.Server{here, there}) {
				for _, scope := range []string{"MINE", "PUBLIC"} {
					const document = `subscription($scope: RoomScope!) { roomCreated(scope: $scope) { ...created } }`
					stream := server.As("bob").
						Subscribe(document+createdFields, testkit.Vars{"scope": scope})
					stream.AwaitStart(
						awake,
						func(data testkit.JSON) string { return data.Str("roomCreated.id") },
					)
					streams = append(streams, subscriber{stream, scope == "PUBLIC"})
				}
			}
		}
		direct := func() string {
			return alice.Do(`mutation { directRoom(userId: "bob") { room { id } } }`, nil).
				Str("directRoom.room.id")
		}
		leave := func(room string) {
			alice.Do(`mutation($room: ID!) { leaveRoom(roomId: $room) { roomId } }`,
				testkit.Vars{"room": room})
		}
		input := testkit.Vars{
			"name":        "n",
			"description": "d",
			"accessType":  "PUBLIC",
			"tags":        []string{"One", "two"},
			"maxUsers":    9,
			"memberIds":   users,
			"openseaCollection": testkit.Vars{
				"name":  "o",
				"cover": "https://x.test/c",
				"slug":  "s",
			},
		}
		private := testkit.Vars{"memberIds": []string{"bob"}}
		exclusive := testkit.Vars{
			"exclusive": true, "disconnect": true, "memberIds": []string{}, "accessType": "PUBLIC",
		}
		ways := map[string]func() string{
			"public":    func() string { return makeRoom(alice, input) },
			"private":   func() string { return makeRoom(alice, private) },
			"direct":    direct,
			"exclusive": func() string { return makeRoom(here.As("bob"), exclusive) },
		}
		undo := func(way, room string) {
			if way == "direct" {
				leave(room)
			}
		}
		create := func(way string) (statements []string) {
			statements = here.Statements(func() { undo(way, ways[way]()) })
			return statements
		}
		alone := map[string]int{}
		for way := range ways {
			create(way) // the first one finds no room to leave
			alone[way] = len(create(way))
		}
		subscribe()
		for way := range ways {
			create(way)
		}
		for _, way := range slices.Sorted(maps.Keys(ways)) {
			var room string
			received := make([]*testkit.JSON, len(streams))
			run := func() {
				room = ways[way]()
				for i, stream := range streams {
					if stream.lobby && (way == "private" || way == "direct") {
						continue
					}
					for received[i] == nil || received[i].Str("id") != room {
						event := stream.Next().At("roomCreated")
						received[i] = &event
					}
				}
				undo(way, room)
			}
			var statements, elsewhere []string
			statements = here.Statements(func() {
				if here == there {
					run()
				} else {
					elsewhere = there.Statements(run)
				}
			})
			if len(statements) != alone[way] {
				t.Errorf("%s: with subscribers it takes %d statements, not %d: %q",
					way, len(statements), alone[way], statements)
			}
			if len(elsewhere) > 0 {
				t.Errorf("%s: on another node it takes %q", way, elsewhere)
			}
			if way == "direct" {
				continue // alice has left it
			}
			want := there.As("bob").Do(
				`query($room: ID!) { roomInfo(roomId: $room) { ...created } }`+createdFields,
				testkit.Vars{"room": room},
			).At("roomInfo").String()
			for i, event := range received {
				if event != nil && event.String() != want {
					t.Errorf("%s: subscriber %d receives\n%s\nand a query\n%s", way, i, event, want)
				}
			}
		}
	})
}

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

// TestEventsFromPublications: for every kind of event, delivering it takes no SQL statement on the
// node that commits it, nor on another one that NATS connects, and it is shown as the log has it.
func TestEventsFromPublications(t *testing.T) {
	never := app.Options{Sweep: time.Hour}
	for driver, nodes := range map[string]func(t *testing.T) []*testkit.Server{
		dialect.SQLite: func(t *testing.T) []*testkit.Server {
			return []*testkit.Server{testkit.StartApp(t, "sqlite::memory:", never)}
		},
		dialect.Postgres: func(t *testing.T) []*testkit.Server {
			url, nats := testkit.MigratedPostgresURL(t), testkit.StartNATS(t).URL
			join := func(cfg *config.Config) { cfg.NATSURL = config.Secret(nats) }
			return []*testkit.Server{
				testkit.StartApp(t, url, never, join), testkit.StartApp(t, url, never, join),
			}
		},
	} {
		t.Run(driver, func(t *testing.T) {
			t.Parallel()
			servers := nodes(t)
			here, there := servers[0], servers[len(servers)-1]
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
				streams[1].Awake(
					func() string { return say(alice, room, "awake").Str("id") },
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
			hidden.Awake(
				func() string {
					key := rand.Text()
					say(alice, private, "x", testkit.Vars{"idempotencyKey": key})
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
}

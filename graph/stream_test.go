package graph_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"parley/internal/app"
	"parley/internal/broker"
	"parley/internal/chat/write"
	"parley/internal/config"
	"parley/internal/testkit"
	"parley/internal/testkit/scale"
)

const messageAdded = `subscription($room: ID!, $after: Int) { messageAdded(roomId: $room, after: $after) { seq contents from { id } } }`

const roomEvents = `subscription($room: ID!, $after: Int) { roomEvents(roomId: $room, after: $after) {
	__typename roomId seq at
	... on MessageAdded { message { seq contents } }
	... on MessageEdited { message { seq contents } }
	... on MessageDeleted { message { seq contents } }
	... on ReactionsChanged { message { seq reactions { emoji count } } user { id } emoji on }
	... on MemberJoined { user { id } role member { role } }
	... on MemberLeft { user { id } reason }
	... on MemberRoleChanged { user { id } role member { role } }
	... on RoomDeleted { room { id name memberCount members { nodes { id } } } }
} }`

// lossyBroker is a broker that drops, doubles and shuffles what it carries.
type lossyBroker struct {
	broker.Listener

	mu   sync.Mutex
	rand *rand.Rand
	held []broker.Publication
}

func newLossyBroker(hear broker.Listener) write.Publisher {
	return &lossyBroker{Listener: hear, rand: rand.New(rand.NewPCG(1, 2))}
}

func (l *lossyBroker) Publish(h broker.Publication) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch l.rand.IntN(4) {
	case 0: // lost
		return
	case 1: // late, and behind others
		l.held = append(l.held, h)
		return
	case 2: // twice
		l.Receive(h)
	}
	l.Receive(h)
	if len(l.held) > 5 {
		l.rand.Shuffle(len(l.held), func(i, j int) { l.held[i], l.held[j] = l.held[j], l.held[i] })
		for _, h := range l.held {
			l.Receive(h)
		}
		l.held = nil
	}
}

// droppingBroker is a broker that carries nothing.
type droppingBroker struct{}

func (droppingBroker) Publish(broker.Publication) {}
func (droppingBroker) Follows(uuid.UUID) bool     { return true }

func TestMessageAdded(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		room := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}})
		for i := range 5 {
			sendText(alice, room, fmt.Sprint(i+1))
		}
		stream := bob.Subscribe(messageAdded, testkit.Vars{"room": room, "after": 2})
		for _, want := range []int{3, 4, 5} {
			if got := stream.Next().
				At("messageAdded"); got.Int("seq") != want || got.Str("contents") != fmt.Sprint(want) ||
				got.Str("from.id") != "alice" {
				t.Fatalf("got %v, want %d", got, want)
			}
		}
		alice.Do(
			`mutation { deleteMessage(messageId: "`+sendText(
				alice,
				room,
				"6",
			).Str("id")+
				`") { message { id } } }`,
			nil,
		) // 7 is no message
		sendText(alice, room, "8")
		for _, want := range []int{6, 8} {
			if got := stream.Next().Int("messageAdded.seq"); got != want {
				t.Fatalf("got %d, want %d", got, want)
			}
		}
	})
}

func TestRoomEvents(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		befriends(s, "alice", "bob")
		room := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}, "exclusive": true})
		stream := bob.Subscribe(roomEvents, testkit.Vars{"room": room, "after": 0})
		if e := stream.Next().
			At("roomEvents"); e.Str("__typename") != "StreamOpened" || e.Int("seq") != 0 ||
			e.Str("roomId") != room {
			t.Fatalf("the stream begins with %v", e)
		}
		id := sendText(bob, room, "Hi").Str("id")
		bob.Do(
			`mutation { editMessage(messageId: "`+id+`", contents: "Hello") { message { id } } }`,
			nil,
		)
		alice.Do(`mutation { react(messageId: "`+id+`", emoji: "x") { message { id } } }`, nil)
		bob.Do(`mutation { deleteMessage(messageId: "`+id+`") { message { id } } }`, nil)
		alice.Do(
			createRoom,
			testkit.Vars{"input": testkit.Vars{"exclusive": true, "disconnect": true}},
		)

		var kinds []string
		for i := range 6 {
			e := stream.Next().At("roomEvents")
			kinds = append(kinds, e.Str("__typename"))
			if e.Int("seq") != i+1 {
				t.Errorf("event %v, want seq %d", e, i+1)
			}
			switch i {
			case 2:
				if e.Str("user.id") != "alice" || e.Str("emoji") != "x" || !e.Bool("on") ||
					e.Int("message.seq") != 1 {
					t.Errorf("reaction %v", e)
				}
			case 4:
				if e.Str("user.id") != "alice" || e.Str("reason") != "DISCONNECTED" {
					t.Errorf("leaving %v", e)
				}
			case 5:
				if e.Str("user.id") != "bob" || e.Str("role") != "OWNER" ||
					e.Str("member.role") != "OWNER" {
					t.Errorf("hand-over %v", e)
				}
			}
		}
		if diff := cmp.Diff(
			[]string{
				"MessageAdded",
				"MessageEdited",
				"ReactionsChanged",
				"MessageDeleted",
				"MemberLeft",
				"MemberRoleChanged",
			},
			kinds,
		); diff != "" {
			t.Errorf("kinds (-want +got):\n%s", diff)
		}
		// The same again from the log, from its middle.
		again := bob.Subscribe(roomEvents, testkit.Vars{"room": room, "after": 3})
		if e := again.Next().
			At("roomEvents"); e.Str("__typename") != "StreamOpened" ||
			e.Int("seq") != 6 {
			t.Errorf("the stream begins with %v", e)
		}
		if e := again.Next().
			At("roomEvents"); e.Str("__typename") != "MessageDeleted" ||
			e.Int("seq") != 4 {
			t.Errorf("the stream goes on with %v", e)
		}
	})
}

func TestStreamsRefuse(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		private := makeRoom(alice, testkit.Vars{"accessType": "PRIVATE"})
		public := makeRoom(alice, testkit.Vars{"accessType": "PUBLIC"})
		sendText(alice, public, "1")
		for _, c := range []struct {
			client *testkit.Client
			room   string
			after  any
			code   string
		}{
			{bob, private, nil, "NOT_FOUND"},
			{bob, "nonsense", nil, "NOT_FOUND"},
			{bob, public, nil, "FORBIDDEN"},
			{s.With(""), public, nil, "UNAUTHENTICATED"},
			{alice, public, -1, "BAD_USER_INPUT"},
			{alice, public, 2, "RESYNC"},
		} {
			if e := c.client.Subscribe(messageAdded, testkit.Vars{"room": c.room, "after": c.after}).
				Error(); e.Extensions["code"] != c.code {
				t.Errorf("after %v: %+v, want %s", c.after, e, c.code)
			}
			if c.code == "RESYNC" {
				continue
			}
			if e := c.client.Subscribe(roomEvents, testkit.Vars{"room": c.room, "after": c.after}).
				Error(); e.Extensions["code"] != c.code {
				t.Errorf("roomEvents after %v: %+v, want %s", c.after, e, c.code)
			}
		}
		// A position that the room has not reached, as after a restored backup.
		stream := alice.Subscribe(roomEvents, testkit.Vars{"room": public, "after": 57})
		for _, want := range []string{"StreamOpened", "Resync"} {
			if e := stream.Next().
				At("roomEvents"); e.Str("__typename") != want ||
				e.Int("seq") != 1 {
				t.Errorf("got %v, want %s at 1", e, want)
			}
		}
		sendText(alice, public, "2")
		if e := stream.Next().At("roomEvents"); e.Int("seq") != 2 {
			t.Errorf("the stream goes on with %v", e)
		}
	})
}

// TestStreamsEndWithMembership: a user receives no event that was committed after they left.
func TestStreamsEndWithMembership(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		befriends(s, "alice", "bob")
		room := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}, "exclusive": true})
		events := alice.Subscribe(roomEvents, testkit.Vars{"room": room, "after": 0})
		messages := alice.Subscribe(messageAdded, testkit.Vars{"room": room, "after": 0})
		sendText(bob, room, "before")
		events.Next() // StreamOpened
		events.Next()
		messages.Next()
		alice.Do(
			createRoom,
			testkit.Vars{"input": testkit.Vars{"exclusive": true, "disconnect": true}},
		)
		sendText(bob, room, "after")
		for name, stream := range map[string]*testkit.Stream{"roomEvents": events, "messageAdded": messages} {
			if e := stream.Error(); e.Extensions["code"] != "MEMBERSHIP_ENDED" ||
				e.Extensions["reason"] != "DISCONNECTED" {
				t.Errorf("%s: %+v", name, e)
			}
		}
	})
}

// TestStreamsHeal follows rooms over brokers that lose what they carry: nothing is missing, doubled
// or out of order.
func TestStreamsHeal(t *testing.T) {
	for name, hints := range map[string]func(broker.Listener) write.Publisher{
		"lossy": newLossyBroker,
		"deaf":  func(broker.Listener) write.Publisher { return droppingBroker{} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testkit.EachApp(
				t,
				app.Options{Publisher: hints, PollInterval: 100 * time.Millisecond},
				func(t *testing.T, s *testkit.Server) {
					writers, each := 8, scale.Or(25, 10)
					alice, bob := s.As("alice"), s.As("bob")
					room := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}})
					var streams []*testkit.Stream
					for range 3 {
						streams = append(
							streams,
							bob.Subscribe(roomEvents, testkit.Vars{"room": room, "after": 0}),
						)
					}
					var wg sync.WaitGroup
					for range writers {
						wg.Go(func() {
							for i := range each {
								id := sendText(alice, room, fmt.Sprint(i)).Str("id")
								if i%5 == 0 {
									alice.Do(
										`mutation { editMessage(messageId: "`+id+`", contents: "edited") { message { id } } }`,
										nil,
									)
								}
							}
						})
					}
					wg.Wait()
					events := writers * (each + each/5)
					all := func(stream *testkit.Stream) {
						stream.Next() // StreamOpened
						for want := 1; want <= events; want++ {
							if got := stream.Next().Int("roomEvents.seq"); got != want {
								t.Fatalf("got %d, want %d", got, want)
							}
						}
					}
					for _, stream := range streams {
						all(stream)
					}
					all(bob.Subscribe(roomEvents, testkit.Vars{"room": room, "after": 0}))
				},
			)
		})
	}
}

// TestPrunedLog resumes from before what is kept: the streams say so, and messages are all there.
func TestPrunedLog(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		room := makeRoom(alice, nil)
		id := sendText(alice, room, "1").Str("id")
		alice.Do(
			`mutation { editMessage(messageId: "`+id+`", contents: "edited") { message { id } } }`,
			nil,
		) // 2
		open := alice.Subscribe(roomEvents, testkit.Vars{"room": room})
		open.Next()
		sendText(alice, room, "3")
		open.Next()
		var next testkit.JSON
		for deadline := time.Now().Add(20 * time.Second); ; { // until the edit is pruned
			stream := alice.Subscribe(roomEvents, testkit.Vars{"room": room, "after": 1})
			stream.Next()
			next = stream.Next().At("roomEvents")
			stream.Close()
			if next.Str("__typename") == "Resync" || time.Now().After(deadline) {
				break
			}
		}
		if next.Str("__typename") != "Resync" || next.Int("seq") != 3 {
			t.Fatalf("after what was pruned comes %v", next)
		}
		if e := alice.Subscribe(messageAdded, testkit.Vars{"room": room, "after": 1}).
			Error(); e.Extensions["code"] != "RESYNC" {
			t.Errorf("messageAdded: %+v", e)
		}
		if got := alice.Subscribe(messageAdded, testkit.Vars{"room": room, "after": 2}).
			Next().
			Int("messageAdded.seq"); got != 3 {
			t.Errorf("from where it is kept: %d", got)
		}
		sendText(alice, room, "4")
		if e := open.Next().At("roomEvents"); e.Int("seq") != 4 {
			t.Errorf("the open stream goes on with %v", e)
		}
		if n := len(
			alice.Do(`{ roomInfo(roomId: "`+room+`") { messages { nodes { id } } } }`, nil).
				List("roomInfo.messages.nodes"),
		); n != 3 {
			t.Errorf("%d messages are left", n)
		}
	}, func(cfg *config.Config) { cfg.LogRetention = 300 * time.Millisecond })
}

func TestMyRoomsChanged(t *testing.T) {
	const myRoomsChanged = `subscription { myRoomsChanged { kind roomId room { name unreadCount latestMessage { contents } } } }`
	for name, options := range map[string]app.Options{
		"hints": {PollInterval: time.Hour},
		"deaf":  {PollInterval: 50 * time.Millisecond, Publisher: func(broker.Listener) write.Publisher { return droppingBroker{} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testkit.EachApp(t, options, func(t *testing.T, s *testkit.Server) {
				alice, bob := s.As("alice"), s.As("bob")
				room := makeRoom(alice, testkit.Vars{"name": "old", "memberIds": []string{"bob"}})
				befriends(s, "alice", "bob")
				lobby := makeRoom(
					alice,
					testkit.Vars{"name": "game", "memberIds": []string{"bob"}, "exclusive": true},
				)
				stream := bob.Subscribe(myRoomsChanged, nil)
				if e := stream.Next().
					At("myRoomsChanged"); e.Str("kind") != "OPENED" || !e.IsNull("roomId") ||
					!e.IsNull("room") {
					t.Fatalf("it begins with %v", e)
				}
				// until waits for a change of a room that shows what is wanted: changes come
				// together.
				until := func(id, want string) {
					t.Helper()
					for {
						e := stream.Next().At("myRoomsChanged")
						if e.Str("roomId") == id && strings.Contains(e.String(), want) {
							return
						}
					}
				}
				sendText(alice, room, "news")
				until(room, "latestMessage:map[contents:news] name:old unreadCount:1")
				bob.Do(`mutation { markRead(roomId: "`+room+`", seq: 1) { room { id } } }`, nil)
				until(room, "unreadCount:0")
				made := makeRoom(alice, testkit.Vars{"name": "new", "memberIds": []string{"bob"}})
				until(made, "kind:CHANGED")
				sendText(alice, made, "in the new one")
				until(made, "unreadCount:1")
				bob.Do(
					createRoom,
					testkit.Vars{
						"input": testkit.Vars{
							"name":       "another game",
							"exclusive":  true,
							"disconnect": true,
						},
					},
				)
				until(lobby, "kind:REMOVED")
			})
		})
	}
}

// TestMyRoomsChangedTogether counts the statements of a message in a room that is in the lists of
// many users: five beside those of the mutation, however many the lists are.
func TestMyRoomsChangedTogether(t *testing.T) {
	const people = 40
	const myRoomsChanged = `subscription { myRoomsChanged { kind roomId room { name seq unreadCount viewerRole
		latestMessage { contents from { nickName } } } } }`
	testkit.EachApp(t, app.Options{PollInterval: time.Hour}, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		var ids []string
		for i := range people {
			ids = append(ids, fmt.Sprint("person", i))
			s.As(ids[i]).Do(`{ me { id } }`, nil)
		}
		room := makeRoom(alice, testkit.Vars{"memberIds": ids})
		var streams []*testkit.Stream
		unread := 0
		cost := func() int {
			time.Sleep(400 * time.Millisecond) // so that nothing has to wait for an earlier change
			return len(s.Statements(func() {
				seq := sendText(alice, room, "x").Int("seq")
				unread++
				for i, stream := range streams {
					e := stream.Next().At("myRoomsChanged.room")
					if e.Int("seq") != seq || e.Int("unreadCount") != unread {
						t.Errorf("%s receives %v", ids[i], e)
					}
				}
			}))
		}
		alone := cost()
		for _, id := range ids {
			stream := s.As(id).Subscribe(myRoomsChanged, nil)
			stream.Next() // OPENED
			streams = append(streams, stream)
		}
		cost()
		if n := cost() - alone; n > 5 {
			t.Errorf("a message costs %d statements for %d lists", n, people)
		}
	})
}

// TestMyRoomsChangedIsCalm sends many messages and counts the changes: at most one a room every 250
// ms.
func TestMyRoomsChangedIsCalm(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		room := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}})
		stream := bob.Subscribe(`subscription { myRoomsChanged { kind room { seq } } }`, nil)
		stream.Next()
		begun := time.Now()
		for i := range 40 {
			sendText(alice, room, fmt.Sprint(i))
		}
		changes := 0
		for seq := 0; seq < 40; changes++ {
			seq = stream.Next().Int("myRoomsChanged.room.seq")
		}
		if most := int(time.Since(begun)/(250*time.Millisecond)) + 2; changes > most {
			t.Errorf("%d changes in %s", changes, time.Since(begun))
		}
	})
}

// TestSnapshotAndStreamMeet does random things to a room while a screen reads it and then applies
// the events that came after: it must show what a fresh reading shows.
func TestSnapshotAndStreamMeet(t *testing.T) {
	const snapshot = `query($id: ID!) { roomInfo(roomId: $id) { seq memberCount
		messages(last: 100) { nodes { id seq contents deletedAt editedAt replyCount isThread reactions { emoji count } mentions { id } } } } }`
	const events = `subscription($room: ID!, $after: Int) { roomEvents(roomId: $room, after: $after) { __typename seq room { memberCount }
		... on MessageAdded { message { ...m thread { ...m } } } ... on MessageEdited { message { ...m } }
		... on MessageDeleted { message { ...m } } ... on ReactionsChanged { message { ...m } } } }
		fragment m on Message { id seq contents deletedAt editedAt replyCount isThread reactions { emoji count } mentions { id } }`
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		names := []string{"alice", "bob", "carol"}
		people := map[string]*testkit.Client{}
		for _, name := range names {
			people[name] = s.As(name)
		}
		room := makeRoom(people["alice"], testkit.Vars{"memberIds": names[1:]})
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)

		var wg sync.WaitGroup
		for i, name := range names {
			wg.Go(
				func() { actAtRandom(people[name], room, rand.New(rand.NewPCG(seed, uint64(i))), 25) },
			)
		}
		type screen struct {
			seq   int
			shown map[string]string
			stock testkit.JSON
		}
		var screens []screen
		for range 5 {
			data := people["bob"].Do(snapshot, testkit.Vars{"id": room}).At("roomInfo")
			shown := map[string]string{}
			for _, m := range data.List("messages.nodes") {
				shown[m.Str("id")] = m.String()
			}
			screens = append(screens, screen{seq: data.Int("seq"), shown: shown, stock: data})
			time.Sleep(20 * time.Millisecond) // lets the room change between two readings
		}
		wg.Wait()
		fresh := people["bob"].Do(snapshot, testkit.Vars{"id": room}).At("roomInfo")
		want := map[string]string{}
		for _, m := range fresh.List("messages.nodes") {
			want[m.Str("id")] = m.String()
		}
		for _, screen := range screens {
			stream := people["bob"].Subscribe(
				events,
				testkit.Vars{"room": room, "after": screen.seq},
			)
			stream.Next() // StreamOpened
			for seq := screen.seq + 1; seq <= fresh.Int("seq"); seq++ {
				e := stream.Next().At("roomEvents")
				if e.Int("seq") != seq {
					t.Fatalf("event %v, want seq %d", e, seq)
				}
				if e.Str("__typename") == "MemberLeft" ||
					e.Str("__typename") == "MemberRoleChanged" {
					continue
				}
				message := e.At("message")
				if e.Str("__typename") == "MessageAdded" && !message.IsNull("thread") {
					root := message.At("thread")
					screen.shown[root.Str("id")] = root.String()
				}
				screen.shown[message.Str("id")] = message.Without("thread").String()
			}
			stream.Close()
			if diff := cmp.Diff(want, screen.shown); diff != "" {
				t.Errorf("from %d on (-fresh +screen):\n%s", screen.seq, diff)
			}
		}
	})
}

// actAtRandom does everything that can be done to messages.
func actAtRandom(c *testkit.Client, room string, random *rand.Rand, times int) {
	pick := func() (id string, ok bool) {
		nodes := c.Do(`query($id: ID!) { roomInfo(roomId: $id) { messages(last: 20) { nodes { id } } } }`, testkit.Vars{"id": room}).
			Strs("roomInfo.messages.nodes.*.id")
		if len(nodes) == 0 {
			return "", false
		}
		return nodes[random.IntN(len(nodes))], true
	}
	for i := range times {
		id, ok := pick()
		vars := testkit.Vars{
			"id":       id,
			"emoji":    string(rune('a' + random.IntN(3))),
			"on":       random.IntN(3) > 0,
			"contents": fmt.Sprint("edited ", i),
		}
		switch action := random.IntN(8); {
		case !ok || action < 2:
			sendText(c, room, fmt.Sprint(i))
		case action == 2:
			c.Ask(
				sendMessage,
				testkit.Vars{
					"input": testkit.Vars{
						"roomId":     room,
						"contents":   "reply",
						"replyToId":  id,
						"mentionIds": []string{"bob"},
					},
				},
			)
		case action == 3: // refused where it is in a thread itself
			c.Ask(
				sendMessage,
				testkit.Vars{
					"input": testkit.Vars{
						"roomId":   room,
						"contents": "in a thread",
						"threadId": id,
					},
				},
			)
		case action == 4: // refused where it is another's
			c.Ask(
				`mutation($id: ID!, $contents: String!) { editMessage(messageId: $id, contents: $contents) { message { id } } }`,
				testkit.Vars{"id": id, "contents": vars["contents"]},
			)
		case action == 5:
			c.Ask(
				`mutation($id: ID!) { deleteMessage(messageId: $id) { message { id } } }`,
				testkit.Vars{"id": id},
			)
		default:
			c.Ask(
				`mutation($id: ID!, $emoji: String!, $on: Boolean!) { react(messageId: $id, emoji: $emoji, on: $on) { message { id } } }`,
				testkit.Vars{"id": id, "emoji": vars["emoji"], "on": vars["on"]},
			)
		}
	}
}

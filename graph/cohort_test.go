package graph_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/internal/app"
	"parley/internal/testkit"
)

// TestSharedExecution counts what an event costs the database: the same for fifty screens as for
// one.
func TestSharedExecution(t *testing.T) {
	const events = `subscription($room: ID!, $after: Int) { roomEvents(roomId: $room, after: $after) { seq room { name }
		... on MessageAdded { message { contents from { id nickName } } } } }`
	testkit.EachApp(t, app.Options{PollInterval: time.Hour}, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		room := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}})
		var streams []*testkit.Stream
		seq := 0
		cost := func() int {
			statements := s.Statements(func() {
				seq = sendText(alice, room, "x").Int("seq")
				for _, stream := range streams {
					if got := stream.Next().Int("roomEvents.seq"); got != seq {
						t.Errorf("got %d, want %d", got, seq)
					}
				}
			})
			return len(statements)
		}
		join := func(c *testkit.Client, after int) {
			stream := c.Subscribe(events, testkit.Vars{"room": room, "after": after})
			stream.Next() // StreamOpened
			streams = append(streams, stream)
		}
		join(bob, 0)
		one := settledCost(t, s, cost)
		for i := range 49 {
			join([]*testkit.Client{alice, bob}[i%2], seq)
		}
		if fifty := settledCost(t, s, cost); fifty > one {
			t.Errorf("an event costs %d statements for one screen and %d for fifty", one, fifty)
		}
	})
}

// settledCost repeats cost, which returns how many statements an event takes that all subscribers
// receive, until none of them has read the event as history: until then, joining goes on.
func settledCost(t *testing.T, s *testkit.Server, cost func() int) int {
	t.Helper()
	const pages = "parley_catch_up_pages_total"
	for range 50 {
		before := metric(t, s, pages)
		if n := cost(); metric(t, s, pages) == before {
			return n
		}
	}
	t.Fatal("subscribers go on to read events as history")
	return 0
}

// TestManyViewsOfOneEvent: what an event costs the database does not depend on how many different
// things are asked about it, nor on how many people see it in their own way.
func TestManyViewsOfOneEvent(t *testing.T) {
	const people, slack = 40, 8 // renderings during the load read the membership-end events themselves
	const different = `subscription($room: ID!) { roomEvents(roomId: $room, after: 0) { seq view%d: __typename room { members(first: 5) { nodes { nickName } } tags }
		... on MessageAdded { message { replyTo { contents from { nickName } } reactions { emoji } } } } }`
	const own = `subscription($room: ID!) { roomEvents(roomId: $room, after: 0) { seq room { viewerRole unreadCount }
		... on MessageAdded { message { viewerReactions from { viewerFriendship } } } } }`
	testkit.EachApp(t, app.Options{PollInterval: time.Hour}, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		var ids []string
		for i := range people {
			ids = append(ids, fmt.Sprint("person", i))
			s.As(ids[i]).Do(`{ me { id } }`, nil)
		}
		room := makeRoom(alice, testkit.Vars{"memberIds": ids, "tags": []string{"tea"}})
		first := sendText(alice, room, "to reply to").Str("id")
		var streams []*testkit.Stream
		cost := func() int {
			return len(s.Statements(func() {
				seq := sendText(alice, room, "x", testkit.Vars{"replyToId": first}).Int("seq")
				for _, stream := range streams {
					for stream.Next().Int("roomEvents.seq") != seq {
					}
				}
			}))
		}
		join := func(c *testkit.Client, query string) {
			stream := c.Subscribe(query, testkit.Vars{"room": room})
			streams = append(streams, stream)
		}
		for name, view := range map[string]func(i int){
			"different views":    func(i int) { join(s.As(ids[i]), fmt.Sprintf(different, i)) },
			"views of their own": func(i int) { join(s.As(ids[i]), own) },
		} {
			streams = nil
			least := func() int {
				await(t, "each stream has a cohort", func() bool {
					return metric(t, s, "parley_cohorts") == len(streams)
				})
				settled := func() int { return settledCost(t, s, cost) }
				return min(settled(), settled(), settled())
			}
			view(0)
			view(1)
			few := least()
			for i := 2; i < people; i++ {
				view(i)
			}
			if many := least(); many > few+slack {
				t.Errorf(
					"%s: an event costs %d statements for 2 and %d for %d",
					name,
					few,
					many,
					people,
				)
			}
			for _, stream := range streams {
				stream.Close()
			}
		}
	})
}

// TestExecutionPerViewer shows each viewer their own where a field depends on who asks.
func TestExecutionPerViewer(t *testing.T) {
	const events = `subscription($room: ID!, $mine: Boolean!) { roomEvents(roomId: $room, after: 0) { seq
		room { ...r @include(if: $mine) name } } } fragment r on Room { viewerRole unreadCount }`
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		room := makeRoom(alice, testkit.Vars{"name": "Garden", "memberIds": []string{"bob"}})
		hers, his := alice.Subscribe(
			events,
			testkit.Vars{"room": room, "mine": true},
		), bob.Subscribe(
			events,
			testkit.Vars{"room": room, "mine": true},
		)
		shared := bob.Subscribe(events, testkit.Vars{"room": room, "mine": false})
		for _, stream := range []*testkit.Stream{hers, his, shared} {
			stream.Next()
		}
		sendText(alice, room, "x")
		for name, want := range map[*testkit.Stream]string{
			hers:   "map[name:Garden unreadCount:0 viewerRole:OWNER]",
			his:    "map[name:Garden unreadCount:1 viewerRole:MEMBER]",
			shared: "map[name:Garden]",
		} {
			if got := name.Next().At("roomEvents.room").String(); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
	})
}

// TestSharedViewsDiffer keeps those apart who ask different things: another selection, alias,
// variable or name.
func TestSharedViewsDiffer(t *testing.T) {
	s := testkit.Start(t, "sqlite3")
	alice := s.As("alice")
	room := makeRoom(alice, nil)
	asks := map[string]struct {
		query string
		vars  testkit.Vars
	}{
		"map[roomEvents:map[seq:1]]": {
			`subscription { roomEvents(roomId: "` + room + `", after: 0) { seq } }`,
			nil,
		},
		"map[e:map[seq:1]]": {
			`subscription { e: roomEvents(roomId: "` + room + `", after: 0) { seq } }`,
			nil,
		},
		"map[roomEvents:map[s:1]]": {
			`subscription { roomEvents(roomId: "` + room + `", after: 0) { s: seq } }`,
			nil,
		},
		"map[roomEvents:map[roomId:" + room: {
			`subscription($on: Boolean!) { roomEvents(roomId: "` + room + `", after: 0) { roomId @include(if: $on) __typename @skip(if: $on) } }`,
			testkit.Vars{"on": true},
		},
		"map[roomEvents:map[__typename:Mess": {
			`subscription($on: Boolean!) { roomEvents(roomId: "` + room + `", after: 0) { roomId @include(if: $on) __typename @skip(if: $on) } }`,
			testkit.Vars{"on": false},
		},
		// after is left out of what must be the same, but not where something else uses it.
		"map[roomEvents:map[room:map[members": {
			`subscription($n: Int) { roomEvents(roomId: "` + room + `", after: $n) { room { members(first: $n) { nodes { id } } } } }`,
			testkit.Vars{"n": 0},
		},
	}
	streams := map[string]*testkit.Stream{}
	for want, ask := range asks {
		streams[want] = alice.Subscribe(ask.query, ask.vars)
		streams[want].Next()
	}
	sendText(alice, room, "x")
	for want, stream := range streams {
		if got := stream.Next().String(); !strings.HasPrefix(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestEventsCarryTheirSeq looks at the extensions, from which any client can resume.
func TestEventsCarryTheirSeq(t *testing.T) {
	s := testkit.Start(t, "sqlite3")
	alice := s.As("alice")
	room := makeRoom(alice, nil)
	stream := alice.Subscribe(
		`subscription($room: ID!) { messageAdded(roomId: $room, after: 0) { contents } }`,
		testkit.Vars{"room": room},
	)
	for i := range 3 {
		sendText(alice, room, fmt.Sprint(i))
		var payload struct{ Extensions struct{ Seq int } }
		if err := json.Unmarshal(
			stream.Raw(),
			&payload,
		); err != nil ||
			payload.Extensions.Seq != i+1 {
			t.Errorf("extensions.seq %d, %v; want %d", payload.Extensions.Seq, err, i+1)
		}
	}
}

// TestManyComeBack lets many screens resume from far back at once: they share the reading of the
// log.
func TestManyComeBack(t *testing.T) {
	testkit.EachApp(t, app.Options{PollInterval: time.Hour}, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		room := makeRoom(alice, nil)
		const messages, screens = 200, 40
		sendTexts(alice, room, messages)
		reads := 0
		for _, statement := range s.Statements(func() {
			streams := make([]*testkit.Stream, screens)
			for i := range streams {
				streams[i] = alice.Subscribe(messageAdded, testkit.Vars{"room": room, "after": i % 3})
			}
			for i, stream := range streams {
				for want := i%3 + 1; want <= messages; want++ {
					if got := stream.Next().Int("messageAdded.seq"); got != want {
						t.Fatalf("got %d, want %d", got, want)
					}
				}
			}
		}) {
			if strings.Contains(statement, "MESSAGE_ADDED") {
				reads++
			}
		}
		if most := screens; reads > most { // each screen alone would need four pages
			t.Errorf("%d screens read the log %d times", screens, reads)
		}
	})
}

// TestRenewToken keeps a socket open past the end of its first token.
func TestRenewToken(t *testing.T) {
	s := testkit.Start(t, "sqlite3")
	s.As("alice")
	sign := func(sub string, life time.Duration) string {
		return s.Sign(
			map[string]any{"sub": sub, "exp": float64(time.Now().Add(life).UnixMilli()) / 1000},
		)
	}
	room := makeRoom(s.As("alice"), nil)
	for name, renew := range map[string]func(*testkit.Stream){
		"renewed": func(stream *testkit.Stream) {
			stream.Ping(testkit.Vars{"authorization": "Bearer " + sign("alice", time.Minute)})
		},
		"expired": func(*testkit.Stream) {},
		"another": func(stream *testkit.Stream) { stream.Ping(testkit.Vars{"authorization": sign("eve", time.Minute)}) },
	} {
		stream := s.With(sign("alice", 2*time.Second)).
			Subscribe(roomEvents, testkit.Vars{"room": room})
		stream.Next()
		renew(stream)
		code := stream.CloseCode(3 * time.Second)
		if want := map[string]int{"renewed": 0, "expired": 4403, "another": 4403}[name]; code != want {
			t.Errorf("%s: closed with %d, want %d", name, code, want)
		}
	}
}

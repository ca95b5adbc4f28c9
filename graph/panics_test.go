package graph_test

import (
	"context"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"entgo.io/ent/dialect"

	"parley/internal/app"
	"parley/internal/broker"
	"parley/internal/chat/write"
	"parley/internal/testkit"
)

// panicTrigger panics once when a statement runs that has a text in it.
type panicTrigger struct {
	text  atomic.Value
	armed atomic.Bool
}

func (m *panicTrigger) arm(text string) {
	m.text.Store(text)
	m.armed.Store(true)
}

func (m *panicTrigger) observe(_ context.Context, query string) {
	text, ok := m.text.Load().(string)
	if ok && strings.Contains(query, text) && m.armed.Swap(false) {
		panic("stepped on " + text)
	}
}

// panicked returns how many panics a server has counted, of a kind of work.
func panicked(t *testing.T, s *testkit.Server, where string) int {
	t.Helper()
	_, rest, ok := strings.Cut(s.Metrics(), `parley_panics_total{where="`+where+`"} `)
	if !ok {
		t.Fatalf("no panics are counted in %s", where)
	}
	text, _, _ := strings.Cut(rest, "\n")
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// seqsOnly publishes without commits while on is set, so that nodes read the log.
type seqsOnly struct {
	broker.Listener
	on *atomic.Bool
}

func (s seqsOnly) Publish(p broker.Publication) {
	if s.on.Load() {
		p.Commit = nil
	}
	s.Receive(p)
}

// TestPanics: a panic fails what it happened in with INTERNAL, and nothing else.
func TestPanics(t *testing.T) {
	for _, name := range []string{dialect.SQLite, dialect.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := new(panicTrigger)
			var lose atomic.Bool
			s := testkit.StartApp(t, testkit.DatabaseURL(t, name), app.Options{
				Observe:   m.observe,
				Publisher: func(to broker.Listener) write.Publisher { return seqsOnly{to, &lose} },
			})
			alice := s.As("alice")
			room := makeRoom(alice, testkit.Vars{"tags": []string{"tag"}})
			in := testkit.Vars{"room": room}
			send := func(contents, key string) testkit.Reply {
				input := testkit.Vars{"roomId": room, "contents": contents}
				if key != "" {
					input["idempotencyKey"] = key
				}
				return alice.Ask(`mutation($input: SendMessageInput!) {
					sendMessage(input: $input) { message { seq } } }`, testkit.Vars{"input": input})
			}
			neighbour := alice.Subscribe(`subscription($room: ID!) { roomEvents(roomId: $room) {
				__typename seq } }`, in)
			neighbour.Next()
			victim := func() *testkit.Stream {
				v := alice.Subscribe(
					`subscription($room: ID!) { roomEvents(roomId: $room) { __typename
					... on MessageAdded { seq message { room { tags } } } } }`,
					in,
				)
				v.Next()
				return v
			}

			// The rendering of an event.
			v := victim()
			m.arm("FROM \"room_tags\"")
			if name == dialect.SQLite {
				m.arm("FROM `room_tags`")
			}
			if reply := send("rendered", ""); reply.Code() != "" {
				t.Errorf("the message is refused: %+v", reply.Errors)
			}
			if e := v.Error(); e.Extensions["code"] != "INTERNAL" ||
				e.Extensions["requestId"] == "" {
				t.Errorf("the stream ends with %+v", e)
			}
			if e := neighbour.Next(); e.Int("roomEvents.seq") != 1 {
				t.Errorf("beside it comes %v", e)
			}

			// The same of a client that subscribes again.
			v = victim()
			if reply := send("again", ""); reply.Code() != "" {
				t.Errorf("the message is refused: %+v", reply.Errors)
			}
			if e := v.Next(); e.Int("roomEvents.seq") != 2 {
				t.Errorf("after a panic comes %v", e)
			}
			neighbour.Next()
			if n := panicked(t, s, "operation") + panicked(t, s, "event"); n != 1 {
				t.Errorf("%d panics of events are counted, want 1", n)
			}

			// A write: with PostgreSQL it is one statement, and it is unknown whether it has run.
			insert, code := "INSERT INTO messages", "INTERNAL"
			if name == dialect.Postgres {
				code = "UNAVAILABLE"
			}
			m.arm(insert)
			if reply := send("lost", ""); reply.Code() != code {
				t.Errorf("a write that panics: %q %+v", reply.Code(), reply.Errors)
			}
			if n := panicked(t, s, "write"); n != 1 {
				t.Errorf("%d panics of writes are counted, want 1", n)
			}
			if name == dialect.Postgres { // what is unknown is found out where a key says what is the same
				m.arm(insert)
				if reply := send("kept", "key"); reply.Code() != "" {
					t.Errorf("a write with a key: %q %+v", reply.Code(), reply.Errors)
				}
			} else if reply := send(
				"kept",
				"",
			); reply.Code() != "" {
				t.Errorf("after a write that panics: %q %+v", reply.Code(), reply.Errors)
			}
			if e := neighbour.Next(); e.Int("roomEvents.seq") != 3 {
				t.Errorf("after the write comes %v", e)
			}
			v.Next()

			// The log that all streams of the room read.
			lose.Store(true)
			m.arm("room_events")
			if reply := send("unread", ""); reply.Code() != "" {
				t.Errorf("the message is refused: %+v", reply.Errors)
			}
			for _, stream := range []*testkit.Stream{v, neighbour} {
				if e := stream.Error(); e.Extensions["code"] != "INTERNAL" {
					t.Errorf("the stream ends with %+v", e)
				}
			}

			// A query.
			m.arm("rooms") // it is executed once: another time would succeed
			if reply := alice.Ask(`{ myRooms { nodes { id } } }`, nil); reply.Code() != "INTERNAL" {
				t.Errorf("a query that panics: %q", reply.Code())
			}
			alice.Do(`{ myRooms { nodes { id } } }`, nil)
			work := victim()
			if reply := send("at last", ""); reply.Code() != "" {
				t.Errorf("the message is refused: %+v", reply.Errors)
			}
			if e := work.Next(); e.Int("roomEvents.seq") != 5 {
				t.Errorf("at last comes %v", e)
			}
		})
	}
}

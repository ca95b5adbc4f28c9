package graph_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/internal/testkit"
	"parley/internal/testkit/scale"
)

// eventSource receives events as a browser's EventSource does: it connects again to the same
// address, and says which event it has received last.
type eventSource struct {
	t           testing.TB
	url, token  string
	lastEventID string

	cut   context.CancelFunc
	lines *bufio.Scanner
}

func newEventSource(
	t testing.TB, s *testkit.Server, user, query string, vars testkit.Vars,
) *eventSource {
	t.Helper()
	variables, err := json.Marshal(vars)
	if err != nil {
		t.Fatal(err)
	}
	address := s.URL + "/graphql?" +
		url.Values{"query": {query}, "variables": {string(variables)}}.Encode()
	return &eventSource{t: t, url: address, token: s.Token(user)}
}

// connect begins a connection, which lasts until cut is called.
func (e *eventSource) connect() {
	e.t.Helper()
	ctx, cancel := context.WithCancel(e.t.Context())
	time.AfterFunc(20*time.Second, cancel)
	e.cut = cancel
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, e.url, nil)
	if err != nil {
		e.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Authorization", "Bearer "+e.token)
	if e.lastEventID != "" {
		r.Header.Set("Last-Event-ID", e.lastEventID)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(func() { _ = res.Body.Close() })
	if res.StatusCode != http.StatusOK {
		e.t.Fatalf("connect: %s", res.Status)
	}
	e.lines = bufio.NewScanner(res.Body)
}

// block reads up to the next empty line, and returns the event before it, if there is one.
func (e *eventSource) block() (name, data string) {
	e.t.Helper()
	for e.lines.Scan() {
		field, value, _ := strings.Cut(e.lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case field == "" && value == "":
			return name, data
		case field == "id":
			e.lastEventID = value
		case field == "event":
			name = value
		case field == "data":
			data += value
		}
	}
	e.t.Fatalf("the connection ended: %v", e.lines.Err())
	return "", ""
}

// next returns the next event.
func (e *eventSource) next() (result struct {
	Data map[string]struct {
		Typename string `json:"__typename"`
		Kind     string
		Seq      int
	}
	Errors []testkit.ReplyError
},
) {
	e.t.Helper()
	for {
		name, data := e.block()
		if name == "" {
			continue // a comment, or an id alone
		}
		if name != "next" {
			e.t.Fatalf("want an event, got %s %s", name, data)
		}
		if err := json.Unmarshal([]byte(data), &result); err != nil {
			e.t.Fatal(err)
		}
		return result
	}
}

// TestEventStreamsResume: wherever an event stream breaks, a client that connects again as browsers
// do receives each event once, in order.
func TestEventStreamsResume(t *testing.T) {
	const before = 5
	count := scale.Or(30, 12)
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		for name, c := range map[string]struct {
			query, field string
			after        any
		}{
			"roomEvents":            {roomEvents, "roomEvents", 0},
			"roomEvents from now":   {roomEvents, "roomEvents", nil},
			"roomEvents from 2":     {roomEvents, "roomEvents", 2},
			"messageAdded":          {messageAdded, "messageAdded", 0},
			"messageAdded from now": {messageAdded, "messageAdded", nil},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				alice := s.As("alice")
				room := makeRoom(alice, nil)
				var want, got []int
				send := func() {
					seq := sendText(alice, room, "x").Int("seq")
					if first, given := c.after.(int); !given && seq > before ||
						given && seq > first {
						want = append(want, seq)
					}
				}
				for range before {
					send()
				}
				stream := newEventSource(t, s, "alice", c.query,
					testkit.Vars{"room": room, "after": c.after})
				// The connection breaks after 0, 1, 2, 3 and 0 events, and so on.
				for cut := 0; len(got) < count; cut = (cut + 1) % 4 {
					stream.connect()
					stream.block() // the position at which it begins
					for range cut {
						if len(got) == len(want) {
							send()
						}
						event := stream.next().Data[c.field]
						if event.Typename != "StreamOpened" {
							got = append(got, event.Seq)
						}
					}
					stream.cut()
					send()
					send()
				}
				if !slices.Equal(got, want[:len(got)]) {
					t.Errorf("received %v, want %v", got, want)
				}
			})
		}
	})
}

// TestLastEventID: an id that is none of the subscription is refused, as a position that the room
// has not reached is; a subscription without positions ignores it.
func TestLastEventID(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		room := makeRoom(alice, nil)
		sendText(alice, room, "1")
		open := func(query, id string) *eventSource {
			stream := newEventSource(t, s, "alice", query, testkit.Vars{"room": room, "after": 0})
			stream.lastEventID = id
			stream.connect()
			return stream
		}
		for _, id := range []string{"x", "-1", "+1", "1.0", "9223372036854775808", "0x1"} {
			for _, query := range []string{roomEvents, messageAdded} {
				result := open(query, id).next()
				if len(result.Errors) != 1 ||
					result.Errors[0].Extensions["code"] != "BAD_USER_INPUT" ||
					result.Errors[0].Extensions["field"] != "Last-Event-ID" {
					t.Errorf("%q: %+v", id, result)
				}
			}
		}
		if e := open(messageAdded, "7").next(); len(e.Errors) != 1 ||
			e.Errors[0].Extensions["code"] != "RESYNC" {
			t.Errorf("messageAdded continues ahead of the room with %+v", e)
		}
		ahead := open(roomEvents, "7")
		for _, want := range []string{"StreamOpened", "Resync"} {
			if e := ahead.next().Data["roomEvents"]; e.Typename != want {
				t.Errorf("got %v, want %s", e, want)
			}
		}
		if ahead.lastEventID != "1" {
			t.Errorf("the id of Resync is %s", ahead.lastEventID)
		}
		list := open(`subscription { myRoomsChanged { kind } }`, "x")
		if e := list.next().Data["myRoomsChanged"]; e.Kind != "OPENED" ||
			list.lastEventID != "x" {
			t.Errorf("got %v, and the id %s", e, list.lastEventID)
		}
	})
}

package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"parley/internal/web"
)

// start is subscribe for the subprotocol graphql-ws.
func start(id, query string) string {
	return strings.Replace(subscribe(id, query), `"subscribe"`, `"start"`, 1)
}

// connectSubscriptionsWS returns a client of the subprotocol graphql-ws (of
// subscriptions-transport-ws) that has not sent connection_init.
func (ts *testServer) connectSubscriptionsWS(t *testing.T) *wsClient {
	t.Helper()
	c := ts.connect(t, "Subprotocol: graphql-ws")
	if got := c.Subprotocol(); got != "graphql-ws" {
		t.Fatalf("subprotocol %q", got)
	}
	return c
}

func (c *wsClient) initSubscriptionsWS() {
	c.t.Helper()
	c.send(`{"type":"connection_init","payload":{"Authorization":"Bearer ann"}}`)
	c.expect("connection_ack", "ka")
}

// TestSubscriptionsWSOperations runs operations in the subprotocol of subscriptions-transport-ws.
func TestSubscriptionsWSOperations(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{})
	c := ts.connectSubscriptionsWS(t)
	c.initSubscriptionsWS()
	c.send(start("s", "subscription { count(n: 2) }"))
	c.expect(`data s {"data":{"count":"1"}}`, `data s {"data":{"count":"2"}}`, "complete s")
	c.send(start("q", "{ me }"))
	c.expect(`data q {"data":{"me":"ann"}}`, "complete q")
	c.send(start("m", "mutation { touch }"))
	c.expect(`data m {"data":{"touch":true}}`, "complete m")
	// The error message of this subprotocol has one error instead of a list.
	c.send(start("e", "{"))
	m, err := c.next()
	if err != nil || m.Type != "error" || m.ID != "e" ||
		!strings.HasPrefix(string(m.Payload), "{") ||
		!strings.Contains(string(m.Payload), "GRAPHQL_PARSE_FAILED") {
		t.Fatalf("%v %v; want an error", m, err)
	}
	// stop has no response, and frees the id.
	c.send(
		start("1", "subscription { silent }"),
		`{"id":"1","type":"stop"}`,
		start("1", "{ __typename }"),
	)
	c.expect(`data 1 {"data":{"__typename":"Query"}}`, "complete 1")
	waitFor(t, "the end of the subscription", ts.schema.ended)
	c.send(`{"type":"connection_terminate"}`)
	c.expectClose(websocket.StatusNormalClosure)
}

func TestSubscriptionsWSCloseCodes(t *testing.T) {
	t.Parallel()
	const begin = `{"type":"connection_init"}`
	ts := newServer(t, web.Config{})
	for name, test := range map[string]struct {
		messages []string
		want     websocket.StatusCode
	}{
		"no JSON":        {[]string{"hello"}, 4400},
		"subscribe":      {[]string{begin, subscribe("1", "{ me }")}, 4400},
		"ping":           {[]string{begin, `{"type":"ping"}`}, 4400},
		"start first":    {[]string{start("1", "{ me }")}, 4401},
		"bad token":      {[]string{`{"type":"connection_init","payload":{"authorization":"forged"}}`}, 4403},
		"same id twice":  {[]string{begin, start("1", "subscription { silent }"), start("1", "{ me }")}, 4409},
		"two inits":      {[]string{begin, begin}, 4429},
		"token runs out": {[]string{`{"type":"connection_init","payload":{"authorization":"brief"}}`}, 4403},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := ts.connectSubscriptionsWS(t)
			c.send(test.messages...)
			c.expectClose(test.want)
		})
	}
	c := ts.connectSubscriptionsWS(t)
	c.send(`{"type":"connection_init","payload":{"authorization":"forged"}}`)
	if m, err := c.next(); err != nil || m.Type != "connection_error" ||
		!strings.Contains(string(m.Payload), "UNAUTHENTICATED") {
		t.Errorf("%v %v; want a connection_error", m, err)
	}
}

// TestSubscriptionsWSKeepAlive: this subprotocol has no ping message. The server sends keep-alive
// messages, and pings of the WebSocket protocol, which libraries and browsers answer.
func TestSubscriptionsWSKeepAlive(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{Limits: web.Limits{SocketPing: time.Second}})
	c := ts.connectSubscriptionsWS(t)
	c.initSubscriptionsWS()
	c.send(start("1", "subscription { silent }"))
	c.expect("ka", "ka", "ka") // reading answers the pings
	waitFor(t, "the end of the client that does not answer", ts.schema.ended)
}

// TestBothSubprotocols: a client that offers both subprotocols gets the one that it prefers.
func TestBothSubprotocols(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{})
	for _, offered := range []string{"graphql-ws graphql-transport-ws", "unknown graphql-transport-ws graphql-ws"} {
		c := ts.connect(t, "Subprotocol: "+offered)
		want := strings.Fields(strings.TrimPrefix(offered, "unknown "))[0]
		if got := c.Subprotocol(); got != want {
			t.Errorf("%s: got %s", offered, got)
		}
	}
}

func TestSocketsPerUser(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{Limits: web.Limits{SocketsPerUser: 2}})
	ann := func() *wsClient {
		c := ts.connect(t)
		c.send(`{"type":"connection_init","payload":{"authorization":"Bearer ann"}}`)
		return c
	}
	first, second := ann(), ann()
	first.expect("connection_ack")
	second.expect("connection_ack")
	ann().expectClose(1013) // client libraries reconnect
	for range 4 {           // anonymous clients, and then another user
		ts.connect(t).init()
	}
	bob := ts.connect(t, "Authorization: Bearer bob")
	bob.init()
	_ = first.CloseNow()
	for { // until the server notices the end
		third := ann()
		if m, err := third.next(); err == nil {
			if m.Type != "connection_ack" {
				t.Errorf("got %v", m)
			}
			break
		}
	}
}

// TestEventStreamsPerUser: event streams count like WebSockets.
func TestEventStreamsPerUser(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{Limits: web.Limits{SocketsPerUser: 2}})
	stream := func(who string) (status int, end func()) {
		r, err := http.NewRequestWithContext(
			t.Context(),
			http.MethodGet,
			ts.URL+"/graphql?query=subscription%7Bsilent%7D",
			nil,
		)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", "text/event-stream")
		r.Header.Set("Authorization", "Bearer "+who)
		res, err := ts.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		end = func() { _ = res.Body.Close() }
		t.Cleanup(end)
		return res.StatusCode, end
	}
	socket := ts.connect(t)
	socket.send(`{"type":"connection_init","payload":{"authorization":"Bearer ann"}}`)
	socket.expect("connection_ack")
	_, end := stream("ann")
	for who, want := range map[string]int{"ann": http.StatusTooManyRequests, "bob": http.StatusOK} {
		if got, _ := stream(who); got != want {
			t.Errorf("%s: %d, want %d", who, got, want)
		}
	}
	end()
	for got, _ := stream("ann"); got != http.StatusOK; got, _ = stream("ann") { // until the server notices the end
		time.Sleep(5 * time.Millisecond)
	}
}

// TestFloods: messages above the rate are read later, and clients that do not read responses are
// disconnected.
func TestFloods(t *testing.T) {
	t.Parallel()
	t.Run("of messages", func(t *testing.T) {
		t.Parallel()
		const rate, flood = 100, 260
		ts := newServer(t, web.Config{Limits: web.Limits{SocketFrames: rate}})
		c := ts.connect(t)
		c.init()
		begun := time.Now()
		for i := range flood {
			c.send(fmt.Sprintf(`{"type":"ping","payload":{"n":%d}}`, i))
		}
		for i := range flood {
			c.expect(fmt.Sprintf(`pong  {"n":%d}`, i))
		}
		if took := time.Since(
			begun,
		); took < 500*time.Millisecond { // 260 less the 200 at once, at 100 a second
			t.Errorf("%d messages were read within %v", flood, took)
		}
	})
	t.Run("of unread responses", func(t *testing.T) {
		t.Parallel()
		ts := newServer(
			t,
			web.Config{Limits: web.Limits{Write: 100 * time.Millisecond, SocketFrames: 1_000_000}},
		)
		c := ts.connect(t)
		c.init()
		ping := `{"type":"ping","payload":{"x":"` + strings.Repeat("x", 15_000) + `"}}`
		deadline := time.Now().Add(20 * time.Second)
		for c.Write(t.Context(), websocket.MessageText, []byte(ping)) == nil {
			if time.Now().After(deadline) {
				t.Fatal("the client was not disconnected")
			}
		}
	})
	t.Run("of subscriptions", func(t *testing.T) {
		t.Parallel()
		ts := newServer(t, web.Config{Limits: web.Limits{SocketOperations: 5}})
		c := ts.connect(t)
		c.init()
		for i := range 300 {
			c.send(subscribe(fmt.Sprint(i), "subscription { silent }"))
		}
		for range 295 {
			if m, err := c.next(); err != nil || m.Type != "error" ||
				!strings.Contains(string(m.Payload), "RATE_LIMITED") {
				t.Fatalf("%v %v; want RATE_LIMITED", m, err)
			}
		}
		for range 5 {
			waitFor(t, "a subscription", ts.schema.started)
		}
		if n := ts.schema.running.Load(); n != 5 {
			t.Errorf("%d subscriptions run; want 5", n)
		}
	})
	t.Run("of handshakes without connection_init", func(t *testing.T) {
		t.Parallel()
		ts := newServer(t, web.Config{Limits: web.Limits{SocketInit: 50 * time.Millisecond}})
		clients := make([]*wsClient, 50)
		for i := range clients {
			clients[i] = ts.connect(t)
		}
		for _, c := range clients {
			c.expectClose(4408)
		}
	})
	t.Run("of invalid upgrades", func(t *testing.T) {
		t.Parallel()
		ts := newServer(t, web.Config{})
		for name, header := range map[string][]string{
			"no key":        {"Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"},
			"older version": {"Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 8", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="},
			"short key":     {"Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: short"},
		} {
			if a := ts.do(
				t,
				http.MethodGet,
				"/graphql",
				"",
				header...); a.StatusCode < 400 ||
				a.StatusCode >= 500 {
				t.Errorf("%s: status %d", name, a.StatusCode)
			}
		}
	})
}

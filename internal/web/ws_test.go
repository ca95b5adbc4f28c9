package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"parley/internal/web"
)

// wsClient is a client of graphql-transport-ws. It can send invalid messages.
type wsClient struct {
	*websocket.Conn
	t *testing.T
}

// dial returns a client, or the status with which the handshake was refused.
func (ts *testServer) dial(t *testing.T, header ...string) (c *wsClient, refused int) {
	t.Helper()
	return ts.dialTo(t, "/graphql", header...)
}

func (ts *testServer) dialTo(
	t *testing.T, path string, header ...string,
) (c *wsClient, refused int) {
	t.Helper()
	h := http.Header{}
	subprotocols := []string{"graphql-transport-ws"}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Subprotocol" {
			subprotocols = strings.Fields(value)
			continue
		}
		h.Add(name, value)
	}
	conn, res, err := websocket.Dial(
		t.Context(),
		strings.Replace(ts.URL, "http", "ws", 1)+path,
		&websocket.DialOptions{HTTPHeader: h, Subprotocols: subprotocols},
	)
	if res == nil {
		t.Fatal(err)
	}
	if res.Body != nil {
		_ = res.Body.Close()
	}
	if err != nil {
		return nil, res.StatusCode
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &wsClient{conn, t}, 0
}

func (ts *testServer) connect(t *testing.T, header ...string) *wsClient {
	t.Helper()
	return ts.connectTo(t, "/graphql", header...)
}

func (ts *testServer) connectTo(t *testing.T, path string, header ...string) *wsClient {
	t.Helper()
	c, refused := ts.dialTo(t, path, header...)
	if refused != 0 {
		t.Fatalf("refused with %d", refused)
	}
	return c
}

func (c *wsClient) send(messages ...string) {
	c.t.Helper()
	for _, m := range messages {
		if err := c.Write(c.t.Context(), websocket.MessageText, []byte(m)); err != nil {
			c.t.Fatal(err)
		}
	}
}

type wsMessage struct {
	Type, ID string
	Payload  json.RawMessage
}

func (m wsMessage) String() string { return fmt.Sprintf("%s %s %s", m.Type, m.ID, m.Payload) }

// next returns the next message that is not a ping.
func (c *wsClient) next() (wsMessage, error) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	for {
		_, data, err := c.Read(ctx)
		if err != nil {
			return wsMessage{}, err
		}
		var m wsMessage
		if err := json.Unmarshal(data, &m); err != nil {
			c.t.Fatal(err)
		}
		if m.Type != "ping" {
			return m, nil
		}
	}
}

// expect reads one message for each of want and compares them.
func (c *wsClient) expect(want ...string) {
	c.t.Helper()
	for _, w := range want {
		m, err := c.next()
		if err != nil {
			c.t.Fatalf("%v; want %s", err, w)
		}
		if got := strings.TrimSpace(m.String()); got != w {
			c.t.Fatalf("got %s; want %s", got, w)
		}
	}
}

// expectClose reads until the WebSocket is closed.
func (c *wsClient) expectClose(want websocket.StatusCode) {
	c.t.Helper()
	for {
		_, err := c.next()
		if err == nil {
			continue
		}
		if got := websocket.CloseStatus(err); got != want {
			c.t.Fatalf("closed with %d (%v); want %d", got, err, want)
		}
		return
	}
}

func (c *wsClient) init() {
	c.t.Helper()
	c.send(`{"type":"connection_init"}`)
	c.expect("connection_ack")
}

func subscribe(id, query string) string {
	payload, _ := json.Marshal(map[string]string{"query": query})
	return fmt.Sprintf(`{"id":%q,"type":"subscribe","payload":%s}`, id, payload)
}

// subscribeRaw is subscribe without escaping query.
func subscribeRaw(query string) string {
	return `{"id":"1","type":"subscribe","payload":{"query":"` + query + `"}}`
}

func waitFor(t *testing.T, what string, ended <-chan struct{}) {
	t.Helper()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Fatalf("%s: did not happen", what)
	}
}

func TestSocketOperations(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{})
	c := ts.connect(t)
	c.init()
	c.send(subscribe("s", "subscription { count(n: 2) }"))
	c.expect(`next s {"data":{"count":"1"}}`, `next s {"data":{"count":"2"}}`, "complete s")
	c.send(subscribe("q", "{ __typename }"))
	c.expect(`next q {"data":{"__typename":"Query"}}`, "complete q")
	c.send(subscribe("m", "mutation { touch }"))
	c.expect(`next m {"data":{"touch":true}}`, "complete m")
	c.send(`{"type":"ping","payload":{"a":1}}`)
	c.expect(`pong  {"a":1}`)

	// An operation that is not executed has one error message without a complete. Its id is free again.
	for code, query := range map[string]string{
		"GRAPHQL_PARSE_FAILED":      "{",
		"GRAPHQL_VALIDATION_FAILED": "{ nothing }",
		"TOO_COMPLEX":               "{" + strings.Repeat(" nested{", 120) + "me" + strings.Repeat("}", 121),
	} {
		c.send(subscribe("e", query))
		m, err := c.next()
		if err != nil || m.Type != "error" || m.ID != "e" ||
			!strings.Contains(string(m.Payload), code) {
			t.Fatalf("%v %v; want an error message with %s", m, err, code)
		}
		c.send(subscribe("e", "{ __typename }"))
		c.expect(`next e {"data":{"__typename":"Query"}}`, "complete e")
	}
	// An operation that was executed has a result, even if its data is null.
	c.send(subscribe("n", "{ failsHard }"))
	if m, err := c.next(); err != nil || m.Type != "next" {
		t.Fatalf("%v %v; want a result", m, err)
	}
	c.expect("complete n")
}

// TestSocketComplete: a client's complete ends the operation, has no response, and frees the id at
// once.
func TestSocketComplete(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{})
	c := ts.connect(t)
	c.init()
	c.send(
		subscribe("1", "subscription { silent }"),
		`{"id":"1","type":"complete"}`,
		`{"id":"never","type":"complete"}`,
	)
	c.send(subscribe("1", "subscription { count(n: 1) }"))
	c.expect(`next 1 {"data":{"count":"1"}}`, "complete 1")
	waitFor(t, "the end of the first", ts.schema.ended)
}

func TestSocketCloseCodes(t *testing.T) {
	t.Parallel()
	const begin = `{"type":"connection_init"}`
	ts := newServer(t, web.Config{Limits: web.Limits{SocketMessage: 1000}})
	for name, test := range map[string]struct {
		messages []string
		want     websocket.StatusCode
	}{
		"no JSON":                      {[]string{"hello"}, 4400},
		"no JSON later":                {[]string{begin, "hello"}, 4400},
		"no type":                      {[]string{begin, `{}`}, 4400},
		"unknown type":                 {[]string{begin, `{"type":"start","id":"1"}`}, 4400},
		"type in capitals":             {[]string{begin, `{"TYPE":"ping"}`}, 4400},
		"type a number":                {[]string{begin, `{"type":5}`}, 4400},
		"a server's type":              {[]string{begin, `{"type":"next","id":"1"}`}, 4400},
		"init payload no object":       {[]string{`{"type":"connection_init","payload":[1]}`}, 4400},
		"init payload a string":        {[]string{`{"type":"connection_init","payload":"x"}`}, 4400},
		"authorization a number":       {[]string{`{"type":"connection_init","payload":{"authorization":7}}`}, 4400},
		"Authorization an object":      {[]string{`{"type":"connection_init","payload":{"Authorization":{"token":"ann"}}}`}, 4400},
		"headers no object":            {[]string{`{"type":"connection_init","payload":{"headers":"x"}}`}, 4400},
		"token a number":               {[]string{`{"type":"connection_init","payload":{"token":7}}`}, 4400},
		"bad token in headers":         {[]string{`{"type":"connection_init","payload":{"headers":{"Authorization":"forged"}}}`}, 4403},
		"not UTF-8":                    {[]string{begin, subscribeRaw("{ me } #\xff")}, 1007},
		"not UTF-8 first":              {[]string{"{\"type\":\"\xff\"}"}, 1007},
		"variables of another type":    {[]string{begin, `{"type":"subscribe","id":"1","payload":{"query":"{me}","variables":"x"}}`}, 4400},
		"query of another type":        {[]string{begin, `{"type":"subscribe","id":"1","payload":{"query":{}}}`}, 4400},
		"payload of another type":      {[]string{begin, `{"type":"subscribe","id":"1","payload":"{me}"}`}, 4400},
		"id of half a surrogate pair":  {[]string{begin, `{"type":"subscribe","id":"\uDC00","payload":{"query":"{me}"}}`}, 4400},
		"subscribe without id":         {[]string{begin, `{"type":"subscribe","payload":{"query":"{me}"}}`}, 4400},
		"subscribe without payload":    {[]string{begin, `{"type":"subscribe","id":"1"}`}, 4400},
		"subscribe without query":      {[]string{begin, `{"type":"subscribe","id":"1","payload":{}}`}, 4400},
		"subscribe with bad variables": {[]string{begin, `{"type":"subscribe","id":"1","payload":{"query":"{me}","variables":[]}}`}, 4400},
		"subscribe first":              {[]string{subscribe("1", "{me}")}, 4401},
		"bad token":                    {[]string{`{"type":"connection_init","payload":{"authorization":"Bearer forged"}}`}, 4403},
		"bare bad token":               {[]string{`{"type":"connection_init","payload":{"Authorization":"forged"}}`}, 4403},
		"keys unavailable":             {[]string{`{"type":"connection_init","payload":{"authorization":"Bearer unavailable"}}`}, 1013},
		"token that expires":           {[]string{`{"type":"connection_init","payload":{"authorization":"Bearer brief"}}`}, 4403},
		"same id twice":                {[]string{begin, subscribe("1", "subscription{silent}"), subscribe("1", "{me}")}, 4409},
		"two inits":                    {[]string{begin, begin}, 4429},
		"message too large":            {[]string{begin, subscribe("1", strings.Repeat(" ", 1000))}, 1009},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := ts.connect(t)
			c.send(test.messages...)
			c.expectClose(test.want)
		})
	}
	t.Run("binary", func(t *testing.T) {
		t.Parallel()
		c := ts.connect(t)
		if err := c.Write(t.Context(), websocket.MessageBinary, []byte(begin)); err != nil {
			t.Fatal(err)
		}
		c.expectClose(4400)
	})
	for _, subprotocols := range []string{"", "graphql-transport"} {
		t.Run("subprotocol "+subprotocols, func(t *testing.T) {
			t.Parallel()
			c := ts.connect(t, "Subprotocol: "+subprotocols)
			c.expectClose(4406)
		})
	}
}

func TestSocketInitTimeout(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{Limits: web.Limits{SocketInit: 20 * time.Millisecond}})
	ts.connect(t).expectClose(4408)
}

func TestSocketIdentity(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{})
	for name, test := range map[string]struct{ header, payload, want string }{
		"anonymous":                {"", ``, `null`},
		"empty":                    {"", `,"payload":{"authorization":""}`, `null`},
		"null":                     {"", `,"payload":{"authorization":null}`, `null`},
		"payload":                  {"", `,"payload":{"authorization":"Bearer ann"}`, `"ann"`},
		"payload in capitals":      {"", `,"payload":{"Authorization":"bearer ann"}`, `"ann"`},
		"bare token":               {"", `,"payload":{"authorization":"ann"}`, `"ann"`},
		"in headers":               {"", `,"payload":{"headers":{"authorization":"Bearer ann","x":1}}`, `"ann"`},
		"in headers, in capitals":  {"", `,"payload":{"headers":{"Authorization":"Bearer ann"}}`, `"ann"`},
		"without headers":          {"", `,"payload":{"headers":null,"token":"ann"}`, `"ann"`},
		"authToken":                {"", `,"payload":{"authToken":"ann"}`, `"ann"`},
		"token":                    {"", `,"payload":{"token":"Bearer ann"}`, `"ann"`},
		"authorization first":      {"", `,"payload":{"token":"bob","headers":{"authorization":"bob"},"authorization":"ann"}`, `"ann"`},
		"header":                   {"Bearer bob", ``, `"bob"`},
		"payload overrides header": {"Bearer bob", `,"payload":{"authorization":"Bearer ann"}`, `"ann"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := ts.connect(t, "Authorization: "+test.header)
			c.send(`{"type":"connection_init"` + test.payload + `}`)
			c.expect("connection_ack")
			c.send(subscribe("1", "{ me }"))
			c.expect(`next 1 {"data":{"me":`+test.want+`}}`, "complete 1")
		})
	}
	if _, refused := ts.dial(
		t,
		"Authorization: Bearer forged",
	); refused != http.StatusUnauthorized {
		t.Errorf("bad token in the handshake: %d; want 401", refused)
	}
}

// TestRejectedTokenReason: the close reason says why a token is rejected, as HTTP does.
func TestRejectedTokenReason(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{})
	const wrong = "Forbidden: The token's signature is wrong."
	for name, test := range map[string]struct {
		older    bool
		messages []string
		want     string
	}{
		"init":            {false, []string{`{"type":"connection_init","payload":{"token":"forged"}}`}, wrong},
		"init, older":     {true, []string{`{"type":"connection_init","payload":{"token":"forged"}}`}, wrong},
		"ping":            {false, []string{initAnn, `{"type":"ping","payload":{"authorization":"forged"}}`}, wrong},
		"ping of another": {false, []string{initAnn, `{"type":"ping","payload":{"authorization":"bob"}}`}, "Forbidden: The token is another user's."},
		"a long reason":   {false, []string{`{"type":"connection_init","payload":{"token":"long"}}`}, "Forbidden: " + strings.Repeat("é", 54) + "…"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c *wsClient
			if test.older {
				c = ts.connectSubscriptionsWS(t)
			} else {
				c = ts.connect(t)
			}
			c.send(test.messages...)
			err := error(nil)
			for err == nil {
				_, err = c.next()
			}
			var closed websocket.CloseError
			if !errors.As(err, &closed) || closed.Code != 4403 || closed.Reason != test.want {
				t.Errorf("closed with %v; want %q", err, test.want)
			}
		})
	}
}

const initAnn = `{"type":"connection_init","payload":{"authorization":"ann"}}`

// TestSocketOrigin: browsers let every page open WebSockets to any server, so that the server must
// check the origin.
func TestSocketOrigin(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{AllowedOrigins: []string{"https://chat.example.com"}})
	for origin, want := range map[string]bool{
		"":                         true, // no browser
		"https://chat.example.com": true,
		ts.URL:                     true, // its own
		"https://evil.com":         false,
		"http://localhost:3000":    false,
		"null":                     false,
	} {
		header := []string{}
		if origin != "" {
			header = append(header, "Origin: "+origin)
		}
		_, refused := ts.dial(t, header...)
		if got := refused == 0; got != want || !want && refused != http.StatusForbidden {
			t.Errorf("%q: refused with %d; want accepted %v", origin, refused, want)
		}
	}
	development := newServer(t, web.Config{Development: true})
	development.connect(t, "Origin: http://localhost:3000")
	if _, refused := development.dial(t, "Origin: https://evil.com"); refused == 0 {
		t.Error("development accepts pages from everywhere")
	}
}

func TestSocketOperationLimit(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{Limits: web.Limits{SocketOperations: 2}})
	c := ts.connect(t)
	c.init()
	c.send(
		subscribe("1", "subscription { silent }"),
		subscribe("2", "subscription { silent }"),
		subscribe("3", "{ me }"),
	)
	m, err := c.next()
	if err != nil || m.Type != "error" || m.ID != "3" ||
		!strings.Contains(string(m.Payload), "RATE_LIMITED") ||
		!strings.Contains(string(m.Payload), "At most 2 operations") {
		t.Fatalf("%v %v; want an error for 3", m, err)
	}
	c.send(`{"id":"1","type":"complete"}`)
	waitFor(t, "the end of the first", ts.schema.ended)
	// The operation is removed a moment after its context has ended.
	for {
		c.send(subscribe("3", "{ me }"))
		if m, err = c.next(); err != nil {
			t.Fatal(err)
		}
		if m.Type == "next" {
			break
		}
	}
}

// TestSocketOperationErrors: an invalid operation does not close the WebSocket.
func TestSocketOperationErrors(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{})
	c := ts.connect(t)
	c.init()
	for name, payload := range map[string]string{
		"half a surrogate pair in the query":     `{"query":"{ me } #\ud800"}`,
		"half a surrogate pair in the variables": `{"query":"query($t:String){echo(text:$t)}","variables":{"t":"party \ud83c"}}`,
		"half a surrogate pair in the name":      `{"query":"{me}","operationName":"\udfff"}`,
		"an empty query":                         `{"query":""}`,
		"no query but null":                      `{"query":null}`,
		"too many extensions":                    `{"query":"{me}","extensions":{"x":"` + strings.Repeat("x", 20_000) + `"}}`,
	} {
		c.expectError(`{"type":"subscribe","id":"e","payload":`+payload+`}`, "BAD_USER_INPUT")
		c.send(subscribe("e", "{ __typename }"))
		m, err := c.next()
		if err != nil || m.Type != "next" {
			t.Fatalf("%s: %v %v", name, m, err)
		}
		c.expect("complete e")
	}
	c.send("\ufeff" + subscribe("b", "{ __typename }"))
	c.expect(`next b {"data":{"__typename":"Query"}}`, "complete b")
	c.send(`{"type":"ping","payload":{"half":"\ud800"}}`)
	c.expect(`pong  {"half":"\ud800"}`)
}

// TestSocketCompletedOperations: completed operations do not count for SocketOperations, though
// they take a moment to end.
func TestSocketCompletedOperations(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{Limits: web.Limits{SocketOperations: 2}})
	c := ts.connect(t)
	c.init()
	for i := range 200 {
		id := fmt.Sprint(i)
		c.send(subscribe(id, "subscription { silent }"), `{"type":"complete","id":"`+id+`"}`)
	}
	c.send(subscribe("last", "{ __typename }"))
	c.expect(`next last {"data":{"__typename":"Query"}}`, "complete last")
}

func TestSocketTimeLimit(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{Limits: web.Limits{Operation: 20 * time.Millisecond}})
	c := ts.connect(t)
	c.init()
	c.send(subscribe("s", "subscription { silent }"), subscribe("q", "{ waits }"))
	m, err := c.next()
	if err != nil || m.ID != "q" || m.Type != "next" {
		t.Fatalf("%v %v; want the result of the query", m, err)
	}
	c.expect("complete q") // the subscription has no time limit
}

// TestSlowReader: the subscription of a client that stops reading ends after the write timeout.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	const limit = 100 * time.Millisecond
	ts := newServer(t, web.Config{Limits: web.Limits{Write: limit}})
	stalled := ts.connect(t)
	stalled.init()
	stalled.send(subscribe("1", "subscription { count(size: 100000) }")) // and do not read

	start := time.Now()
	waitFor(t, "the end of the stalled client's subscription", ts.schema.ended)
	if took := time.Since(start); took < limit {
		t.Errorf("disconnected after %v, before the timeout of %v", took, limit)
	}
}

// TestSilentPeer: a client that does not answer pings is disconnected.
func TestSilentPeer(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{Limits: web.Limits{SocketPing: 200 * time.Millisecond}})
	c := ts.connect(t)
	c.init()
	c.send(subscribe("1", "subscription { silent }"))
	for range 3 { // the client answers
		_, data, err := c.Read(t.Context())
		if err != nil || !strings.Contains(string(data), `"ping"`) {
			t.Fatalf("%s %v; want a ping", data, err)
		}
		c.send(`{"type":"pong"}`)
	}
	waitFor(t, "the end of the client that does not answer", ts.schema.ended)
}

func TestClientDisconnects(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{})
	c := ts.connect(t)
	c.init()
	c.send(subscribe("1", "subscription { silent }"))
	_ = c.CloseNow()
	waitFor(t, "the end of the client's subscription", ts.schema.ended)
}

func TestShutdown(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{})
	clients := []*wsClient{ts.connect(t), ts.connect(t)} // the second sends no connection_init
	clients[0].init()
	clients[0].send(subscribe("1", "subscription { silent }"), subscribe("2", "{ me }"))
	clients[0].expect(`next 2 {"data":{"me":null}}`, "complete 2")
	waitFor(t, "the subscription", ts.schema.started)

	done := make(chan error, 1)
	go func() { done <- ts.web.Shutdown(context.WithoutCancel(t.Context())) }()
	for _, c := range clients {
		c.expectClose(websocket.StatusServiceRestart)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if n := ts.schema.running.Load(); n != 0 {
		t.Errorf("Shutdown has returned and %d subscriptions still run", n)
	}
	if _, refused := ts.dial(t); refused != http.StatusServiceUnavailable {
		t.Errorf("a new socket afterwards: refused with %d; want 503", refused)
	}
}

// TestShutdownTimeout: a client that does not answer the close frame does not block Shutdown after
// its deadline.
func TestShutdownTimeout(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{})
	stalled := ts.connect(t)
	stalled.init()
	stalled.send(subscribe("1", "subscription { silent }"))
	waitFor(t, "the subscription", ts.schema.started)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	if err := ts.web.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Shutdown: %v; want the context's error", err)
	}
	waitFor(t, "the end of the subscription", ts.schema.ended)
	if took := time.Since(start); took > 4*time.Second {
		t.Errorf(
			"ended after %v: Shutdown has waited for the closing handshake",
			took,
		)
	}
}

package web_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"parley/internal/limit"
	"parley/internal/web"
)

// expectUnavailable opens one more connection and expects a refusal with 503.
func (ts *testServer) expectUnavailable(t *testing.T, what string, header ...string) {
	t.Helper()
	a := ts.do(t, http.MethodGet, "/graphql?query=subscription%7Bcount%7D", "", header...)
	if seconds, err := strconv.Atoi(
		a.Header.Get("Retry-After"),
	); a.StatusCode != http.StatusServiceUnavailable || a.code() != "UNAVAILABLE" || err != nil ||
		seconds < 1 {
		t.Errorf(
			"%s: %d %s, Retry-After %q",
			what,
			a.StatusCode,
			a.body,
			a.Header.Get("Retry-After"),
		)
	}
}

// waitForConnections waits until want returns true for the figures of the connections.
func (ts *testServer) waitForConnections(t *testing.T, want func(web.ConnectionStats) bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !want(ts.web.ConnectionStats()) {
		if time.Now().After(deadline) {
			t.Fatalf("timed out, the figures are %+v", ts.web.ConnectionStats())
		}
		time.Sleep(time.Millisecond)
	}
}

// waitForMemory waits until want returns true for the reserved bytes of a budget.
func (ts *testServer) waitForMemory(t *testing.T, budget string, want func(bytes int64) bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for m := ts.web.Memory()[budget]; !want(m.Stats().Reserved); {
		if time.Now().After(deadline) {
			t.Fatalf("%s: %d bytes are still reserved", budget, m.Stats().Reserved)
		}
		time.Sleep(time.Millisecond)
	}
}

func isZero(bytes int64) bool { return bytes == 0 }

func upgrade() []string {
	return []string{
		"Upgrade: websocket",
		"Connection: Upgrade",
		"Sec-WebSocket-Version: 13",
		"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
	}
}

// as returns the Authorization header of a user.
func as(user string) string { return "Authorization: Bearer " + user }

// events opens an event stream of a subscription without events, and returns a function that closes
// it.
func (ts *testServer) events(t *testing.T) (end func()) {
	t.Helper()
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
	res, err := ts.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	end = func() { _ = res.Body.Close() }
	t.Cleanup(end)
	return end
}

// TestConnectionLimit: connections above the limit are refused, and admitted again when others have
// closed.
func TestConnectionLimit(t *testing.T) {
	t.Parallel()
	var log safeBuffer
	ts := newServer(t, web.Config{
		Limits: web.Limits{
			Sockets: 3,
		},
		Reporter: limit.NewReporter(slog.New(slog.NewTextHandler(&log, nil))),
	})
	first, second := ts.connect(t, as("ann")), ts.connect(t, as("bob"))
	first.init()
	second.init()
	end := ts.events(t)
	for range 3 {
		ts.expectUnavailable(t, "a socket", upgrade()...)
		ts.expectUnavailable(t, "events", "Accept: text/event-stream")
	}
	if a := ts.do(t, http.MethodGet, "/graphql?query=%7Bme%7D", ""); a.StatusCode != http.StatusOK {
		t.Errorf("a query: %d", a.StatusCode)
	}
	if room := ts.web.ConnectionStats(); room != (web.ConnectionStats{Open: 3, Anonymous: 1, Refused: 6}) {
		t.Errorf("%+v", room)
	}
	if n := strings.Count(
		log.String(),
		"limit=sockets refused=1 setting=PARLEY_MAX_SOCKETS",
	); n != 1 {
		t.Errorf("the limit is logged %d times: %s", n, log.String())
	}
	_ = first.CloseNow()
	ts.waitForConnections(t, func(room web.ConnectionStats) bool { return room.Open == 2 })
	ts.connect(t, as("ann")).init()
	ts.expectUnavailable(t, "one more", upgrade()...)
	end()
	ts.waitForConnections(t, func(room web.ConnectionStats) bool { return room.Open == 2 })
	ts.connect(t).init()
	if _, status := ts.dial(t); status != http.StatusServiceUnavailable {
		t.Errorf("dialled: %d", status)
	}
}

// TestAnonymousConnections: anonymous clients have a part of the connections. A new anonymous
// connection evicts the oldest one, so that clients that are about to identify themselves can
// connect.
func TestAnonymousConnections(t *testing.T) {
	t.Parallel()
	ts := newServer(
		t,
		web.Config{Limits: web.Limits{Sockets: 80}},
	) // 20 anonymous ones, 2 of an address
	from := func(address string) *wsClient {
		c := ts.connect(t, "X-Forwarded-For: "+address)
		c.init()
		return c
	}
	first, second := from("10.0.0.1"), from("10.0.0.1")
	third := from("10.0.0.1")
	first.expectClose(1013)
	for i := range 20 {
		from(fmt.Sprintf("10.0.1.%d", i))
	}
	second.expectClose(1013)
	third.expectClose(1013)
	ts.waitForConnections(
		t,
		func(room web.ConnectionStats) bool { return room == web.ConnectionStats{Open: 20, Anonymous: 20} },
	)
	known := ts.connect(t, "X-Forwarded-For: 10.0.0.1")
	known.send(`{"type":"connection_init","payload":{"authorization":"ann"}}`)
	known.expect("connection_ack")
	ts.waitForConnections(
		t,
		func(room web.ConnectionStats) bool { return room == web.ConnectionStats{Open: 20, Anonymous: 19} },
	)
	known.send(subscribe("1", "{ me }"))
	known.expect(`next 1 {"data":{"me":"ann"}}`, "complete 1")
}

// TestEvictedConnections: a client that does not answer the close frames of evicted WebSockets
// cannot accumulate them. They are soon aborted.
func TestEvictedConnections(t *testing.T) {
	t.Parallel()
	ts := newServer(
		t,
		web.Config{Limits: web.Limits{Sockets: 80}},
	) // 20 anonymous ones, 2 of an address
	const address = "X-Forwarded-For: 10.0.0.1"
	for range 4 { // the first two are evicted
		ts.connect(t, address).init()
	}
	if room := ts.web.ConnectionStats(); room != (web.ConnectionStats{Open: 4, Anonymous: 2}) {
		t.Errorf("%+v", room)
	}
	if _, status := ts.dial(t, address); status != http.StatusTooManyRequests {
		t.Errorf("dialled: %d", status)
	}
	ts.connect(t, "X-Forwarded-For: 10.0.0.2").init()
	ts.connect(t, address, as("ann")).init()
	ts.waitForConnections(
		t,
		func(room web.ConnectionStats) bool {
			return room == web.ConnectionStats{Open: 4, Anonymous: 3, Refused: 1}
		},
	)
	ts.connect(t, address).init()
}

// TestConnectionsPerAddress: the users of one address may have half of the connections.
func TestConnectionsPerAddress(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{Limits: web.Limits{Sockets: 8, SocketsPerUser: 2}})
	for i := range 4 {
		ts.connect(t, as(fmt.Sprint("user", i))).init()
	}
	a := ts.do(t, http.MethodGet, "/graphql", "", append(upgrade(), as("ann"))...)
	if a.StatusCode != http.StatusTooManyRequests || a.code() != "RATE_LIMITED" ||
		a.Header.Get("Retry-After") == "" {
		t.Errorf("one more of the address: %d %s", a.StatusCode, a.body)
	}
	later := ts.connect(t)
	later.send(`{"type":"connection_init","payload":{"authorization":"ann"}}`)
	later.expectClose(1013)
	ts.connect(t, as("ann"), "X-Forwarded-For: 10.0.0.1").init()
}

// TestAnonymousTimeout: connections without a token are closed after SocketAnonymous.
func TestAnonymousTimeout(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{Limits: web.Limits{SocketAnonymous: 100 * time.Millisecond}})
	known := ts.connect(t, as("ann"))
	known.init()
	c := ts.connect(t)
	c.init()
	ts.events(t)
	c.expectClose(4401)
	ts.waitForConnections(
		t,
		func(room web.ConnectionStats) bool { return room == web.ConnectionStats{Open: 1} },
	)
	known.send(subscribe("1", "{ me }"))
	known.expect(`next 1 {"data":{"me":"ann"}}`, "complete 1")
}

// expectError sends a message and expects an error with code.
func (c *wsClient) expectError(message, code string) {
	c.t.Helper()
	c.send(message)
	if m, err := c.next(); err != nil || m.Type != "error" ||
		!strings.Contains(string(m.Payload), code) {
		c.t.Fatalf("%v %v; want %s", m, err, code)
	}
}

// TestOperationsMemory: the operations on WebSockets count for the memory budget, with what they
// keep of their request.
func TestOperationsMemory(t *testing.T) {
	t.Parallel()
	ts := newServer(
		t,
		web.Config{Limits: web.Limits{SocketBytes: 64 << 10}},
	) // 48 KiB of it are not for messages
	c, other := ts.connect(t), ts.connect(t, as("ann"))
	c.init()
	other.init()
	for _, id := range []string{"1", "2", "3", "4"} { // more than 4 KiB each
		c.send(subscribe(id, "subscription { silent }"))
		waitFor(t, "a subscription", ts.schema.started)
	}
	large := strings.Replace(
		subscribe("5", "subscription { silent }"),
		`{"query"`,
		`{"variables":{"x":"`+strings.Repeat("x", 4000)+`"},"query"`,
		1,
	)
	other.expectError(large, "UNAVAILABLE")
	other.send(subscribe("6", "subscription { silent }"))
	waitFor(t, "a small subscription", ts.schema.started)
	other.expectError(subscribe("7", "{ me }"), "UNAVAILABLE")
	ts.expectUnavailable(t, "a socket", upgrade()...)
	c.send(`{"id":"1","type":"complete"}`, `{"id":"2","type":"complete"}`)
	for range 2 {
		waitFor(t, "the end", ts.schema.ended)
	}
	ts.waitForMemory(t, "connections", func(bytes int64) bool { return bytes < 40<<10 })
	other.send(subscribe("8", "{ me }"))
	other.expect(`next 8 {"data":{"me":"ann"}}`, "complete 8")
	_ = c.CloseNow()
	_ = other.CloseNow()
	ts.waitForMemory(t, "connections", isZero)
}

// TestOperationsQuota: a subscription counts for what it keeps of its request, not for the whole
// request. It counts for its user, so that other users can still connect.
func TestOperationsQuota(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{Limits: web.Limits{SocketBytes: 64 << 20}})
	c := ts.connect(t, as("ann"))
	c.init()
	junk := `"payload":{"junk":"` + strings.Repeat("x", 500_000) + `",`
	for i := range 20 {
		c.send(
			strings.Replace(
				subscribe(fmt.Sprint(i), "subscription { silent }"),
				`"payload":{`,
				junk,
				1,
			),
		)
		waitFor(t, "a subscription", ts.schema.started)
	}
	ts.waitForMemory(t, "connections", func(bytes int64) bool { return bytes < 200<<10 })

	c.send(`{"id":"0","type":"complete"}`)
	query := func(i int) string {
		return fmt.Sprintf("subscription { silent } #%d %s", i, strings.Repeat("x", 60_000))
	}
	refused := 0
	for i := range 60 {
		id := fmt.Sprint("kept", i)
		c.send(subscribe(id, query(i)), subscribe("q", "{ me }"))
		for done := false; !done; {
			m, err := c.next()
			if err != nil {
				t.Fatal(err)
			}
			if m.ID == id && strings.Contains(string(m.Payload), "RATE_LIMITED") {
				refused++
			}
			done = m.ID == "q" && m.Type != "next"
		}
	}
	if refused == 0 || refused == 60 {
		t.Errorf("%d of 60 are refused", refused)
	}
	if got := ts.web.Memory()["connections"].Stats(); got.Reserved > got.Limit/3 {
		t.Errorf("one user has reserved %d of %d bytes", got.Reserved, got.Limit)
	}
	ts.connect(t, as("bob")).init()
}

// TestPersistedDocumentMemory: a subscription with a small request, which names its document by a
// hash, counts for the document.
func TestPersistedDocumentMemory(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{Limits: web.Limits{SocketBytes: 2 << 20}})
	c := ts.connect(t, as("ann"))
	c.init()
	const size = 60_000
	query := "subscription { silent } # " + strings.Repeat("x", size)
	hash := sha256.Sum256([]byte(query))
	persisted := fmt.Sprintf(
		`"payload":{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"%x"}}`, hash,
	)
	first := subscribe("first", query)
	c.send(strings.Replace(first, `"payload":{`, persisted+",", 1))
	waitFor(t, "a subscription", ts.schema.started)
	before := ts.web.Memory()["connections"].Stats().Reserved
	const n = 40
	started, refused := 0, 0
	for i := range n {
		c.send(fmt.Sprintf(`{"id":"%d","type":"subscribe",%s}}`, i, persisted))
		c.send(subscribe("q", "{ me }"))
		for done := false; !done; {
			m, err := c.next()
			if err != nil {
				t.Fatal(err)
			}
			if m.Type == "error" && strings.Contains(string(m.Payload), "UNAVAILABLE") {
				refused++
			}
			done = m.ID == "q" && m.Type != "next"
		}
	}
	for ; len(ts.schema.started) > 0; started++ {
		<-ts.schema.started
	}
	reserved := ts.web.Memory()["connections"].Stats().Reserved - before
	if refused == 0 || reserved < int64(started*size) {
		t.Errorf("%d of %d are refused, %d bytes are reserved for the others", refused, n, reserved)
	}
}

// TestMessagesMemory: the incomplete messages of all WebSockets count for one budget, and time out.
// They do not block the messages of other clients.
func TestMessagesMemory(t *testing.T) {
	t.Parallel()
	ts := newServer(
		t,
		web.Config{Limits: web.Limits{SocketBytes: 8 << 20, Sockets: 4000, Read: time.Second}},
	) // 2 MiB for messages
	begin := func(header ...string) *wsClient {
		c := ts.connect(t, header...)
		c.init()
		w, err := c.Writer(t.Context(), websocket.MessageText)
		if err == nil {
			_, err = w.Write(
				[]byte(strings.Repeat("x", 60_000)),
			) // an incomplete message
		}
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	var unfinished []*wsClient
	for range 5 {
		unfinished = append(unfinished, begin())
	}
	for _, c := range unfinished { // for lack of memory, or after the timeout
		c.expectClose(1013)
	}
	if got := ts.web.Memory()["messages"].Stats(); got.Refused == 0 {
		t.Errorf("%+v", got)
	}
	unfinished = unfinished[:0]
	for range 5 {
		unfinished = append(unfinished, begin())
	}
	c := ts.connect(t, as("ann"))
	c.init()
	c.send(subscribe("1", "{ me } #"+strings.Repeat("x", 50_000)))
	c.expect(`next 1 {"data":{"me":"ann"}}`, "complete 1")
	for _, c := range unfinished {
		c.expectClose(1013)
	}
	ts.waitForMemory(t, "messages", isZero)
}

// TestConnectionsConcurrently: clients connect and disconnect concurrently, and the limit is never
// exceeded.
func TestConnectionsConcurrently(t *testing.T) {
	t.Parallel()
	const most = 10
	ts := newServer(t, web.Config{Limits: web.Limits{Sockets: most, SocketsPerUser: 1000}})
	var admitted, refused atomic.Int64
	var running sync.WaitGroup
	for i := range 40 {
		running.Go(func() {
			for range 10 {
				c, status := ts.dial(
					t,
					as(fmt.Sprint("user", i)),
					"X-Forwarded-For: 10.0.0."+fmt.Sprint(i),
				)
				if open := ts.web.ConnectionStats().Open; open > most {
					t.Errorf("%d connections are open", open)
				}
				if status != 0 {
					refused.Add(1)
					continue
				}
				admitted.Add(1)
				c.send(`{"type":"connection_init"}`)
				if m, err := c.next(); err != nil || m.Type != "connection_ack" {
					t.Errorf("%v %v", m, err)
				}
				_ = c.CloseNow()
			}
		})
	}
	running.Wait()
	if admitted.Load() < most || refused.Load() == 0 || admitted.Load()+refused.Load() != 400 {
		t.Errorf("%d connections were admitted, %d refused", admitted.Load(), refused.Load())
	}
	ts.waitForConnections(
		t,
		func(room web.ConnectionStats) bool { return room == web.ConnectionStats{Refused: refused.Load()} },
	)
	ts.waitForMemory(t, "connections", isZero)
}

// safeBuffer is a buffer for logs that is safe for concurrent use.
type safeBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

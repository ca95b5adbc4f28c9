package web_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"parley/internal/web"
)

// full asks for one more connection, which there is no room for.
func (ts *testServer) full(t *testing.T, what string, header ...string) {
	t.Helper()
	a := ts.do(t, http.MethodGet, "/graphql?query=subscription%7Bcount%7D", "", header...)
	if seconds, err := strconv.Atoi(a.Header.Get("Retry-After")); a.StatusCode != http.StatusServiceUnavailable || a.code() != "UNAVAILABLE" || err != nil || seconds < 1 {
		t.Errorf("%s: %d %s, Retry-After %q", what, a.StatusCode, a.body, a.Header.Get("Retry-After"))
	}
}

// becomes waits until the room that is taken is what is wanted.
func (ts *testServer) becomes(t *testing.T, want func(web.Room) bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !want(ts.web.Room()) {
		if time.Now().After(deadline) {
			t.Fatalf("it is still %+v", ts.web.Room())
		}
		time.Sleep(time.Millisecond)
	}
}

func upgrade() []string {
	return []string{"Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="}
}

// TestRoomForSockets: up to the ceiling clients are let in, then refused, and let in again when one has gone.
func TestRoomForSockets(t *testing.T) {
	t.Parallel()
	var log safeBuffer
	ts := newServer(t, web.Config{Limits: web.Limits{Sockets: 3}, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	first, second := ts.connect(t), ts.connect(t)
	first.init()
	second.init()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, ts.URL+"/graphql?query=subscription%7Bsilent%7D", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	stream, err := ts.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	for range 3 {
		ts.full(t, "a socket", upgrade()...)
		ts.full(t, "events", "Accept: text/event-stream")
	}
	if a := ts.do(t, http.MethodGet, "/graphql?query=%7Bme%7D", ""); a.StatusCode != http.StatusOK {
		t.Errorf("a query: %d", a.StatusCode)
	}
	if room := ts.web.Room(); room.Open != 3 || room.Refused != 6 {
		t.Errorf("%+v", room)
	}
	if n := strings.Count(log.String(), "no room for more connections"); n != 1 {
		t.Errorf("it is logged %d times", n)
	}
	_ = first.CloseNow()
	ts.becomes(t, func(room web.Room) bool { return room.Open == 2 })
	ts.connect(t).init()
	ts.full(t, "one more", upgrade()...)
	_ = stream.Body.Close()
	ts.becomes(t, func(room web.Room) bool { return room.Open == 2 })
	ts.connect(t).init()
	if _, status := ts.dial(t); status != http.StatusServiceUnavailable {
		t.Errorf("dialled: %d", status)
	}
}

// TestRoomForOperations: what runs on the sockets is counted, too, with the values that it was given.
func TestRoomForOperations(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{Limits: web.Limits{SocketBytes: 64 << 10}}) // of which 48 KiB are not for messages
	c, other := ts.connect(t), ts.connect(t)
	c.init()
	other.init()
	for _, id := range []string{"1", "2", "3", "4"} { // 4 KiB and something each
		c.send(subscribe(id, "subscription { silent }"))
		waitFor(t, "a subscription", ts.schema.started)
	}
	unavailable := func(c *wsClient, message string) {
		t.Helper()
		c.send(message)
		if m, err := c.next(); err != nil || m.Type != "error" || !strings.Contains(string(m.Payload), "UNAVAILABLE") {
			t.Fatalf("%v %v; want UNAVAILABLE", m, err)
		}
	}
	large := strings.Replace(subscribe("5", "subscription { silent }"), `{"query"`, `{"variables":{"x":"`+strings.Repeat("x", 4000)+`"},"query"`, 1)
	unavailable(other, large)
	other.send(subscribe("6", "subscription { silent }"))
	waitFor(t, "a small one", ts.schema.started)
	unavailable(other, subscribe("7", "{ me }"))
	ts.full(t, "a socket", upgrade()...)
	c.send(`{"id":"1","type":"complete"}`, `{"id":"2","type":"complete"}`)
	for range 2 {
		waitFor(t, "the end", ts.schema.ended)
	}
	ts.becomes(t, func(room web.Room) bool { return room.Bytes < 40<<10 })
	other.send(subscribe("8", "{ me }"))
	other.expect(`next 8 {"data":{"me":null}}`, "complete 8")
	_ = c.CloseNow()
	_ = other.CloseNow()
	ts.becomes(t, func(room web.Room) bool { return room == web.Room{Refused: room.Refused} })
}

// TestRoomForMessages: what is coming on many sockets is bounded together, and has to come to its end.
func TestRoomForMessages(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{Limits: web.Limits{SocketBytes: 1 << 20, Read: 400 * time.Millisecond}}) // of which 256 KiB are for messages
	half := strings.Repeat("x", 100_000)
	begun := make([]*wsClient, 3)
	for i := range begun {
		begun[i] = ts.connect(t)
		begun[i].init()
		w, err := begun[i].Writer(t.Context(), websocket.MessageText)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(half)); err != nil && i < 2 { // a fragment, which nothing follows
			t.Fatal(err)
		}
		if i < 2 {
			ts.becomes(t, func(room web.Room) bool { return room.Messages >= int64(90_000*(i+1)) })
		}
	}
	begun[2].expectClose(1013) // no room
	begun[0].expectClose(1013) // too slow
	begun[1].expectClose(1013)
	ts.becomes(t, func(room web.Room) bool { return room.Messages == 0 && room.Open == 0 })
}

// TestRoomAtOnce: many come and go at the same time, and there are never more than there may be.
func TestRoomAtOnce(t *testing.T) {
	t.Parallel()
	const most = 10
	ts := newServer(t, web.Config{Limits: web.Limits{Sockets: most}})
	var in, refused atomic.Int64
	var running sync.WaitGroup
	for range 40 {
		running.Go(func() {
			for range 10 {
				c, status := ts.dial(t)
				if open := ts.web.Room().Open; open > most {
					t.Errorf("%d are open", open)
				}
				if status != 0 {
					refused.Add(1)
					continue
				}
				in.Add(1)
				c.send(`{"type":"connection_init"}`)
				if m, err := c.next(); err != nil || m.Type != "connection_ack" {
					t.Errorf("%v %v", m, err)
				}
				_ = c.CloseNow()
			}
		})
	}
	running.Wait()
	if in.Load() < most || refused.Load() == 0 || in.Load()+refused.Load() != 400 {
		t.Errorf("%d were let in, %d refused", in.Load(), refused.Load())
	}
	ts.becomes(t, func(room web.Room) bool { return room == web.Room{Refused: refused.Load()} })
}

// safeBuffer is a log that several goroutines write.
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

package testkit

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// timeout is how long a test waits for what must come.
const timeout = time.Minute

// Stream is one subscription on a socket of its own, spoken as graphql-transport-ws.
type Stream struct {
	t    testing.TB
	conn *websocket.Conn
}

// frame is a message of graphql-transport-ws.
type frame struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// readBuffer is the kernel's receive buffer. By default it could hold megabytes for a socket that
// does not read, which would hide that the socket is slow.
const readBuffer = 256 << 10

func dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		err = tcp.SetReadBuffer(readBuffer)
	}
	return conn, err
}

// Dial opens a WebSocket that speaks graphql-transport-ws and nothing has been said on.
func (c *Client) Dial() *websocket.Conn {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), timeout)
	defer cancel()
	conn, res, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(c.url, "http")+"/graphql",
		&websocket.DialOptions{
			Subprotocols: []string{"graphql-transport-ws"},
			HTTPClient:   &http.Client{Transport: &http.Transport{DialContext: dial}},
		})
	if err != nil {
		c.t.Fatalf("dial: %v", err)
	}
	if res.Body != nil {
		_ = res.Body.Close()
	}
	conn.SetReadLimit(16 << 20)
	return conn
}

// Subscribe starts a subscription. The server decides when it begins to receive events: see
// [Stream.AwaitStart].
func (c *Client) Subscribe(query string, vars Vars) *Stream {
	c.t.Helper()
	s := &Stream{t: c.t, conn: c.Dial()}
	c.t.Cleanup(func() { _ = s.conn.CloseNow() })
	payload := Vars{}
	if c.token != "" {
		payload["authorization"] = "Bearer " + c.token
	}
	s.send(frame{Type: "connection_init", Payload: s.encode(payload)})
	if f := s.read(); f.Type != "connection_ack" {
		s.t.Fatalf("init: got %s %s", f.Type, f.Payload)
	}
	s.send(
		frame{
			ID:      "s",
			Type:    "subscribe",
			Payload: s.encode(Vars{"query": query, "variables": vars}),
		},
	)
	return s
}

func (s *Stream) encode(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		s.t.Fatal(err)
	}
	return raw
}

func (s *Stream) send(f frame) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if err := wsjson.Write(ctx, s.conn, f); err != nil {
		s.t.Fatalf("send %s: %v", f.Type, err)
	}
}

func (s *Stream) read() frame {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	for {
		var f frame
		if err := wsjson.Read(ctx, s.conn, &f); err != nil {
			s.t.Fatalf("read: %v", err)
		}
		switch f.Type {
		case "ping":
			s.send(frame{Type: "pong"})
		case "pong":
		default:
			return f
		}
	}
}

// Next waits for the next event and returns its data.
func (s *Stream) Next() JSON {
	s.t.Helper()
	return s.read().data(s.t)
}

// data is what an event says.
func (f frame) data(t testing.TB) JSON {
	t.Helper()
	if f.Type != "next" {
		t.Fatalf("want an event, got %s %s", f.Type, f.Payload)
	}
	var reply struct {
		Data   any
		Errors []ReplyError
	}
	if err := json.Unmarshal(f.Payload, &reply); err != nil {
		t.Fatalf("decode %s: %v", f.Payload, err)
	}
	if len(reply.Errors) > 0 {
		t.Fatalf("event with errors: %+v", reply.Errors)
	}
	return JSON{t, reply.Data}
}

// AwaitStart returns when the stream hears: cause makes an event and returns what tells it from
// others; it is called again and again until one arrives. Then the stream is read to the event of
// the last call. by tells what caused an event.
func (s *Stream) AwaitStart(cause func() string, by func(JSON) string) {
	s.t.Helper()
	stop, last := make(chan struct{}), make(chan string, 1)
	go func() { // ends when stop is closed, or cause fails the test
		defer close(last)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			caused := cause()
			select {
			case <-stop:
				last <- caused
				return
			case <-tick.C:
			}
		}
	}()
	received := by(s.Next())
	close(stop)
	for end := <-last; received != end; {
		received = by(s.Next())
	}
}

// Error waits for the error that the subscription ends with: a message of its own, or the errors of
// a last result.
func (s *Stream) Error() ReplyError {
	s.t.Helper()
	f := s.read()
	var errs []ReplyError
	var err error
	switch f.Type {
	case "error":
		err = json.Unmarshal(f.Payload, &errs)
	case "next":
		var result struct{ Errors []ReplyError }
		err = json.Unmarshal(f.Payload, &result)
		errs = result.Errors
	}
	if err != nil || len(errs) == 0 {
		s.t.Fatalf("want an error, got %s %s", f.Type, f.Payload)
	}
	return errs[0]
}

// Close ends the socket.
func (s *Stream) Close() { _ = s.conn.Close(websocket.StatusNormalClosure, "") }

// Raw waits for the next event and returns its payload as it is.
func (s *Stream) Raw() []byte {
	s.t.Helper()
	f := s.read()
	if f.Type != "next" {
		s.t.Fatalf("want an event, got %s %s", f.Type, f.Payload)
	}
	return f.Payload
}

// Ping sends a ping with a payload.
func (s *Stream) Ping(payload Vars) {
	s.t.Helper()
	s.send(frame{Type: "ping", Payload: s.encode(payload)})
}

// CloseCode waits for the server to close the socket and returns with which code; 0: it has not
// within the time given.
func (s *Stream) CloseCode(within time.Duration) int {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	for {
		if _, _, err := s.conn.Read(ctx); err != nil {
			return max(0, int(websocket.CloseStatus(err)))
		}
	}
}

// ReadToClose reads until the server closes the socket and returns what it has said of the
// subscription until then, and with which code it has closed.
func (s *Stream) ReadToClose() (messages []string, code int) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	for {
		var f frame
		if err := wsjson.Read(ctx, s.conn, &f); err != nil {
			return messages, int(websocket.CloseStatus(err))
		}
		if f.Type != "ping" && f.Type != "pong" {
			messages = append(messages, f.Type+string(f.Payload))
		}
	}
}

// NextOrError waits for the next event, or for the error that the subscription ends with.
func (s *Stream) NextOrError() (event JSON, failed *ReplyError) {
	s.t.Helper()
	f := s.read()
	if f.Type == "error" {
		var errs []ReplyError
		if err := json.Unmarshal(f.Payload, &errs); err != nil || len(errs) == 0 {
			s.t.Fatalf("decode %s: %v", f.Payload, err)
		}
		return JSON{}, &errs[0]
	}
	var result struct{ Data any }
	if err := json.Unmarshal(f.Payload, &result); err != nil || f.Type != "next" {
		s.t.Fatalf("want an event, got %s %s", f.Type, f.Payload)
	}
	return JSON{s.t, result.Data}, nil
}

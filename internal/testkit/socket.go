package testkit

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// Socket is a WebSocket on which graphql-transport-ws has been initialised.
type Socket struct {
	t    testing.TB
	conn *websocket.Conn
}

// Socket opens one.
func (c *Client) Socket() *Socket {
	c.t.Helper()
	s := &Socket{t: c.t, conn: c.Dial()}
	s.Send(`{"type":"connection_init","payload":{"authorization":"Bearer ` + c.token + `"}}`)
	if f := s.receive(); f.Type != "connection_ack" {
		s.t.Fatalf("init: got %s %s", f.Type, f.Payload)
	}
	return s
}

// Send sends a message as it is.
func (s *Socket) Send(message string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if err := s.conn.Write(ctx, websocket.MessageText, []byte(message)); err != nil {
		s.t.Fatalf("say %s: %v", message, err)
	}
}

// Subscribe asks for an operation under an id.
func (s *Socket) Subscribe(id, query string) {
	s.t.Helper()
	payload, err := json.Marshal(Vars{"query": query})
	if err != nil {
		s.t.Fatal(err)
	}
	message, err := json.Marshal(frame{ID: id, Type: "subscribe", Payload: payload})
	if err != nil {
		s.t.Fatal(err)
	}
	s.Send(string(message))
}

// Next waits for the next event, and returns its data and the id of the operation that it is of.
func (s *Socket) Next() (id string, data JSON) {
	s.t.Helper()
	f := s.receive()
	for f.Type == "ping" { // sent while the test was not reading
		f = s.receive()
	}
	return f.ID, f.data(s.t)
}

func (s *Socket) receive() frame {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	var f frame
	if err := wsjson.Read(ctx, s.conn, &f); err != nil {
		s.t.Fatalf("hear: %v", err)
	}
	return f
}

// AwaitPong reads to the next pong.
func (s *Socket) AwaitPong() {
	s.t.Helper()
	for s.receive().Type != "pong" {
	}
}

// Close ends the socket as the protocol has it.
func (s *Socket) Close() { _ = s.conn.Close(websocket.StatusNormalClosure, "") }

// Cut ends the connection without a word.
func (s *Socket) Cut() { _ = s.conn.CloseNow() }

package testkit

import (
	"context"
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
	s.Say(`{"type":"connection_init","payload":{"authorization":"Bearer ` + c.token + `"}}`)
	if f := s.hear(); f.Type != "connection_ack" {
		s.t.Fatalf("init: got %s %s", f.Type, f.Payload)
	}
	return s
}

// Say sends a message as it is.
func (s *Socket) Say(message string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.conn.Write(ctx, websocket.MessageText, []byte(message)); err != nil {
		s.t.Fatalf("say %s: %v", message, err)
	}
}

func (s *Socket) hear() frame {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
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
	for s.hear().Type != "pong" {
	}
}

// Close ends the socket as the protocol has it.
func (s *Socket) Close() { _ = s.conn.Close(websocket.StatusNormalClosure, "") }

// Cut ends the connection without a word.
func (s *Socket) Cut() { _ = s.conn.CloseNow() }

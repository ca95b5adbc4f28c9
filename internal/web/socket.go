package web

import (
	"context"
	"encoding/json"
	"sync"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

	"parley/internal/rawjson"
	"parley/internal/wire"
)

// socket is a line on which GraphQL is spoken: the messages of the protocol, its limits, and what
// runs on it.
type socket struct {
	line

	subscribe Subscribe
	dialect   *dialect // nil: none that is spoken here
	exec      graphql.GraphExecutor

	// Guarded by the line's lock. initialised: connection_init has come. operations are those that
	// the client waits for, by id; started counts all that run.
	initialised bool
	operations  map[string]*operation
	started     int
	// ending is signalled when an operation has ended.
	ending *sync.Cond

	// passing is full while an operation sends what its subscription has.
	passing chan struct{}
}

var _ connection = (*socket)(nil)

// message is what the subprotocols send in either direction.
type message struct {
	Type    string          `json:"type"`
	ID      string          `json:"id,omitempty"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// readMessage reads a client's message. Its names are case-sensitive, unlike encoding/json's for a
// struct.
func readMessage(data []byte) (m message, ok bool) {
	members, err := rawjson.Members(data, "type", "id", "payload")
	if err != nil {
		return m, false
	}
	m.Payload = members["payload"]
	var f *refusal
	if m.Type, f = stringMember(members, "type"); f == nil {
		m.ID, f = stringMember(members, "id")
	}
	return m, f == nil
}

// newSocket returns a socket that is closed unless connection_init comes in time. Its owner calls
// serve and then end.
func newSocket(
	ctx context.Context,
	conn *wire.Conn,
	admission *admission,
	t *webSocket,
	exec graphql.GraphExecutor,
) *socket {
	s := &socket{
		passing: make(chan struct{}, 1),
		line: line{
			door:      t.door,
			conn:      conn,
			admission: admission,
		},
		subscribe:  t.subscribe,
		dialect:    dialectOf(conn.Subprotocol()),
		exec:       codedExecutor{exec, t.limits.Document},
		operations: map[string]*operation{},
	}
	s.ending = sync.NewCond(&s.mu)
	s.shut, s.alive = s.close, s.askAlive
	s.begin(ctx)
	return s
}

// receive acts on a client's message. One goroutine calls it.
func (s *socket) receive(text bool, data []byte) verdict {
	// The client's messages wait behind it.
	slot, f := s.answers.heavy.acquire(s.identified, len(data))
	if f != nil {
		return closeWith(closeTryAgainLater, f.message)
	}
	defer slot.release()
	if text && !utf8.Valid(data) { // RFC 6455, section 8.1
		return closeWith(closeInvalidPayload, "Invalid UTF-8")
	}
	m, ok := readMessage(data)
	if !text || !ok {
		return closeWith(closeBadRequest, "Invalid message")
	}
	if m.Type == s.dialect.subscribe {
		return s.subscribeTo(m, &slot)
	}
	slot.release() // what follows may wait
	switch {
	case m.Type == "connection_init":
		return s.initialise(m.Payload)
	case m.Type == s.dialect.complete:
		s.complete(m.ID)
		return verdict{}
	case s.dialect.legacy && m.Type == "connection_terminate":
		return closeWith(closeNormal, "")
	case !s.dialect.legacy && m.Type == "ping":
		return s.pong(m.Payload)
	case !s.dialect.legacy && m.Type == "pong":
		return verdict{}
	default:
		return closeWith(closeBadRequest, "Invalid message type")
	}
}

// pong answers a ping with its own payload. One that carries a token renews that of the socket, and
// is not repeated.
func (s *socket) pong(payload json.RawMessage) verdict {
	if len(payload) > tokenPayload {
		return closeWith(closeMessageTooBig, "The ping payload is too large")
	}
	token, fault := tokenOf(payload)
	if token == "" || fault != "" {
		return verdict{reply: encoded(message{Type: "pong", Payload: payload})}
	}
	if s.renew(token).final {
		return closeWith(closeForbidden, "Forbidden")
	}
	return verdict{reply: encoded(message{Type: "pong"})}
}

// initialise answers connection_init: the identity in its payload's "authorization" (or
// "Authorization"), as "Bearer …" or the bare token, replaces that of the handshake's header.
func (s *socket) initialise(payload json.RawMessage) verdict {
	s.mu.Lock()
	again := s.initialised
	s.initialised = true
	s.mu.Unlock()
	if again {
		return closeWith(closeTooManyInitialised, "Too many initialisation requests")
	}
	if len(payload) > tokenPayload {
		return closeWith(closeMessageTooBig, "The connection_init payload is too large")
	}
	token, fault := tokenOf(payload)
	if fault != "" {
		return closeWith(closeBadRequest, "Invalid connection_init payload"+fault)
	}
	ctx := s.ctx
	if token != "" {
		identified, f := identify(ctx, s.verifier, s.log, token)
		switch {
		case f != nil && f.code == codeUnavailable:
			return closeWith(closeTryAgainLater, f.message)
		case f != nil && s.dialect.legacy:
			_ = s.write(
				encoded(message{Type: "connection_error", Payload: encoded(f.graphQL())}),
			) // the close frame follows
			return closeWith(closeForbidden, "Forbidden")
		case f != nil:
			return closeWith(closeForbidden, "Forbidden")
		}
		ctx = identified
	}
	if v := s.admit(ctx); v.code != 0 {
		return v
	}
	if s.dialect.legacy {
		_ = s.write([]byte(`{"type":"connection_ack"}`)) // where it fails the next read does
		return verdict{reply: s.dialect.alive()}
	}
	return verdict{reply: []byte(`{"type":"connection_ack"}`)}
}

// askAlive says that the server is there, and asks the client.
func (s *socket) askAlive() error {
	if s.dialect == nil {
		return nil
	}
	err := s.write(s.dialect.alive())
	if s.dialect.legacy && err == nil {
		err = s.conn.Ping() // which the client's library answers, as the protocol has nothing for it
	}
	return err
}

// restart tells the client to connect again, when the queries and mutations that are running have
// been answered.
func (s *socket) restart() {
	s.mu.Lock()
	s.restarting = true
	s.mu.Unlock()
	s.after(patience, s.closeForRestart)
	s.restartIfIdle()
}

// restartIfIdle closes a socket that is to restart unless the client waits for the answer to a
// query or mutation.
func (s *socket) restartIfIdle() {
	s.mu.Lock()
	now := s.restarting
	for _, op := range s.operations {
		now = now && op.subscriber != nil
	}
	s.mu.Unlock()
	if now {
		s.closeForRestart()
	}
}

// kind is [connection]'s.
func (s *socket) kind() string {
	if s.dialect == nil {
		return kindNone
	}
	return s.dialect.name
}

// close begins the closing handshake; the reading ends with it. Only the first call counts. reason
// is at most 123 bytes.
func (s *socket) close(code uint16, reason string) {
	if !s.conclude() {
		return
	}
	defer s.conn.Close(code, reason)
	s.mu.Lock()
	// The close frame is the last word: an operation that ends because of it must not be reported as
	// failed.
	var parked []*operation
	for _, op := range s.operations {
		if s.forget(op) {
			parked = append(parked, op)
		}
	}
	s.ending.Broadcast()
	s.mu.Unlock()
	for _, op := range parked {
		op.subscriber.Close()
	}
	s.sockets.closed(code)
}

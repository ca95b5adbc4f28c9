package web

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/99designs/gqlgen/graphql"

	"parley/internal/rawjson"
	"parley/internal/wire"
)

// socket is a WebSocket for GraphQL operations: it implements the messages of the subprotocols,
// their limits, and the operations that run.
type socket struct {
	conn

	subscribe   Subscribe
	subprotocol *subprotocol // nil: unsupported
	exec        graphql.GraphExecutor

	// initialized is whether connection_init has arrived. operations has the operations that the
	// client waits for, by id. started is the number of operations that run, including those that
	// the client no longer waits for.
	initialized bool
	operations  map[string]*operation
	started     int
	// operationEnded is signalled when an operation has ended.
	operationEnded *sync.Cond

	// sendSlot is full while an operation sends the results of its subscription.
	sendSlot chan struct{}
}

var _ trackedConn = (*socket)(nil)

// message is a message of the subprotocols, in either direction.
type message struct {
	Type    string          `json:"type"`
	ID      string          `json:"id,omitempty"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// readMessage decodes a client's message. Unlike encoding/json with a struct, it distinguishes
// upper and lower case in names.
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

// newSocket returns a socket that closes unless connection_init arrives in time. The caller must
// call serve and then shutdown.
func newSocket(
	ctx context.Context,
	ws *wire.Conn,
	admission *admission,
	t *webSocketTransport,
	exec graphql.GraphExecutor,
) *socket {
	s := &socket{
		sendSlot: make(chan struct{}, 1),
		conn: conn{
			upgrader:  t.upgrader,
			ws:        ws,
			admission: admission,
		},
		subscribe:   t.subscribe,
		subprotocol: subprotocolOf(ws.Subprotocol()),
		exec:        codedExecutor{exec, t.limits.Document},
		operations:  map[string]*operation{},
	}
	s.operationEnded = sync.NewCond(&s.mu)
	s.conn.close, s.keepAlive = s.close, s.sendKeepAlive
	s.start(ctx)
	return s
}

// handle handles a client's message. One goroutine calls it.
func (s *socket) handle(text bool, data []byte) action {
	// Later messages of the client wait for it.
	slot, f := s.responder.large.acquire(s.userCtx, len(data))
	if f != nil {
		return closeAction(closeTryAgainLater, f.message)
	}
	defer slot.release()
	m, ok := readMessage(data)
	if !text || !ok {
		return closeAction(closeBadRequest, "Invalid message")
	}
	if m.Type == s.subprotocol.subscribe {
		return s.handleSubscribe(m, &slot)
	}
	slot.release() // the handlers below may wait
	switch {
	case m.Type == "connection_init":
		return s.handleInit(m.Payload)
	case m.Type == s.subprotocol.complete:
		s.handleComplete(m.ID)
		return action{}
	case s.subprotocol.subscriptionsWS && m.Type == "connection_terminate":
		return closeAction(closeNormal, "")
	case !s.subprotocol.subscriptionsWS && m.Type == "ping":
		return s.handlePing(m.Payload)
	case !s.subprotocol.subscriptionsWS && m.Type == "pong":
		return action{}
	default:
		return closeAction(closeBadRequest, "Invalid message type")
	}
}

// handlePing answers a ping with a pong of the same payload. If the payload has a token, handlePing
// renews the token of the socket, and the pong has no payload.
func (s *socket) handlePing(payload json.RawMessage) action {
	if len(payload) > tokenPayload {
		return closeAction(closeMessageTooBig, "The ping payload is too large")
	}
	token := renewalIn(payload)
	if token == "" {
		return action{reply: mustEncode(message{Type: "pong", Payload: payload})}
	}
	if renewal := s.renewToken(token); renewal.final {
		return forbidden(renewal.problem)
	}
	return action{reply: mustEncode(message{Type: "pong"})}
}

// handleInit handles connection_init. A token in its payload (see tokenIn) replaces the identity of
// the handshake's header.
func (s *socket) handleInit(payload json.RawMessage) action {
	s.mu.Lock()
	again := s.initialized
	s.initialized = true
	s.mu.Unlock()
	if again {
		return closeAction(closeTooManyInits, "Too many initialisation requests")
	}
	if len(payload) > tokenPayload {
		return closeAction(closeMessageTooBig, "The connection_init payload is too large")
	}
	token, problem := tokenIn(payload)
	if problem != "" {
		return closeAction(closeBadRequest, "Invalid connection_init payload"+problem)
	}
	ctx := s.ctx
	if token != "" {
		userCtx, f := s.authenticator.identify(ctx, token)
		switch {
		case f != nil && f.code != codeUnauthenticated:
			return closeAction(closeTryAgainLater, f.message)
		case f != nil && s.subprotocol.subscriptionsWS:
			_ = s.write(
				mustEncode(message{Type: "connection_error", Payload: mustEncode(f.graphQL())}),
			) // the close frame follows
			return forbidden(f.message)
		case f != nil:
			return forbidden(f.message)
		}
		ctx = userCtx
	}
	if a := s.setUser(ctx); a.code != 0 {
		return a
	}
	if s.subprotocol.subscriptionsWS {
		_ = s.write([]byte(`{"type":"connection_ack"}`)) // after an error the next read fails, too
		return action{reply: s.subprotocol.keepAliveMessage()}
	}
	return action{reply: []byte(`{"type":"connection_ack"}`)}
}

// sendKeepAlive sends a message that keeps the connection alive, and a message or frame that the
// client answers.
func (s *socket) sendKeepAlive() error {
	if s.subprotocol == nil {
		return nil
	}
	err := s.write(s.subprotocol.keepAliveMessage())
	if s.subprotocol.subscriptionsWS && err == nil {
		err = s.ws.Ping() // the subprotocol has no message that the client answers
	}
	return err
}

// restart asks the client to reconnect when the running queries and mutations have been answered.
func (s *socket) restart() {
	s.mu.Lock()
	s.restarting = true
	s.mu.Unlock()
	s.after(drainTimeout, s.closeForRestart)
	s.restartIfIdle()
}

// restartIfIdle closes a socket that is to restart, unless the client waits for the response to a
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

// kind implements [trackedConn].
func (s *socket) kind() string {
	if s.subprotocol == nil {
		return kindUnknown
	}
	return s.subprotocol.name
}

// close starts the closing handshake, after which reading ends. Only the first call has an effect.
// reason has at most 123 bytes.
func (s *socket) close(code uint16, reason string) {
	if !s.startClose() {
		return
	}
	defer s.ws.Close(code, reason)
	s.mu.Lock()
	// The close frame ends all operations. None of them must send an error because of that.
	var parked []*operation
	for _, op := range s.operations {
		if s.detach(op) {
			parked = append(parked, op)
		}
	}
	s.operationEnded.Broadcast()
	s.mu.Unlock()
	for _, op := range parked {
		op.subscriber.Close()
	}
	s.connections.closed(code)
}

package web

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"golang.org/x/time/rate"

	"parley/internal/auth"
)

// socket is one client's WebSocket: the connection, the messages of the protocol, the limits, and what runs on it.
type socket struct {
	conn          *websocket.Conn
	exec          graphql.GraphExecutor
	subscriptions Subscribe
	verifier      Verifier
	limits        Limits
	log           *slog.Logger
	// ctx is what reads and operations run under; drop ends it. It outlives the request's, whose end is to be told to the
	// client. writes never ends: cut ends what is being written.
	ctx    context.Context //nolint:containedctx // see above
	writes context.Context //nolint:containedctx // see above
	drop   context.CancelFunc
	closed chan struct{} // closed when close's handshake is over
	// running are the operations.
	running sync.WaitGroup

	mu      sync.Mutex
	closing bool
	// initialised: connection_init has come. identified carries who it proved, and operations run under it.
	initialised bool
	identified  context.Context //nolint:containedctx // see above
	renewals    *rate.Limiter
	// operations are what the client waits for, by id; started counts those that run, also when nobody waits any more.
	operations map[string]*operation
	started    int
	// pinged: the client has not answered the last ping.
	pinged bool
	// timers close the socket unless they are stopped: init, a pong (pinger), the token (expiry).
	init, pinger, expiry *time.Timer
}

// message is what the subprotocol sends in either direction.
type message struct {
	Type    string          `json:"type"`
	ID      string          `json:"id,omitempty"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// newSocket returns a socket that is closed unless connection_init comes in time. Its owner calls serve and then wait.
func newSocket(ctx context.Context, conn *websocket.Conn, t *webSocket, exec graphql.GraphExecutor) *socket {
	conn.SetReadLimit(t.limits.SocketMessage)
	s := &socket{
		conn: conn, exec: codedExecutor{exec, t.limits.Document}, subscriptions: t.subscribe, verifier: t.verifier,
		limits: t.limits, log: t.log,
		closed: make(chan struct{}), operations: map[string]*operation{},
		renewals: rate.NewLimiter(rate.Every(renewalInterval), renewalBurst),
	}
	s.writes = context.WithoutCancel(ctx)
	s.ctx, s.drop = context.WithCancel(s.writes)
	s.identified = s.ctx
	s.init = time.AfterFunc(t.limits.SocketInit, func() { s.close(closeInitTimeout, "Connection initialisation timeout") })
	return s
}

const (
	// A client may renew its token so often: tokens live for minutes, and verifying one costs a signature.
	renewalInterval = 10 * time.Second
	renewalBurst    = 3
)

// verdict is what to do about a client's message: reply to it, close the socket with code and reason, or (the zero value)
// nothing more.
type verdict struct {
	reply  []byte
	code   websocket.StatusCode
	reason string
}

func closeWith(code websocket.StatusCode, reason string) verdict {
	return verdict{code: code, reason: reason}
}

// receive acts on a client's message. One goroutine calls it.
func (s *socket) receive(kind websocket.MessageType, data []byte) verdict {
	if kind == websocket.MessageText && !utf8.Valid(data) { // RFC 6455, section 8.1
		return closeWith(websocket.StatusInvalidFramePayloadData, "Invalid UTF-8")
	}
	var m message
	if kind != websocket.MessageText || json.Unmarshal(data, &m) != nil || hasLoneSurrogate(data) {
		return closeWith(closeBadRequest, "Invalid message")
	}
	switch m.Type {
	case "ping":
		return s.pong(m.Payload)
	case "pong":
		s.mu.Lock()
		s.pinged = false
		s.mu.Unlock()
		return verdict{}
	case "connection_init":
		return s.initialise(m.Payload)
	case "subscribe":
		return s.subscribe(m)
	case "complete":
		s.complete(m.ID)
		return verdict{}
	default:
		return closeWith(closeBadRequest, "Invalid message type")
	}
}

// pong answers a ping with its own payload. One that carries a token renews that of the socket, and is not repeated.
func (s *socket) pong(payload json.RawMessage) verdict {
	token, fault := tokenOf(payload)
	if token == "" || fault != "" {
		return verdict{reply: encoded(message{Type: "pong", Payload: payload})}
	}
	if s.renewals.Allow() { // or else the next one may: the old token is good until it ends
		if v := s.renew(token); v.code != 0 {
			return v
		}
	}
	return verdict{reply: encoded(message{Type: "pong"})}
}

// initialise answers connection_init: who its payload's "authorization" (or "Authorization") proves, as "Bearer …" or the
// bare token, takes the place of whom the handshake's header proved.
func (s *socket) initialise(payload json.RawMessage) verdict {
	s.mu.Lock()
	again := s.initialised
	s.initialised = true
	s.mu.Unlock()
	if again {
		return closeWith(closeTooManyInitialised, "Too many initialisation requests")
	}
	s.init.Stop()
	token, fault := tokenOf(payload)
	if fault != "" {
		return closeWith(closeBadRequest, "Invalid connection_init payload"+fault)
	}
	ctx := s.ctx
	if token != "" {
		identified, f := identify(ctx, s.verifier, s.log, token)
		switch {
		case f != nil && f.code == codeUnavailable:
			return closeWith(websocket.StatusTryAgainLater, f.message)
		case f != nil:
			return closeWith(closeForbidden, "Forbidden")
		}
		ctx = identified
	}
	identity, _ := auth.FromContext(ctx)
	s.mu.Lock()
	s.identify(ctx, identity)
	s.mu.Unlock()
	return verdict{reply: []byte(`{"type":"connection_ack"}`)}
}

// tokenOf returns the token that a payload carries; "" where it carries none. fault says why it is none, after a name.
func tokenOf(payload json.RawMessage) (token, fault string) {
	if len(payload) == 0 {
		return "", ""
	}
	var members map[string]any
	if json.Unmarshal(payload, &members) != nil {
		return "", ": it must be an object"
	}
	for _, name := range []string{"authorization", "Authorization"} {
		value := members[name]
		if value == nil {
			continue // a client without a token may well say so with null
		}
		text, ok := value.(string)
		if !ok {
			return "", ": authorization must be a string"
		}
		if bearer, ok := auth.Bearer(text); ok {
			text = bearer
		}
		if text != "" {
			return text, ""
		}
	}
	return "", ""
}

// subscribe starts an operation.
func (s *socket) subscribe(m message) verdict {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.initialised {
		return closeWith(closeUnauthorized, "Unauthorized")
	}
	if m.ID == "" {
		return closeWith(closeBadRequest, "Invalid subscribe message: no id")
	}
	var members map[string]json.RawMessage
	if len(m.Payload) == 0 || json.Unmarshal(m.Payload, &members) != nil {
		return closeWith(closeBadRequest, "Invalid subscribe payload")
	}
	params, f := parseMembers(members)
	if f != nil {
		return closeWith(closeBadRequest, "Invalid subscribe payload: "+f.message)
	}
	if _, running := s.operations[m.ID]; running {
		return closeWith(closeSubscriberExists, "Subscriber already exists")
	}
	if s.started >= s.limits.SocketOperations {
		return verdict{reply: tooMany(m.ID)}
	}
	s.start(m.ID, params)
	return verdict{}
}

// tooMany is the error message for one operation too many.
func tooMany(id string) []byte {
	f := refusal{code: codeRateLimited, message: "Too many operations run on this socket: complete one first."}
	return encoded(message{Type: "error", ID: id, Payload: encoded(gqlerror.List{f.graphQL()})})
}

// complete ends an operation that the client waits for no more. Its id is free at once.
func (s *socket) complete(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if op := s.operations[id]; op != nil {
		delete(s.operations, id)
		op.unwanted.Store(true)
		op.cancel()
	}
}

// write sends data. A client that does not take it in time is cut off, as the next message would find it no better.
//
// The library is given no deadline: one for each message costs more than the message.
func (s *socket) write(data []byte) error {
	late := time.AfterFunc(s.limits.Write, s.cut)
	defer late.Stop()
	return s.conn.Write(s.writes, websocket.MessageText, data)
}

// patience is how long restart waits for queries and mutations that are running, and glance how often it looks.
const (
	patience = 5 * time.Second
	glance   = 10 * time.Millisecond
)

// restart tells the client to connect again, when the queries and mutations that are running have been answered.
func (s *socket) restart() {
	go func() { // ends when they have, or after patience
		for end := time.Now().Add(patience); s.answering() && time.Now().Before(end) && s.ctx.Err() == nil; {
			select {
			case <-time.After(glance):
			case <-s.ctx.Done():
			}
		}
		s.close(websocket.StatusServiceRestart, "Service restart")
	}()
}

// answering tells whether the client waits for the answer to a query or mutation.
func (s *socket) answering() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, op := range s.operations {
		if !op.stream {
			return true
		}
	}
	return false
}

// cut ends the connection without a word.
func (s *socket) cut() {
	s.drop()
	_ = s.conn.CloseNow() // whoever reads or writes notices
}

// close begins the closing handshake, which takes up to ten seconds of a client that does not answer; wait waits for its
// end. Only the first call counts. reason is at most 123 bytes.
func (s *socket) close(code websocket.StatusCode, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return
	}
	s.closing = true
	// The close frame is the last word: an operation that ends because of it must not be told of as one that failed.
	for id, op := range s.operations {
		op.unwanted.Store(true)
		if op.stream {
			op.cancel() // queries and mutations come to their end, though nobody hears of it
		}
		delete(s.operations, id)
	}
	go func() { // ends with the handshake, which has time limits of its own
		defer close(s.closed)
		_ = s.conn.Close(code, reason) // an error says that the client has not answered: it is gone either way
	}()
}

// wait closes the socket if it is still open, and returns when the connection is gone and no operation runs any more.
func (s *socket) wait() {
	s.close(websocket.StatusNormalClosure, "")
	<-s.closed
	s.cut()
	s.running.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, timer := range []*time.Timer{s.init, s.pinger, s.expiry} {
		if timer != nil {
			timer.Stop()
		}
	}
}

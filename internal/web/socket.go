package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"golang.org/x/time/rate"

	"parley/internal/auth"
	"parley/internal/reqid"
	"parley/internal/wire"
)

const (
	// A client may renew its token so often: tokens live for minutes, and verifying one costs a signature.
	renewalInterval = 10 * time.Second
	renewalBurst    = 3
	// goodbye is how long a client may take to answer a close frame.
	goodbye = 5 * time.Second
	// patience is how long restart waits for queries and mutations that are running.
	patience = 5 * time.Second
	// comeBack is the time over which clients are asked to come back after a restart.
	comeBack = 5 * time.Second
)

// socket is one client's WebSocket: the messages of the protocol, the limits, and what runs on it.
type socket struct {
	*webSocket // what all sockets share

	conn    *wire.Conn
	dialect *dialect // nil: none that is spoken here
	exec    graphql.GraphExecutor
	// ctx is what operations run under; drop ends it. It outlives the request's, whose end is to be told to the client.
	ctx  context.Context //nolint:containedctx // see above
	drop context.CancelFunc
	// running are the operations that have a goroutine.
	running sync.WaitGroup

	mu sync.Mutex
	// closing: the close frame has been sent. restarting: it will be when queries and mutations have been answered.
	closing, restarting bool
	// initialised: connection_init has come. identified carries who it proved, and operations run under it; person is
	// whom the socket is counted for.
	initialised bool
	identified  context.Context //nolint:containedctx // see above
	person      string
	renewals    *rate.Limiter
	// operations are what the client waits for, by id; started counts those that run, also when nobody waits any more.
	operations map[string]*operation
	started    int
	// timers close the socket unless they are stopped: when connection_init does not come and then when the token ends
	// (expiry), and when nothing comes at all (pinger).
	expiry, pinger *time.Timer
}

var _ connection = (*socket)(nil)

// message is what the subprotocols send in either direction.
type message struct {
	Type    string          `json:"type"`
	ID      string          `json:"id,omitempty"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// newSocket returns a socket that is closed unless connection_init comes in time. Its owner calls serve and then end.
func newSocket(ctx context.Context, conn *wire.Conn, t *webSocket, exec graphql.GraphExecutor) *socket {
	s := &socket{
		webSocket: t, conn: conn, dialect: dialectOf(conn.Subprotocol()),
		exec: codedExecutor{exec, t.limits.Document}, operations: map[string]*operation{},
	}
	s.ctx, s.drop = context.WithCancel(context.WithoutCancel(ctx))
	s.identified = s.ctx
	s.expiry = time.AfterFunc(t.limits.SocketInit, func() { s.close(closeInitTimeout, "Connection initialisation timeout") })
	s.pinger = time.AfterFunc(t.limits.SocketPing, s.ping)
	return s
}

// serve acts on the client's messages until the connection ends. What comes is read by another goroutine, so that the one
// that waits for it keeps the small stack that it began with: most sockets wait nearly always.
func (s *socket) serve() error {
	ended := make(chan error)
	for {
		if err := s.conn.Await(); err != nil {
			return err
		}
		go func() { ended <- s.listen() }() // ends when all that has come has been acted upon
		if err := <-ended; err != nil {
			return err
		}
	}
}

// errPanic is the end of a socket on which a message has made the server panic, which has been logged.
var errPanic = errors.New("a message has made the server panic")

// listen acts on the messages that have begun to come.
func (s *socket) listen() (err error) {
	defer func() {
		if what := recover(); what != nil {
			s.log.ErrorContext(s.ctx, "panic", slog.Any("panic", what), slog.String("request_id", reqid.FromContext(s.ctx)))
			err = errPanic
		}
	}()
	for s.conn.Buffered() {
		text, data, err := s.conn.Read()
		if err != nil {
			return err
		}
		switch v := s.receive(text, data); {
		case v.code != 0:
			s.close(v.code, v.reason)
		case v.reply != nil:
			_ = s.write(v.reply) // where it fails the next read does
		}
	}
	return nil
}

// verdict is what to do about a client's message: reply to it, close the socket with code and reason, or (the zero value)
// nothing more.
type verdict struct {
	reply  []byte
	code   uint16
	reason string
}

func closeWith(code uint16, reason string) verdict { return verdict{code: code, reason: reason} }

// receive acts on a client's message. One goroutine calls it.
func (s *socket) receive(text bool, data []byte) verdict {
	if text && !utf8.Valid(data) { // RFC 6455, section 8.1
		return closeWith(closeInvalidPayload, "Invalid UTF-8")
	}
	var m message
	if !text || json.Unmarshal(data, &m) != nil || hasLoneSurrogate(data) {
		return closeWith(closeBadRequest, "Invalid message")
	}
	switch {
	case m.Type == "connection_init":
		return s.initialise(m.Payload)
	case m.Type == s.dialect.subscribe:
		return s.subscribeTo(m)
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

// pong answers a ping with its own payload. One that carries a token renews that of the socket, and is not repeated.
func (s *socket) pong(payload json.RawMessage) verdict {
	token, fault := tokenOf(payload)
	if token == "" || fault != "" {
		return verdict{reply: encoded(message{Type: "pong", Payload: payload})}
	}
	s.mu.Lock()
	if s.renewals == nil {
		s.renewals = rate.NewLimiter(rate.Every(renewalInterval), renewalBurst)
	}
	allowed := s.renewals.Allow()
	s.mu.Unlock()
	if allowed { // or else the next one may: the old token is good until it ends
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
			_ = s.write(encoded(message{Type: "connection_error", Payload: encoded(f.graphQL())})) // the close frame follows
			return closeWith(closeForbidden, "Forbidden")
		case f != nil:
			return closeWith(closeForbidden, "Forbidden")
		}
		ctx = identified
	}
	identity, _ := auth.FromContext(ctx)
	if !s.sockets.count(identity.ID, s.limits.SocketsPerson) {
		return closeWith(closeTryAgainLater, "Too many sockets of one person")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.person = identity.ID
	s.identify(ctx, identity)
	if s.dialect.legacy {
		_ = s.write([]byte(`{"type":"connection_ack"}`)) // where it fails the next read does
		return verdict{reply: s.dialect.alive()}
	}
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

// renew takes a new token that a ping carries: of the same person, so that the socket lives on past the old one's end.
func (s *socket) renew(token string) verdict {
	ctx, f := identify(s.ctx, s.verifier, s.log, token)
	switch {
	case f != nil && f.code == codeUnavailable:
		return verdict{} // the old token is good until it ends
	case f != nil:
		return closeWith(closeForbidden, "Forbidden")
	}
	identity, _ := auth.FromContext(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	before, ok := auth.FromContext(s.identified)
	if !ok || before.ID != identity.ID {
		return closeWith(closeForbidden, "Forbidden")
	}
	s.identify(ctx, identity)
	return verdict{}
}

// identify makes ctx what operations run under from now on, until the token ends. The caller holds s.mu.
func (s *socket) identify(ctx context.Context, identity auth.Identity) {
	s.identified = ctx
	s.expiry.Stop()
	if !identity.ExpiresAt.IsZero() {
		s.expiry = time.AfterFunc(time.Until(identity.ExpiresAt), func() { s.close(closeForbidden, "Token expired") })
	}
}

// write sends a message. A client that does not take it in time is cut off.
func (s *socket) write(data []byte) error { return s.conn.Write(wire.AppendText(nil, data)) }

// ping asks the client whether it is there. One of which nothing has come by the next time is dropped: there is nobody who
// would read a close frame.
func (s *socket) ping() {
	if !s.conn.Heard() {
		s.cut()
		return
	}
	err := error(nil)
	if s.dialect != nil {
		err = s.write(s.dialect.alive())
		if s.dialect.legacy && err == nil {
			err = s.conn.Ping() // which the client's library answers, as the protocol has nothing for it
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && s.ctx.Err() == nil {
		s.pinger.Reset(s.limits.SocketPing)
	}
}

// restart tells the client to connect again, when the queries and mutations that are running have been answered.
func (s *socket) restart() {
	s.mu.Lock()
	s.restarting = true
	s.mu.Unlock()
	time.AfterFunc(patience, s.closeForRestart)
	s.restartIfIdle()
}

// restartIfIdle closes a socket that is to restart unless the client waits for the answer to a query or mutation.
func (s *socket) restartIfIdle() {
	s.mu.Lock()
	now := s.restarting
	for _, op := range s.operations {
		now = now && op.stream != nil
	}
	s.mu.Unlock()
	if now {
		s.closeForRestart()
	}
}

// closeForRestart asks the client to come back, each one at another time, so that not all of them come at once.
func (s *socket) closeForRestart() {
	spread := rand.N(comeBack) //nolint:gosec // nothing is secret
	s.close(closeServiceRestart, fmt.Sprintf("Service restart: come back in %d ms", spread.Milliseconds()))
}

// cut ends the connection without a word.
func (s *socket) cut() {
	s.drop()
	s.conn.Cut()
}

// close begins the closing handshake; the reading ends with it. Only the first call counts. reason is at most 123 bytes.
func (s *socket) close(code uint16, reason string) {
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		return
	}
	s.closing = true
	// The close frame is the last word: an operation that ends because of it must not be told of as one that failed.
	var parked []*operation
	for _, op := range s.operations {
		if s.forget(op) {
			parked = append(parked, op)
		}
		if op.stream != nil {
			op.cancel() // queries and mutations come to their end, though nobody hears of it
		}
	}
	s.mu.Unlock()
	for _, op := range parked {
		op.stop()
	}
	s.conn.Close(code, reason)
}

// end closes the socket if it is still open, and returns when the connection is gone and no operation runs any more.
func (s *socket) end() {
	s.close(closeNormal, "")
	s.cut()
	s.running.Wait()
	s.conn.Wait()
	s.mu.Lock()
	s.expiry.Stop()
	s.pinger.Stop()
	s.mu.Unlock()
	s.sockets.discount(s.person)
}

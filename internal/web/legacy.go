package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"

	"parley/internal/auth"
	"parley/internal/rawjson"
	"parley/internal/reqid"
	"parley/internal/wire"
)

// Legacy serves the interfaces that precede GraphQL: paths that answer {"msg", "code", "data"}, and
// messages over a WebSocket. The identity of the client is in the context (package auth).
type Legacy interface {
	http.Handler
	// Paths returns the patterns of the paths that ServeHTTP serves.
	Paths() []string
	// WriteError writes an error response in the format of the legacy interfaces.
	WriteError(w http.ResponseWriter, r *http.Request, status int, message string)
	// HandleMessage handles a message and returns the response.
	HandleMessage(ctx context.Context, message []byte) []byte
	// ErrorMessage returns the response to a message that is rejected before HandleMessage.
	ErrorMessage(message string) []byte
}

// legacyFactor is the memory that a request of the legacy interfaces takes until it has been
// answered, for each of its bytes.
const legacyFactor = 16

// legacyHTTP authenticates the requests of the legacy paths, reads their bodies and limits their
// time.
func (u *upgrader) legacyHTTP(legacy Legacy) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeoutCause(r.Context(), u.limits.Operation, errTimeLimit)
		defer cancel()
		if header := r.Header.Get("Authorization"); header != "" {
			token, ok := auth.Bearer(header)
			f := unauthenticated("The Authorization header must be: Bearer, a space, and a token.")
			if ok {
				ctx, f = u.authenticator.identify(ctx, token)
			}
			if f != nil {
				refuseLegacy(legacy, w, r, f)
				return
			}
		}
		r = r.WithContext(ctx)
		memory := u.budgets.requests.Open(ownerOf(ctx))
		defer memory.Release()
		if r.Method == http.MethodPost {
			body, f := readBody(w, r, u.limits, &memory, legacyFactor)
			if f != nil {
				refuseLegacy(legacy, w, r, f)
				return
			}
			slot, f := u.responder.large.acquire(ctx, len(body))
			if f != nil {
				refuseLegacy(legacy, w, r, f)
				return
			}
			defer slot.release()
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		legacy.ServeHTTP(w, r)
	})
}

// legacySocket is a WebSocket for legacy messages. It handles them one at a time, in order.
type legacySocket struct {
	conn

	legacy Legacy

	// The fields below are guarded by the lock of conn. handling is whether a message is being
	// handled, and messages the number of messages so far.
	handling bool
	messages int
}

var _ trackedConn = (*legacySocket)(nil)

// kind implements [trackedConn].
func (s *legacySocket) kind() string { return kindLegacy }

// legacySockets serves WebSockets for legacy messages. The client sends its token in the
// handshake's Authorization header, or in a first message.
func (u *upgrader) legacySockets(legacy Legacy) http.Handler {
	return u.authenticator.withIdentity(
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !isUpgrade(r) {
				w.Header().Set("Upgrade", "websocket")
				legacy.WriteError(w, r, http.StatusUpgradeRequired, "This path is for WebSockets.")
				return
			}
			ctx := context.WithoutCancel(r.Context())
			f := u.upgrade(
				w,
				r,
				func(string) bool { return false },
				func(ws *wire.Conn, admission *admission) {
					s := &legacySocket{
						conn:   conn{upgrader: u, ws: ws, admission: admission},
						legacy: legacy,
					}
					s.conn.close, s.keepAlive = s.close, ws.Ping // browsers and libraries answer pings
					s.start(ctx)
					u.connections.track(s, admission)
					defer u.connections.untrack(s)
					defer s.shutdown()
					if _, known := auth.FromContext(ctx); known {
						if a := s.setUser(ctx); a.code != 0 {
							s.close(a.code, a.reason)
						}
					}
					s.serve(s.handle)
				},
			)
			if f != nil {
				refuseLegacy(legacy, w, r, f)
			}
		}),
	)
}

// refuseLegacy writes a refusal in the format of the legacy interfaces.
func refuseLegacy(legacy Legacy, w http.ResponseWriter, r *http.Request, f *refusal) {
	for name, value := range f.header {
		w.Header().Set(name, value)
	}
	legacy.WriteError(w, r, f.status, f.message)
}

// handle handles a client's message.
func (s *legacySocket) handle(text bool, data []byte) action {
	slot, f := s.responder.large.acquire(s.userCtx, len(data))
	if f != nil {
		return closeAction(closeTryAgainLater, f.message)
	}
	defer slot.release()
	members, err := rawjson.Members(data, "type", "token")
	if !text || err != nil && !errors.Is(err, rawjson.ErrNotObject) || hasLoneSurrogate(data) {
		return action{reply: s.legacy.ErrorMessage("A message must be a JSON object.")}
	}
	if kind, _ := stringMember(members, "type"); kind == "Auth" {
		token, f := stringMember(members, "token")
		if f != nil || token == "" {
			return action{reply: s.legacy.ErrorMessage("token must be a string: a token.")}
		}
		return s.authenticate(token)
	}
	s.mu.Lock()
	ctx := s.userCtx
	_, known := auth.FromContext(ctx)
	s.handling = known && !s.restarting
	proceed := s.handling
	s.messages++
	ctx = reqid.WithOperation(ctx, strconv.Itoa(s.messages))
	s.mu.Unlock()
	if !known {
		return action{
			reply: s.legacy.ErrorMessage(
				`Sign in first. Send {"type": "Auth", "token": …}, or the token in the Authorization header of the handshake.`,
			),
		}
	}
	if !proceed {
		return action{reply: s.legacy.ErrorMessage("The server is stopping. Connect again.")}
	}
	defer s.answered()
	ctx, cancel := context.WithTimeoutCause(ctx, s.limits.Operation, errTimeLimit)
	defer cancel()
	// Write the response here, before answered sends a close frame.
	_ = s.write(s.legacy.HandleMessage(ctx, data)) // after an error the next read fails, too
	return action{}
}

// authenticate handles a token. The first one identifies the client, later ones renew it.
func (s *legacySocket) authenticate(token string) action {
	accepted := action{reply: []byte(`{"status":true,"type":"Authenticated"}`)}
	s.mu.Lock()
	_, known := auth.FromContext(s.userCtx)
	s.mu.Unlock()
	if known {
		if r := s.renewToken(token); r.problem != "" {
			return action{reply: s.legacy.ErrorMessage(r.problem)}
		}
		return accepted
	}
	ctx, f := s.authenticator.identify(s.ctx, token)
	if f != nil {
		return action{reply: s.legacy.ErrorMessage(f.message)}
	}
	if a := s.setUser(ctx); a.code != 0 {
		return a
	}
	return accepted
}

// answered records that a message has been answered. It closes the WebSocket if a restart has
// waited for that.
func (s *legacySocket) answered() {
	s.mu.Lock()
	s.handling = false
	restarting := s.restarting
	s.mu.Unlock()
	if restarting {
		s.closeForRestart()
	}
}

// restart asks the client to reconnect when the current message has been answered.
func (s *legacySocket) restart() {
	s.mu.Lock()
	s.restarting = true
	busy := s.handling
	s.mu.Unlock()
	s.after(drainTimeout, s.closeForRestart)
	if !busy {
		s.closeForRestart()
	}
}

// close starts the closing handshake, after which reading ends. Only the first call has an effect.
func (s *legacySocket) close(code uint16, reason string) {
	if s.startClose() {
		defer s.ws.Close(code, reason)
		s.connections.closed(code)
	}
}

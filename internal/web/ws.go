package web

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"golang.org/x/time/rate"

	"parley/internal/reqid"
	"parley/internal/wire"
)

// The close codes of graphql-transport-ws, and those of RFC 6455 and its registry that are used with them.
const (
	closeBadRequest         = 4400
	closeUnauthorized       = 4401
	closeForbidden          = 4403
	closeSubprotocol        = 4406
	closeInitTimeout        = 4408
	closeSubscriberExists   = 4409
	closeTooManyInitialised = 4429

	closeNormal         = 1000
	closeInvalidPayload = 1007
	closeServiceRestart = 1012
	closeTryAgainLater  = 1013
)

// webSocket serves operations over WebSockets, in the subprotocols of graphql-ws and of its predecessor.
type webSocket struct {
	subscribe Subscribe
	verifier  Verifier
	origins   origins
	limits    Limits
	sockets   *sockets
	log       *slog.Logger
	listener  wire.Listener
	frames    sync.Pool // of *[]byte: where frames are put together
}

var _ graphql.Transport = (*webSocket)(nil)

func newWebSocket(subscribe Subscribe, verifier Verifier, origins origins, limits Limits, sockets *sockets, log *slog.Logger) *webSocket {
	t := &webSocket{subscribe: subscribe, verifier: verifier, origins: origins, limits: limits, sockets: sockets, log: log}
	t.listener = wire.Listener{
		Message: limits.SocketMessage, Write: limits.Write, Goodbye: goodbye,
		Frames: rate.Limit(limits.SocketFrames), Burst: 2 * limits.SocketFrames,
	}
	t.frames.New = func() any { return new([]byte) }
	return t
}

// Supports reports whether r wants to become a WebSocket. Upgrade may list other protocols, which a server is free to
// leave (RFC 9110, section 7.8).
func (t *webSocket) Supports(r *http.Request) bool {
	if r.Method != http.MethodGet {
		return false
	}
	for protocol := range strings.SplitSeq(strings.Join(r.Header.Values("Upgrade"), ","), ",") {
		if strings.EqualFold(strings.TrimSpace(protocol), "websocket") {
			return true
		}
	}
	return false
}

// Do opens a socket. It is served by a goroutine of its own, so that nothing is kept of the request.
func (t *webSocket) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	if origin := r.Header.Get("Origin"); origin != "" && !t.origins.allows(r, origin) {
		refuse(w, &refusal{
			status:  http.StatusForbidden,
			code:    codeForbidden,
			message: "Pages of this origin may not connect: PARLEY_ALLOWED_ORIGINS does not name it.",
		})
		return
	}
	if !t.sockets.enter() {
		refuse(w, &refusal{status: http.StatusServiceUnavailable, code: codeUnavailable, message: "The server is stopping. Connect again."})
		return
	}
	r.Header.Set("Upgrade", "websocket") // what else it lists has been left
	conn, err := t.listener.Open(w, r, func(offered string) bool { return dialectOf(offered) != nil })
	if err != nil { // which Open has answered
		t.log.DebugContext(r.Context(), "websocket handshake", "request_id", reqid.FromContext(r.Context()), "error", err)
		t.sockets.leave()
		return
	}
	s := newSocket(r.Context(), conn, t, exec)
	go func() { // ends with the socket; shutdown waits for it
		defer t.sockets.leave()
		t.serve(s)
	}()
}

// serve serves a socket until it is closed and all that ran for it has ended.
func (t *webSocket) serve(s *socket) {
	t.sockets.add(s)
	defer t.sockets.remove(s)
	defer s.end()
	if s.dialect == nil {
		s.close(closeSubprotocol, "Subprotocol not acceptable")
	}
	if err := s.serve(); !errors.Is(err, wire.ErrClosed) {
		t.log.DebugContext(s.ctx, "websocket ended", "request_id", reqid.FromContext(s.ctx), "error", err)
	}
}

package web

import (
	"log/slog"
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"

	"parley/internal/reqid"
)

// subprotocol names the protocol spoken on WebSockets:
// https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md.
const subprotocol = "graphql-transport-ws"

// The close codes of the subprotocol.
const (
	closeBadRequest         websocket.StatusCode = 4400
	closeUnauthorized       websocket.StatusCode = 4401
	closeForbidden          websocket.StatusCode = 4403
	closeSubprotocol        websocket.StatusCode = 4406
	closeInitTimeout        websocket.StatusCode = 4408
	closeSubscriberExists   websocket.StatusCode = 4409
	closeTooManyInitialised websocket.StatusCode = 4429
)

// webSocket serves operations over graphql-transport-ws.
type webSocket struct {
	subscribe Subscribe
	verifier  Verifier
	origins   origins
	limits    Limits
	sockets   *sockets
	log       *slog.Logger
}

var _ graphql.Transport = (*webSocket)(nil)

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

// Do serves one socket and returns when it is closed and all that ran for it has ended.
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
	defer t.sockets.leave()
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols:       []string{subprotocol},
		InsecureSkipVerify: true, // the origin has been checked above
	})
	if err != nil { // which Accept has answered
		t.log.DebugContext(r.Context(), "websocket handshake", "request_id", reqid.FromContext(r.Context()), "error", err)
		return
	}
	s := newSocket(r.Context(), conn, t, exec)
	t.sockets.add(s)
	defer t.sockets.remove(s)
	defer s.wait()
	if !strings.EqualFold(conn.Subprotocol(), subprotocol) {
		s.close(closeSubprotocol, "Subprotocol not acceptable")
		return
	}
	s.serve()
}

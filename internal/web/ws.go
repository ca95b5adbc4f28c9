package web

import (
	"context"
	"net/http"

	"github.com/99designs/gqlgen/graphql"

	"parley/internal/wire"
)

// The close codes of graphql-transport-ws, and of RFC 6455 and its registry.
const (
	closeBadRequest       = 4400
	closeUnauthorized     = 4401
	closeForbidden        = 4403
	closeSubprotocol      = 4406
	closeInitTimeout      = 4408
	closeSubscriberExists = 4409
	closeTooManyInits     = 4429

	closeNormal         = 1000
	closeMessageTooBig  = 1009
	closeInternalError  = 1011
	closeServiceRestart = 1012
	closeTryAgainLater  = 1013
)

// webSocketTransport serves operations over WebSockets, in the subprotocols graphql-transport-ws
// and graphql-ws (of subscriptions-transport-ws).
type webSocketTransport struct {
	*upgrader
	subscribe Subscribe
}

var _ graphql.Transport = (*webSocketTransport)(nil)

// Supports implements [graphql.Transport].
func (t *webSocketTransport) Supports(r *http.Request) bool { return isUpgrade(r) }

// Do upgrades the request to a WebSocket.
func (t *webSocketTransport) Do(
	w http.ResponseWriter,
	r *http.Request,
	exec graphql.GraphExecutor,
) {
	ctx := context.WithoutCancel(r.Context())
	f := t.upgrade(
		w,
		r,
		func(offered string) bool { return subprotocolOf(offered) != nil },
		func(conn *wire.Conn, admission *admission) {
			t.serve(newSocket(ctx, conn, admission, t, exec))
		},
	)
	if f != nil {
		refuse(w, f)
	}
}

// serve serves a socket until it is closed and all of its operations have ended.
func (t *webSocketTransport) serve(s *socket) {
	t.connections.track(s, s.admission)
	defer t.connections.untrack(s)
	defer s.shutdown()
	if s.subprotocol == nil {
		s.close(closeSubprotocol, "Subprotocol not acceptable")
	}
	s.serve(s.handle)
}

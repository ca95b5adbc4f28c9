package web

import (
	"context"
	"net/http"

	"github.com/99designs/gqlgen/graphql"

	"parley/internal/wire"
)

// The close codes of graphql-transport-ws, and those of RFC 6455 and its registry that are used
// with them.
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
	closeMessageTooBig  = 1009
	closeInternalError  = 1011
	closeServiceRestart = 1012
	closeTryAgainLater  = 1013
)

// webSocket serves operations over WebSockets, in the subprotocols of graphql-ws and of its
// predecessor.
type webSocket struct {
	*door
	subscribe Subscribe
}

var _ graphql.Transport = (*webSocket)(nil)

// Supports is [graphql.Transport]'s.
func (t *webSocket) Supports(r *http.Request) bool { return wanted(r) }

// Do opens a socket.
func (t *webSocket) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	ctx := context.WithoutCancel(r.Context())
	f := t.open(
		w,
		r,
		func(offered string) bool { return dialectOf(offered) != nil },
		func(conn *wire.Conn, admission *admission) {
			t.serve(newSocket(ctx, conn, admission, t, exec))
		},
	)
	if f != nil {
		refuse(w, f)
	}
}

// serve serves a socket until it is closed and all that ran for it has ended.
func (t *webSocket) serve(s *socket) {
	t.sockets.add(s, s.admission)
	defer t.sockets.remove(s)
	defer s.end()
	if s.dialect == nil {
		s.close(closeSubprotocol, "Subprotocol not acceptable")
	}
	s.serve(s.receive)
}

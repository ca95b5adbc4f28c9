package web

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"golang.org/x/time/rate"

	"parley/internal/limit"
	"parley/internal/panics"
	"parley/internal/wire"
)

// upgrader upgrades requests to WebSockets, for all subprotocols.
type upgrader struct {
	responder     *responder
	authenticator *authenticator
	origins       origins
	limits        Limits
	limiters      limit.RateLimiters
	connections   *connections
	budgets       *budgets
	log           *slog.Logger
	wire          wire.Upgrader
	frames        sync.Pool // of *wire.Framer
}

func newUpgrader(
	responder *responder,
	authenticator *authenticator,
	origins origins,
	limits Limits,
	limiters limit.RateLimiters,
	connections *connections,
	budgets *budgets,
	log *slog.Logger,
) *upgrader {
	u := &upgrader{
		responder:     responder,
		authenticator: authenticator,
		origins:       origins,
		limits:        limits,
		limiters:      limiters,
		connections:   connections,
		budgets:       budgets,
		log:           log,
	}
	u.wire = wire.Upgrader{
		MaxMessageBytes: limits.SocketMessage,
		Memory:          budgets.messages,
		WriteTimeout:    limits.Write,
		CloseTimeout:    closeTimeout,
		FrameRate:       rate.Limit(limits.SocketFrames),
		FrameBurst:      2 * limits.SocketFrames,
		MessageTimeout:  limits.Read,
	}
	u.frames.New = func() any { return new(wire.Framer) }
	return u
}

// anonymousMessage returns the size of the largest WebSocket message of an anonymous client, in
// bytes.
func (l Limits) anonymousMessage() int64 { return min(l.SocketMessage, anonymousMessage) }

// isUpgrade reports whether r asks for an upgrade to a WebSocket. The Upgrade header may list other
// protocols, which a server may ignore (RFC 9110, section 7.8).
func isUpgrade(r *http.Request) bool {
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

// upgrade upgrades a request to a WebSocket and calls serve in a new goroutine, which keeps no
// reference to the request. choose selects the subprotocol: see [wire.Upgrader.Upgrade]. upgrade
// returns a refusal if the client may not connect. If the handshake fails it has answered the
// request itself.
func (u *upgrader) upgrade(
	w http.ResponseWriter,
	r *http.Request,
	choose func(subprotocol string) bool,
	serve func(*wire.Conn, *admission),
) *refusal {
	if origin := r.Header.Get("Origin"); origin != "" && !u.origins.allows(r, origin) {
		return &refusal{
			status:  http.StatusForbidden,
			code:    codeForbidden,
			message: "Pages of this origin may not connect: PARLEY_ALLOWED_ORIGINS does not list it.",
		}
	}
	if f := allowConnection(r.Context(), u.limiters); f != nil {
		return f
	}
	admission, f := u.connections.admit(r.Context(), socketBytes)
	if f != nil {
		return f
	}
	owner := ownerOf(r.Context())
	r.Header.Set("Upgrade", "websocket") // without the other protocols
	ws, err := u.wire.Upgrade(w, r, choose)
	if err != nil { // Upgrade has answered the request
		u.log.DebugContext(r.Context(), "websocket handshake", "error", err)
		admission.release()
		return nil
	}
	if owner.User == "" {
		ws.SetOwner(owner, u.limits.anonymousMessage())
	} else {
		ws.SetOwner(owner, u.limits.SocketMessage)
	}
	ctx := context.WithoutCancel(r.Context())
	// It ends with the WebSocket. Shutdown waits for it.
	go u.responder.panics.Wrap(ctx, panics.Socket, func() {
		defer admission.release()
		serve(ws, admission)
	}, func(error) { ws.Abort() })()
	return nil
}

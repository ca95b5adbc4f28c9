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

// door lets WebSockets in, whatever is spoken on them.
type door struct {
	answers  *answers
	verifier Verifier
	origins  origins
	limits   Limits
	limiters limit.RateLimiters
	sockets  *sockets
	budgets  *budgets
	log      *slog.Logger
	listener wire.Upgrader
	frames   sync.Pool // of *wire.Framer
}

func newDoor(
	answers *answers,
	verifier Verifier,
	origins origins,
	limits Limits,
	limiters limit.RateLimiters,
	sockets *sockets,
	budgets *budgets,
	log *slog.Logger,
) *door {
	d := &door{
		answers:  answers,
		verifier: verifier,
		origins:  origins,
		limits:   limits,
		limiters: limiters,
		sockets:  sockets,
		budgets:  budgets,
		log:      log,
	}
	d.listener = wire.Upgrader{
		MaxMessageBytes: limits.SocketMessage,
		Memory:          budgets.messages,
		WriteTimeout:    limits.Write,
		CloseTimeout:    goodbye,
		FrameRate:       rate.Limit(limits.SocketFrames),
		FrameBurst:      2 * limits.SocketFrames,
		MessageTimeout:  limits.Read,
	}
	d.frames.New = func() any { return new(wire.Framer) }
	return d
}

// anonymousMessage is the size of the largest WebSocket message of an anonymous client.
func (l Limits) anonymousMessage() int64 { return min(l.SocketMessage, anonymousMessage) }

// wanted reports whether r wants to become a WebSocket. Upgrade may list other protocols, which a
// server is free to leave (RFC 9110, section 7.8).
func wanted(r *http.Request) bool {
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

// open makes a WebSocket of a request and has it served by a goroutine of its own, so that nothing
// is kept of the request. choose is asked for each subprotocol that the client offers. Where it
// cannot be, it returns why, or has answered itself.
func (d *door) open(
	w http.ResponseWriter,
	r *http.Request,
	choose func(subprotocol string) bool,
	serve func(*wire.Conn, *admission),
) *refusal {
	if origin := r.Header.Get("Origin"); origin != "" && !d.origins.allows(r, origin) {
		return &refusal{
			status:  http.StatusForbidden,
			code:    codeForbidden,
			message: "Pages of this origin may not connect: PARLEY_ALLOWED_ORIGINS does not name it.",
		}
	}
	if f := connect(r.Context(), d.limiters); f != nil {
		return f
	}
	admission, f := d.sockets.admit(r.Context(), socketBytes)
	if f != nil {
		return f
	}
	owner := ownerOf(r.Context())
	r.Header.Set("Upgrade", "websocket") // what else it lists has been left
	conn, err := d.listener.Upgrade(w, r, choose)
	if err != nil { // which Open has answered
		d.log.DebugContext(r.Context(), "websocket handshake", "error", err)
		admission.release()
		return nil
	}
	if owner.User == "" {
		conn.SetOwner(owner, d.limits.anonymousMessage())
	} else {
		conn.SetOwner(owner, d.limits.SocketMessage)
	}
	ctx := context.WithoutCancel(r.Context())
	// It ends with the socket; shutdown waits for it.
	go d.answers.panics.Wrap(ctx, panics.Socket, func() {
		defer admission.release()
		serve(conn, admission)
	}, func(error) { conn.Abort() })()
	return nil
}

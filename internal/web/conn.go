package web

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"parley/internal/auth"
	"parley/internal/limit"
	"parley/internal/panics"
	"parley/internal/wire"
)

const (
	// A client may renew its token renewalBurst times at once, and once more each renewalInterval.
	// Tokens live for minutes, and verifying one costs a signature check.
	renewalInterval = 10 * time.Second
	renewalBurst    = 3
	// closeTimeout is how long a client may take to answer a close frame.
	closeTimeout = 5 * time.Second
	// evictionTimeout is how long the client of an evicted WebSocket may take to answer the close
	// frame, because other clients wait for its place.
	evictionTimeout = time.Second
	// drainTimeout is how long a restart waits for running operations.
	drainTimeout = 5 * time.Second
	// reconnectSpread is the time over which a restart spreads the reconnects of clients.
	reconnectSpread = 5 * time.Second
)

// conn is a client's WebSocket, independently of its subprotocol: the client's identity, keep-alive
// and the closing handshake.
type conn struct {
	*upgrader // shared by all WebSockets

	ws        *wire.Conn
	admission *admission
	// ctx is the context of all work for the client, and cancel ends it. It outlives the request,
	// so that the client can be told why the WebSocket closes.
	ctx    context.Context //nolint:containedctx // see above
	cancel context.CancelFunc
	// running counts the goroutines of operations.
	running sync.WaitGroup
	// close starts the closing handshake: see [conn.startClose].
	close func(code uint16, reason string)
	// keepAlive sends a message or a frame that the client answers.
	keepAlive func() error

	mu sync.Mutex
	// closing is whether the close frame has been sent. restarting is whether it will be sent when
	// the running operations have ended.
	closing, restarting bool
	// userCtx is ctx with the identity of the client.
	userCtx        context.Context //nolint:containedctx // see above
	renewalLimiter *rate.Limiter
	// expiryTimer closes the WebSocket if the client does not identify itself in time, and later
	// when its token expires. pingTimer aborts it if the client does not answer.
	expiryTimer, pingTimer *time.Timer
}

// start starts the timers. The caller has set close and keepAlive. It must call serve and then
// shutdown.
func (c *conn) start(ctx context.Context) {
	c.ctx, c.cancel = context.WithCancel(ctx)
	c.userCtx = c.ctx
	c.expiryTimer = c.after(
		c.limits.SocketInit,
		func() { c.close(closeInitTimeout, "Connection initialisation timeout") },
	)
	c.pingTimer = c.after(c.limits.SocketPing, c.checkAlive)
}

// after calls f in a goroutine after d, unless the timer is stopped. If f panics the WebSocket
// closes with 1011.
func (c *conn) after(d time.Duration, f func()) *time.Timer {
	return time.AfterFunc(d, c.contained(panics.Socket, f))
}

// contained wraps a function that runs for the WebSocket. If it panics the WebSocket closes with
// 1011.
func (c *conn) contained(where panics.Where, f func()) func() {
	return c.responder.panics.Wrap(c.ctx, where, f, func(error) { c.closeAfterPanic() })
}

// closeAfterPanic closes the WebSocket after a panic. It aborts the connection if closing panics,
// too.
func (c *conn) closeAfterPanic() {
	closed := false
	defer func() {
		if !closed { // close has panicked, too
			c.abort()
		}
	}()
	c.close(closeInternalError, "The server has an internal error")
	closed = true
}

// action is the reaction to a client's message: to reply, or to close the WebSocket with code and
// reason. The zero value does neither.
type action struct {
	reply  []byte
	code   uint16
	reason string
}

// closeAction returns the action that closes the WebSocket.
func closeAction(code uint16, reason string) action { return action{code: code, reason: reason} }

// serve handles the client's messages until the connection ends. A second goroutine reads each
// batch of messages, so that the one that waits for data keeps its initial small stack: most
// WebSockets are idle most of the time.
func (c *conn) serve(handle func(text bool, data []byte) action) {
	defer c.ws.StopReading()
	readErr := make(chan error)
	err := error(nil)
	for err == nil {
		if err = c.ws.WaitForData(); err == nil {
			// It ends when all messages that have arrived have been handled.
			go c.responder.panics.Wrap(
				c.ctx,
				panics.Socket,
				func() { readErr <- c.handleMessages(handle) },
				func(err error) { readErr <- err },
			)()
			err = <-readErr
		}
	}
	if panics.Is(err) {
		c.closeAfterPanic()
	}
	if !errors.Is(err, wire.ErrClosed) {
		c.log.DebugContext(c.ctx, "websocket ended", "error", err)
	}
}

// handleMessages reads and handles messages until there is no unread data.
func (c *conn) handleMessages(handle func(text bool, data []byte) action) error {
	for c.ws.Buffered() {
		text, data, err := c.ws.Read()
		if err != nil {
			return err
		}
		switch a := handle(text, data); {
		case a.code != 0:
			c.close(a.code, a.reason)
		case a.reply != nil:
			_ = c.write(a.reply) // after an error the next read fails, too
		}
	}
	return nil
}

// write sends a message. It aborts the connection of a client that does not receive it in time.
func (c *conn) write(data []byte) error { return c.ws.Write(wire.Text(data)) }

// setUser counts the WebSocket for the user of ctx, who has just been verified. It returns an
// action that closes the WebSocket with 1013, after which clients reconnect, if the user has too
// many WebSockets or opens them too often.
func (c *conn) setUser(ctx context.Context) action {
	identity, _ := auth.FromContext(ctx)
	if _, counted := auth.FromContext(c.ctx); !counted && !identity.Admin {
		// The handshake has counted the address, but did not know the user.
		if wait := c.limiters.Connections.TakeUser(ctx, identity.ID, 1); wait > 0 {
			return closeAction(
				closeTryAgainLater,
				fmt.Sprintf(
					"Too many new sockets of one user: come back in %d ms",
					wait.Milliseconds(),
				),
			)
		}
	}
	if err := c.admission.setOwner(ownerOf(ctx)); err != nil {
		return closeAction(closeTryAgainLater, limitReason(err))
	}
	if identity.ID != "" {
		c.ws.SetOwner(ownerOf(ctx), c.limits.SocketMessage)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.setIdentity(ctx, identity)
	return action{}
}

// setIdentity makes ctx the context of later operations, until the token expires. The caller holds
// c.mu.
func (c *conn) setIdentity(ctx context.Context, identity auth.Identity) {
	c.userCtx = ctx
	c.expiryTimer.Stop()
	switch {
	case identity.ID == "":
		c.expiryTimer = c.after(c.limits.SocketAnonymous, func() {
			c.close(closeUnauthorized, "Unauthorized: no token within the time limit")
		})
	case !identity.ExpiresAt.IsZero():
		c.expiryTimer = c.after(
			time.Until(identity.ExpiresAt),
			func() { c.close(closeForbidden, "Token expired") },
		)
	}
}

// tokenRenewal is the result of a token renewal. problem says why the token was rejected; it is
// empty if the token was accepted. If final is true the WebSocket closes. Otherwise the client may
// send another token, and the old one stays valid until it expires.
type tokenRenewal struct {
	problem string
	final   bool
}

// renewToken replaces the token by a new one of the same user, so that the WebSocket outlives the
// old token.
func (c *conn) renewToken(token string) tokenRenewal {
	c.mu.Lock()
	if c.renewalLimiter == nil {
		c.renewalLimiter = rate.NewLimiter(rate.Every(renewalInterval), renewalBurst)
	}
	allowed := c.renewalLimiter.Allow()
	c.mu.Unlock()
	if !allowed {
		return tokenRenewal{
			problem: "Tokens are renewed too often. The previous token stays valid until it expires.",
		}
	}
	ctx, f := c.authenticator.identify(c.ctx, token)
	if f != nil {
		return tokenRenewal{problem: f.message, final: f.code == codeUnauthenticated}
	}
	identity, _ := auth.FromContext(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	before, ok := auth.FromContext(c.userCtx)
	if !ok || before.ID != identity.ID {
		return tokenRenewal{problem: "The token is another user's.", final: true}
	}
	c.setIdentity(ctx, identity)
	return tokenRenewal{}
}

// checkAlive sends a keep-alive. It aborts the connection if nothing has arrived since the last
// one: the client would not read a close frame.
func (c *conn) checkAlive() {
	if !c.ws.Active() {
		c.abort()
		return
	}
	err := c.keepAlive()
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil && c.ctx.Err() == nil {
		c.pingTimer.Reset(c.limits.SocketPing)
	}
}

// closeForRestart asks the client to reconnect after a random delay, so that the clients do not all
// reconnect at once.
func (c *conn) closeForRestart() {
	delay := rand.N(reconnectSpread) //nolint:gosec // not a secret
	c.close(
		closeServiceRestart,
		fmt.Sprintf("Service restart: come back in %d ms", delay.Milliseconds()),
	)
}

// evict closes the WebSocket of an anonymous client in favour of a newer one.
func (c *conn) evict() {
	c.after(evictionTimeout, c.abort)
	c.close(closeTryAgainLater, "Too many sockets without a token")
}

// limitReason returns the close reason for an error of [admission.setOwner].
func limitReason(err error) string {
	switch {
	case errors.Is(err, errUserConnections):
		return "Too many sockets of one user"
	case errors.Is(err, errAddressConnections):
		return "Too many sockets from one address"
	case errors.Is(err, limit.ErrQuotaExceeded):
		return "The sockets of one user take too much memory"
	default:
		return "The server has no memory for more sockets"
	}
}

// abort closes the connection without a close frame.
func (c *conn) abort() {
	c.cancel()
	c.ws.Abort()
}

// startClose reports whether the caller must send the close frame. It returns true for the first
// call only.
func (c *conn) startClose() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	first := !c.closing
	c.closing = true
	return first
}

// shutdown closes the WebSocket if it is still open. It returns when the connection and all its
// goroutines have ended.
func (c *conn) shutdown() {
	c.close(closeNormal, "")
	c.abort()
	c.running.Wait()
	c.ws.Wait()
	c.mu.Lock()
	c.expiryTimer.Stop()
	c.pingTimer.Stop()
	c.mu.Unlock()
}

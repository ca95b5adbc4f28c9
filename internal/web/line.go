package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"parley/internal/auth"
	"parley/internal/limit"
	"parley/internal/panics"
	"parley/internal/rawjson"
	"parley/internal/wire"
)

const (
	// A client may renew its token so often: tokens live for minutes, and verifying one costs a
	// signature.
	renewalInterval = 10 * time.Second
	renewalBurst    = 3
	// goodbye is how long a client may take to answer a close frame.
	goodbye = 5 * time.Second
	// evictionTimeout is how long the client of an evicted socket may take to answer: others wait
	// for its place.
	evictionTimeout = time.Second
	// patience is how long restart waits for what is running.
	patience = 5 * time.Second
	// comeBack is the time over which clients are asked to come back after a restart.
	comeBack = 5 * time.Second
)

// line is one client's WebSocket, whatever is spoken on it: who the client is, whether it is still
// there, and its end.
type line struct {
	*door // what all have in common

	conn      *wire.Conn
	admission *admission
	// ctx is what runs for the client; drop ends it. It outlives the request's, whose end is to be
	// told to the client.
	ctx  context.Context //nolint:containedctx // see above
	drop context.CancelFunc
	// running are the goroutines that run for it.
	running sync.WaitGroup
	// shut begins the closing handshake: see [line.conclude].
	shut func(code uint16, reason string)
	// alive asks the client whether it is there.
	alive func() error

	mu sync.Mutex
	// closing: the close frame has been sent. restarting: it will be when what is running has been
	// answered.
	closing, restarting bool
	// identified carries who the client has proved to be.
	identified context.Context //nolint:containedctx // see above
	renewals   *rate.Limiter
	// The timers close the socket unless they are stopped: expiry when the client does not identify
	// itself in time, and then when its token expires; pinger when nothing comes at all.
	expiry, pinger *time.Timer
}

// begin starts the timers. Shut and alive are set by now; the owner calls serve and then end.
func (l *line) begin(ctx context.Context) {
	l.ctx, l.drop = context.WithCancel(ctx)
	l.identified = l.ctx
	l.expiry = l.after(
		l.limits.SocketInit,
		func() { l.shut(closeInitTimeout, "Connection initialisation timeout") },
	)
	l.pinger = l.after(l.limits.SocketPing, l.ping)
}

// after calls f after d in a goroutine of its own, unless the timer is stopped. A panic of f closes
// the socket with 1011.
func (l *line) after(d time.Duration, f func()) *time.Timer {
	return time.AfterFunc(d, l.contained(panics.Socket, f))
}

// contained wraps a function that runs for the socket. A panic of it closes the socket with 1011.
func (l *line) contained(where panics.Where, f func()) func() {
	return l.answers.panics.Wrap(l.ctx, where, f, func(error) { l.abort() })
}

// abort closes the socket after a panic.
func (l *line) abort() {
	closed := false
	defer func() {
		if !closed { // the closing has panicked, too
			l.cut()
		}
	}()
	l.shut(closeInternalError, "Something is broken inside the server")
	closed = true
}

// verdict is what to do about a client's message: reply to it, close the socket with code and
// reason, or (the zero value) nothing more.
type verdict struct {
	reply  []byte
	code   uint16
	reason string
}

func closeWith(code uint16, reason string) verdict { return verdict{code: code, reason: reason} }

// serve acts on the client's messages until the connection ends. Another goroutine reads
// them, so that the one that waits for it keeps the small stack that it began with: most sockets
// wait nearly always.
func (l *line) serve(receive func(text bool, data []byte) verdict) {
	defer l.conn.StopReading()
	ended := make(chan error)
	err := error(nil)
	for err == nil {
		if err = l.conn.WaitForData(); err == nil {
			// It ends when all that has come has been acted upon.
			go l.answers.panics.Wrap(l.ctx, panics.Socket,
				func() { ended <- l.listen(receive) }, func(err error) { ended <- err })()
			err = <-ended
		}
	}
	if panics.Is(err) {
		l.abort()
	}
	if !errors.Is(err, wire.ErrClosed) {
		l.log.DebugContext(l.ctx, "websocket ended", "error", err)
	}
}

// listen acts on the messages that have begun to come.
func (l *line) listen(receive func(text bool, data []byte) verdict) error {
	for l.conn.Buffered() {
		text, data, err := l.conn.Read()
		if err != nil {
			return err
		}
		switch v := receive(text, data); {
		case v.code != 0:
			l.shut(v.code, v.reason)
		case v.reply != nil:
			_ = l.write(v.reply) // where it fails the next read does
		}
	}
	return nil
}

// write sends a message. A client that does not take it in time is cut off.
func (l *line) write(data []byte) error { return l.conn.Write(wire.Text(data)) }

// admit counts the socket for who has proved to be its client. It closes the socket of one who has
// too many, or opens them too often; clients come back after 1013.
func (l *line) admit(ctx context.Context) verdict {
	identity, _ := auth.FromContext(ctx)
	if _, counted := auth.FromContext(l.ctx); !counted && !identity.Admin {
		// The handshake counted the address, without knowing whose it was.
		if wait := l.limiters.Connections.TakeUser(ctx, identity.ID, 1); wait > 0 {
			return closeWith(
				closeTryAgainLater,
				fmt.Sprintf(
					"Too many new sockets of one user: come back in %d ms",
					wait.Milliseconds(),
				),
			)
		}
	}
	if err := l.admission.identify(ownerOf(ctx)); err != nil {
		return closeWith(closeTryAgainLater, tooManyReason(err))
	}
	if identity.ID != "" {
		l.conn.SetOwner(ownerOf(ctx), l.limits.SocketMessage)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.identify(ctx, identity)
	return verdict{}
}

// identify makes ctx what runs for the client from now on, until the token ends. The caller holds
// l.mu.
func (l *line) identify(ctx context.Context, identity auth.Identity) {
	l.identified = ctx
	l.expiry.Stop()
	switch {
	case identity.ID == "":
		l.expiry = l.after(l.limits.SocketAnonymous, func() {
			l.shut(closeUnauthorized, "Unauthorized: no token came in time")
		})
	case !identity.ExpiresAt.IsZero():
		l.expiry = l.after(
			time.Until(identity.ExpiresAt),
			func() { l.shut(closeForbidden, "Token expired") },
		)
	}
}

// renewal is what has become of a new token. problem is why it was not taken, empty if it was.
// Where that is final, no token like that ever will be; else the next may, and the old one is good
// until it ends.
type renewal struct {
	problem string
	final   bool
}

// renew takes a new token: of the same person, so that the socket lives on past the old one's end.
func (l *line) renew(token string) renewal {
	l.mu.Lock()
	if l.renewals == nil {
		l.renewals = rate.NewLimiter(rate.Every(renewalInterval), renewalBurst)
	}
	allowed := l.renewals.Allow()
	l.mu.Unlock()
	if !allowed {
		return renewal{
			problem: "Tokens come too often: this one was not looked at. The one before is good until it ends.",
		}
	}
	ctx, f := identify(l.ctx, l.verifier, l.log, token)
	if f != nil {
		return renewal{problem: f.message, final: f.code != codeUnavailable}
	}
	identity, _ := auth.FromContext(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	before, ok := auth.FromContext(l.identified)
	if !ok || before.ID != identity.ID {
		return renewal{problem: "The token is another person's.", final: true}
	}
	l.identify(ctx, identity)
	return renewal{}
}

// ping sends a ping to the client. If nothing has come by the next ping it drops the connection: a
// close frame would not be read.
func (l *line) ping() {
	if !l.conn.Active() {
		l.cut()
		return
	}
	err := l.alive()
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil && l.ctx.Err() == nil {
		l.pinger.Reset(l.limits.SocketPing)
	}
}

// closeForRestart asks the client to come back, each one at another time, so that not all of them
// come at once.
func (l *line) closeForRestart() {
	spread := rand.N(comeBack) //nolint:gosec // nothing is secret
	l.shut(
		closeServiceRestart,
		fmt.Sprintf("Service restart: come back in %d ms", spread.Milliseconds()),
	)
}

// evict closes a socket whose client has not identified itself, in favour of newer ones.
func (l *line) evict() {
	l.after(evictionTimeout, l.cut)
	l.shut(closeTryAgainLater, "Too many sockets without a token")
}

// tooManyReason is why a socket is closed for an error of [admission.identify].
func tooManyReason(err error) string {
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

// cut ends the connection without a word.
func (l *line) cut() {
	l.drop()
	l.conn.Abort()
}

// conclude reports whether it is for the caller to send the close frame: the first one.
func (l *line) conclude() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := !l.closing
	l.closing = true
	return first
}

// end closes the socket if it is still open, and returns when the connection is gone and nothing
// runs for it any more.
func (l *line) end() {
	l.shut(closeNormal, "")
	l.cut()
	l.running.Wait()
	l.conn.Wait()
	l.mu.Lock()
	l.expiry.Stop()
	l.pinger.Stop()
	l.mu.Unlock()
}

// tokenOf returns the token that the payload of a connection_init or a ping carries; "" where it
// carries none. fault says why the payload is invalid, after a name. Nothing else of the payload is
// decoded.
func tokenOf(payload json.RawMessage) (token, fault string) {
	if len(payload) == 0 || string(payload) == "null" {
		return "", ""
	}
	members, err := rawjson.Members(payload, "authorization", "Authorization")
	if err != nil {
		return "", ": it must be an object"
	}
	for _, name := range []string{"authorization", "Authorization"} {
		text, f := stringMember(members, name) // a client without a token may say so with null
		if f != nil {
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

package store

import (
	"context"
	"errors"
	"net"
	"os"
	"time"
)

const (
	// answerTime is how long PostgreSQL has to answer after a statement's context has ended, be it
	// that the statement was cancelled. Without an answer the connection is given up: a network
	// that has gone silent tells nobody.
	answerTime = time.Second
	// silenceTime is how long PostgreSQL has for a statement whose context has no deadline.
	silenceTime = 2 * time.Minute
)

// line is the network connection below one to PostgreSQL. lib/pq waits on it without a limit: to
// cancel a statement it sends a request, and goes on waiting for an answer.
type line struct {
	net.Conn
	// until is when connecting must have ended, zero for no limit.
	until time.Time
}

// SetDeadline is what lib/pq calls while it connects.
func (l *line) SetDeadline(t time.Time) error {
	if !l.until.IsZero() && (t.IsZero() || t.After(l.until)) {
		t = l.until
	}
	return l.Conn.SetDeadline(t)
}

// limit has whatever is sent from now on fail that is not answered shortly after the context's
// deadline, or, where it has none, after the time of silence; 0 is for ever.
func (l *line) limit(ctx context.Context, silence time.Duration) {
	deadline, ok := ctx.Deadline()
	switch {
	case ok:
		deadline = deadline.Add(answerTime)
	case silence > 0:
		deadline = time.Now().Add(silence)
	}
	_ = l.Conn.SetDeadline(
		deadline,
	) // fails on a connection that is closed, and so will what is sent
}

// isSilence reports whether err is that of a line that was given up.
func isSilence(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

// lineKey is where a context has the place for the line that is opened under it.
type lineKey struct{}

// dialer opens lines for lib/pq, and leaves them to who asked for a connection.
type dialer struct {
	net.Dialer
	// life, if set, is how long they last at most.
	life context.Context //nolint:containedctx // lib/pq has none of its own
}

// DialContext opens a line. One that nobody has asked for is lib/pq's own, for a request to cancel
// a statement, whose caller waits for that, too.
func (d *dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	place, asked := ctx.Value(lineKey{}).(**line)
	if !asked {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, answerTime)
		defer cancel()
	}
	conn, err := dialFor(ctx, d.life, &d.Dialer, network, address)
	if err != nil {
		return nil, err
	}
	l := &line{Conn: conn}
	l.until, _ = ctx.Deadline()
	if asked {
		*place = l // of several hosts the last is the one
	}
	return l, nil
}

// DialTimeout is DialContext as lib/pq's interface of old has it.
func (d *dialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	//nolint:forbidigo // it was given none
	ctx, cancel := context.WithTimeout(
		context.Background(),
		timeout,
	)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

// dialFor opens a network connection that is broken when life ends, which may be nil, and whoever
// waits for it is then told.
func dialFor(ctx, life context.Context, d *net.Dialer, network, address string) (net.Conn, error) {
	if life == nil {
		return d.DialContext(ctx, network, address)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(life, cancel)()
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &mortalConn{
		Conn:   conn,
		forget: context.AfterFunc(life, func() { _ = conn.Close() }),
	}, nil
}

// mortalConn is a network connection that is broken from outside unless forget is called.
type mortalConn struct {
	net.Conn
	forget func() bool
}

// Close hangs up.
func (c *mortalConn) Close() error {
	c.forget()
	return c.Conn.Close()
}

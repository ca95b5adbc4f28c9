package pqdriver

import (
	"context"
	"net"
	"time"
)

// AnswerTime is how long PostgreSQL has to answer after a statement's context has ended, even if
// only to say that the statement was canceled. Then the connection is given up, because the network
// may drop packets without an error.
const AnswerTime = time.Second

// deadlineConn is the network connection below one to PostgreSQL.
type deadlineConn struct {
	net.Conn
	// connectBy is when connecting must have ended. Zero is no limit.
	connectBy time.Time
}

// SetDeadline is what lib/pq calls while it connects.
func (c *deadlineConn) SetDeadline(t time.Time) error {
	if !c.connectBy.IsZero() && (t.IsZero() || t.After(c.connectBy)) {
		t = c.connectBy
	}
	return c.Conn.SetDeadline(t)
}

// limit bounds the wait for the answer to what is sent from now on: shortly after the context's
// deadline, or after timeout if it has none. 0 is no limit.
func (c *deadlineConn) limit(ctx context.Context, timeout time.Duration) {
	deadline, ok := ctx.Deadline()
	switch {
	case ok:
		deadline = deadline.Add(AnswerTime)
	case timeout > 0:
		deadline = time.Now().Add(timeout)
	}
	// It fails on a connection that is closed, and then so does what is sent.
	_ = c.Conn.SetDeadline(deadline)
}

// networkKey is the context key of where a dialer stores the connection that it opens.
type networkKey struct{}

// deadlineDialer returns the dialer of a connector. If the context of a call has no place for the
// connection, the connection is lib/pq's own, for a request to cancel a statement, and the caller of
// that statement waits for it.
func deadlineDialer(lifetime context.Context) dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		place, ok := ctx.Value(networkKey{}).(**deadlineConn)
		if !ok {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, AnswerTime)
			defer cancel()
		}
		opened, err := dialUntil(ctx, lifetime, network, address)
		if err != nil {
			return nil, err
		}
		made := &deadlineConn{Conn: opened}
		made.connectBy, _ = ctx.Deadline()
		if ok {
			*place = made // if the URL has several hosts, lib/pq uses the last that was dialed
		}
		return made, nil
	}
}

// dialer has the methods that lib/pq wants of a dialer. It calls the one with a context.
type dialer func(ctx context.Context, network, address string) (net.Conn, error)

func (d dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return d(ctx, network, address)
}

func (d dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialTimeout(network, address, connectTimeout)
}

func (d dialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	//nolint:forbidigo // it has no ctx
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d(ctx, network, address)
}

// dialUntil opens a network connection that is closed when lifetime ends.
func dialUntil(ctx, lifetime context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(lifetime, cancel)()
	opened, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &lifetimeConn{
		Conn: opened,
		stop: context.AfterFunc(lifetime, func() { _ = opened.Close() }),
	}, nil
}

// lifetimeConn is a network connection that a context closes unless stop is called.
type lifetimeConn struct {
	net.Conn
	stop func() bool
}

// Close closes the connection.
func (c *lifetimeConn) Close() error {
	c.stop()
	return c.Conn.Close()
}

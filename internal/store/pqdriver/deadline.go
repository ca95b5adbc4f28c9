package pqdriver

import (
	"context"
	"net"
	"time"
)

// ResponseGrace is how long a connection waits for the response to a statement after its context has
// ended. PostgreSQL responds that the statement was canceled. After that time the connection is closed,
// because the network may drop packets without an error.
const ResponseGrace = time.Second

// deadlineConn is the network connection of a connection to PostgreSQL.
type deadlineConn struct {
	net.Conn
	// connectBy is the deadline of connecting. Zero is no deadline.
	connectBy time.Time
}

// SetDeadline is called by lib/pq while it connects.
func (c *deadlineConn) SetDeadline(t time.Time) error {
	if !c.connectBy.IsZero() && (t.IsZero() || t.After(c.connectBy)) {
		t = c.connectBy
	}
	return c.Conn.SetDeadline(t)
}

// limit sets the deadline of the next response: shortly after the context's deadline, or after timeout if
// it has none. 0 is no deadline.
func (c *deadlineConn) limit(ctx context.Context, timeout time.Duration) {
	deadline, ok := ctx.Deadline()
	switch {
	case ok:
		deadline = deadline.Add(ResponseGrace)
	case timeout > 0:
		deadline = time.Now().Add(timeout)
	}
	// On a closed connection it fails, and so does the next statement.
	_ = c.Conn.SetDeadline(deadline)
}

// networkKey is the context key of the variable in which a dialer stores its connection.
type networkKey struct{}

// deadlineDialer returns the dialer of a connector. If the context of a call has no variable for the
// connection, lib/pq opens it for a cancel request, and the caller of the canceled statement waits for it.
func deadlineDialer(lifetime context.Context) dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		place, ok := ctx.Value(networkKey{}).(**deadlineConn)
		if !ok {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, ResponseGrace)
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

// dialer has the methods that lib/pq requires. lib/pq calls the one with a context.
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

// Package conns limits the connections of an HTTP server, so that the process does not run out of
// file descriptors: then it could not even answer its health checks.
package conns

import (
	"container/list"
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"syscall"
)

// Listener accepts connections up to a limit. At the limit it closes the connection that has been
// idle for longest, or else the one that has been without a request for longest. If all are busy it
// accepts some more (see [Excess]), so that requests can be answered that say why there is no room.
//
// Its server must call ConnState and ConnContext: set them as the fields of [http.Server].
type Listener struct {
	net.Listener
	limit, reserve int
	reached        func(name string)

	mu    sync.Mutex
	stats Stats
	// idle, fresh and excess are the connections that wait for another request, that have not sent
	// one yet, and that were accepted beyond the limit; the oldest first.
	idle, fresh, excess list.List // of *conn
}

// Stats are the figures of a [Listener].
type Stats struct {
	// Open is how many connections there are, Limit how many there may be, Evicted how many have
	// been closed in favour of newer ones, and Excess how many have been accepted beyond the limit.
	Open, Limit, Evicted, Excess int64
}

// NewListener returns a listener that accepts limit connections of inner, and reserve more when all
// of them are busy. reached is called with the name of the limit each time that one is reached; it
// must not block.
func NewListener(inner net.Listener, limit, reserve int, reached func(name string)) *Listener {
	return &Listener{
		Listener: inner,
		limit:    limit,
		reserve:  reserve,
		reached:  reached,
		stats:    Stats{Limit: int64(limit)},
	}
}

// The limits that a Listener reports.
const (
	limitConnections = "http_connections"
	limitDescriptors = "file_descriptors"
)

// conn is an accepted connection.
type conn struct {
	*net.TCPConn
	listener *Listener
	// Guarded by the lock of the listener.
	excess, closed bool
	// waiting is the list that the connection is in, if any, and element its place.
	waiting *list.List
	element *list.Element
}

// Accept implements [net.Listener].
func (l *Listener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil {
		if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
			l.reached(limitDescriptors)
			l.evict(l.oldest(&l.idle, &l.fresh))
		}
		return nil, err
	}
	tcp, ok := accepted.(*net.TCPConn)
	if !ok {
		return accepted, nil
	}
	c := &conn{TCPConn: tcp, listener: l}
	l.evict(l.admit(c))
	return c, nil
}

// admit counts a connection, and returns the one to close for it, if any.
func (l *Listener) admit(c *conn) (evicted *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stats.Open >= int64(l.limit) {
		l.reached(limitConnections)
		if evicted = l.first(&l.idle, &l.fresh); evicted == nil {
			c.excess = true
			l.stats.Excess++
			if l.excess.Len() >= l.reserve {
				evicted = l.first(&l.excess)
			}
		}
	}
	l.stats.Open++
	if c.excess {
		l.wait(c, &l.excess)
	} else {
		l.wait(c, &l.fresh)
	}
	return evicted
}

func (l *Listener) oldest(lists ...*list.List) *conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.first(lists...)
}

// first returns the oldest connection of the first list that has one. The caller holds l.mu.
func (l *Listener) first(lists ...*list.List) *conn {
	for _, connections := range lists {
		if e := connections.Front(); e != nil {
			c, ok := e.Value.(*conn)
			if ok {
				return c
			}
		}
	}
	return nil
}

// evict closes c, unless it is nil.
func (l *Listener) evict(c *conn) {
	if c == nil {
		return
	}
	_ = c.Close() // its server notices
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.Evicted++
}

// wait moves c to a list, or to none. The caller holds l.mu.
func (l *Listener) wait(c *conn, in *list.List) {
	if c.waiting != nil {
		c.waiting.Remove(c.element)
	}
	if c.waiting = in; in != nil {
		c.element = in.PushBack(c)
	}
}

// Close implements [net.Conn].
func (c *conn) Close() error {
	c.listener.forget(c)
	return c.TCPConn.Close()
}

func (l *Listener) forget(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !c.closed {
		c.closed = true
		l.stats.Open--
		l.wait(c, nil)
	}
}

// ConnState is for the field of [http.Server].
func (l *Listener) ConnState(nc net.Conn, state http.ConnState) {
	c, ok := nc.(*conn)
	if !ok {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case c.closed || c.excess:
	case state == http.StateIdle:
		l.wait(c, &l.idle)
	case state == http.StateActive || state == http.StateHijacked:
		l.wait(c, nil)
	}
}

type contextKey struct{}

// ConnContext is for the field of [http.Server].
func (l *Listener) ConnContext(ctx context.Context, nc net.Conn) context.Context {
	if c, ok := nc.(*conn); ok && c.excess {
		return context.WithValue(ctx, contextKey{}, true)
	}
	return ctx
}

// Excess reports whether the connection of a request was accepted beyond the limit: only what is
// small may be answered, and the connection has to be closed.
func Excess(ctx context.Context) bool {
	excess, _ := ctx.Value(contextKey{}).(bool)
	return excess
}

// Stats returns the current figures.
func (l *Listener) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stats
}

// Package conns limits the connections of an HTTP server, so that the process does not run out of
// file descriptors. Without them it could not even answer health checks.
package conns

import (
	"container/heap"
	"container/list"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"parley/internal/limit"
)

// Listener accepts connections up to a limit. At the limit it evicts (closes) a connection that waits
// for its client, of the address that has most of those: an address that sends its requests slowly,
// or does not read its responses, cannot take the connections of others. Of that address it evicts
// the connection that has been idle for longest. If none is idle, it evicts the one that has waited
// longest for the rest of a request, or for the client to read a response (see [StalledAfter]). If
// all connections are busy it accepts some more (see [Excess]), so that the handler can tell clients
// that the server is at its limit.
//
// The caller must set ConnState and ConnContext as the fields of [http.Server], and wrap the server's
// handler by Handler. All methods are safe for concurrent use.
type Listener struct {
	net.Listener
	limit, reserve int
	reached        func(name string)

	mu    sync.Mutex
	stats Stats
	// waiting has the hosts with connections that wait for their clients, by address. hosts has the
	// same as a heap: the host whose connection is evicted next is on top.
	waiting map[netip.Addr]*host
	hosts   hosts
	// sequence numbers the connections in the order in which they begin to wait.
	sequence int64
	// excess has the connections that were accepted above the limit, the oldest first.
	excess list.List // of *conn
}

// Stats are the figures of a [Listener].
type Stats struct {
	// Open is the number of open connections, Limit the limit, Evicted the number of connections that
	// have been closed in favour of newer ones, and Excess the number of connections that have been
	// accepted above the limit.
	Open, Limit, Evicted, Excess int64
}

// NewListener returns a listener that accepts limit connections of inner, and reserve more if all of
// them are busy. It calls reached with the name of a limit each time that the limit is reached.
// reached must not block.
func NewListener(inner net.Listener, limit, reserve int, reached func(name string)) *Listener {
	return &Listener{
		Listener: inner,
		limit:    limit,
		reserve:  reserve,
		reached:  reached,
		waiting:  make(map[netip.Addr]*host),
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
	peer     netip.Addr
	// stalled is the total time of the writes of the last response. There is one write at a time.
	stalled time.Duration

	// The fields below are guarded by the lock of the listener.

	excess, closed, hijacked bool
	// client is the address of the last request's client.
	client netip.Addr
	// list is the list that the connection is in, if any, element its place there, and sequence its
	// number. host is the owner of the list; nil for the list of excess connections.
	list     *list.List
	element  *list.Element
	sequence int64
	host     *host
}

// Accept implements [net.Listener].
func (l *Listener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil {
		if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
			l.reached(limitDescriptors)
			l.mu.Lock()
			evicted := l.candidate()
			l.mu.Unlock()
			l.evict(evicted)
		}
		return nil, err
	}
	tcp, ok := accepted.(*net.TCPConn)
	if !ok {
		return accepted, nil
	}
	c := &conn{TCPConn: tcp, listener: l}
	if peer, ok := tcp.RemoteAddr().(*net.TCPAddr); ok {
		c.peer = limit.Network(peer.AddrPort().Addr())
	}
	l.evict(l.admit(c))
	return c, nil
}

// admit counts a connection, and returns the connection to evict for it, if any.
func (l *Listener) admit(c *conn) (evicted *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stats.Open >= int64(l.limit) {
		l.reached(limitConnections)
		if evicted = l.candidate(); evicted == nil {
			c.excess = true
			l.stats.Excess++
			if l.excess.Len() >= l.reserve {
				evicted = first(&l.excess)
			}
		}
	}
	l.stats.Open++
	if c.excess {
		c.list, c.element = &l.excess, l.excess.PushBack(c)
	} else {
		l.markWaiting(c, c.peer, false)
	}
	return evicted
}

// candidate returns the connection to evict next, if any. The caller holds l.mu.
func (l *Listener) candidate() *conn {
	if len(l.hosts) == 0 {
		return nil
	}
	return l.hosts[0].candidate()
}

// evict closes c, unless it is nil.
func (l *Listener) evict(c *conn) {
	if c == nil {
		return
	}
	_ = c.Close() // the server's reads and writes fail
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.Evicted++
}

// markWaiting adds c to the connections of an address that wait for their clients: for the next
// request if c is idle, otherwise for the rest of a request or for the client to read a response. The
// caller holds l.mu.
func (l *Listener) markWaiting(c *conn, address netip.Addr, idle bool) {
	l.markBusy(c)
	h := l.waiting[address]
	if h == nil {
		h = &host{address: address}
		l.waiting[address] = h
	}
	if c.list = &h.active; idle {
		c.list = &h.idle
	}
	l.sequence++
	c.sequence, c.host, c.element = l.sequence, h, c.list.PushBack(c)
	if h.len() == 1 {
		heap.Push(&l.hosts, h)
	} else {
		heap.Fix(&l.hosts, h.index)
	}
}

// markBusy removes c from its list, if any, because c does not wait for its client. The caller holds
// l.mu.
func (l *Listener) markBusy(c *conn) {
	if c.list == nil {
		return
	}
	c.list.Remove(c.element)
	c.list, c.element = nil, nil
	h := c.host
	switch c.host = nil; {
	case h == nil:
	case h.len() == 0:
		heap.Remove(&l.hosts, h.index)
		delete(l.waiting, h.address)
	default:
		heap.Fix(&l.hosts, h.index)
	}
}

// Close implements [net.Conn].
func (c *conn) Close() error {
	c.listener.remove(c)
	return c.TCPConn.Close()
}

func (l *Listener) remove(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !c.closed {
		c.closed = true
		l.stats.Open--
		l.markBusy(c)
	}
}

// update calls do with the lock held, unless the connection no longer counts for the limit.
func (c *conn) update(do func(l *Listener)) {
	l := c.listener
	l.mu.Lock()
	defer l.mu.Unlock()
	if !c.closed && !c.excess && !c.hijacked {
		do(l)
	}
}

// ConnState must be called with each change of a connection's state: see [http.Server].
func (l *Listener) ConnState(nc net.Conn, state http.ConnState) {
	c, ok := nc.(*conn)
	if !ok {
		return
	}
	c.update(func(l *Listener) {
		switch state {
		case http.StateIdle:
			l.markWaiting(c, c.peer, true)
		case http.StateActive: // the first byte of a request has arrived
			if c.host == nil || c.list != &c.host.active {
				l.markWaiting(c, c.peer, false)
			}
		case http.StateHijacked: // WebSockets have limits of their own
			l.markBusy(c)
			c.hijacked = true
		case http.StateNew, http.StateClosed:
		}
	})
}

// StalledAfter is how long the writes of a response may block, in total. After that the connection
// counts as one that waits for its client while a write blocks.
const StalledAfter = time.Second

// Write implements [net.Conn].
func (c *conn) Write(p []byte) (int, error) {
	defer c.trackWrite()()
	return c.TCPConn.Write(p)
}

// ReadFrom implements [io.ReaderFrom].
func (c *conn) ReadFrom(r io.Reader) (int64, error) {
	defer c.trackWrite()()
	return c.TCPConn.ReadFrom(r)
}

// trackWrite tracks a write, until the caller calls end.
func (c *conn) trackWrite() (end func()) {
	start := time.Now()
	ended, waiting := false, false // guarded by the lock of the listener
	timer := time.AfterFunc(StalledAfter-c.stalled, func() {
		c.update(func(l *Listener) {
			if waiting = !ended && c.list == nil; waiting {
				l.markWaiting(c, c.client, false)
			}
		})
	})
	return func() {
		c.stalled += time.Since(start)
		if timer.Stop() {
			return
		}
		c.update(func(l *Listener) {
			if ended = true; waiting {
				l.markBusy(c)
			}
		})
	}
}

type contextKey struct{}

// ConnContext returns a context that carries the connection: see [http.Server].
func (l *Listener) ConnContext(ctx context.Context, nc net.Conn) context.Context {
	if c, ok := nc.(*conn); ok {
		return context.WithValue(ctx, contextKey{}, c)
	}
	return ctx
}

// Handler wraps the handler of the server. The connection of a request with a body waits for its
// client until next has read the body. While it waits, it counts for the address that client returns
// for the request.
func (l *Listener) Handler(
	next http.Handler, client func(*http.Request) netip.Addr,
) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, ok := r.Context().Value(contextKey{}).(*conn); ok {
			c.stalled = 0
			hasBody, address := r.Body != nil && r.Body != http.NoBody, limit.Network(client(r))
			c.update(func(l *Listener) {
				if c.client = address; hasBody {
					l.markWaiting(c, address, false)
				} else {
					l.markBusy(c)
				}
			})
			if hasBody {
				clone := *r
				clone.Body = &body{r.Body, c}
				r = &clone
			}
		}
		next.ServeHTTP(w, r)
	})
}

// body is a request's body. At its end it marks the connection as busy.
type body struct {
	io.ReadCloser
	conn *conn
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.conn.update(func(l *Listener) { l.markBusy(b.conn) })
	}
	return n, err
}

// Excess reports whether the connection of a request was accepted above the limit. The handler should
// send a small response only, and close the connection.
func Excess(ctx context.Context) bool {
	c, ok := ctx.Value(contextKey{}).(*conn)
	return ok && c.excess
}

// Stats returns the current figures.
func (l *Listener) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stats
}

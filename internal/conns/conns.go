// Package conns limits the connections of an HTTP server, so that the process does not run out of
// file descriptors: then it could not even answer its health checks.
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

// Listener accepts connections up to a limit. At the limit it closes a connection that waits for
// its client: one of the address that has most of those, so that an address which sends its
// requests slowly, or does not take its responses, cannot take the connections of others. Of that
// address it closes the connection that has been idle for longest, or else the one that has waited
// for longest for the rest of a request or for a response to be taken (see [StalledAfter]). If all
// connections are busy it accepts some more (see [Excess]), so that requests can be answered that
// say why there is no room.
//
// Its server must call ConnState and ConnContext, and its handler must be wrapped by Handler: set
// them as the fields of [http.Server].
type Listener struct {
	net.Listener
	limit, reserve int
	reached        func(name string)

	mu    sync.Mutex
	stats Stats
	// waiting are the addresses with connections that wait for their clients, by address and as a
	// heap: the one whose connection is closed next is on top.
	waiting map[netip.Addr]*host
	hosts   hosts
	// turn numbers the connections that begin to wait.
	turn int64
	// excess are the connections that were accepted beyond the limit, the oldest first.
	excess list.List // of *conn
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
	// stalled is how long the client has held up the response to the last request. There is one
	// write at a time.
	stalled time.Duration
	// Guarded by the lock of the listener.
	excess, closed, hijacked bool
	// client is the address of the last request.
	client netip.Addr
	// in is the list that the connection is in, if any, element its place, turn its number, and
	// host the address whose list it is; nil with the list of excess connections.
	in      *list.List
	element *list.Element
	turn    int64
	host    *host
}

// Accept implements [net.Listener].
func (l *Listener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil {
		if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
			l.reached(limitDescriptors)
			l.mu.Lock()
			evicted := l.next()
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

// admit counts a connection, and returns the one to close for it, if any.
func (l *Listener) admit(c *conn) (evicted *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stats.Open >= int64(l.limit) {
		l.reached(limitConnections)
		if evicted = l.next(); evicted == nil {
			c.excess = true
			l.stats.Excess++
			if l.excess.Len() >= l.reserve {
				evicted = first(&l.excess)
			}
		}
	}
	l.stats.Open++
	if c.excess {
		c.in, c.element = &l.excess, l.excess.PushBack(c)
	} else {
		l.waits(c, c.peer, false)
	}
	return evicted
}

// next returns the connection to close in favour of another, if any. The caller holds l.mu.
func (l *Listener) next() *conn {
	if len(l.hosts) == 0 {
		return nil
	}
	return l.hosts[0].next()
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

// waits adds c to the connections of an address that wait for their clients: for another request
// if it is idle, or else for the rest of a request or for a response to be taken. The caller holds
// l.mu.
func (l *Listener) waits(c *conn, address netip.Addr, idle bool) {
	l.busy(c)
	h := l.waiting[address]
	if h == nil {
		h = &host{address: address}
		l.waiting[address] = h
	}
	if c.in = &h.active; idle {
		c.in = &h.idle
	}
	l.turn++
	c.turn, c.host, c.element = l.turn, h, c.in.PushBack(c)
	if h.len() == 1 {
		heap.Push(&l.hosts, h)
	} else {
		heap.Fix(&l.hosts, h.index)
	}
}

// busy takes c off its list, if it is in one: it does not wait for its client. The caller holds
// l.mu.
func (l *Listener) busy(c *conn) {
	if c.in == nil {
		return
	}
	c.in.Remove(c.element)
	c.in, c.element = nil, nil
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
	c.listener.forget(c)
	return c.TCPConn.Close()
}

func (l *Listener) forget(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !c.closed {
		c.closed = true
		l.stats.Open--
		l.busy(c)
	}
}

// update calls do with the lock held, if the connection still counts for the limit.
func (c *conn) update(do func(l *Listener)) {
	l := c.listener
	l.mu.Lock()
	defer l.mu.Unlock()
	if !c.closed && !c.excess && !c.hijacked {
		do(l)
	}
}

// ConnState is for the field of [http.Server].
func (l *Listener) ConnState(nc net.Conn, state http.ConnState) {
	c, ok := nc.(*conn)
	if !ok {
		return
	}
	c.update(func(l *Listener) {
		switch state {
		case http.StateIdle:
			l.waits(c, c.peer, true)
		case http.StateActive: // the first byte of a request has come
			if c.host == nil || c.in != &c.host.active {
				l.waits(c, c.peer, false)
			}
		case http.StateHijacked: // it has other limits
			l.busy(c)
			c.hijacked = true
		case http.StateNew, http.StateClosed:
		}
	})
}

// StalledAfter is how long a client may hold up the response to a request: from then on the
// connection waits for its client while a part of the response does not fit into the buffers of the
// network.
const StalledAfter = time.Second

// Write implements [net.Conn].
func (c *conn) Write(p []byte) (int, error) {
	defer c.writes()()
	return c.TCPConn.Write(p)
}

// ReadFrom implements [io.ReaderFrom].
func (c *conn) ReadFrom(r io.Reader) (int64, error) {
	defer c.writes()()
	return c.TCPConn.ReadFrom(r)
}

// writes begins a write, and returns what ends it.
func (c *conn) writes() (end func()) {
	begun := time.Now()
	ended, waits := false, false // guarded by the lock of the listener
	timer := time.AfterFunc(StalledAfter-c.stalled, func() {
		c.update(func(l *Listener) {
			if waits = !ended && c.in == nil; waits {
				l.waits(c, c.client, false)
			}
		})
	})
	return func() {
		c.stalled += time.Since(begun)
		if timer.Stop() {
			return
		}
		c.update(func(l *Listener) {
			if ended = true; waits {
				l.busy(c)
			}
		})
	}
}

type contextKey struct{}

// ConnContext is for the field of [http.Server].
func (l *Listener) ConnContext(ctx context.Context, nc net.Conn) context.Context {
	if c, ok := nc.(*conn); ok {
		return context.WithValue(ctx, contextKey{}, c)
	}
	return ctx
}

// Handler wraps the handler of the server. A connection whose request has a body waits for its
// client until the body has been read. While it waits, it counts for the address that client
// returns for the request.
func (l *Listener) Handler(
	next http.Handler, client func(*http.Request) netip.Addr,
) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, ok := r.Context().Value(contextKey{}).(*conn); ok {
			c.stalled = 0
			hasBody, address := r.Body != nil && r.Body != http.NoBody, limit.Network(client(r))
			c.update(func(l *Listener) {
				if c.client = address; hasBody {
					l.waits(c, address, false)
				} else {
					l.busy(c)
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

// body is a request's body. Its connection is busy from its end on.
type body struct {
	io.ReadCloser
	conn *conn
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.conn.update(func(l *Listener) { l.busy(b.conn) })
	}
	return n, err
}

// Excess reports whether the connection of a request was accepted beyond the limit: only what is
// small may be answered, and the connection has to be closed.
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

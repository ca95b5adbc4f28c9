// Package wire is the server's end of a WebSocket (RFC 6455). The framing is gobwas/ws's; what is
// added here is how frames come from and go to the kernel: a socket on which nothing happens has no
// buffer, a frame can be written without waiting, and no write waits for longer than it is allowed
// to.
package wire

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gobwas/ws"
	"golang.org/x/time/rate"

	"parley/internal/limit"
	"parley/internal/panics"
)

// ErrClosed is the error of a socket that is closed, or about to be.
var ErrClosed = errors.New("the socket is closed")

// Listener opens sockets. Its fields are set before the first one.
type Listener struct {
	// Message is the size of the largest message that is read, in bytes. A client that sends a
	// larger one is closed with 1009.
	Message int64
	// Write is how long a client may take to let a frame through. One that is slower is cut off.
	Write time.Duration
	// Goodbye is how long the other side may take to answer a close frame.
	Goodbye time.Duration
	// Frames is how many frames a second of a client are read, control frames included, after Burst
	// of them at once: what a client sends beyond that waits in its network. 0 is no limit.
	Frames rate.Limit
	Burst  int
	// TooSlow, if set, is called when a client is cut off that does not let a frame through.
	TooSlow func()
	// Messages admits what messages take of memory beyond the first 4 KiB of each, MessageFactor
	// times their size: from before they are read until the next one is waited for. A client whose
	// message is not admitted is closed with 1013. nil is no bound.
	Messages *limit.Memory
	// Whole is how long a client may take to send all of a message. One that is slower is closed
	// with 1013. 0 is no limit.
	Whole time.Duration
	// Panics contains the panics of what runs for a socket beside its reader and its writers.
	Panics *panics.Guard

	buffers sync.Pool // of *buffer
}

// bufferSize is how many bytes are read at a time.
const bufferSize = 4 << 10

type buffer [bufferSize]byte

// Conn is one socket. Await, Buffered and Read are for one goroutine at a time, everything else for
// any.
type Conn struct {
	// What Try looks at comes first and lies close together.

	// raw is the way past the runtime's waiting; nil where there is none, as with TLS. sent, and
	// received below, are kept as values, so that a call allocates nothing.
	raw  syscall.RawConn
	sent func(fd uintptr) bool
	// writing is held from the first byte of a frame to the last.
	writing sync.Mutex
	closing atomic.Bool
	heard   atomic.Bool
	out     []byte
	written int

	listener    *Listener
	conn        net.Conn
	ending      sync.Mutex
	cut         bool           // from Cut on; guarded by ending
	flushing    sync.WaitGroup // begun under ending, and not when cut
	subprotocol string

	// in has the bytes between start and end, which have been read and not taken.
	in         *buffer
	start, end int
	early      *bufio.Reader
	received   func(fd uintptr) bool
	readErr    error
	fragments  fragments
	pace       *rate.Limiter
	// largest is the size of the largest message that the client may send, and owner who its
	// messages count for.
	largest int64
	owner   limit.Owner
	// held is what the message that comes has reserved; nil where it is small. overdue closes the
	// socket unless its message is whole.
	held    *limit.Reservation
	overdue *time.Timer
}

// Open answers a request with the handshake of a WebSocket and takes the connection over. choose is
// asked for each subprotocol that the client offers, in its order, and the first that it accepts is
// spoken; none is accepted, too. Where it fails, the request has been answered.
//
// The request and its context may be forgotten when Open has returned. The caller reads until that
// fails, and then calls Done, Cut and Wait.
func (l *Listener) Open(
	w http.ResponseWriter,
	r *http.Request,
	choose func(subprotocol string) bool,
) (*Conn, error) {
	conn, rw, handshake, err := ws.HTTPUpgrader{
		Timeout:  l.Write,
		Protocol: choose,
	}.Upgrade(
		r,
		hijacker{w},
	)
	if err != nil {
		if conn != nil {
			_ = conn.Close()
		}
		return nil, err
	}
	c := &Conn{listener: l, conn: conn, subprotocol: handshake.Protocol, largest: l.Message}
	if l.Frames > 0 {
		c.pace = rate.NewLimiter(l.Frames, l.Burst)
	}
	_ = conn.SetDeadline(time.Time{}) // the HTTP server's
	if rw.Reader.Buffered() > 0 {
		c.early = rw.Reader
	}
	if system, ok := conn.(syscall.Conn); ok && canTry {
		if raw, err := system.SyscallConn(); err == nil {
			c.raw, c.received, c.sent = raw, c.receive, c.send
		}
	}
	return c, nil
}

// hijacker finds the connection below what a middleware has put around it, which the library would
// not look for.
type hijacker struct{ http.ResponseWriter }

func (h hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(h.ResponseWriter).Hijack()
}

// Identify sets who the client's messages count for, and the size of the largest one. The goroutine
// that reads calls it.
func (c *Conn) Identify(owner limit.Owner, largest int64) { c.owner, c.largest = owner, largest }

// Subprotocol is what was agreed upon; "" is none.
func (c *Conn) Subprotocol() string { return c.subprotocol }

// Heard tells whether anything has come from the other side since it was last asked.
func (c *Conn) Heard() bool { return c.heard.Swap(false) }

// Cut ends the connection without a close frame. Reads and writes that wait fail.
func (c *Conn) Cut() {
	c.closing.Store(true)
	_ = c.conn.Close()
	c.ending.Lock()
	defer c.ending.Unlock()
	c.cut = true
}

// Wait returns when nothing is being written any more. Call it behind Cut.
func (c *Conn) Wait() { c.flushing.Wait() }

// Done releases the buffers of reads. The reader calls it when it reads no more.
func (c *Conn) Done() {
	c.fragments = fragments{}
	c.release()
	c.onTime()
}

// Await waits until there are bytes to read. It uses little stack, so that a goroutine that does
// nothing else costs its least.
func (c *Conn) Await() error {
	c.release()
	if c.Buffered() {
		return nil
	}
	return c.fill()
}

// Buffered reports whether bytes have come that are not read.
func (c *Conn) Buffered() bool { return c.early != nil || c.in != nil }

// buffered is how many bytes have come that have not been read.
func (c *Conn) buffered() int {
	n := 0
	if c.early != nil {
		n = c.early.Buffered()
	}
	if c.in != nil {
		n += c.end - c.start
	}
	return n
}

// reader is the connection as the framing reads it.
type reader struct{ *Conn }

// Read implements [io.Reader]. A buffer is taken when there is something to put into it, and given
// back when it is empty.
func (r reader) Read(p []byte) (int, error) {
	c := r.Conn
	if c.early != nil {
		n, err := c.early.Read(p[:min(len(p), c.early.Buffered())])
		if c.early.Buffered() == 0 {
			c.early = nil
		}
		return n, err
	}
	if c.in == nil {
		if err := c.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.in[c.start:c.end])
	if c.start += n; c.start == c.end {
		c.listener.buffers.Put(c.in)
		c.in = nil
	}
	return n, nil
}

// fill waits for something to read.
func (c *Conn) fill() error {
	if c.raw == nil {
		return c.fillWaiting()
	}
	if err := c.raw.Read(c.received); err != nil {
		return err
	}
	return c.readErr
}

// fillWaiting is fill where the runtime does the waiting.
func (c *Conn) fillWaiting() error {
	in := c.listener.buffer()
	for {
		n, err := c.conn.Read(in[:])
		if n > 0 || err != nil {
			c.took(in, n, err)
			return c.readErr
		}
	}
}

func (l *Listener) buffer() *buffer {
	if b, ok := l.buffers.Get().(*buffer); ok {
		return b
	}
	return new(buffer)
}

// took notes what a read has brought; err is its error.
func (c *Conn) took(in *buffer, n int, err error) {
	switch {
	case n > 0:
		c.in, c.start, c.end, c.readErr = in, 0, n, nil
		return
	case err == nil:
		err = io.EOF
	}
	c.listener.buffers.Put(in)
	c.readErr = err
}

// contained wraps what runs in a goroutine or a timer of the socket. A panic of it cuts the socket.
func (c *Conn) contained(f func()) func() {
	ctx := context.Background() //nolint:forbidigo // a socket outlives its request and has no context
	return c.listener.Panics.Wrap(ctx, panics.Socket, f, func(error) { c.Cut() })
}

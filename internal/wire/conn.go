// Package wire implements the server's end of WebSockets (RFC 6455). It uses the framing of
// gobwas/ws, and adds the reading from and writing to the kernel: an idle connection has no buffer,
// a frame can be written without waiting, and each write has a deadline.
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

// ErrClosed is the error for a WebSocket that is closed, or whose close frame has been sent.
var ErrClosed = errors.New("the WebSocket is closed")

// Upgrader upgrades HTTP requests to WebSockets. Its fields must not change after the first upgrade.
// Upgrade is safe for concurrent use.
type Upgrader struct {
	// MaxMessageBytes is the size of the largest message that a client may send. A larger message
	// closes the WebSocket with 1009.
	MaxMessageBytes int64
	// WriteTimeout is how long a client may take to receive a frame. The connection of a slower
	// client is aborted.
	WriteTimeout time.Duration
	// CloseTimeout is how long a client may take to answer a close frame.
	CloseTimeout time.Duration
	// FrameRate is the number of frames per second that are read from a client, control frames
	// included, after FrameBurst at once. Frames above the rate wait in the network's buffers. 0 is
	// no limit.
	FrameRate  rate.Limit
	FrameBurst int
	// OnSlowClient, if set, is called when a write exceeds WriteTimeout. It must not block.
	OnSlowClient func()
	// Memory admits the memory of messages before they are read: MessageFactor times the size of
	// each, without its first 4 KiB. It is released with the next WaitForData or Read. A message
	// that is not admitted closes the WebSocket with 1013. Nil is no bound.
	Memory *limit.Memory
	// MessageTimeout is how long a client may take to send a message. A slower message closes the
	// WebSocket with 1013. 0 is no limit.
	MessageTimeout time.Duration
	// Panics recovers panics in the goroutines and timers that a Conn starts. They abort the
	// connection.
	Panics *panics.Guard

	buffers sync.Pool // of *buffer
}

// bufferSize is the number of bytes that one read asks for.
const bufferSize = 4 << 10

type buffer [bufferSize]byte

// Conn is the server's end of one WebSocket. One goroutine at a time may call SetOwner, WaitForData,
// Buffered, Read and StopReading. The other methods are safe for concurrent use.
type Conn struct {
	// The fields that TryWrite uses are first, so that they share cache lines.

	// raw reads and writes without waiting in the runtime. It is nil if that is not possible, as with
	// TLS. sendFunc, and receiveFunc below, are method values that are made once, so that a call does
	// not allocate.
	raw      syscall.RawConn
	sendFunc func(fd uintptr) bool
	// writeMu is locked from the first byte of a frame to the last.
	writeMu sync.Mutex
	closing atomic.Bool
	active  atomic.Bool
	out     []byte
	written int

	upgrader    *Upgrader
	conn        net.Conn
	abortMu     sync.Mutex
	aborted     bool           // guarded by abortMu
	background  sync.WaitGroup // started under abortMu, unless aborted
	subprotocol string

	// The unread bytes: buf[start:end], or those in handshakeReader.
	buf             *buffer
	start, end      int
	handshakeReader *bufio.Reader
	receiveFunc     func(fd uintptr) bool
	readErr         error
	message         message
	frameLimiter    *rate.Limiter
	// maxMessageBytes is the size of the largest message that the client may send, and owner the
	// owner of the memory of its messages.
	maxMessageBytes int64
	owner           limit.Owner
	// reservation is the memory of the message that is being read; nil if the message is small.
	// messageTimer closes the WebSocket unless the message is complete in time.
	reservation  *limit.Reservation
	messageTimer *time.Timer
}

// Upgrade answers a request with the WebSocket handshake and takes over its connection. It selects
// the first subprotocol, in the client's order, for which choose returns true, or none. If it returns
// an error it has answered the request.
//
// The Conn does not use the request or its context after Upgrade has returned. The caller must call
// Read until it fails, and then StopReading, Abort and Wait.
func (u *Upgrader) Upgrade(
	w http.ResponseWriter,
	r *http.Request,
	choose func(subprotocol string) bool,
) (*Conn, error) {
	conn, rw, handshake, err := ws.HTTPUpgrader{
		Timeout:  u.WriteTimeout,
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
	c := &Conn{
		upgrader:        u,
		conn:            conn,
		subprotocol:     handshake.Protocol,
		maxMessageBytes: u.MaxMessageBytes,
	}
	if u.FrameRate > 0 {
		c.frameLimiter = rate.NewLimiter(u.FrameRate, u.FrameBurst)
	}
	_ = conn.SetDeadline(time.Time{}) // the HTTP server's
	if rw.Reader.Buffered() > 0 {
		c.handshakeReader = rw.Reader
	}
	if system, ok := conn.(syscall.Conn); ok && canPoll {
		if raw, err := system.SyscallConn(); err == nil {
			c.raw, c.receiveFunc, c.sendFunc = raw, c.receive, c.send
		}
	}
	return c, nil
}

// hijacker hijacks the connection of a response that middleware has wrapped. The library by itself
// does not unwrap responses.
type hijacker struct{ http.ResponseWriter }

func (h hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(h.ResponseWriter).Hijack()
}

// SetOwner sets the owner of the memory of the client's messages, and the size of the largest message
// that the client may send from now on, in bytes.
func (c *Conn) SetOwner(owner limit.Owner, maxMessageBytes int64) {
	c.owner, c.maxMessageBytes = owner, maxMessageBytes
}

// Subprotocol returns the subprotocol that Upgrade has selected, or "" if it has selected none.
func (c *Conn) Subprotocol() string { return c.subprotocol }

// Active reports whether a frame has been received since the last call of Active.
func (c *Conn) Active() bool { return c.active.Swap(false) }

// Abort closes the connection without a close frame. Pending reads and writes fail.
func (c *Conn) Abort() {
	c.closing.Store(true)
	_ = c.conn.Close()
	c.abortMu.Lock()
	defer c.abortMu.Unlock()
	c.aborted = true
}

// Wait waits until the background writes have ended. Call it after Abort.
func (c *Conn) Wait() { c.background.Wait() }

// StopReading discards an incomplete message and releases the memory of messages. The reading
// goroutine calls it when it reads no more.
func (c *Conn) StopReading() {
	c.message = message{}
	c.release()
	c.stopMessageTimer()
}

// WaitForData waits until data arrives that Read can begin with, and returns an error if the
// connection has ended. It needs little stack, so that a goroutine that only waits stays small.
func (c *Conn) WaitForData() error {
	c.release()
	if c.Buffered() {
		return nil
	}
	return c.fill()
}

// Buffered reports whether there is unread data.
func (c *Conn) Buffered() bool { return c.handshakeReader != nil || c.buf != nil }

// bufferedBytes returns the number of unread bytes.
func (c *Conn) bufferedBytes() int {
	n := 0
	if c.handshakeReader != nil {
		n = c.handshakeReader.Buffered()
	}
	if c.buf != nil {
		n += c.end - c.start
	}
	return n
}

// reader reads the bytes of a connection.
type reader struct{ *Conn }

// Read implements [io.Reader]. It returns an empty buffer to the pool.
func (r reader) Read(p []byte) (int, error) {
	c := r.Conn
	if c.handshakeReader != nil {
		n, err := c.handshakeReader.Read(p[:min(len(p), c.handshakeReader.Buffered())])
		if c.handshakeReader.Buffered() == 0 {
			c.handshakeReader = nil
		}
		return n, err
	}
	if c.buf == nil {
		if err := c.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.buf[c.start:c.end])
	if c.start += n; c.start == c.end {
		c.upgrader.buffers.Put(c.buf)
		c.buf = nil
	}
	return n, nil
}

// fill waits for data and reads it into a buffer.
func (c *Conn) fill() error {
	if c.raw == nil {
		return c.fillBlocking()
	}
	if err := c.raw.Read(c.receiveFunc); err != nil {
		return err
	}
	return c.readErr
}

// fillBlocking is fill for connections that only the runtime can read.
func (c *Conn) fillBlocking() error {
	in := c.upgrader.buffer()
	for {
		n, err := c.conn.Read(in[:])
		if n > 0 || err != nil {
			c.storeRead(in, n, err)
			return c.readErr
		}
	}
}

func (u *Upgrader) buffer() *buffer {
	if b, ok := u.buffers.Get().(*buffer); ok {
		return b
	}
	return new(buffer)
}

// storeRead stores the result of a read: n bytes in in, or an error.
func (c *Conn) storeRead(in *buffer, n int, err error) {
	switch {
	case n > 0:
		c.buf, c.start, c.end, c.readErr = in, 0, n, nil
		return
	case err == nil:
		err = io.EOF
	}
	c.upgrader.buffers.Put(in)
	c.readErr = err
}

// contained wraps the function of a goroutine or a timer. If f panics, the connection is aborted.
func (c *Conn) contained(f func()) func() {
	ctx := context.Background() //nolint:forbidigo // a Conn outlives its request and has no context
	return c.upgrader.Panics.Wrap(ctx, panics.Socket, f, func(error) { c.Abort() })
}

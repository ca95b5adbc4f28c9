package wire

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"time"

	"github.com/gobwas/ws"
)

// longestReason is how many bytes of a reason fit into a close frame (RFC 6455, section 5.5).
const longestReason = ws.MaxControlFramePayloadSize - 2

// tryAgainLater is the close code for a client that is to come back, by IANA's registry of
// WebSocket close codes.
const tryAgainLater ws.StatusCode = 1013

// Text is a text frame whose payload is made of parts.
func Text(parts ...[]byte) []byte { return new(Framer).Text(parts...) }

// Framer puts text frames together, each where the one before was. The zero value is ready to use.
type Framer struct {
	frame []byte
	// header is that of a frame of size bytes: many in a row have the same.
	header []byte
	size   int
}

// Text is [Text], until the next one.
func (f *Framer) Text(parts ...[]byte) []byte {
	size := 0
	for _, p := range parts {
		size += len(p)
	}
	if f.header == nil || size != f.size {
		var header bytes.Buffer
		_ = ws.WriteHeader(
			&header,
			ws.Header{Fin: true, OpCode: ws.OpText, Length: int64(size)},
		) // a buffer takes everything
		f.header, f.size = header.Bytes(), size
	}
	f.frame = append(slices.Grow(f.frame[:0], len(f.header)+size), f.header...)
	for _, p := range parts {
		f.frame = append(f.frame, p...)
	}
	return f.frame
}

// Ready tells whether Try would write a frame now, as far as that is known.
func (c *Conn) Ready() bool { return c.raw != nil && !c.closing.Load() }

// Try writes a frame without waiting. It returns false where the frame has to wait: then it has
// written nothing.
func (c *Conn) Try(frame []byte) bool {
	if c.raw == nil || !c.writing.TryLock() {
		return false
	}
	handedOver := false
	defer func() {
		if !handedOver {
			c.writing.Unlock()
		}
	}()
	if c.closing.Load() {
		return false
	}
	n := c.attempt(frame)
	if 0 < n && n < len(frame) {
		handedOver = c.finish(bytes.Clone(frame[n:]))
	}
	return n > 0
}

// attempt writes as much of data as goes without waiting. The caller holds writing.
func (c *Conn) attempt(data []byte) int {
	if c.raw == nil {
		return 0
	}
	c.out, c.written = data, 0
	_ = c.raw.Write(c.sent) // what failed shows in the next write, which waits
	c.out = nil
	return c.written
}

// finish writes the rest of a frame from a goroutine, which then releases writing. It returns false
// if the connection has been cut: then the caller still holds writing.
func (c *Conn) finish(rest []byte) bool {
	return c.flush(func() {
		defer c.writing.Unlock()
		_ = c.push(rest, false) // where it fails the connection has been cut
	})
}

// flush writes from a goroutine, which ends with the frame, or its time. It returns false where the
// connection has been cut: [Conn.Wait] may have returned.
func (c *Conn) flush(write func()) bool {
	c.ending.Lock()
	defer c.ending.Unlock()
	if !c.cut {
		c.flushing.Go(c.contained(write))
	}
	return !c.cut
}

// Write writes a frame, and waits for its turn and for the client to let it through. A client that
// takes too long is cut off.
func (c *Conn) Write(frame []byte) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	if c.closing.Load() {
		return ErrClosed
	}
	n := c.attempt(frame)
	if n == len(frame) {
		return nil
	}
	return c.push(frame[n:], n == 0)
}

// push writes data and waits for as long as that may take. whole reports that no byte of the frame
// is written yet. The caller holds writing.
func (c *Conn) push(data []byte, whole bool) error {
	_ = c.conn.SetWriteDeadline(time.Now().Add(c.listener.Write))
	n, err := c.conn.Write(data)
	if err == nil {
		_ = c.conn.SetWriteDeadline(time.Time{})
		return nil
	}
	if whole && n == 0 { // perhaps there is room for this much
		_ = c.conn.SetWriteDeadline(time.Time{})
		c.attempt(ws.MustCompileFrame(ws.NewCloseFrame(closeBody(tryAgainLater, "Too slow"))))
	}
	if c.listener.TooSlow != nil && errors.Is(err, os.ErrDeadlineExceeded) {
		c.listener.TooSlow()
	}
	c.Cut()
	return err
}

// write writes a small frame.
func (c *Conn) write(f ws.Frame) error { return c.Write(ws.MustCompileFrame(f)) }

// Ping asks the other side to answer: see Heard.
func (c *Conn) Ping() error { return c.write(ws.NewPingFrame(nil)) }

// Close sends a close frame, behind which nothing is written any more, and lets Read fail when it
// has been answered, or has not been for too long. It does not wait. Of a reason too much is left
// out.
func (c *Conn) Close(code uint16, reason string) {
	c.sayGoodbye(closeBody(ws.StatusCode(code), reason))
	_ = c.conn.SetReadDeadline(time.Now().Add(c.listener.Goodbye))
}

// sayGoodbye sends a close frame unless one has been sent.
func (c *Conn) sayGoodbye(body []byte) {
	if c.closing.Swap(true) {
		return
	}
	frame := ws.MustCompileFrame(ws.NewCloseFrame(body))
	if c.writing.TryLock() {
		handedOver := false
		defer func() {
			if !handedOver {
				c.writing.Unlock()
			}
		}()
		if n := c.attempt(frame); n < len(frame) {
			handedOver = c.finish(frame[n:])
		}
		return
	}
	c.flush(func() {
		c.writing.Lock()
		defer c.writing.Unlock()
		_ = c.push(frame, false) // where it fails the connection has been cut
	})
}

func closeBody(code ws.StatusCode, reason string) []byte {
	return ws.NewCloseFrameBody(code, reason[:min(len(reason), longestReason)])
}

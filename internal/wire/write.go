package wire

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"time"

	"github.com/gobwas/ws"
)

// maxReasonBytes is the length of the longest reason in a close frame (RFC 6455, section 5.5).
const maxReasonBytes = ws.MaxControlFramePayloadSize - 2

// tryAgainLater is the close code that asks a client to connect again later (IANA's registry of
// WebSocket close codes).
const tryAgainLater ws.StatusCode = 1013

// Text returns a text frame whose payload is the concatenation of parts.
func Text(parts ...[]byte) []byte { return new(Framer).Text(parts...) }

// Framer builds text frames in one buffer. The zero value is ready to use. It is not safe for
// concurrent use.
type Framer struct {
	frame []byte
	// header is the header of a frame with size bytes of payload. Consecutive frames often have the
	// same size.
	header []byte
	size   int
}

// Text is like the function [Text], but the frame is valid only until the next call.
func (f *Framer) Text(parts ...[]byte) []byte {
	size := 0
	for _, p := range parts {
		size += len(p)
	}
	if f.header == nil || size != f.size {
		var header bytes.Buffer
		// Writing to a buffer does not fail.
		_ = ws.WriteHeader(&header, ws.Header{Fin: true, OpCode: ws.OpText, Length: int64(size)})
		f.header, f.size = header.Bytes(), size
	}
	f.frame = append(slices.Grow(f.frame[:0], len(f.header)+size), f.header...)
	for _, p := range parts {
		f.frame = append(f.frame, p...)
	}
	return f.frame
}

// WriteReady reports whether TryWrite may succeed. It is cheaper than TryWrite.
func (c *Conn) WriteReady() bool { return c.raw != nil && !c.closing.Load() }

// TryWrite writes a frame if it can do so without waiting. Otherwise it returns false and has written
// nothing. If the kernel accepts only a part of the frame, TryWrite returns true and a goroutine
// writes the rest.
func (c *Conn) TryWrite(frame []byte) bool {
	if c.raw == nil || !c.writeMu.TryLock() {
		return false
	}
	handedOff := false
	defer func() {
		if !handedOff {
			c.writeMu.Unlock()
		}
	}()
	if c.closing.Load() {
		return false
	}
	n := c.writeNow(frame)
	if 0 < n && n < len(frame) {
		handedOff = c.writeRest(bytes.Clone(frame[n:]))
	}
	return n > 0
}

// writeNow writes as much of data as the kernel accepts without waiting, and returns the number of
// bytes. The caller holds writeMu.
func (c *Conn) writeNow(data []byte) int {
	if c.raw == nil {
		return 0
	}
	c.out, c.written = data, 0
	_ = c.raw.Write(c.sendFunc) // after an error the next blocking write fails, too
	c.out = nil
	return c.written
}

// writeRest writes the rest of a frame in a goroutine, which then unlocks writeMu. It returns false
// if the connection has been aborted: then the caller still holds writeMu.
func (c *Conn) writeRest(rest []byte) bool {
	return c.goWrite(func() {
		defer c.writeMu.Unlock()
		_ = c.writeBlocking(rest, false) // after an error the connection has been aborted
	})
}

// goWrite runs write in a goroutine, which ends when the frame is written or the write times out. It
// returns false if the connection has been aborted: then Wait may have returned already.
func (c *Conn) goWrite(write func()) bool {
	c.abortMu.Lock()
	defer c.abortMu.Unlock()
	if !c.aborted {
		c.background.Go(c.contained(write))
	}
	return !c.aborted
}

// Write writes a frame. It waits for other writers, and until the kernel accepts the frame. It
// returns ErrClosed if the close frame has been sent. If it exceeds WriteTimeout it aborts the
// connection.
func (c *Conn) Write(frame []byte) error {
	c.writeMu.Lock()
	defer c.writeMu.Unlock()
	if c.closing.Load() {
		return ErrClosed
	}
	n := c.writeNow(frame)
	if n == len(frame) {
		return nil
	}
	return c.writeBlocking(frame[n:], n == 0)
}

// writeBlocking writes data, for at most WriteTimeout. unsent is whether nothing of the frame has
// been written yet. The caller holds writeMu.
func (c *Conn) writeBlocking(data []byte, unsent bool) error {
	_ = c.conn.SetWriteDeadline(time.Now().Add(c.upgrader.WriteTimeout))
	n, err := c.conn.Write(data)
	if err == nil {
		_ = c.conn.SetWriteDeadline(time.Time{})
		return nil
	}
	if unsent && n == 0 { // the kernel may accept a small close frame
		_ = c.conn.SetWriteDeadline(time.Time{})
		c.writeNow(ws.MustCompileFrame(ws.NewCloseFrame(closeBody(tryAgainLater, "Too slow"))))
	}
	if c.upgrader.OnSlowClient != nil && errors.Is(err, os.ErrDeadlineExceeded) {
		c.upgrader.OnSlowClient()
	}
	c.Abort()
	return err
}

// writeFrame writes a small frame.
func (c *Conn) writeFrame(f ws.Frame) error { return c.Write(ws.MustCompileFrame(f)) }

// Ping sends a ping, which the client answers: see [Conn.Active].
func (c *Conn) Ping() error { return c.writeFrame(ws.NewPingFrame(nil)) }

// Close sends a close frame and does not wait. After it all writes fail with ErrClosed. Read fails
// when the client has answered, or when CloseTimeout has passed. A reason of more than 123 bytes is
// truncated.
func (c *Conn) Close(code uint16, reason string) {
	c.sendClose(closeBody(ws.StatusCode(code), reason))
	_ = c.conn.SetReadDeadline(time.Now().Add(c.upgrader.CloseTimeout))
}

// sendClose sends a close frame, unless one has been sent.
func (c *Conn) sendClose(body []byte) {
	if c.closing.Swap(true) {
		return
	}
	frame := ws.MustCompileFrame(ws.NewCloseFrame(body))
	if c.writeMu.TryLock() {
		handedOff := false
		defer func() {
			if !handedOff {
				c.writeMu.Unlock()
			}
		}()
		if n := c.writeNow(frame); n < len(frame) {
			handedOff = c.writeRest(frame[n:])
		}
		return
	}
	c.goWrite(func() {
		c.writeMu.Lock()
		defer c.writeMu.Unlock()
		_ = c.writeBlocking(frame, false) // after an error the connection has been aborted
	})
}

func closeBody(code ws.StatusCode, reason string) []byte {
	return ws.NewCloseFrameBody(code, reason[:min(len(reason), maxReasonBytes)])
}

package wire

import (
	"errors"
	"io"
	"time"

	"github.com/gobwas/ws"

	"parley/internal/limit"
)

// fragments is a message of which not all frames have come.
type fragments struct {
	text bool
	data []byte
	open bool
}

// grow is how much of a message is made room for before it has come.
const grow = 4 << 10

// Read returns the next message. Pings are answered, and a close frame is: then, and when the
// connection has ended or the client breaks the protocol, it fails.
//
// What it has returned may be used for longer, but counts for the messages' budget only until the
// next Await or Read.
func (c *Conn) Read() (text bool, data []byte, err error) {
	c.release()
	for {
		h, err := ws.ReadHeader(reader{c})
		if err != nil {
			return false, nil, c.broken(err)
		}
		c.heard.Store(true)
		if c.pace != nil {
			//nolint:forbidigo // one frame's share of a second at most, while nothing waits
			time.Sleep(
				c.pace.Reserve().Delay(),
			)
		}
		state := ws.StateServerSide
		if c.fragments.open {
			state = state.Set(ws.StateFragmented)
		}
		if err := ws.CheckHeader(h, state); err != nil {
			return false, nil, c.refuse(ws.StatusProtocolError, err)
		}
		if h.OpCode.IsControl() {
			if err := c.control(h); err != nil {
				return false, nil, err
			}
			continue
		}
		if c.closing.Load() { // only its answer to the close frame is of interest
			if _, err := io.CopyN(io.Discard, reader{c}, h.Length); err != nil {
				return false, nil, err
			}
			continue
		}
		if text, data, done, err := c.data(h); done || err != nil {
			return text, data, err
		}
	}
}

// data reads a frame of a message; done tells that it was the last one.
func (c *Conn) data(h ws.Header) (text bool, data []byte, done bool, err error) {
	f := &c.fragments
	if !f.open {
		f.text, f.open = h.OpCode == ws.OpText, true
		if !h.Fin || h.Length > int64(c.buffered()) {
			c.expectWhole()
		}
	}
	if h.Length > c.largest-int64(len(f.data)) {
		return false, nil, false, c.refuse(
			ws.StatusMessageTooBig,
			errors.New("the message is too large"),
		)
	}
	from := len(f.data)
	if f.data, err = c.payload(f.data, h); err != nil {
		if errors.Is(err, errNoMemory) || errors.Is(err, errQuota) {
			return false, nil, false, c.refuse(tryAgainLater, err)
		}
		return false, nil, false, c.broken(err)
	}
	ws.Cipher(f.data[from:], h.Mask, 0)
	if !h.Fin {
		return false, nil, false, nil
	}
	c.onTime()
	text, data = f.text, f.data
	*f = fragments{}
	return text, data, true, nil
}

// errNoMemory and errQuota end a socket whose message is not admitted.
var (
	errNoMemory = errors.New("the server has no memory for large messages now")
	errQuota    = errors.New("your messages take too much memory at a time")
)

// MessageFactor is what a message takes of memory for each of its bytes: it is copied as it grows.
const MessageFactor = 2

// reserve reserves what a message of size bytes takes, of which a part may have been reserved
// already.
func (c *Conn) reserve(size int) error {
	if size <= grow {
		return nil
	}
	if c.held == nil {
		r := c.listener.Messages.Open(c.owner)
		c.held = &r
	}
	switch err := c.held.Grow(MessageFactor*int64(size-grow) - c.held.Bytes()); {
	case errors.Is(err, limit.ErrQuotaExceeded):
		return errQuota
	case err != nil:
		return errNoMemory
	default:
		return nil
	}
}

// release releases what the last message has reserved.
func (c *Conn) release() {
	if c.held != nil && !c.fragments.open {
		c.held.Release()
		c.held = nil
	}
}

// expectWhole closes the socket unless the rest of a message comes in time. A client that sends a part
// of it and then nothing, or only pongs, would hold its memory for as long as it likes.
func (c *Conn) expectWhole() {
	if c.listener.Whole > 0 {
		c.overdue = time.AfterFunc(c.listener.Whole, c.contained(func() {
			c.Close(uint16(tryAgainLater), "The message took too long")
		}))
	}
}

// onTime: it has come.
func (c *Conn) onTime() {
	if c.overdue != nil {
		c.overdue.Stop()
		c.overdue = nil
	}
}

// payload appends a frame's payload to data. Room is made as it comes: a client does not get memory
// by announcing much.
func (c *Conn) payload(data []byte, h ws.Header) ([]byte, error) {
	for left := int(h.Length); left > 0; {
		n := min(left, max(grow, len(data)))
		from := len(data)
		if err := c.reserve(from + n); err != nil {
			return nil, err
		}
		data = append(data, make([]byte, n)...)
		if _, err := io.ReadFull(reader{c}, data[from:]); err != nil {
			return nil, err
		}
		left -= n
	}
	return data, nil
}

// control acts on a control frame. Its error is the end.
func (c *Conn) control(h ws.Header) error {
	payload, err := c.payload(nil, h)
	if err != nil {
		return c.broken(err)
	}
	ws.Cipher(payload, h.Mask, 0)
	switch h.OpCode {
	case ws.OpPing:
		return c.write(ws.NewPongFrame(payload))
	case ws.OpClose:
		c.goodbye(payload)
		return ErrClosed
	default:
		return nil
	}
}

// goodbye answers a close frame, unless this one is itself the answer.
func (c *Conn) goodbye(payload []byte) {
	answer := []byte(nil)
	if len(payload) > 0 {
		code, reason := ws.ParseCloseFrameData(payload)
		if len(payload) == 1 || ws.CheckCloseFrameData(code, reason) != nil {
			code = ws.StatusProtocolError
		}
		answer = ws.NewCloseFrameBody(code, "")
	}
	c.sayGoodbye(answer)
}

// refuse closes the socket of a client that breaks the protocol. What still comes cannot be
// understood: it is read and thrown away for a moment, since a connection that is closed with
// something unread may lose the close frame.
func (c *Conn) refuse(code ws.StatusCode, reason error) error {
	c.Close(uint16(code), reason.Error())
	_ = c.conn.SetReadDeadline(time.Now().Add(min(time.Second, c.listener.Goodbye)))
	_, _ = io.Copy(io.Discard, reader{c}) // its end is what it is for
	return reason
}

// broken is what an error of the connection or of the framing means.
func (c *Conn) broken(err error) error {
	if errors.Is(err, ws.ErrHeaderLengthMSB) || errors.Is(err, ws.ErrHeaderLengthUnexpected) {
		return c.refuse(ws.StatusProtocolError, err)
	}
	return err
}

package wire

import (
	"errors"
	"io"
	"time"
	"unicode/utf8"

	"github.com/gobwas/ws"

	"parley/internal/limit"
)

// message is a message of which not all frames have arrived.
type message struct {
	text    bool
	data    []byte
	checked int // the bytes of a text that are valid UTF-8
	started bool
}

// validUTF8 reports whether a text can be UTF-8, as far as it has arrived. A character may continue
// in the next frame, unless the text is complete.
func (m *message) validUTF8(complete bool) bool {
	rest := m.data[m.checked:]
	for n := 1; !complete && n < utf8.UTFMax && n <= len(rest); n++ {
		if last := rest[len(rest)-n:]; utf8.RuneStart(last[0]) {
			if !utf8.FullRune(last) {
				rest = rest[:len(rest)-n]
			}
			break
		}
	}
	m.checked += len(rest)
	return utf8.Valid(rest)
}

// chunkSize is the number of bytes that are allocated for a message before they have arrived.
const chunkSize = 4 << 10

// Read returns the next message; text is whether it is a text message. Read answers pings and close
// frames.
//
// Read returns ErrClosed when the client has sent a close frame. If the client violates the protocol
// or exceeds a limit, Read closes the WebSocket and returns the reason. Otherwise its error is that
// of the connection.
//
// The caller may keep data, but its memory is released with the next WaitForData or Read.
func (c *Conn) Read() (text bool, data []byte, err error) {
	c.release()
	for {
		h, err := ws.ReadHeader(reader{c})
		if err != nil {
			return false, nil, c.readError(err)
		}
		c.active.Store(true)
		if c.frameLimiter != nil {
			//nolint:forbidigo // at most the interval of one frame, and only this client waits
			time.Sleep(c.frameLimiter.Reserve().Delay())
		}
		state := ws.StateServerSide
		if c.message.started {
			state = state.Set(ws.StateFragmented)
		}
		if err := ws.CheckHeader(h, state); err != nil {
			return false, nil, c.fail(ws.StatusProtocolError, err)
		}
		if h.OpCode.IsControl() {
			if err := c.handleControl(h); err != nil {
				return false, nil, err
			}
			continue
		}
		if c.closing.Load() { // wait for the answer to the close frame only
			if _, err := io.CopyN(io.Discard, reader{c}, h.Length); err != nil {
				return false, nil, err
			}
			continue
		}
		if text, data, done, err := c.readData(h); done || err != nil {
			return text, data, err
		}
	}
}

// readData reads a data frame. done reports that the message is complete.
func (c *Conn) readData(h ws.Header) (text bool, readData []byte, done bool, err error) {
	f := &c.message
	if !f.started {
		f.text, f.started = h.OpCode == ws.OpText, true
		if !h.Fin || h.Length > int64(c.bufferedBytes()) {
			c.startMessageTimer()
		}
	}
	if h.Length > c.maxMessageBytes-int64(len(f.data)) {
		return false, nil, false, c.fail(
			ws.StatusMessageTooBig,
			errors.New("the message is too large"),
		)
	}
	from := len(f.data)
	if f.data, err = c.readPayload(f.data, h); err != nil {
		if errors.Is(err, errNoMemory) || errors.Is(err, errQuota) {
			return false, nil, false, c.fail(tryAgainLater, err)
		}
		return false, nil, false, c.readError(err)
	}
	ws.Cipher(f.data[from:], h.Mask, 0)
	if f.text && !f.validUTF8(h.Fin) { // RFC 6455, section 8.1
		return false, nil, false, c.fail(
			ws.StatusInvalidFramePayloadData,
			errors.New("the text is not valid UTF-8"),
		)
	}
	if !h.Fin {
		return false, nil, false, nil
	}
	c.stopMessageTimer()
	text, readData = f.text, f.data
	*f = message{}
	return text, readData, true, nil
}

// errNoMemory and errQuota are the errors for messages that are not admitted.
var (
	errNoMemory = errors.New("the server has no memory for large messages now")
	errQuota    = errors.New("your messages take too much memory at a time")
)

// MessageFactor is the memory that a message takes, for each of its bytes: it is copied as it grows.
const MessageFactor = 2

// reserve reserves the memory for a message of so many bytes, a part of which may have been reserved
// before.
func (c *Conn) reserve(bytes int) error {
	if bytes <= chunkSize {
		return nil
	}
	if c.reservation == nil {
		r := c.upgrader.Memory.Open(c.owner)
		c.reservation = &r
	}
	switch err := c.reservation.Grow(MessageFactor*int64(bytes-chunkSize) - c.reservation.Bytes()); {
	case errors.Is(err, limit.ErrQuotaExceeded):
		return errQuota
	case err != nil:
		return errNoMemory
	default:
		return nil
	}
}

// release releases the memory of the last message, if that is complete.
func (c *Conn) release() {
	if c.reservation != nil && !c.message.started {
		c.reservation.Release()
		c.reservation = nil
	}
}

// startMessageTimer closes the WebSocket unless the rest of a message arrives in time. Otherwise a
// client could send a part of a message, and then only pongs, and keep its memory reserved.
func (c *Conn) startMessageTimer() {
	if c.upgrader.MessageTimeout > 0 {
		c.messageTimer = time.AfterFunc(c.upgrader.MessageTimeout, c.contained(func() {
			c.Close(uint16(tryAgainLater), "The message took too long")
		}))
	}
}

// stopMessageTimer stops the timer of a message that is complete.
func (c *Conn) stopMessageTimer() {
	if c.messageTimer != nil {
		c.messageTimer.Stop()
		c.messageTimer = nil
	}
}

// readPayload appends a frame's payload to data. It allocates memory as the payload arrives: the
// length in the frame's header alone allocates one chunk only.
func (c *Conn) readPayload(data []byte, h ws.Header) ([]byte, error) {
	for left := int(h.Length); left > 0; {
		n := min(left, max(chunkSize, len(data)))
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

// handleControl handles a control frame. It returns ErrClosed for a close frame.
func (c *Conn) handleControl(h ws.Header) error {
	payload, err := c.readPayload(nil, h)
	if err != nil {
		return c.readError(err)
	}
	ws.Cipher(payload, h.Mask, 0)
	switch h.OpCode {
	case ws.OpPing:
		return c.writeFrame(ws.NewPongFrame(payload))
	case ws.OpClose:
		c.answerClose(payload)
		return ErrClosed
	default:
		return nil
	}
}

// answerClose answers a close frame, unless the frame is itself an answer.
func (c *Conn) answerClose(payload []byte) {
	answer := []byte(nil)
	if len(payload) > 0 {
		code, reason := ws.ParseCloseFrameData(payload)
		if len(payload) == 1 || ws.CheckCloseFrameData(code, reason) != nil {
			code = ws.StatusProtocolError
		}
		answer = ws.NewCloseFrameBody(code, "")
	}
	c.sendClose(answer)
}

// fail closes the WebSocket of a client that violates the protocol, and returns reason. It discards
// what still arrives for a moment, because closing a connection with unread data may lose the close
// frame.
func (c *Conn) fail(code ws.StatusCode, reason error) error {
	c.Close(uint16(code), reason.Error())
	_ = c.conn.SetReadDeadline(time.Now().Add(min(time.Second, c.upgrader.CloseTimeout)))
	_, _ = io.Copy(io.Discard, reader{c}) // until the deadline, or the end of the connection
	return reason
}

// readError returns the error of Read for an error of the connection or of the framing.
func (c *Conn) readError(err error) error {
	if errors.Is(err, ws.ErrHeaderLengthMSB) || errors.Is(err, ws.ErrHeaderLengthUnexpected) {
		return c.fail(ws.StatusProtocolError, err)
	}
	return err
}

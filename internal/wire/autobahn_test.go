package wire_test

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// conversation is a case of the Autobahn test suite: what a client sends, and how a server that
// echoes messages must respond. The suite (github.com/crossbario/autobahn-testsuite) is for clients
// and servers in all languages. Its cases of compression (12 and 13) are left out, because Parley
// negotiates no extensions.
type conversation struct {
	id    string // the suite's number
	steps []step
	// chop is the number of bytes that are written at a time. 0 is all at once, and byFrame is frame
	// by frame.
	chop int
	// wait is whether the client waits between steps, and the server must not respond meanwhile.
	wait bool
	// code is the code with which the server must close the WebSocket. If it is 0, the client closes
	// the WebSocket with 1000 after the last step, and the server must answer with the same code.
	code ws.StatusCode
}

// step is what the client sends at a time, and the frames that the server sends in response.
type step struct {
	frames  [][]byte
	replies []reply
}

const byFrame = -1

type reply struct {
	op      ws.OpCode
	payload string
}

// TestAutobahn: the server passes each case of the Autobahn test suite, in the strict form where the
// suite also accepts another.
func TestAutobahn(t *testing.T) {
	count := 0
	run := func(c conversation, parallel bool) {
		count++
		t.Run(c.id, func(t *testing.T) {
			if parallel {
				t.Parallel()
			}
			u := newUpgrader()
			u.MaxMessageBytes, u.CloseTimeout = 16<<20, 50*time.Millisecond
			p, server := open(t, u)
			_ = p.SetDeadline(time.Now().Add(time.Minute))
			ended := echo(server)
			c.run(p)
			if err := <-ended; err == nil {
				t.Error("Read did not fail")
			}
		})
	}
	for _, c := range slices.Concat(
		framing(), pings(), reservedBits(), opcodes(), fragments(), texts(), closings(),
	) {
		run(c, true)
	}
	limits(func(c conversation) { run(c, false) }) // one at a time, because they are large
	if count != 301 {
		t.Errorf("%d cases, and the suite has 301", count)
	}
}

func (c conversation) run(p *peer) {
	p.t.Helper()
	for i, s := range c.steps {
		written := make(chan error, 1)
		go func() { written <- c.write(p, s.frames) }() // ends with the connection
		for _, r := range s.replies {
			p.expect(r.op, r.payload)
		}
		// A server that fails the connection need not read everything.
		if err := <-written; err != nil && c.code == 0 {
			p.t.Fatal("write: ", err)
		}
		if !c.wait || i == len(c.steps)-1 {
			continue
		}
		_ = p.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		if _, err := p.in.Peek(1); err == nil {
			p.t.Fatal("the server responded before it received the rest")
		}
		_ = p.SetReadDeadline(time.Now().Add(timeout))
	}
	switch c.code {
	case 0:
		p.write(closing(ws.StatusNormalClosure, ""))
		p.expectClose(ws.StatusNormalClosure)
	case ws.StatusNoStatusRcvd: // a close frame without a code
		p.expectClose(0)
	default:
		p.expectClose(c.code)
	}
	if rest, err := io.ReadAll(p.in); len(rest) > 0 || err != nil {
		p.t.Errorf("after its close frame the server sent %q (%v)", rest, err)
	}
}

func (c conversation) write(p *peer, frames [][]byte) error {
	if c.chop == byFrame {
		for _, f := range frames {
			if _, err := p.Write(f); err != nil {
				return err
			}
		}
		return nil
	}
	data := bytes.Join(frames, nil)
	size := len(data)
	if c.chop > 0 {
		size = c.chop
	}
	for part := range slices.Chunk(data, max(size, 1)) {
		if _, err := p.Write(part); err != nil {
			return err
		}
	}
	return nil
}

// closing returns a close frame of a client.
func closing(code ws.StatusCode, reason string) []byte {
	return masked(true, ws.OpClose, string(ws.NewCloseFrameBody(code, reason)))
}

// reserved returns a frame with reserved bits and an opcode that may be reserved, too.
func reserved(bits byte, op ws.OpCode, payload string) []byte {
	f := ws.NewFrame(op, true, []byte(payload))
	f.Header.Rsv = bits
	return ws.MustCompileFrame(ws.MaskFrame(f))
}

// split returns a message in frames of a size.
func split(op ws.OpCode, payload string, size int) (frames [][]byte) {
	for len(payload) > size {
		frames = append(frames, masked(false, op, payload[:size]))
		op, payload = ws.OpContinuation, payload[size:]
	}
	return append(frames, masked(true, op, payload))
}

// repeated returns so many bytes of a repeated pattern.
func repeated(pattern string, size int) string {
	return strings.Repeat(pattern, size/len(pattern)+1)[:size]
}

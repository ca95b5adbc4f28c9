package wire_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"go.uber.org/goleak"

	"parley/internal/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	maxMessageBytes = 100_000
	timeout         = 10 * time.Second
)

// peer is the client's end of a connection. It can write invalid frames.
type peer struct {
	net.Conn
	t  testing.TB
	in *bufio.Reader
}

// open returns both ends of a WebSocket. The client sends early together with the handshake. The
// server's end is aborted when the test ends.
func open(t testing.TB, u *wire.Upgrader, early ...byte) (*peer, *wire.Conn) {
	t.Helper()
	conns := make(chan *wire.Conn, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := u.Upgrade(w, r, func(subprotocol string) bool { return subprotocol == "known" })
		if err != nil {
			t.Errorf("open: %v", err)
		}
		conns <- c
	}))
	t.Cleanup(server.Close)
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(timeout))
	p := &peer{conn, t, bufio.NewReader(conn)}
	p.write(
		[]byte(
			"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
				"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: strange, known\r\n\r\n" + string(
				early,
			),
		),
	)
	for line := ""; line != "\r\n"; {
		if line, err = p.in.ReadString('\n'); err != nil {
			t.Fatalf("handshake: %v", err)
		}
	}
	c := <-conns
	if c == nil {
		t.FailNow()
	}
	t.Cleanup(func() {
		c.Abort()
		c.Wait()
	})
	return p, c
}

func (p *peer) write(data []byte) {
	p.t.Helper()
	if _, err := p.Write(data); err != nil {
		p.t.Fatalf("write: %v", err)
	}
}

// readFrame reads the next frame.
func (p *peer) readFrame() ws.Frame {
	p.t.Helper()
	header, err := ws.ReadHeader(p.in)
	payload := make([]byte, header.Length)
	if err == nil {
		_, err = io.ReadFull(p.in, payload)
	}
	if err != nil {
		p.t.Fatalf("read a frame: %v", err)
	}
	return ws.Frame{Header: header, Payload: payload}
}

// expect reads a frame and compares it with a complete, unmasked frame.
func (p *peer) expect(op ws.OpCode, payload string) {
	p.t.Helper()
	f := p.readFrame()
	if f.Header.OpCode != op || string(f.Payload) != payload || !f.Header.Fin || f.Header.Masked {
		p.t.Fatalf("got %+v %.80q, want opcode %d %.80q", f.Header, f.Payload, op, payload)
	}
}

// expectClose reads a close frame with a code (0: none) and returns its reason.
func (p *peer) expectClose(code ws.StatusCode) (reason string) {
	p.t.Helper()
	f := p.readFrame()
	got, reason := ws.ParseCloseFrameData(f.Payload)
	if len(f.Payload) == 0 {
		got = 0
	}
	if f.Header.OpCode != ws.OpClose || got != code {
		p.t.Fatalf("got %+v, code %d %q; want a close frame with %d", f.Header, got, reason, code)
	}
	return reason
}

// masked returns a frame as clients send it.
func masked(fin bool, op ws.OpCode, payload string) []byte {
	return ws.MustCompileFrame(ws.MaskFrame(ws.NewFrame(op, fin, []byte(payload))))
}

func text(payload string) []byte { return masked(true, ws.OpText, payload) }

// newUpgrader returns an upgrader with long timeouts.
func newUpgrader() *wire.Upgrader {
	return &wire.Upgrader{
		MaxMessageBytes: maxMessageBytes,
		WriteTimeout:    timeout,
		CloseTimeout:    timeout,
	}
}

// echo sends each message back until reading fails. Then it sends the error to the channel.
func echo(c *wire.Conn) <-chan error {
	ended := make(chan error, 1)
	go func() { // ends with the socket
		defer c.Abort()
		defer c.StopReading()
		for {
			if err := c.WaitForData(); err != nil {
				ended <- err
				return
			}
			isText, data, err := c.Read()
			if err != nil {
				ended <- err
				return
			}
			op := ws.OpText
			if !isText {
				op = ws.OpBinary
			}
			if err := c.Write(ws.MustCompileFrame(ws.NewFrame(op, true, data))); err != nil {
				ended <- err
				return
			}
		}
	}()
	return ended
}

func TestMessages(t *testing.T) {
	p, c := open(t, newUpgrader())
	ended := echo(c)
	if c.Subprotocol() != "known" {
		t.Errorf("subprotocol %q", c.Subprotocol())
	}
	for _, size := range []int{0, 1, 125, 126, 4095, 4096, 4097, 65_535, 65_536, maxMessageBytes} { // around the bounds of the length encodings
		payload := strings.Repeat("x", size)
		p.write(text(payload))
		p.expect(ws.OpText, payload)
	}
	p.write(masked(true, ws.OpBinary, "\x00\xff"))
	p.expect(ws.OpBinary, "\x00\xff")
	p.write(masked(true, ws.OpClose, string(ws.NewCloseFrameBody(ws.StatusNormalClosure, "bye"))))
	p.expectClose(ws.StatusNormalClosure)
	if err := <-ended; !errors.Is(err, wire.ErrClosed) {
		t.Errorf("Read failed with %v", err)
	}
}

// TestFramesInPieces: the bounds of reads are independent of the bounds of frames.
func TestFramesInPieces(t *testing.T) {
	whole := bytes.Join([][]byte{
		text(
			"one",
		),
		masked(true, ws.OpPing, "p"),
		masked(false, ws.OpText, "tw"),
		masked(true, ws.OpPing, "q"),
		masked(
			false,
			ws.OpContinuation,
			"",
		),
		masked(true, ws.OpContinuation, "o"),
		text(strings.Repeat("3", 300)),
	}, nil)
	expect := func(p *peer) {
		p.t.Helper()
		p.expect(ws.OpText, "one")
		p.expect(ws.OpPong, "p")
		p.expect(ws.OpPong, "q")
		p.expect(ws.OpText, "two")
		p.expect(ws.OpText, strings.Repeat("3", 300))
	}
	for _, at := range []int{0, 1, 7, len(whole)} {
		p, c := open(t, newUpgrader(), whole[:at]...)
		echo(c)
		p.write(whole[at:])
		expect(p)
	}
	t.Run("byte by byte", func(t *testing.T) {
		p, c := open(t, newUpgrader())
		echo(c)
		for i := range whole {
			p.write(whole[i : i+1])
		}
		expect(p)
	})
}

// TestBadFrames: protocol errors close the WebSocket with the codes of RFC 6455 (sections 5 and
// 7.4.1).
func TestBadFrames(t *testing.T) {
	frame := func(bytes ...byte) []byte { return bytes }
	for name, test := range map[string]struct {
		frames []byte
		code   ws.StatusCode
	}{
		"not masked":                 {ws.MustCompileFrame(ws.NewTextFrame([]byte("x"))), ws.StatusProtocolError},
		"followed by much data":      {append(frame(0xc1, 0x80, 0, 0, 0, 0), make([]byte, 500_000)...), ws.StatusProtocolError},
		"reserved bit":               {frame(0xc1, 0x80, 0, 0, 0, 0), ws.StatusProtocolError},
		"reserved opcode":            {frame(0x83, 0x80, 0, 0, 0, 0), ws.StatusProtocolError},
		"reserved control opcode":    {frame(0x8b, 0x80, 0, 0, 0, 0), ws.StatusProtocolError},
		"long control frame":         {masked(true, ws.OpPing, strings.Repeat("x", 126)), ws.StatusProtocolError},
		"fragmented control frame":   {masked(false, ws.OpPing, "x"), ws.StatusProtocolError},
		"unexpected continuation":    {masked(true, ws.OpContinuation, "x"), ws.StatusProtocolError},
		"message within a message":   {append(masked(false, ws.OpText, "x"), text("y")...), ws.StatusProtocolError},
		"negative length":            {frame(0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0), ws.StatusProtocolError},
		"too large":                  {text(strings.Repeat("x", maxMessageBytes+1)), ws.StatusMessageTooBig},
		"too large by its header":    {frame(0x81, 0xff, 0x7f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), ws.StatusMessageTooBig},
		"too large in fragments":     {append(masked(false, ws.OpText, strings.Repeat("x", maxMessageBytes)), masked(true, ws.OpContinuation, "x")...), ws.StatusMessageTooBig},
		"close with half a code":     {masked(true, ws.OpClose, "\x03"), ws.StatusProtocolError},
		"close with a reserved code": {masked(true, ws.OpClose, "\x03\xed"), ws.StatusProtocolError}, // 1005
		"close with an unknown code": {masked(true, ws.OpClose, "\x00\x07"), ws.StatusProtocolError},
		"close with invalid UTF-8":   {masked(true, ws.OpClose, "\x03\xe8\xff\xfe"), ws.StatusProtocolError},
		"close":                      {masked(true, ws.OpClose, ""), 0},
		"close with a private code":  {masked(true, ws.OpClose, string(ws.NewCloseFrameBody(4321, "mine"))), 4321},
		"data after close":           {append(masked(true, ws.OpClose, "\x03\xe8"), text("x")...), ws.StatusNormalClosure},
	} {
		t.Run(name, func(t *testing.T) {
			p, c := open(
				t,
				&wire.Upgrader{
					MaxMessageBytes: maxMessageBytes,
					WriteTimeout:    timeout,
					CloseTimeout:    50 * time.Millisecond,
				},
			)
			ended := echo(c)
			p.write(test.frames)
			p.expectClose(test.code)
			if err := <-ended; err == nil {
				t.Error("Read did not fail")
			}
			if _, err := p.in.ReadByte(); err == nil {
				t.Error("the server sends data after the close frame")
			}
		})
	}
}

// TestClose: the server starts the closing handshake.
func TestClose(t *testing.T) {
	p, c := open(
		t,
		&wire.Upgrader{
			MaxMessageBytes: maxMessageBytes,
			WriteTimeout:    timeout,
			CloseTimeout:    200 * time.Millisecond,
		},
	)
	ended := echo(c)
	c.Close(4400, strings.Repeat("r", 200))
	c.Close(4401, "a second one")
	if reason := p.expectClose(4400); len(reason) != 123 {
		t.Errorf("the reason has %d bytes", len(reason))
	}
	if err := c.Write(wire.Text([]byte("late"))); !errors.Is(err, wire.ErrClosed) {
		t.Errorf("a write after the close frame: %v", err)
	}
	if c.TryWrite(wire.Text([]byte("late"))) {
		t.Error("a frame was written after the close frame")
	}
	p.write(text("late")) // is discarded
	select {
	case err := <-ended:
		t.Errorf("Read failed before the close frame was answered: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	p.write(masked(true, ws.OpClose, string(ws.NewCloseFrameBody(4400, ""))))
	if err := <-ended; !errors.Is(err, wire.ErrClosed) {
		t.Errorf("Read failed with %v", err)
	}
	if rest, err := io.ReadAll(p.in); len(rest) > 0 || err != nil {
		t.Errorf("after the close frame: %q, %v", rest, err)
	}

	t.Run("without an answer", func(t *testing.T) {
		_, c := open(
			t,
			&wire.Upgrader{
				MaxMessageBytes: maxMessageBytes,
				WriteTimeout:    timeout,
				CloseTimeout:    50 * time.Millisecond,
			},
		)
		ended := echo(c)
		c.Close(1012, "")
		if err := <-ended; err == nil {
			t.Error("Read did not fail")
		}
	})
}

// TestActive: pings and pongs of the client count as activity.
func TestActive(t *testing.T) {
	p, c := open(t, newUpgrader())
	echo(c)
	if err := c.Ping(); err != nil {
		t.Fatal(err)
	}
	p.expect(ws.OpPing, "")
	if c.Active() {
		t.Error("a silent client is active")
	}
	p.write(masked(true, ws.OpPong, ""))
	p.write(masked(true, ws.OpPing, "x"))
	p.expect(ws.OpPong, "x")
	if !c.Active() || c.Active() {
		t.Error("Active does not report the pong and the ping once")
	}
}

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
	largest  = 100_000
	patience = 10 * time.Second
)

// peer is the client's end of a connection: it writes what it likes.
type peer struct {
	net.Conn
	t  testing.TB
	in *bufio.Reader
}

// open returns both ends of a socket. early is sent together with the handshake. The test ends the
// server's end, by which the client's has to end.
func open(t testing.TB, l *wire.Listener, early ...byte) (*peer, *wire.Conn) {
	t.Helper()
	conns := make(chan *wire.Conn, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := l.Open(w, r, func(subprotocol string) bool { return subprotocol == "known" })
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
	_ = conn.SetDeadline(time.Now().Add(patience))
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
		c.Cut()
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

// hear reads the next frame.
func (p *peer) hear() ws.Frame {
	p.t.Helper()
	f, err := ws.ReadFrame(p.in)
	if err != nil {
		p.t.Fatalf("read a frame: %v", err)
	}
	return f
}

// expect reads a frame and compares it.
func (p *peer) expect(op ws.OpCode, payload string) {
	p.t.Helper()
	f := p.hear()
	if f.Header.OpCode != op || string(f.Payload) != payload || !f.Header.Fin || f.Header.Masked {
		p.t.Fatalf("got %+v %.80q, want opcode %d %.80q", f.Header, f.Payload, op, payload)
	}
}

// expectClose reads a close frame with a code, 0 for none, and then the end of the connection.
func (p *peer) expectClose(code ws.StatusCode) (reason string) {
	p.t.Helper()
	f := p.hear()
	got, reason := ws.ParseCloseFrameData(f.Payload)
	if len(f.Payload) == 0 {
		got = 0
	}
	if f.Header.OpCode != ws.OpClose || got != code {
		p.t.Fatalf("got %+v, code %d %q; want to be closed with %d", f.Header, got, reason, code)
	}
	return reason
}

// masked is a frame as a client sends it.
func masked(fin bool, op ws.OpCode, payload string) []byte {
	return ws.MustCompileFrame(ws.MaskFrame(ws.NewFrame(op, fin, []byte(payload))))
}

func text(payload string) []byte { return masked(true, ws.OpText, payload) }

// listener is one for tests that do not wait for it.
func listener() *wire.Listener {
	return &wire.Listener{Message: largest, Write: patience, Goodbye: patience}
}

// echo answers each message with itself until reading fails, which it returns by then.
func echo(c *wire.Conn) <-chan error {
	ended := make(chan error, 1)
	go func() { // ends with the socket
		defer c.Cut()
		defer c.Done()
		for {
			if err := c.Await(); err != nil {
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
	p, c := open(t, listener())
	ended := echo(c)
	if c.Subprotocol() != "known" {
		t.Errorf("subprotocol %q", c.Subprotocol())
	}
	for _, size := range []int{0, 1, 125, 126, 4095, 4096, 4097, 65_535, 65_536, largest} { // about the ways to write a length
		payload := strings.Repeat("x", size)
		p.write(text(payload))
		p.expect(ws.OpText, payload)
	}
	p.write(masked(true, ws.OpBinary, "\x00\xff"))
	p.expect(ws.OpBinary, "\x00\xff")
	p.write(masked(true, ws.OpClose, string(ws.NewCloseFrameBody(ws.StatusNormalClosure, "bye"))))
	p.expectClose(ws.StatusNormalClosure)
	if err := <-ended; !errors.Is(err, wire.ErrClosed) {
		t.Errorf("reading ended with %v", err)
	}
}

// TestPieces: frames come as the network likes it, not as they were written.
func TestPieces(t *testing.T) {
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
		p, c := open(t, listener(), whole[:at]...)
		echo(c)
		p.write(whole[at:])
		expect(p)
	}
	t.Run("each byte by itself", func(t *testing.T) {
		p, c := open(t, listener())
		echo(c)
		for i := range whole {
			p.write(whole[i : i+1])
		}
		expect(p)
	})
}

// TestBadFrames: whoever breaks the protocol is told how, as RFC 6455 says (sections 5 and 7.4.1).
func TestBadFrames(t *testing.T) {
	frame := func(bytes ...byte) []byte { return bytes }
	for name, test := range map[string]struct {
		frames []byte
		code   ws.StatusCode
	}{
		"not masked":                  {ws.MustCompileFrame(ws.NewTextFrame([]byte("x"))), ws.StatusProtocolError},
		"much behind it":              {append(frame(0xc1, 0x80, 0, 0, 0, 0), make([]byte, 500_000)...), ws.StatusProtocolError},
		"reserved bit":                {frame(0xc1, 0x80, 0, 0, 0, 0), ws.StatusProtocolError},
		"reserved opcode":             {frame(0x83, 0x80, 0, 0, 0, 0), ws.StatusProtocolError},
		"reserved control opcode":     {frame(0x8b, 0x80, 0, 0, 0, 0), ws.StatusProtocolError},
		"long control frame":          {masked(true, ws.OpPing, strings.Repeat("x", 126)), ws.StatusProtocolError},
		"control frame in parts":      {masked(false, ws.OpPing, "x"), ws.StatusProtocolError},
		"continuation of nothing":     {masked(true, ws.OpContinuation, "x"), ws.StatusProtocolError},
		"message within a message":    {append(masked(false, ws.OpText, "x"), text("y")...), ws.StatusProtocolError},
		"negative length":             {frame(0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0), ws.StatusProtocolError},
		"too large":                   {text(strings.Repeat("x", largest+1)), ws.StatusMessageTooBig},
		"too large, only announced":   {frame(0x81, 0xff, 0x7f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), ws.StatusMessageTooBig},
		"too large in parts":          {append(masked(false, ws.OpText, strings.Repeat("x", largest)), masked(true, ws.OpContinuation, "x")...), ws.StatusMessageTooBig},
		"close with half a code":      {masked(true, ws.OpClose, "\x03"), ws.StatusProtocolError},
		"close with a reserved code":  {masked(true, ws.OpClose, "\x03\xed"), ws.StatusProtocolError}, // 1005
		"close with an unknown code":  {masked(true, ws.OpClose, "\x00\x07"), ws.StatusProtocolError},
		"close with a reason in bits": {masked(true, ws.OpClose, "\x03\xe8\xff\xfe"), ws.StatusProtocolError},
		"close":                       {masked(true, ws.OpClose, ""), 0},
		"close with a code of theirs": {masked(true, ws.OpClose, string(ws.NewCloseFrameBody(4321, "mine"))), 4321},
		"something behind close":      {append(masked(true, ws.OpClose, "\x03\xe8"), text("x")...), ws.StatusNormalClosure},
	} {
		t.Run(name, func(t *testing.T) {
			p, c := open(
				t,
				&wire.Listener{Message: largest, Write: patience, Goodbye: 50 * time.Millisecond},
			)
			ended := echo(c)
			p.write(test.frames)
			p.expectClose(test.code)
			if err := <-ended; err == nil {
				t.Error("reading goes on")
			}
			if _, err := p.in.ReadByte(); err == nil {
				t.Error("something comes behind the close frame")
			}
		})
	}
}

// TestClose is the closing handshake when the server begins it.
func TestClose(t *testing.T) {
	p, c := open(
		t,
		&wire.Listener{Message: largest, Write: patience, Goodbye: 200 * time.Millisecond},
	)
	ended := echo(c)
	c.Close(4400, strings.Repeat("r", 200))
	c.Close(4401, "a second one")
	if reason := p.expectClose(4400); len(reason) != 123 {
		t.Errorf("a reason of %d bytes", len(reason))
	}
	if err := c.Write(wire.Text([]byte("late"))); !errors.Is(err, wire.ErrClosed) {
		t.Errorf("a write behind the close frame: %v", err)
	}
	if c.Try(wire.Text([]byte("late"))) {
		t.Error("a frame was written behind the close frame")
	}
	p.write(text("late")) // is read, and not answered
	select {
	case err := <-ended:
		t.Errorf("reading ended before the close frame was answered: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	p.write(masked(true, ws.OpClose, string(ws.NewCloseFrameBody(4400, ""))))
	if err := <-ended; !errors.Is(err, wire.ErrClosed) {
		t.Errorf("reading ended with %v", err)
	}
	if rest, err := io.ReadAll(p.in); len(rest) > 0 || err != nil {
		t.Errorf("behind the close frame: %q, %v", rest, err)
	}

	t.Run("which nobody answers", func(t *testing.T) {
		_, c := open(
			t,
			&wire.Listener{Message: largest, Write: patience, Goodbye: 50 * time.Millisecond},
		)
		ended := echo(c)
		c.Close(1012, "")
		if err := <-ended; err == nil {
			t.Error("reading goes on")
		}
	})
}

// TestHeard: pings, pongs and messages are signs of life.
func TestHeard(t *testing.T) {
	p, c := open(t, listener())
	echo(c)
	if err := c.Ping(); err != nil {
		t.Fatal(err)
	}
	p.expect(ws.OpPing, "")
	if c.Heard() {
		t.Error("heard something of a silent client")
	}
	p.write(masked(true, ws.OpPong, ""))
	p.write(masked(true, ws.OpPing, "x"))
	p.expect(ws.OpPong, "x")
	if !c.Heard() || c.Heard() {
		t.Error("the pong and the ping are heard once")
	}
}

package wire_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"parley/internal/wire"
)

// hijacked is a response whose connection is a pipe.
type hijacked struct {
	http.ResponseWriter
	conn net.Conn
}

func (h hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReader(h.conn), bufio.NewWriter(h.conn)), nil
}

// FuzzRead: whatever a client sends, reading comes to an end, and no message is larger than it may
// be.
func FuzzRead(f *testing.F) {
	f.Add([]byte(nil))
	f.Add(text("hello"))
	f.Add(
		bytes.Join(
			[][]byte{
				masked(false, ws.OpText, "a"),
				masked(true, ws.OpPing, "b"),
				masked(true, ws.OpContinuation, "c"),
			},
			nil,
		),
	)
	f.Add(masked(true, ws.OpClose, "\x03\xe8bye"))
	f.Add([]byte{0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, sent []byte) {
		const most = 1000
		l := &wire.Listener{Message: most, Write: time.Second, Goodbye: time.Millisecond}
		theirs, ours := net.Pipe()
		client := make(chan struct{})
		go func() { // ends when the server hangs up
			defer close(client)
			defer theirs.Close()
			go func() { _, _ = io.Copy(io.Discard, theirs) }() // ends with it
			_, _ = theirs.Write(sent)
		}()
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://host/", http.NoBody)
		for name, value := range map[string]string{
			"Upgrade": "websocket", "Connection": "Upgrade", "Sec-Websocket-Version": "13",
			"Sec-Websocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
		} {
			r.Header.Set(name, value)
		}
		c, err := l.Open(hijacked{nil, ours}, r, func(string) bool { return true })
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			var data []byte
			if _, data, err = c.Read(); len(data) > most {
				t.Errorf("a message of %d bytes", len(data))
			}
		}
		c.Cut()
		c.Wait()
		<-client
	})
}

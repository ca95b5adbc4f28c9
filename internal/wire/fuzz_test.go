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

// FuzzRead: for all input of a client, Read ends, and returns no message above the limit.
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
		const maxBytes = 1000
		u := &wire.Upgrader{
			MaxMessageBytes: maxBytes,
			WriteTimeout:    time.Second,
			CloseTimeout:    time.Millisecond,
		}
		clientConn, serverConn := net.Pipe()
		client := make(chan struct{})
		go func() { // ends when the server closes the connection
			defer close(client)
			defer clientConn.Close()
			go func() { _, _ = io.Copy(io.Discard, clientConn) }() // ends with clientConn
			_, _ = clientConn.Write(sent)
		}()
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://host/", http.NoBody)
		for name, value := range map[string]string{
			"Upgrade": "websocket", "Connection": "Upgrade", "Sec-Websocket-Version": "13",
			"Sec-Websocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
		} {
			r.Header.Set(name, value)
		}
		c, err := u.Upgrade(hijacked{nil, serverConn}, r, func(string) bool { return true })
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			var data []byte
			if _, data, err = c.Read(); len(data) > maxBytes {
				t.Errorf("a message of %d bytes", len(data))
			}
		}
		c.Abort()
		c.Wait()
		<-client
	})
}

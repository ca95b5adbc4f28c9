package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"
)

const subprotocol = "graphql-transport-ws"

// Opcodes of RFC 6455, section 5.2.
const (
	opText  = 1
	opClose = 8
)

// connectTimeout is how long a server may take to accept a socket.
const connectTimeout = 20 * time.Second

// socket is a WebSocket client. It does as little work as possible, since it shares the
// machine with the server.
type socket struct {
	conn   net.Conn
	in     *bufio.Reader
	buffer []byte
}

// dial opens a WebSocket. receiveBuffer is the size of the kernel's buffer in bytes; 0 is the
// default.
func dial(ctx context.Context, addr, path string, receiveBuffer int) (*socket, error) {
	dialer := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) error {
		return setBuffer(raw, syscall.SO_RCVBUF, receiveBuffer)
	}}
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	w := &socket{conn: conn, in: bufio.NewReaderSize(conn, 2<<10)}
	if err := w.upgrade(addr, path); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return w, nil
}

func (w *socket) upgrade(addr, path string) error {
	_ = w.conn.SetDeadline(time.Now().Add(connectTimeout))
	// The key is that of RFC 6455's example, since there is no cache between client and server.
	if _, err := fmt.Fprintf(
		w.conn,
		"GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: %s\r\n\r\n",
		path,
		addr,
		subprotocol,
	); err != nil {
		return err
	}
	response, err := http.ReadResponse(w.in, nil)
	if err != nil {
		return fmt.Errorf("upgrade: %w", err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusSwitchingProtocols {
		return fmt.Errorf("upgrade: %s", response.Status)
	}
	return w.conn.SetDeadline(time.Time{})
}

// read returns the next frame, which is valid until the next call. The server's frames are whole
// messages without masks.
func (w *socket) read() (opcode byte, payload []byte, err error) {
	var head [8]byte
	if _, err := io.ReadFull(w.in, head[:2]); err != nil {
		return 0, nil, err
	}
	opcode = head[0] & 0x0f
	size := uint64(head[1] & 0x7f)
	switch size {
	case 126:
		_, err = io.ReadFull(w.in, head[:2])
		size = uint64(binary.BigEndian.Uint16(head[:2]))
	case 127:
		_, err = io.ReadFull(w.in, head[:8])
		size = binary.BigEndian.Uint64(head[:8])
	}
	if err != nil {
		return 0, nil, err
	}
	if size > 1<<20 {
		return 0, nil, fmt.Errorf("a frame of %d bytes", size)
	}
	if int(size) > cap(w.buffer) {
		w.buffer = make([]byte, size)
	}
	payload = w.buffer[:size]
	_, err = io.ReadFull(w.in, payload)
	return opcode, payload, err
}

// write sends a text of less than 64 KiB, masked with zero.
func (w *socket) write(text string) error {
	var frame strings.Builder
	frame.WriteByte(0x80 | opText)
	if len(text) < 126 {
		frame.WriteByte(0x80 | byte(len(text)))
	} else {
		frame.Write([]byte{0x80 | 126, byte(len(text) >> 8), byte(len(text))})
	}
	frame.Write(make([]byte, 4))
	frame.WriteString(text)
	_, err := io.WriteString(w.conn, frame.String())
	return err
}

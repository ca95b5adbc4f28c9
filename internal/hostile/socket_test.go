package hostile_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gobwas/ws"
)

// protocol is the subprotocol of graphql-ws.
const protocol = "graphql-transport-ws"

// socket is a WebSocket that a goroutine reads until it is closed.
type socket struct {
	conn net.Conn
	in   io.Reader
	// on, if set before listen, is called with each message except pings and pongs.
	on func(frame)

	writing sync.Mutex
	mu      sync.Mutex
	changed *sync.Cond
	// Guarded by mu. seen counts messages by type, and errors the error messages by code. code is
	// the server's close code: 0 while the socket is open, 1006 if it ended without a close frame.
	seen   map[string]int
	errors map[string]int
	code   int
	closed chan struct{}
}

// frame is a message of the subprotocol.
type frame struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// refused is the outcome of a failed handshake.
type refused struct{ outcome string }

func (r *refused) Error() string { return "the handshake: " + r.outcome }

// outcomeOf returns the outcome of a dial.
func outcomeOf(err error) string {
	var r *refused
	switch {
	case err == nil:
		return ok
	case errors.As(err, &r):
		return r.outcome
	default:
		return noResponse
	}
}

// open opens a WebSocket without reading from it. receive is the size of the kernel's receive buffer,
// or 0 for the default.
func (c *client) open(ctx context.Context, receive int) (*socket, error) {
	s := &socket{seen: map[string]int{}, errors: map[string]int{}, closed: make(chan struct{})}
	s.changed = sync.NewCond(&s.mu)
	header := http.Header{}
	if c.address != "" {
		header.Set("X-Forwarded-For", c.address)
	}
	var r refused
	dialer := ws.Dialer{
		Timeout:   testTimeout,
		Header:    ws.HandshakeHeaderHTTP(header),
		Protocols: []string{protocol},
		NetDial: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			if tcp, isTCP := conn.(*net.TCPConn); isTCP && receive > 0 {
				err = errors.Join(err, tcp.SetReadBuffer(receive))
			}
			return conn, err
		},
		OnStatusError: func(status int, _ []byte, response io.Reader) {
			r.outcome = strconv.Itoa(status)
			if body, err := http.ReadResponse(bufio.NewReader(response), nil); err == nil {
				defer body.Body.Close()
				var answer reply
				if json.NewDecoder(body.Body).Decode(&answer) == nil {
					r.outcome += " " + answer.code()
				}
			}
		},
	}
	conn, buffered, _, err := dialer.Dial(
		ctx,
		"ws"+strings.TrimPrefix(c.server.URL, "http")+"/graphql",
	)
	if err != nil {
		if r.outcome != "" {
			err = &r
		}
		return nil, err
	}
	s.conn, s.in = conn, conn
	if buffered != nil {
		s.in = buffered
	}
	return s, nil
}

// listen reads until the socket is closed. It ends with the connection.
func (s *socket) listen() {
	defer close(s.closed)
	defer s.changed.Broadcast()
	code := 1006
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.code = code
	}()
	defer s.conn.Close()
	for {
		header, err := ws.ReadHeader(s.in)
		if err != nil {
			return
		}
		payload := make([]byte, header.Length)
		if _, err := io.ReadFull(s.in, payload); err != nil {
			return
		}
		switch header.OpCode {
		case ws.OpClose:
			status, _ := ws.ParseCloseFrameData(payload)
			code = int(status)
			_ = s.write(ws.OpClose, payload) // the connection ends either way
			return
		case ws.OpPing:
			_ = s.write(ws.OpPong, payload) // the next read reports an error
		case ws.OpText:
			s.handle(payload)
		default:
		}
	}
}

func (s *socket) handle(payload []byte) {
	var f frame
	if json.Unmarshal(payload, &f) != nil {
		f.Type = "unreadable"
	}
	if f.Type == "ping" {
		_ = s.send(frame{Type: "pong"}) // the next read reports an error
	}
	s.mu.Lock()
	s.seen[f.Type]++
	if f.Type == "error" {
		s.errors[codeOf(f.Payload)]++
	}
	s.mu.Unlock()
	if s.on != nil && f.Type != "ping" && f.Type != "pong" {
		s.on(f)
	}
	s.changed.Broadcast()
}

// codeOf returns the error code of an error payload.
func codeOf(payload json.RawMessage) string {
	var errs []replyError
	if json.Unmarshal(payload, &errs) != nil {
		return ""
	}
	return reply{Errors: errs}.code()
}

// connect opens a WebSocket, starts to read it and sends connection_init. on may be nil. The caller
// closes it.
func (c *client) connect(ctx context.Context, on func(frame)) (*socket, error) {
	s, err := c.open(ctx, 0)
	if err != nil {
		return nil, err
	}
	s.on = on
	go s.listen() // ends with the connection
	payload := vars{}
	if c.token != "" {
		payload["authorization"] = "Bearer " + c.token
	}
	if err := s.send(frame{Type: "connection_init", Payload: encode(payload)}); err != nil {
		s.close()
		return nil, err
	}
	if !s.await(ctx, func() bool { return s.seen["connection_ack"] > 0 }) {
		s.close()
		return nil, fmt.Errorf(
			"no connection_ack: %w",
			&refused{"close " + strconv.Itoa(s.closeCode())},
		)
	}
	return s, nil
}

// await waits until done returns true, or the socket is closed or [testTimeout] is over, and returns the
// last result. It locks the socket while done runs.
func (s *socket) await(ctx context.Context, done func() bool) bool {
	ctx, cancel := context.WithTimeout(ctx, testTimeout)
	defer cancel()
	stop := context.AfterFunc(ctx, s.changed.Broadcast)
	defer stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for !done() && s.code == 0 && ctx.Err() == nil {
		s.changed.Wait()
	}
	return done()
}

// closeCode returns the server's close code, or 0 if the socket is open.
func (s *socket) closeCode() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.code
}

// count returns the number of messages of a type.
func (s *socket) count(kind string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[kind]
}

// subscribe sends a subscribe message.
func (s *socket) subscribe(id string, payload any) error {
	return s.send(frame{ID: id, Type: "subscribe", Payload: encode(payload)})
}

func (s *socket) send(f frame) error { return s.write(ws.OpText, encode(f)) }

// write sends a message with a zero mask, which costs nothing.
func (s *socket) write(op ws.OpCode, payload []byte) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.conn.SetWriteDeadline(time.Now().Add(testTimeout)); err != nil {
		return err
	}
	head := ws.Header{Fin: true, OpCode: op, Masked: true, Length: int64(len(payload))}
	var whole bytes.Buffer
	if err := ws.WriteHeader(&whole, head); err != nil {
		return err
	}
	whole.Write(payload)
	_, err := whole.WriteTo(s.conn)
	return err
}

// begin sends the header of a text message of size bytes, and a part of its payload.
func (s *socket) begin(size int64, some []byte) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	head := ws.Header{Fin: true, OpCode: ws.OpText, Masked: true, Length: size}
	if err := ws.WriteHeader(s.conn, head); err != nil {
		return err
	}
	_, err := s.conn.Write(some)
	return err
}

// close ends the connection.
func (s *socket) close() { _ = s.conn.Close() }

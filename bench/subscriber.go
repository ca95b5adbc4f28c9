package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// subscriber is one socket with at most one subscription at a time.
type subscriber struct {
	room   string
	socket *socket

	// held pauses reading while it is locked.
	held sync.Mutex
	// seen is the number of the last message received, and lost the number of missing messages before it.
	seen atomic.Int64
	lost atomic.Int64

	mu        sync.Mutex
	latencies []time.Duration
	// ended is the reason why reading ended, and code the server's close code.
	ended error
	code  uint16
	done  chan struct{}
}

// connect opens a socket for a user and reads from it until it is closed.
func connect(t *target, room, person string, receiveBuffer int) (*subscriber, error) {
	w, err := dial(t.ctx, t.process.addr, "/graphql?room="+room, receiveBuffer)
	if err != nil {
		return nil, err
	}
	s := &subscriber{room: room, socket: w, done: make(chan struct{})}
	if t.process.kind != bare {
		if err := s.initialise(t.token(person)); err != nil {
			_ = w.conn.Close()
			return nil, err
		}
	}
	go s.listen() // ends when the socket is closed
	return s, nil
}

func (s *subscriber) initialise(token string) error {
	if err := s.socket.write(
		`{"type":"connection_init","payload":{"authorization":"` + token + `"}}`,
	); err != nil {
		return err
	}
	_ = s.socket.conn.SetReadDeadline(time.Now().Add(connectTimeout))
	_, payload, err := s.socket.read()
	if err != nil {
		return fmt.Errorf("initialise: %w", err)
	}
	_ = s.socket.conn.SetReadDeadline(time.Time{})
	if !bytes.Contains(payload, []byte("connection_ack")) {
		return fmt.Errorf("initialise: the server says %s", payload)
	}
	return nil
}

// subscribe subscribes to messages with an operation id.
func (s *subscriber) subscribe(id, query string) error {
	payload, err := json.Marshal(
		map[string]any{"query": query, "variables": map[string]any{"room": s.room}},
	)
	if err != nil {
		return err
	}
	return s.socket.write(
		`{"id":"` + id + `","type":"subscribe","payload":` + string(payload) + `}`,
	)
}

func (s *subscriber) complete(id string) error {
	return s.socket.write(`{"id":"` + id + `","type":"complete"}`)
}

func (s *subscriber) listen() {
	defer close(s.done)
	for {
		s.held.Lock()
		s.held.Unlock() //nolint:staticcheck // waits while the test holds it
		opcode, payload, err := s.socket.read()
		now := time.Now()
		switch {
		case err == nil && opcode == opText && s.handle(payload, now):
			continue
		case err == nil && opcode == opClose && len(payload) >= 2:
			s.code = binary.BigEndian.Uint16(payload)
			err = fmt.Errorf("closed with %d %s", s.code, payload[2:])
		case err == nil:
			err = fmt.Errorf("the server says %s", payload)
		}
		s.mu.Lock()
		s.ended = err
		s.mu.Unlock()
		return
	}
}

// Contents are the message's number in its room and when it was sent, in ns: `"contents":"17
// 1700000000000000000 …"`.
func (s *subscriber) handle(payload []byte, now time.Time) bool {
	_, contents, found := bytes.Cut(payload, []byte(`"contents":"`))
	if !found {
		return s.isExpected(payload)
	}
	number, rest, _ := bytes.Cut(contents, []byte(" "))
	sent, _, _ := bytes.Cut(rest, []byte(" "))
	n, err := strconv.ParseInt(string(number), 10, 64)
	if err != nil {
		return false
	}
	at, err := strconv.ParseInt(string(sent), 10, 64)
	if err != nil {
		return false
	}
	s.mu.Lock()
	s.latencies = append(s.latencies, now.Sub(time.Unix(0, at)))
	s.mu.Unlock()
	if seen := s.seen.Load(); seen > 0 && n != seen+1 {
		s.lost.Add(max(n-seen-1, 1)) // a repeated or late message breaks the order
	}
	s.seen.Store(n)
	return true
}

// isExpected reports whether the message is an expected one.
func (s *subscriber) isExpected(payload []byte) bool {
	switch {
	case bytes.Contains(payload, []byte(`"ping"`)):
		return s.socket.write(`{"type":"pong"}`) == nil
	case bytes.Contains(payload, []byte(`"OPENED"`)), bytes.Contains(payload, []byte(`"READY"`)),
		bytes.Contains(payload, []byte(`"StreamOpened"`)),
		bytes.Contains(payload, []byte(`"complete"`)), bytes.Contains(payload, []byte(`"pong"`)):
		return true
	default:
		return false
	}
}

// reset starts a new measurement.
func (s *subscriber) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latencies = s.latencies[:0]
	s.lost.Store(0)
}

// result returns how long messages took since reset, and why the socket is closed.
func (s *subscriber) result() ([]time.Duration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]time.Duration(nil), s.latencies...), s.ended
}

func (s *subscriber) close() {
	_ = s.socket.conn.Close()
	<-s.done
}

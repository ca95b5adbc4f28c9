package conns_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parley/internal/conns"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type server struct {
	*conns.Listener
	t       *testing.T
	release chan struct{}
	mu      sync.Mutex
	reached map[string]int
	states  map[net.Conn]http.ConnState
	// started counts the requests that have reached the handler, and read those whose body the handler
	// has read.
	started, read int
}

// serve starts a server with a limit of connections. /wait does not respond before the test ends. The
// response of /large is larger than the buffers of a connection.
func serve(t *testing.T, limit, reserve int) *server {
	t.Helper()
	inner, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{
		t:       t,
		release: make(chan struct{}),
		reached: map[string]int{},
		states:  map[net.Conn]http.ConnState{},
	}
	s.Listener = conns.NewListener(inner, limit, reserve, func(name string) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.reached[name]++
	})
	h := &http.Server{
		ReadHeaderTimeout: time.Minute, ConnContext: s.ConnContext,
		ConnState: func(c net.Conn, state http.ConnState) {
			s.ConnState(c, state)
			s.mu.Lock()
			defer s.mu.Unlock()
			s.states[c] = state
		},
		Handler: s.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.count(&s.started)
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				return
			}
			s.count(&s.read)
			switch r.URL.Path {
			case "/wait":
				<-s.release
			case "/large":
				part, _ := strconv.Atoi(r.Header.Get("Part"))
				for range (112 << 20) / part {
					if _, err := w.Write(make([]byte, part)); err != nil {
						return
					}
				}
			}
			_, _ = fmt.Fprintf(w, "excess: %v", conns.Excess(r.Context()))
		}), func(r *http.Request) netip.Addr {
			address, _ := netip.ParseAddr(r.Header.Get("Client"))
			return address
		}),
	}
	served := make(chan error)
	go func() { served <- h.Serve(s.Listener) }() // ends with Close
	t.Cleanup(func() {
		close(s.release)
		_ = h.Close()
		<-served
	})
	return s
}

func (s *server) count(n *int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*n++
}

// waitForRequests waits until both counts are as given.
func (s *server) waitForRequests(started, read int) {
	s.t.Helper()
	s.waitFor(func(conns.Stats) bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.started == started && s.read == read
	})
}

type client struct {
	net.Conn
	t *testing.T
}

func (s *server) dial() *client {
	s.t.Helper()
	c, err := (&net.Dialer{}).DialContext(s.t.Context(), "tcp", s.Addr().String())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	return &client{c, s.t}
}

// dialAccepted returns a connection that the server has accepted.
func (s *server) dialAccepted() *client {
	open, evicted := s.Stats().Open, s.Stats().Evicted
	c := s.dial()
	s.waitFor(func(now conns.Stats) bool { return now.Open > open || now.Evicted > evicted })
	return c
}

func (s *server) waitFor(want func(conns.Stats) bool) {
	s.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !want(s.Stats()); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("timed out, the stats are %+v", s.Stats())
		}
	}
}

// waitForState waits until n connections are in a state.
func (s *server) waitForState(state http.ConnState, n int) {
	s.t.Helper()
	s.waitFor(func(conns.Stats) bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		found := 0
		for _, is := range s.states {
			if is == state {
				found++
			}
		}
		return found == n
	})
}

func (c *client) send(path string) {
	c.t.Helper()
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path); err != nil {
		c.t.Fatal(err)
	}
}

// post sends the head of a request and a part of its body, for the client at an address.
func (c *client) post(path, address string) {
	c.t.Helper()
	_, err := fmt.Fprintf(
		c,
		"POST %s HTTP/1.1\r\nHost: localhost\r\nClient: %s\r\nContent-Length: 2\r\n\r\nx",
		path,
		address,
	)
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) expect(want string) {
	c.t.Helper()
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		c.t.Fatalf("%v, want %s", err, want)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); string(body) != want {
		c.t.Errorf("%s, want %s", body, want)
	}
}

func (c *client) expectClosed() {
	c.t.Helper()
	if n, err := c.Read(make([]byte, 1)); err == nil {
		c.t.Errorf("%d bytes are read, want the end", n)
	}
}

// TestEviction: at the limit, idle connections are evicted first, then connections without a request.
// Busy connections are not evicted.
func TestEviction(t *testing.T) {
	s := serve(t, 4, 2)
	busy := s.dialAccepted()
	busy.send("/wait")
	s.waitForState(http.StateActive, 1)
	fresh := s.dialAccepted()
	var idle []*client
	for range 2 {
		c := s.dialAccepted()
		c.send("/")
		c.expect("excess: false")
		idle = append(idle, c)
		s.waitForState(http.StateIdle, len(idle))
	}
	for i := range idle {
		s.dialAccepted().send("/wait")
		idle[i].expectClosed()
		s.waitForState(http.StateActive, i+2)
	}
	s.dialAccepted().send("/wait")
	fresh.expectClosed()
	s.waitForState(http.StateActive, 4)
	if got := s.Stats(); got != (conns.Stats{Open: 4, Limit: 4, Evicted: 3}) {
		t.Errorf("%+v", got)
	}

	// All connections are busy: the server accepts two more, and closes the oldest of those for a third.
	first, second := s.dialAccepted(), s.dialAccepted()
	third := s.dialAccepted()
	first.expectClosed()
	for _, c := range []*client{second, third} {
		c.send("/")
		c.expect("excess: true")
	}
	if got := s.Stats(); got != (conns.Stats{Open: 6, Limit: 4, Evicted: 4, Excess: 3}) {
		t.Errorf("%+v", got)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reached["http_connections"] != 6 {
		t.Errorf("the reports are %v", s.reached)
	}
}

// TestSlowBodies: at the limit, the oldest connection with an incomplete request is evicted, of the
// client that has most of those. A connection with a complete request is not.
func TestSlowBodies(t *testing.T) {
	s := serve(t, 5, 1)
	complete := s.dialAccepted()
	complete.post("/wait", "10.0.0.1")
	if _, err := complete.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	s.waitForRequests(1, 1)
	var slow []*client
	for i, address := range []string{"10.0.0.2", "10.0.0.3", "10.0.0.3", "10.0.0.3"} {
		c := s.dialAccepted()
		c.post("/", address)
		s.waitForRequests(2+i, 1)
		slow = append(slow, c)
	}
	// At the third both addresses have one connection.
	for i, closed := range []*client{slow[1], slow[2], slow[0]} {
		s.dialAccepted().send("/wait")
		closed.expectClosed()
		s.waitForRequests(6+i, 2+i)
	}
	if _, err := slow[3].Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	slow[3].expect("excess: false")
	if got := s.Stats(); got != (conns.Stats{Open: 5, Limit: 5, Evicted: 3}) {
		t.Errorf("%+v", got)
	}
}

// TestUnreadResponses: at the limit, the oldest connection whose client does not read its response, or
// reads it slowly, is evicted, of the client that has most of those. Other busy connections are not.
func TestUnreadResponses(t *testing.T) {
	const size = 64 << 20 // more than the buffers of a connection
	for name, part := range map[string]int{"not read": size, "read slowly": 4 << 10} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, 4, 1)
			busy := s.dialAccepted()
			busy.send("/wait")
			s.waitForRequests(1, 1)
			var unread []*client
			for _, address := range []string{"10.0.0.2", "10.0.0.3", "10.0.0.3"} {
				c := s.dialAccepted()
				_, err := fmt.Fprintf(
					c,
					"GET /large HTTP/1.1\r\nHost: localhost\r\nClient: %s\r\nPart: %d\r\n\r\n",
					address,
					part,
				)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
					t.Fatal(err)
				}
				unread = append(unread, c)
			}
			for end := time.Now().Add(2 * conns.StalledAfter); time.Now().Before(end); {
				for _, c := range unread {
					if part == size {
						continue
					}
					// No write takes as long as StalledAfter.
					if _, err := io.CopyN(io.Discard, c, 1<<20); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(conns.StalledAfter / 20)
			}
			for i, want := range []int{1, 2} {
				s.dialAccepted().send("/wait")
				s.waitForRequests(5+i, 5+i)
				if got := s.Stats(); got.Evicted != int64(want) || got.Excess != 0 {
					t.Errorf("%+v", got)
				}
			}
			if got := s.Stats(); got != (conns.Stats{Open: 4, Limit: 4, Evicted: 2}) {
				t.Errorf("%+v", got)
			}
			// The connection that was not evicted continues.
			whole := 0
			for _, c := range unread {
				if n, _ := io.CopyN(io.Discard, c, size); n == size {
					whole++
				}
			}
			if whole != 1 {
				t.Errorf("%d responses are complete, want 1", whole)
			}
		})
	}
}

// TestClosed: closed connections no longer count.
func TestClosed(t *testing.T) {
	s := serve(t, 2, 1)
	for range 10 {
		c := s.dialAccepted()
		c.send("/")
		c.expect("excess: false")
		_ = c.Close()
		s.waitFor(func(now conns.Stats) bool { return now.Open == 0 })
	}
	if got := s.Stats(); got.Evicted != 0 || got.Excess != 0 {
		t.Errorf("%+v", got)
	}
}

package torture_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// screen is a client with one subscription at a time, which loses its connection repeatedly and
// subscribes again. Each kind of subscriber has one.
type screen struct {
	url    string
	token  string
	name   string
	rng    *rand.Rand
	faults *faults
	// stopCuts is closed when connections must no longer be cut.
	stopCuts <-chan struct{}
	cuts     int // by the test, without those of a killed server
}

const (
	// maxStreamTime is the longest connection.
	maxStreamTime = 1500 * time.Millisecond
	// maxReconnectPause is the longest time between two connections, and maxRemovedPause that of a removed
	// guest.
	maxReconnectPause = 100 * time.Millisecond
	maxRemovedPause   = time.Second
)

// run opens connections until ctx ends. It calls follow with each, which subscribes and reads to its
// end; an error of it is a fault of the server. Between two connections it pauses, not longer than
// maxPause returns.
func (s *screen) run(
	ctx context.Context, follow func(*websocket.Conn) error, maxPause func() time.Duration,
) {
	for ctx.Err() == nil {
		if err := s.once(ctx, follow); err != nil && ctx.Err() == nil {
			s.faults.add("%s: %v", s.name, err)
		}
		pause(ctx, time.Duration(s.rng.Int64N(int64(maxPause()))))
	}
}

// once opens a connection, calls follow with it, and closes it.
func (s *screen) once(ctx context.Context, follow func(*websocket.Conn) error) error {
	conn, tcp, err := s.connect(ctx)
	if err != nil {
		return nil // the server is down
	}
	defer func() { _ = conn.CloseNow() }()
	defer s.cutAtRandom(ctx, tcp)()
	return follow(conn)
}

// errEnded means that the connection has ended, which may happen at any time.
var errEnded = errors.New("the connection has ended")

// cutsStopped reports whether connections must no longer be cut.
func (s *screen) cutsStopped() bool {
	select {
	case <-s.stopCuts:
		return true
	default:
		return false
	}
}

// connect opens an authenticated connection. It returns its TCP connection too, for [cutAtRandom].
func (s *screen) connect(ctx context.Context) (*websocket.Conn, *net.TCPConn, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	var tcp *net.TCPConn
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			tcp = conn.(*net.TCPConn) //nolint:errcheck,forcetypeassert // the network is tcp
			return conn, nil
		},
	}
	//nolint:bodyclose // a WebSocket's response has no body
	conn, _, err := websocket.Dial(
		ctx,
		"ws"+strings.TrimPrefix(s.url, "http")+"/graphql",
		&websocket.DialOptions{
			Subprotocols: []string{
				"graphql-transport-ws",
			},
			HTTPClient: &http.Client{Transport: transport},
		},
	)
	if err != nil {
		return nil, nil, err
	}
	err = send(ctx, conn, "connection_init", vars{"authorization": "Bearer " + s.token})
	if err == nil {
		_, err = receive(ctx, conn, "connection_ack")
	}
	if err != nil {
		return nil, nil, errors.Join(err, conn.CloseNow())
	}
	return conn, tcp, nil
}

// cutAtRandom closes the TCP connection at a random moment without a close frame, half of the time with
// a reset. The caller must call done when it no longer uses the connection.
func (s *screen) cutAtRandom(ctx context.Context, tcp *net.TCPConn) (done func()) {
	ctx, cancel := context.WithCancel(ctx)
	after, reset := time.Duration(s.rng.Int64N(int64(maxStreamTime))), s.rng.IntN(2) == 0
	result := make(chan bool)
	go func() { // ends with ctx
		cut := false
		select {
		case <-time.After(after):
			if reset {
				_ = tcp.SetLinger(0)
			}
			_ = tcp.Close()
			cut = true
		case <-s.stopCuts:
		case <-ctx.Done():
		}
		result <- cut
	}()
	return func() {
		cancel()
		if <-result {
			s.cuts++
		}
	}
}

// frame is a message of graphql-transport-ws.
type frame struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

func send(ctx context.Context, conn *websocket.Conn, kind string, payload vars) error {
	raw, err := json.Marshal(payload)
	if err != nil {
		return err
	}
	f := frame{Type: kind, Payload: raw}
	if kind == "subscribe" {
		f.ID = "s"
	}
	if err := wsjson.Write(ctx, conn, f); err != nil {
		return errEnded
	}
	return nil
}

// receive returns the payload of the next message, which must be of the kind.
func receive(ctx context.Context, conn *websocket.Conn, kind string) (json.RawMessage, error) {
	for {
		_, raw, err := conn.Read(ctx)
		if err != nil {
			return nil, errEnded
		}
		var f frame
		if err := json.Unmarshal(raw, &f); err != nil {
			return nil, fmt.Errorf("%q: %w", raw, err)
		}
		switch f.Type {
		case kind:
			return f.Payload, nil
		case "ping":
			if err := wsjson.Write(ctx, conn, frame{Type: "pong"}); err != nil {
				return nil, errEnded
			}
		case "pong":
		case "error":
			var errs []replyError
			if err := json.Unmarshal(f.Payload, &errs); err != nil || len(errs) == 0 {
				return nil, fmt.Errorf("an error message without errors: %s", raw)
			}
			return nil, resumable(errs[0].refusal())
		default:
			return nil, fmt.Errorf("want %s, got %s", kind, raw)
		}
	}
}

// next returns the next item of a subscription.
func next[T any](ctx context.Context, conn *websocket.Conn) (it T, err error) {
	raw, err := receive(ctx, conn, "next")
	if err != nil {
		return it, err
	}
	var r reply
	if err := json.Unmarshal(raw, &r); err != nil {
		return it, fmt.Errorf("%q: %w", raw, err)
	}
	var data struct{ Item T }
	if err := r.decode(&data); err != nil {
		return it, resumable(err)
	}
	return data.Item, nil
}

// resumable returns errEnded if the subscriber must resume after err, else err.
func resumable(err error) error {
	if retriable(err) {
		return errEnded
	}
	return err
}

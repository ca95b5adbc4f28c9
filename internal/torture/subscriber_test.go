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
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

const (
	messageAdded = `subscription($room: ID!, $after: Int) { item: messageAdded(roomId: $room, after: $after) {
		__typename seq id idempotencyKey } }`
	roomEvents = `subscription($room: ID!, $after: Int) { item: roomEvents(roomId: $room, after: $after) {
		__typename seq room { seq }
		... on MemberJoined { user { id } }
		... on MemberLeft { user { id } reason }
		... on MessageAdded { message { id seq idempotencyKey contents } }
		... on MessageEdited { message { id seq idempotencyKey contents } }
		... on MessageDeleted { message { id seq idempotencyKey contents } }
		... on ReactionsChanged { message { id seq idempotencyKey contents reactions { emoji count } } } } }`
)

// item is an item of either subscription.
type item struct {
	Typename string `json:"__typename"`
	Seq      int64
	messageKey
	Message *messageKey
	User    *struct{ ID string }
	Reason  string
	// Room is the room that an event shows.
	Room struct{ Seq int64 }
}

// messageKey identifies a message.
type messageKey struct {
	ID             string
	IdempotencyKey string
}

// stream records one connection.
type stream struct {
	after    int64
	seqs     []int64
	received []received // for each of the seqs
	begun    time.Time
	// opened is the seq of StreamOpened, or -1 without one.
	opened int64
	// refused is the code with which the server ended the stream, at ended. Empty if it was cut.
	refused string
	ended   time.Time
}

// received is the arrival of an item, with the seq of the room that it shows.
type received struct {
	at   time.Time
	room int64
}

// subscriber subscribes to one room, loses its connection repeatedly, and resumes after the last seq.
type subscriber struct {
	url    string
	token  string
	name   string
	rng    *rand.Rand
	room   *ledger
	events bool // roomEvents, else messageAdded
	faults *faults
	// calm is closed when connections must no longer be cut.
	calm <-chan struct{}
	// guest: the moderator removes this subscriber and adds it again. Only the moderator may access
	// absences until it has ended.
	guest    bool
	absences []*absence

	reached   atomic.Int64 // the seq of the last item
	refusedAt atomic.Int64 // the last subscribe that the server refused, in nanoseconds since 1970
	streams   []stream
	cuts      int // by the test, without those of a killed server
}

const (
	// longestStream is the longest connection.
	longestStream = 1500 * time.Millisecond
	// longestAway is the longest time between two connections, and longestOutside that of a removed
	// guest.
	longestAway    = 100 * time.Millisecond
	longestOutside = time.Second
)

// run subscribes again and again until ctx ends.
func (s *subscriber) run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := s.follow(ctx); err != nil && ctx.Err() == nil {
			s.faults.add("%s: %v", s.name, err)
		}
		longest := longestAway
		if n := len(s.streams); n > 0 && s.streams[n-1].refused != "" {
			longest = longestOutside
		}
		pause(ctx, time.Duration(s.rng.Int64N(int64(longest))))
	}
}

// errEnded means that the connection has ended, which may happen at any time.
var errEnded = errors.New("the connection has ended")

// follow reads one connection to its end. Its error is a fault of the server.
func (s *subscriber) follow(ctx context.Context) error {
	conn, cut, err := s.connect(ctx)
	if err != nil {
		return nil // the server is down
	}
	defer func() { _ = conn.CloseNow() }()
	defer s.cutLater(ctx, cut)()

	after := s.reached.Load()
	if s.rng.IntN(5) == 0 { // as client libraries that reconnect automatically do
		after = max(0, after-s.rng.Int64N(30))
	}
	s.streams = append(s.streams, stream{after: after, begun: time.Now(), opened: -1})
	query := messageAdded
	if s.events {
		query = roomEvents
	}
	err = send(
		ctx,
		conn,
		"subscribe",
		vars{"query": query, "variables": vars{"room": s.room.roomID, "after": after}},
	)
	for first := true; err == nil; first = false {
		if !s.isCalm() && s.rng.IntN(200) == 0 { // a slow network
			pause(ctx, 100*time.Millisecond)
		}
		var it item
		if it, err = next(ctx, conn); err == nil {
			err = s.take(it, first)
		}
	}
	if errors.Is(err, errEnded) || s.guest && s.recordRefusal(err) {
		return nil
	}
	return fmt.Errorf("after %d: %w", after, err)
}

// recordRefusal records that the server ended or refused the current stream because the subscriber is
// not a member; a private room is then NOT_FOUND. The judge decides whether the server was right.
func (s *subscriber) recordRefusal(err error) bool {
	var r *refusal
	if !errors.As(err, &r) || r.code != "MEMBERSHIP_ENDED" && r.code != "NOT_FOUND" {
		return false
	}
	current := &s.streams[len(s.streams)-1]
	current.refused, current.ended = r.code, time.Now()
	if r.code == "NOT_FOUND" {
		s.refusedAt.Store(current.begun.UnixNano())
	}
	return true
}

// take records an item of the current stream.
func (s *subscriber) take(it item, first bool) error {
	opened := it.Typename == "StreamOpened"
	if opened != (s.events && first) {
		return fmt.Errorf(
			"%s at %d, first: %v; StreamOpened is the first item and no other",
			it.Typename,
			it.Seq,
			first,
		)
	}
	current := &s.streams[len(s.streams)-1]
	if opened {
		if it.Seq < current.after {
			return fmt.Errorf("the stream after %d opens at %d", current.after, it.Seq)
		}
		current.opened = it.Seq
		return nil
	}
	e := event{kind: it.Typename, id: it.ID, key: it.IdempotencyKey}
	switch {
	case it.Typename == "Message":
		e.kind = "MessageAdded"
	case it.User != nil:
		e.id, e.key = it.User.ID, it.Reason
	case it.Message == nil:
		return fmt.Errorf("%s at %d without a cause", it.Typename, it.Seq)
	default:
		e.id, e.key = it.Message.ID, it.Message.IdempotencyKey
	}
	s.room.observe(it.Seq, e)
	current.seqs = append(current.seqs, it.Seq)
	current.received = append(current.received, received{time.Now(), it.Room.Seq})
	s.reached.Store(max(s.reached.Load(), it.Seq))
	return nil
}

// isCalm reports whether connections must no longer be cut.
func (s *subscriber) isCalm() bool {
	select {
	case <-s.calm:
		return true
	default:
		return false
	}
}

// connect opens an authenticated connection. It returns its TCP connection too, for [cutLater].
func (s *subscriber) connect(ctx context.Context) (*websocket.Conn, *net.TCPConn, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	var wire *net.TCPConn
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			wire = conn.(*net.TCPConn) //nolint:errcheck,forcetypeassert // the network is tcp
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
	return conn, wire, nil
}

// cutLater closes the TCP connection at a random moment without a close frame, half of the time with
// a reset. The caller must call done when it no longer uses the connection.
func (s *subscriber) cutLater(ctx context.Context, wire *net.TCPConn) (done func()) {
	ctx, cancel := context.WithCancel(ctx)
	after, reset := time.Duration(s.rng.Int64N(int64(longestStream))), s.rng.IntN(2) == 0
	over := make(chan bool)
	go func() { // ends with ctx
		cut := false
		select {
		case <-time.After(after):
			if reset {
				_ = wire.SetLinger(0)
			}
			_ = wire.Close()
			cut = true
		case <-s.calm:
		case <-ctx.Done():
		}
		over <- cut
	}()
	return func() {
		cancel()
		if <-over {
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
func next(ctx context.Context, conn *websocket.Conn) (item, error) {
	raw, err := receive(ctx, conn, "next")
	if err != nil {
		return item{}, err
	}
	var r reply
	if err := json.Unmarshal(raw, &r); err != nil {
		return item{}, fmt.Errorf("%q: %w", raw, err)
	}
	var data struct{ Item item }
	if err := r.decode(&data); err != nil {
		return item{}, resumable(err)
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

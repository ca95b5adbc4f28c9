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

// item is one of either subscription.
type item struct {
	Typename string `json:"__typename"`
	Seq      int64
	told
	Message *told
	User    *struct{ ID string }
	Reason  string
	// Room is the room as it is shown with an event.
	Room struct{ Seq int64 }
}

// told is what tells a message from others.
type told struct {
	ID             string
	IdempotencyKey string
}

// stream is what came over one connection.
type stream struct {
	after int64
	seqs  []int64
	heard []heard // beside each of the seqs
	begun time.Time
	// opened is the seq at which the server has let the subscriber in; -1 where it does not say.
	opened int64
	// refused is the code with which the server has ended it, at ended; "" where it was cut.
	refused string
	ended   time.Time
}

// heard is when an item came, and how new the room is that it shows.
type heard struct {
	at   time.Time
	room int64
}

// subscriber follows one room, is cut off again and again, and comes back with the seq it has
// reached.
type subscriber struct {
	url    string
	token  string
	name   string
	rng    *rand.Rand
	room   *ledger
	events bool // roomEvents; else messageAdded
	faults *faults
	// calm is closed when connections are no longer to be cut.
	calm <-chan struct{}
	// guest: the doorman puts them out of the room, and lets them in again. absences is the
	// doorman's until it has ended.
	guest    bool
	absences []*absence

	reached atomic.Int64 // the seq of the last item
	turned  atomic.Int64 // when it asked last and was not let in, in nanoseconds since 1970
	streams []stream
	cuts    int // by itself, not those by the server's death
}

const (
	// longestStream is how long a connection may last.
	longestStream = 1500 * time.Millisecond
	// longestAway is the longest time from one connection to the next, and longestOutside that of
	// who has been put out of the room.
	longestAway    = 100 * time.Millisecond
	longestOutside = time.Second
)

// run follows the room until ctx ends.
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

// errEnded is the end of a connection, which may come at any time.
var errEnded = errors.New("the connection has ended")

// follow follows the room over one connection. Its error is a fault of the server.
func (s *subscriber) follow(ctx context.Context) error {
	conn, cut, err := s.connect(ctx)
	if err != nil {
		return nil // the server is dead, or was killed meanwhile
	}
	defer func() { _ = conn.CloseNow() }()
	defer s.cutLater(ctx, cut)()

	after := s.reached.Load()
	if s.rng.IntN(5) == 0 { // as client libraries do that reconnect by themselves
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
	if errors.Is(err, errEnded) || s.guest && s.shownOut(err) {
		return nil
	}
	return fmt.Errorf("after %d: %w", after, err)
}

// shownOut notes that the server has ended the current stream, or not begun it, since the
// subscriber is not in the room. What a private room is to outsiders is not to be told from none at
// all. The judge decides whether it was so.
func (s *subscriber) shownOut(err error) bool {
	var r *refusal
	if !errors.As(err, &r) || r.code != "MEMBERSHIP_ENDED" && r.code != "NOT_FOUND" {
		return false
	}
	current := &s.streams[len(s.streams)-1]
	current.refused, current.ended = r.code, time.Now()
	if r.code == "NOT_FOUND" {
		s.turned.Store(current.begun.UnixNano())
	}
	return true
}

// take notes an item of the current stream.
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
		return fmt.Errorf("%s at %d, which nobody has caused", it.Typename, it.Seq)
	default:
		e.id, e.key = it.Message.ID, it.Message.IdempotencyKey
	}
	s.room.tell(it.Seq, e)
	current.seqs = append(current.seqs, it.Seq)
	current.heard = append(current.heard, heard{time.Now(), it.Room.Seq})
	s.reached.Store(max(s.reached.Load(), it.Seq))
	return nil
}

// isCalm reports whether the time of troubles is over.
func (s *subscriber) isCalm() bool {
	select {
	case <-s.calm:
		return true
	default:
		return false
	}
}

// connect opens a connection on which the server knows who is there, and returns it with what cuts
// it off.
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

// cutLater cuts the wire at a random moment, without a word, and half of the times without TCP's
// own either. Call what it returns when the connection is done with.
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
				return nil, fmt.Errorf("an error that is none: %s", raw)
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

// resumable is errEnded where the server asks its subscriber to come back.
func resumable(err error) error {
	if again(err) {
		return errEnded
	}
	return err
}

package torture_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
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
	screen
	room   *history
	events bool // roomEvents, else messageAdded
	// guest: the moderator removes this subscriber and adds it again. Only the moderator may access
	// absences until it has ended.
	guest    bool
	absences []*absence
	// ofFollower: it is a room of a follower, which connects for it.
	ofFollower bool

	reached atomic.Int64 // the seq of the last item
	// refusedAt is the last subscribe that the server refused or ended, in nanoseconds since 1970; of a
	// follower's room when it ended, 0 while it is open.
	refusedAt atomic.Int64
	streams   []stream
}

// run subscribes again and again until ctx ends.
func (s *subscriber) run(ctx context.Context) {
	s.screen.run(ctx, func(conn *websocket.Conn) error { return s.follow(ctx, conn) },
		func() time.Duration {
			if n := len(s.streams); n > 0 && s.streams[n-1].refused != "" {
				return maxRemovedPause
			}
			return maxReconnectPause
		})
}

// follow reads one connection to its end. Its error is a fault of the server.
func (s *subscriber) follow(ctx context.Context, conn *websocket.Conn) error {
	after := s.reached.Load()
	if s.rng.IntN(5) == 0 { // as client libraries that reconnect automatically do
		after = max(0, after-s.rng.Int64N(30))
	}
	s.streams = append(s.streams, stream{after: after, begun: time.Now(), opened: -1})
	query := messageAdded
	if s.events {
		query = roomEvents
	}
	err := send(
		ctx,
		conn,
		"subscribe",
		vars{"query": query, "variables": vars{"room": s.room.roomID, "after": after}},
	)
	for first := true; err == nil; first = false {
		if !s.cutsStopped() && s.rng.IntN(200) == 0 { // a slow network
			pause(ctx, 100*time.Millisecond)
		}
		var it item
		if it, err = next[item](ctx, conn); err == nil {
			err = s.record(it, first)
		}
	}
	if errors.Is(err, errEnded) || s.guest && s.recordRefusal(err) {
		return nil
	}
	return fmt.Errorf("after %d: %w", after, err)
}

// recordRefusal records that the server ended or refused the current stream because the subscriber is
// not a member. check decides whether the server was right.
func (s *subscriber) recordRefusal(err error) bool {
	var r *refusal
	if !errors.As(err, &r) || r.code != "MEMBERSHIP_ENDED" && r.code != "NOT_FOUND" {
		return false
	}
	current := &s.streams[len(s.streams)-1]
	current.refused, current.ended = r.code, time.Now()
	s.refusedAt.Store(current.begun.UnixNano())
	return true
}

// record records an item of the current stream.
func (s *subscriber) record(it item, first bool) error {
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

package torture_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/coder/websocket"
)

const myEvents = `subscription($after: [RoomPosition!]!) { item: myEvents(after: $after) { kind roomId reason
	event { __typename seq room { seq }
		... on MemberJoined { user { id } }
		... on MemberLeft { user { id } reason }
		... on MessageAdded { message { id seq idempotencyKey contents } }
		... on MessageEdited { message { id seq idempotencyKey contents } }
		... on MessageDeleted { message { id seq idempotencyKey contents } }
		... on ReactionsChanged { message { id seq idempotencyKey contents reactions { emoji count } } } } } }`

// follower follows all rooms with one subscription, loses its connection repeatedly, and resumes
// after the last seq of each room. What it receives of a room is checked as that of a subscriber to
// the room.
type follower struct {
	screen
	// rooms has the subscriber of each room, by id.
	rooms map[string]*subscriber
	// opened are the rooms that the current connection has begun with.
	opened map[string]bool
	ready  bool
}

// newFollower returns a follower with a subscriber for each of the rooms.
func newFollower(of screen, rooms []*history, guest bool) *follower {
	f := &follower{screen: of, rooms: make(map[string]*subscriber)}
	for _, room := range rooms {
		f.rooms[room.roomID] = &subscriber{
			screen: screen{name: of.name, faults: of.faults},
			room:   room, events: true, guest: guest, ofFollower: true,
		}
	}
	return f
}

// run subscribes again and again until ctx ends.
func (f *follower) run(ctx context.Context) {
	f.screen.run(ctx, func(conn *websocket.Conn) error { return f.follow(ctx, conn) },
		func() time.Duration { return maxReconnectPause })
}

// follow reads one connection to its end. Its error is a fault of the server.
func (f *follower) follow(ctx context.Context, conn *websocket.Conn) error {
	var positions []vars
	for id, part := range f.rooms {
		after := part.reached.Load()
		if f.rng.IntN(5) == 0 { // as client libraries that reconnect automatically do
			after = max(0, after-f.rng.Int64N(30))
		}
		part.begin(after)
		positions = append(positions, vars{"roomId": id, "seq": after})
	}
	f.opened, f.ready = make(map[string]bool), false
	err := send(ctx, conn, "subscribe",
		vars{"query": myEvents, "variables": vars{"after": positions}})
	for err == nil {
		if !f.cutsStopped() && f.rng.IntN(200) == 0 { // a slow network
			pause(ctx, 100*time.Millisecond)
		}
		err = f.receive(ctx, conn)
	}
	if errors.Is(err, errEnded) {
		return nil
	}
	return err
}

// sessionItem is an item of the subscription.
type sessionItem struct {
	Kind, RoomID, Reason string
	Event                *item
}

func (f *follower) receive(ctx context.Context, conn *websocket.Conn) error {
	raw, err := receive(ctx, conn, "next")
	if err != nil {
		return err
	}
	var r reply
	var data struct{ Item sessionItem }
	if err := json.Unmarshal(raw, &r); err != nil {
		return fmt.Errorf("%q: %w", raw, err)
	}
	if err := r.decode(&data); err != nil {
		return resumable(err)
	}
	if err := f.recordItem(data.Item); err != nil {
		return fmt.Errorf("%s: %w", raw, err)
	}
	return nil
}

// recordItem records an item.
func (f *follower) recordItem(it sessionItem) error {
	if it.Kind == "READY" {
		if f.ready || len(f.opened) != len(f.rooms) {
			return fmt.Errorf(
				"ready with %d of %d rooms, before: %v",
				len(f.opened),
				len(f.rooms),
				f.ready,
			)
		}
		f.ready = true
		return nil
	}
	part := f.rooms[it.RoomID]
	if part == nil {
		return errors.New("of an unknown room")
	}
	current := &part.streams[len(part.streams)-1]
	first := !f.opened[it.RoomID]
	f.opened[it.RoomID] = true
	if it.Kind == "ENDED" {
		return part.end(current, it.Reason, first)
	}
	if it.Event == nil {
		return errors.New("without an event")
	}
	if current.refused != "" { // the guest has joined again, after the end or before the connection
		part.begin(-1)
		current = &part.streams[len(part.streams)-1]
		first = true
	}
	if current.after < 0 && it.Event.Typename != "StreamOpened" {
		current.after = it.Event.Seq - 1
		if it.Event.Typename != "MemberJoined" || it.Event.User == nil ||
			it.Event.User.ID != part.name {
			return errors.New("a room that was joined does not begin with that")
		}
	}
	return part.record(*it.Event, first)
}

// begin records that a room begins after a seq, or with the event by which the user joins (-1).
func (s *subscriber) begin(after int64) {
	s.streams = append(s.streams, stream{after: after, begun: time.Now(), opened: -1})
	s.refusedAt.Store(0)
}

// end records that the user is not in the room: any more, or when the connection began.
func (s *subscriber) end(current *stream, reason string, first bool) error {
	if !s.guest || reason != "KICKED" && reason != "BANNED" || current.refused != "" {
		return fmt.Errorf("ended, guest: %v, ended before: %q", s.guest, current.refused)
	}
	current.refused, current.ended = "MEMBERSHIP_ENDED", time.Now()
	if first {
		current.refused = "NOT_FOUND"
	}
	s.refusedAt.Store(current.ended.UnixNano())
	return nil
}

//go:build unix

package torture_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"parley/internal/store"
)

// errResync ends a stream that has no Resync.
var errResync = errors.New("RESYNC")

// screens starts the subscribers: on each node, one of each kind per room, and one of myEvents and one
// of myRoomsChanged for all rooms.
func (f *failover) screens(ctx context.Context, running *sync.WaitGroup) (views []*view) {
	open := func(n int, kind, room string) *view {
		v := &view{
			failover: f, name: fmt.Sprintf("%s of node %d in %s", kind, n, room), room: room,
			reader: f.client(n, viewer(n)), rows: map[int64]string{},
		}
		views = append(views, v)
		return v
	}
	for n := range failoverNodes {
		all := map[string]*view{}
		for _, room := range f.rooms {
			events := open(n, "roomEvents", room)
			running.Go(func() { f.keepSubscribed(ctx, []*view{events}, f.roomEvents(events)) })
			added := open(n, "messageAdded", room)
			running.Go(func() { f.keepSubscribed(ctx, []*view{added}, f.messageAdded(added)) })
			stream := open(n, "event stream", room)
			running.Go(func() { f.keepSubscribed(ctx, []*view{stream}, f.eventStream(stream)) })
			all[room] = open(n, "myEvents", room)
		}
		var ownViews []*view
		for _, v := range all {
			ownViews = append(ownViews, v)
		}
		running.Go(func() { f.keepSubscribed(ctx, ownViews, f.myEvents(n, all)) })
		running.Go(func() { f.keepSubscribed(ctx, nil, f.roomList(n)) })
	}
	return views
}

// keepSubscribed subscribes until ctx ends, and again whenever the stream ends. Like a client, it reads
// the rooms first.
func (f *failover) keepSubscribed(
	ctx context.Context,
	views []*view,
	follow func(context.Context) error,
) {
	for first := true; ctx.Err() == nil; first = false {
		for _, v := range views {
			if err := v.reload(ctx, -1); err != nil && ctx.Err() == nil {
				f.faults.add("%s: %v", v.name, err)
				return
			}
		}
		if !first {
			f.count(&f.reopened)
		}
		err := follow(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, errResync):
			f.count(&f.resyncs)
		case err != nil && !errors.Is(err, errEnded):
			f.faults.add("a stream of %d rooms: %v", len(views), err)
		}
		pause(ctx, 20*time.Millisecond)
	}
}

func (f *failover) count(what *int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	*what++
}

// subscribe opens a WebSocket and subscribes, and calls take with each item.
func subscribe[T any](
	ctx context.Context, c *client, query string, in vars, take func(T) error,
) error {
	s := &screen{url: c.url, token: c.token}
	conn, _, err := s.connect(ctx)
	if err != nil {
		return errEnded
	}
	defer func() { _ = conn.CloseNow() }()
	err = send(ctx, conn, "subscribe", vars{"query": query, "variables": in})
	for err == nil {
		var it T
		if it, err = next[T](ctx, conn); err == nil {
			err = take(it)
		}
	}
	if r, ok := errors.AsType[*refusal](err); ok && r.code == "RESYNC" {
		return errResync
	}
	return err
}

// roomItem is an item of roomEvents.
type roomItem struct {
	Typename string `json:"__typename"`
	Seq      int64
	Message  shownMessage
}

const failoverEvents = `subscription($room: ID!, $after: Int) {
	item: roomEvents(roomId: $room, after: $after) {
		__typename seq ... on MessageAdded { message { contents } } } }`

// apply applies an event.
func (v *view) apply(ctx context.Context, e roomItem) error {
	switch e.Typename {
	case "StreamOpened":
	case "Resync":
		v.count(&v.resyncs)
		return v.reload(ctx, e.Seq)
	default:
		v.add(e.Seq, e.Message.Contents)
	}
	return nil
}

func (f *failover) roomEvents(v *view) func(context.Context) error {
	return func(ctx context.Context) error {
		return subscribe(ctx, v.reader, failoverEvents, vars{"room": v.room, "after": v.reached()},
			func(e roomItem) error { return v.apply(ctx, e) })
	}
}

// checkOldPositions subscribes with positions from before the promotion, which the rooms have passed again: each
// node must send Resync before the first event of the new timeline.
func (f *failover) checkOldPositions(ctx context.Context, heads map[string]int64) {
	for n := range failoverNodes {
		for _, room := range append([]string{f.quiet}, f.rooms...) {
			var first string
			err := subscribe(ctx, f.client(n, viewer(n)), failoverEvents,
				vars{"room": room, "after": heads[room]}, func(e roomItem) error {
					if e.Typename == "StreamOpened" ||
						e.Typename != "Resync" && e.Seq < store.SkippedSeqs {
						return nil // the event has survived
					}
					first = e.Typename
					return errEnded
				})
			if first != "Resync" {
				f.faults.add(
					"node %d answers a position from before the promotion with %q: %v",
					n,
					first,
					err,
				)
			}
		}
	}
}

func (f *failover) messageAdded(v *view) func(context.Context) error {
	const query = `subscription($room: ID!, $after: Int) {
		item: messageAdded(roomId: $room, after: $after) { seq contents } }`
	return func(ctx context.Context) error {
		return subscribe(ctx, v.reader, query, vars{"room": v.room, "after": v.reached()},
			func(m shownMessage) error {
				v.add(m.Seq, m.Contents)
				return nil
			})
	}
}

func (f *failover) myEvents(n int, views map[string]*view) func(context.Context) error {
	const query = `subscription($after: [RoomPosition!]) { item: myEvents(after: $after) {
		kind roomId event { __typename seq ... on MessageAdded { message { contents } } } } }`
	type myItem struct {
		Kind, RoomID string
		Event        roomItem
	}
	return func(ctx context.Context) error {
		var after []vars
		for room, v := range views {
			after = append(after, vars{"roomId": room, "seq": v.reached()})
		}
		return subscribe(ctx, f.client(n, viewer(n)), query, vars{"after": after},
			func(it myItem) error {
				if v := views[it.RoomID]; v != nil && it.Kind == "EVENT" {
					return v.apply(ctx, it.Event)
				}
				return nil
			})
	}
}

// roomList counts how often a list of rooms begins.
func (f *failover) roomList(n int) func(context.Context) error {
	const query = `subscription { item: myRoomsChanged { kind } }`
	return func(ctx context.Context) error {
		return subscribe(ctx, f.client(n, viewer(n)), query, nil,
			func(it struct{ Kind string }) error {
				if it.Kind == "OPENED" {
					f.count(&f.opened)
				}
				return nil
			})
	}
}

// eventStream is roomEvents as server-sent events.
func (f *failover) eventStream(v *view) func(context.Context) error {
	return func(ctx context.Context) error {
		body, err := json.Marshal(vars{
			"query": failoverEvents, "variables": vars{"room": v.room, "after": v.reached()},
		})
		if err != nil {
			return err
		}
		req, err := http.NewRequestWithContext(
			ctx, http.MethodPost, v.reader.url+"/graphql", bytes.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "text/event-stream")
		req.Header.Set("Authorization", "Bearer "+v.reader.token)
		res, err := v.reader.http.Do(req)
		if err != nil {
			return errEnded
		}
		defer res.Body.Close()
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			data, ok := strings.CutPrefix(lines.Text(), "data: ")
			if !ok || data == "" {
				continue
			}
			var r reply
			if err := json.Unmarshal([]byte(data), &r); err != nil {
				return err
			}
			var item struct{ Item roomItem }
			if err := r.decode(&item); err != nil {
				return resumable(err)
			}
			if err := v.apply(ctx, item.Item); err != nil {
				return err
			}
		}
		return errEnded
	}
}

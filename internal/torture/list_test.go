package torture_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

const (
	listedRoom     = `id seq unreadCount latestMessage { seq contents }`
	myRoomsChanged = `subscription { item: myRoomsChanged { kind roomId room { ` + listedRoom + ` } } }`
	myRooms        = `{ myRooms(first: 100) { nodes { ` + listedRoom + ` } } }`
	markRead       = `mutation($room: ID!, $seq: Int!) { markRead(roomId: $room, seq: $seq) { room { id } } }`
)

// listed is a room as a list shows it.
type listed struct {
	ID            string
	Seq           int64
	UnreadCount   int64
	LatestMessage struct {
		Seq      int64
		Contents string
	}
}

// listChange is an item of myRoomsChanged.
type listChange struct {
	Kind, RoomID string
	Room         *listed
}

// listReader subscribes to its user's list of rooms, as a client does: it reads the list when the
// subscription opens, and applies each change to it. Now and then it marks something as read.
type listReader struct {
	screen
	client client
	// user is the subscriber whose user it is.
	user *subscriber

	mu    sync.Mutex
	rooms map[string]listed
	// Its streams, and the changes of the user's room. Nothing else uses them until it has ended.
	streams []listStream
	// finalDiff is how the list differs in the end from the result of a query.
	finalDiff string
}

// listStream records one connection.
type listStream struct {
	begun   time.Time
	changes []receivedChange
}

// receivedChange is the arrival of the user's room, as it was at a seq.
type receivedChange struct {
	at  time.Time
	seq int64
}

// run implements participant.
func (l *listReader) run(ctx context.Context) {
	l.screen.run(ctx, func(conn *websocket.Conn) error { return l.follow(ctx, conn) },
		func() time.Duration { return maxReconnectPause })
}

// follow reads one connection to its end. Its error is a fault of the server.
func (l *listReader) follow(ctx context.Context, conn *websocket.Conn) error {
	l.streams = append(l.streams, listStream{begun: time.Now()})
	err := send(ctx, conn, "subscribe", vars{"query": myRoomsChanged})
	for first := true; err == nil; first = false {
		var change listChange
		if change, err = next[listChange](ctx, conn); err != nil {
			break
		}
		switch {
		case first != (change.Kind == "OPENED"):
			return fmt.Errorf(
				"%+v, first: %v; OPENED is the first item and no other",
				change,
				first,
			)
		case first:
			err = l.read(ctx)
		default:
			err = l.handle(ctx, change)
		}
	}
	if errors.Is(err, errEnded) {
		return nil
	}
	return err
}

// read reads the whole list.
func (l *listReader) read(ctx context.Context) error {
	rooms, err := l.query(ctx)
	if err != nil {
		return resumable(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rooms = rooms
	return nil
}

func (l *listReader) query(ctx context.Context) (map[string]listed, error) {
	var result struct{ MyRooms struct{ Nodes []listed } }
	if err := l.client.try(ctx, interruption{}, myRooms, nil, &result); err != nil {
		return nil, err
	}
	rooms := make(map[string]listed)
	for _, room := range result.MyRooms.Nodes {
		rooms[room.ID] = room
	}
	return rooms, nil
}

// handle applies a change.
func (l *listReader) handle(ctx context.Context, change listChange) error {
	if (change.Kind == "CHANGED") != (change.Room != nil) ||
		change.Room != nil && change.Room.ID != change.RoomID {
		return fmt.Errorf("a change %+v of %+v", change, change.Room)
	}
	l.applyChange(change)
	if change.Room == nil {
		return nil
	}
	if current := &l.streams[len(l.streams)-1]; change.RoomID == l.user.room.roomID {
		current.changes = append(current.changes, receivedChange{time.Now(), change.Room.Seq})
	}
	if !l.cutsStopped() && l.rng.IntN(20) == 0 {
		var ignored any // a guest may have been removed, and the server may be down
		_ = l.client.try(ctx, interruption{}, markRead,
			vars{"room": change.RoomID, "seq": change.Room.Seq}, &ignored)
	}
	return nil
}

func (l *listReader) applyChange(change listChange) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if change.Room == nil {
		delete(l.rooms, change.RoomID)
	} else if l.rooms != nil {
		l.rooms[change.RoomID] = *change.Room
	}
}

// diff returns how the list differs from the result of a query; "" if it does not.
func (l *listReader) diff(ctx context.Context) string {
	want, err := l.query(ctx)
	if err != nil {
		return err.Error()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if maps.Equal(l.rooms, want) {
		return ""
	}
	return fmt.Sprintf("it has %v, and a query returns %v", l.rooms, want)
}

// drain implements participant: it waits until the list equals the result of a query.
func (l *listReader) drain(ctx context.Context) {
	var difference string
	for {
		if now := l.diff(ctx); now == "" {
			return
		} else if ctx.Err() == nil {
			difference = now
		}
		if !pause(ctx, 100*time.Millisecond) {
			break
		}
	}
	l.finalDiff = difference
}

// check implements participant. In the end the list equals the result of a query. It never shows the
// user's room as it was after the user's removal, nor at all if it subscribed after that.
func (l *listReader) check() violations {
	v := violations{faults: l.faults}
	if l.finalDiff != "" {
		v.addLost(1, "the list of %s: %s", l.name, l.finalDiff)
	}
	left, joined := l.user.room.membershipChanges(l.name)
	for i, a := range l.user.absences {
		if i >= len(left) || i >= len(joined) && !a.adding.IsZero() {
			break // checkGuest reports that
		}
		for j, st := range l.streams {
			for _, c := range st.changes {
				if removed := a.adding.IsZero() || c.at.Before(a.adding); removed &&
					(c.seq >= left[i] || st.begun.After(a.removed)) {
					v.addLeak("the list of %s, stream %d, removed at %d: the room at %d",
						l.name, j, left[i], c.seq)
				}
			}
		}
	}
	return v
}

// TestCheckList shows that check finds each kind of violation.
func TestCheckList(t *testing.T) {
	start := time.Now()
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	// The guest is removed at seq 3 (second 30), joins again at seq 6 (second 60), and is removed for
	// good at seq 9 (second 90).
	valid := func() *listReader {
		room := newHistory("r", &faults{})
		room.observed = map[int64]event{
			3: {"MemberLeft", "g", "KICKED"},
			6: {"MemberJoined", "g", ""},
			9: {"MemberLeft", "g", "KICKED"},
		}
		l := &listReader{
			screen: screen{name: "g", faults: room.faults},
			user:   &subscriber{room: room},
		}
		l.user.absences = []*absence{
			{removing: at(30), removed: at(31), adding: at(60), added: at(61)},
			{removing: at(90), removed: at(91)},
		}
		l.streams = []listStream{
			{begun: at(10), changes: []receivedChange{{at(20), 1}, {at(32), 2}}}, // sent before
			{begun: at(40), changes: []receivedChange{{at(60), 4}, {at(62), 6}, {at(70), 8}}},
		}
		return l
	}
	for name, c := range map[string]struct {
		corrupt      func(*listReader)
		leaked, lost int
	}{
		"no violation":             {corrupt: func(*listReader) {}},
		"another list":             {func(l *listReader) { l.finalDiff = "x" }, 0, 1},
		"the room after a removal": {func(l *listReader) { l.streams[0].changes[1].seq = 3 }, 1, 0},
		"subscribed after a removal": {func(l *listReader) {
			l.streams[1].changes[0].at = at(50)
			l.streams[1].changes[0].seq = 2
		}, 1, 0},
		"after the last removal": {func(l *listReader) {
			l.streams[1].changes = append(l.streams[1].changes, receivedChange{at(95), 9})
		}, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			l := valid()
			c.corrupt(l)
			if v := l.check(); v.leaked != c.leaked || v.lost != c.lost {
				t.Errorf("leaked %d, lost %d, want %+v; %q", v.leaked, v.lost, c, l.faults.first)
			}
		})
	}
}

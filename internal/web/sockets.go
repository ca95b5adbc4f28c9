package web

import (
	"context"
	"fmt"
	"net/http"
	"sync"
)

// connection is one that lives on behind the request that opened it.
type connection interface {
	// restart tells the client to connect again and ends the connection. It does not block.
	restart()
	// cut ends it at once.
	cut()
	// kind is what is spoken on it.
	kind() string
}

// sockets are the open WebSockets and event streams of a server, and those still in their handshake.
type sockets struct {
	room    *room
	mu      sync.Mutex
	open    map[connection]struct{}
	people  map[string]int // how many sockets each person has
	stopped bool
	closed  func(code uint16) // is told of each that the server closes
	serving sync.WaitGroup    // one for each enter without its leave
}

func newSockets(room *room) *sockets {
	return &sockets{room: room, open: map[connection]struct{}{}, people: map[string]int{}}
}

// enter lets a new connection come in that takes so many bytes, or returns why not. Whoever was let in calls leave, with as
// many, when all that it needed has ended.
func (ss *sockets) enter(bytes int64) *refusal {
	if f := ss.room.enter(bytes); f != nil {
		return f
	}
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if ss.stopped {
		ss.room.leave(bytes)
		return &refusal{status: http.StatusServiceUnavailable, code: codeUnavailable, message: "The server is stopping. Connect again."}
	}
	ss.serving.Add(1)
	return nil
}

func (ss *sockets) leave(bytes int64) {
	ss.room.leave(bytes)
	ss.serving.Done()
}

// add makes shutdown close s; where that has begun since enter, s is closed at once.
func (ss *sockets) add(s connection) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.open[s] = struct{}{}
	if ss.stopped {
		s.restart()
	}
}

func (ss *sockets) remove(s connection) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	delete(ss.open, s)
}

// count counts a socket for a person; "" is nobody. It returns false where they have most of them already, and else is
// undone by discount.
func (ss *sockets) count(person string, most int) bool {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if person == "" {
		return true
	}
	if ss.people[person] >= most {
		return false
	}
	ss.people[person]++
	return true
}

func (ss *sockets) discount(person string) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if ss.people[person]--; ss.people[person] <= 0 {
		delete(ss.people, person)
	}
}

// kinds counts the connections that are open, by what is spoken on them.
func (ss *sockets) kinds() map[string]int {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	kinds := make(map[string]int)
	for s := range ss.open {
		kinds[s.kind()]++
	}
	return kinds
}

func (ss *sockets) stopping() bool {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	return ss.stopped
}

// shutdown is [Server.Shutdown].
func (ss *sockets) shutdown(ctx context.Context) error {
	ss.each(connection.restart)
	done := make(chan struct{})
	go func() { // ends with the last socket: they are closed above, or dropped below
		defer close(done)
		ss.serving.Wait()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		ss.each(connection.cut)
		return fmt.Errorf("close websockets: %w", ctx.Err())
	}
}

// each lets no more sockets in and calls f, which does not block, for those that are.
func (ss *sockets) each(f func(connection)) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.stopped = true
	for s := range ss.open {
		f(s)
	}
}

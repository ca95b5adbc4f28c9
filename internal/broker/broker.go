// Package broker carries hints: small notes that something has been committed and where to look for
// it.
//
// A hint may be lost, doubled or come out of order; whoever hears it reads the truth from the
// database. Between nodes hints go by PostgreSQL or by NATS, which are both a [carrier]; a [Node]
// does what is the same for both.
package broker

import (
	"sync"

	"github.com/google/uuid"
)

// Hint says what has changed.
type Hint struct {
	// Room is the room it happened in.
	Room uuid.UUID
	// Seq is the head of the room's log after it.
	Seq int64
	// Users are the people whose list of rooms it changes besides the room's own news: they came,
	// went, or read.
	Users []string
	// Created marks a room that has come into being, with Users in it from the start. Public tells
	// whether a lobby may hear of it.
	Created bool
	Public  bool
}

// Listener is who hears hints. Its methods are called from any goroutine, and must not block.
type Listener interface {
	Hear(Hint)
	// LookAgain says that hints may have been missed.
	LookAgain()
}

// Memory carries hints within one process. The zero value is ready to use.
type Memory struct {
	mu        sync.RWMutex
	listeners []Listener
}

// Listen has l hear every hint published from now on.
func (m *Memory) Listen(l Listener) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.listeners = append(m.listeners, l)
}

// Publish hands h to all who listen, before it returns.
func (m *Memory) Publish(h Hint) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, l := range m.listeners {
		l.Hear(h)
	}
}

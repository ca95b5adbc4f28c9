// Package broker delivers publications: what was committed, and to which room.
//
// A publication may be lost, duplicated or reordered. A receiver that missed one reads the database.
// Nodes send publications over PostgreSQL or NATS. Each of them is a [transport]; [Node] implements what
// both have in common.
package broker

import (
	"encoding/json"
	"slices"
	"sync"

	"github.com/google/uuid"
)

// Publication says what was committed: to one room, or to profiles.
type Publication struct {
	// Room is the room of the commit.
	Room uuid.UUID
	// Seq is the head of the room's log after it.
	Seq int64
	// Users are the users whose list of rooms changes for another reason than the room's events: they
	// joined, left, or read.
	Users []string
	// Created marks a new room, with Users in it from the start. Public reports whether it is
	// published to the lobby.
	Created bool
	Public  bool
	// Timeline is that of the database in which it was committed, or an earlier one if the database
	// has moved meanwhile: see [Listener]. It is "" if it is unknown.
	Timeline string
	// Profiles are the changed profiles. Such a publication has no room.
	Profiles []ProfileChange
	// Commit is what was appended to the room's log, up to Seq, or the new room; nil if receivers
	// have to read it from the database.
	Commit Commit
}

// MayBeOf reports whether the publication may be of a timeline: of the others, the commit may be lost.
func (p Publication) MayBeOf(timeline string) bool {
	return p.Timeline == timeline || p.Timeline == "" || timeline == ""
}

// ProfileChange is what a transaction changed in one shard of users: it raised the shard's version
// from From to To, and between the two no profile but those of UserIDs has changed.
type ProfileChange struct {
	Shard   int      `json:"s"`
	From    int64    `json:"f"`
	To      int64    `json:"t"`
	UserIDs []string `json:"u"`
}

// Commit is a contiguous part of a room's log as it was committed, or a new room. Package broker
// does not decode it.
type Commit interface {
	// First is the seq of its first event; 0 of a new room, which has none.
	First() int64
	// Encode returns it as a JSON document for other nodes.
	Encode() ([]byte, error)
}

// Encoded is a commit that another node has sent.
type Encoded struct {
	first int64
	// JSON is the result of [Commit.Encode] on that node.
	JSON json.RawMessage
}

// First implements [Commit].
func (e *Encoded) First() int64 { return e.first }

// Encode implements [Commit].
func (e *Encoded) Encode() ([]byte, error) { return e.JSON, nil }

// Listener receives publications. It ignores those of other timelines: they may be of commits that
// its database does not have. Its methods are called from any goroutine, and must not block.
type Listener interface {
	Receive(Publication)
	// Missed says that publications may have been missed.
	Missed()
	// Follows reports whether the listener would use the commit of a publication to a room.
	Follows(room uuid.UUID) bool
}

// Memory delivers publications within one process. The zero value is ready to use.
type Memory struct {
	mu        sync.RWMutex
	listeners []Listener
}

// Listen makes l receive every publication from now on.
func (m *Memory) Listen(l Listener) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.listeners = append(m.listeners, l)
}

// Publish passes p to all listeners before it returns.
func (m *Memory) Publish(p Publication) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, l := range m.listeners {
		l.Receive(p)
	}
}

// Follows reports whether a listener would use the commit of a publication to a room.
func (m *Memory) Follows(room uuid.UUID) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return slices.ContainsFunc(m.listeners, func(l Listener) bool { return l.Follows(room) })
}

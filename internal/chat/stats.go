package chat

import (
	"sync/atomic"

	"parley/internal/chat/retry"
	"parley/internal/chat/writequeue"
)

// counts counts the users that were needed and cached, and those that were read.
type counts struct{ found, read atomic.Int64 }

// Stats is what the domain has done since it began, and holds.
type Stats struct {
	// Attempts counts the failed attempts of transactions.
	Attempts retry.Stats
	// Sends are the messages, and Creations the rooms that were made.
	Sends, Creations writequeue.Stats
	// CachedUsers counts the users that were needed and cached, ReadUsers those that were not.
	CachedUsers, ReadUsers int64
	// RememberedBytes is about how much is remembered of rooms and people.
	RememberedBytes int64
}

// Stats returns what has been counted.
func (c *Chat) Stats() Stats {
	bytes := c.rooms.bytes() + c.users.bytes()
	n := c.counts
	return Stats{
		Attempts: c.retrier.Stats(),
		Sends:    c.sends.Stats(), Creations: c.creations.Stats(),
		CachedUsers: n.found.Load(), ReadUsers: n.read.Load(), RememberedBytes: int64(bytes),
	}
}

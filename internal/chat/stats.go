package chat

import (
	"sync/atomic"

	"parley/internal/chat/writequeue"
)

// counts are what has been counted.
type counts struct {
	conflicts, moved, unknown atomic.Int64
	found, read               atomic.Int64
}

// Stats is what the domain has done since it began, and holds.
type Stats struct {
	// Conflicts are transactions that lost against others, and Moved those under which something
	// changed before it was locked: both were run again. Unknown are those of which nobody knows
	// whether they were committed.
	Conflicts, Moved, Unknown int64
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
		Conflicts: n.conflicts.Load(), Moved: n.moved.Load(), Unknown: n.unknown.Load(),
		Sends: c.sends.Stats(), Creations: c.creations.Stats(),
		CachedUsers: n.found.Load(), ReadUsers: n.read.Load(), RememberedBytes: int64(bytes),
	}
}

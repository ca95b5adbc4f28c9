package chat

import "sync/atomic"

// counts are what has been counted.
type counts struct {
	conflicts, moved, unknown atomic.Int64
	batches, together         atomic.Int64
	found, read               atomic.Int64
}

// Stats is what the domain has done since it began, and holds.
type Stats struct {
	// Conflicts are transactions that lost against others, and Moved those under which something changed before it was
	// locked: both were run again. Unknown are those of which nobody knows whether they were committed.
	Conflicts, Moved, Unknown int64
	// Batches are transactions that sent messages together, and Together those messages.
	Batches, Together int64
	// Waiting are messages that wait for others to be sent.
	Waiting int64
	// PeopleFound are people who were remembered, PeopleRead those who had to be read.
	PeopleFound, PeopleRead int64
	// RememberedBytes is about how much is remembered of rooms and people.
	RememberedBytes int64
}

// Stats returns what has been counted.
func (c *Chat) Stats() Stats {
	c.rooms.mu.Lock()
	bytes := c.rooms.kept.bytes
	c.rooms.mu.Unlock()
	c.people.mu.Lock()
	bytes += c.people.kept.bytes
	c.people.mu.Unlock()
	c.sends.mu.Lock()
	waiting := len(c.sends.waiting)
	c.sends.mu.Unlock()
	n := &c.counts
	return Stats{
		Conflicts: n.conflicts.Load(), Moved: n.moved.Load(), Unknown: n.unknown.Load(),
		Batches: n.batches.Load(), Together: n.together.Load(), Waiting: int64(waiting),
		PeopleFound: n.found.Load(), PeopleRead: n.read.Load(), RememberedBytes: int64(bytes),
	}
}

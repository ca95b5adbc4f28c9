package chat

import (
	"parley/internal/chat/profiles"
	"parley/internal/chat/prune"
	"parley/internal/chat/retry"
	"parley/internal/chat/writequeue"
)

// Stats is what the domain has done since it began, and holds.
type Stats struct {
	// Attempts counts the failed attempts of transactions.
	Attempts retry.Stats
	// Sends are the messages, and Creations the rooms that were made.
	Sends, Creations writequeue.Stats
	// Users counts the users that were needed.
	Users profiles.Stats
	// RoomBytes is about how many bytes the cached rooms take.
	RoomBytes int64
	// Pruned counts the rows that were pruned.
	Pruned prune.Counts
}

// Stats returns what has been counted.
func (c *Chat) Stats() Stats {
	return Stats{
		Attempts: c.writes.Attempts(), Sends: c.newMessages.Stats(), Creations: c.newRooms.Stats(),
		Users: c.UserStats(), RoomBytes: int64(c.RoomBytes()),
		Pruned: c.pruner.Counts(),
	}
}

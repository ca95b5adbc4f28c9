package batch

import (
	"context"
	"fmt"

	"parley/internal/chat/retry"
	"parley/internal/chat/write"
	"parley/internal/chat/writequeue"
	"parley/internal/panics"
)

const (
	// maxRooms is the most rooms that are inserted in one transaction, and maxMembers the most
	// members in them. A room with more is inserted by itself.
	maxRooms   = 64
	maxMembers = 500
)

// Rooms inserts rooms in batches. It is safe for concurrent use.
type Rooms struct {
	queue *writequeue.Queue[*room]
	db    *write.DB
}

// room is a room that waits, or is being inserted.
type room struct {
	writequeue.Write
	*write.NewRoom
	retries retry.Policy
}

// NewRooms returns batches of a database. guard contains their panics.
func NewRooms(db *write.DB, guard *panics.Guard) *Rooms {
	b := &Rooms{db: db}
	b.queue = writequeue.New(writequeue.Options[*room]{
		Choose: choose, Panics: guard, Unknown: retry.Unknown,
		Do: func(batch []*room) {
			b.insert(batch)
			b.queue.Settle(batch)
		},
	})
	return b
}

// Stats returns what has been counted.
func (b *Rooms) Stats() writequeue.Stats { return b.queue.Stats() }

// Insert inserts a room together with those that others insert at the moment. It returns false if
// the room was not inserted: see [write.NewRoom]; or because another room of the batch was refused.
// The caller then tries it alone.
func (b *Rooms) Insert(
	ctx context.Context, retries retry.Policy, n *write.NewRoom,
) (inserted bool, err error) {
	w := &room{writequeue.NewWrite(ctx), n, retries}
	if len(n.Members) > maxMembers {
		b.insert([]*room{w})
	} else if err := b.queue.Do(ctx, w); err != nil {
		return false, fmt.Errorf("wait to create a room: %w", err)
	}
	return w.Err == nil && n.Inserted, w.Err
}

// choose takes as many rooms as fit a batch from those that wait, in their order.
func choose(waiting []*room) (batch, rest []*room) {
	members, n := 0, 0
	for ; n < len(waiting) && n < maxRooms; n++ {
		if members += len(waiting[n].Members); n > 0 && members > maxMembers {
			break
		}
	}
	return waiting[:n:n], waiting[n:]
}

// insert inserts the rooms of a batch in one transaction, those of them that can be, and sets
// the outcomes.
func (b *Rooms) insert(batch []*room) {
	ctx, cancel := context.WithTimeout(batch[0].Context, batchTimeout)
	defer cancel()
	retries := retry.Idempotent
	rooms := make([]*write.NewRoom, len(batch))
	for i, w := range batch {
		if rooms[i] = w.NewRoom; w.retries == retry.Once {
			retries = retry.Once
		}
	}
	err := b.db.InsertRooms(ctx, retries, rooms)
	if err == nil {
		return
	}
	for _, w := range batch {
		w.Inserted = false
		if !shouldRetryAlone(err, w.retries, len(batch)) {
			w.Err = err
		}
	}
}

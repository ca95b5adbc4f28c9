package batch

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"parley/internal/chat/retry"
	"parley/internal/chat/write"
	"parley/internal/chat/writequeue"
	"parley/internal/panics"
)

const (
	// maxMessages is the most messages that are inserted in one transaction, and maxBytes the most
	// bytes of their contents.
	maxMessages = 64
	maxBytes    = 1 << 20
)

// Messages inserts messages in batches. One batch at a time inserts into a room; those into rooms
// that another transaction has locked wait for it apart from all others. It is safe for concurrent
// use.
type Messages struct {
	queue  *writequeue.Queue[*message]
	db     *write.DB
	panics *panics.Guard
	// busy are the rooms of the batches that are being inserted. The queue's lock guards it.
	busy map[uuid.UUID]bool
}

// message is a message that waits, or is being inserted.
type message struct {
	writequeue.Write
	*write.Message
}

// NewMessages returns batches of a database. guard contains their panics.
func NewMessages(db *write.DB, guard *panics.Guard) *Messages {
	b := &Messages{db: db, panics: guard, busy: make(map[uuid.UUID]bool)}
	b.queue = writequeue.New(writequeue.Options[*message]{
		Choose: b.choose, Do: b.insertBatch, Panics: guard, Unknown: retry.Unknown,
		Release: func(w *message) { delete(b.busy, w.RoomID) },
	})
	return b
}

// Stats returns what has been counted.
func (b *Messages) Stats() writequeue.Stats { return b.queue.Stats() }

// Insert inserts a message together with those that others insert at the moment. The caller has
// authorized its author under the rules of the message. It returns false if the message was not
// inserted: see [write.Message]. The caller then finds out why, and may try it alone.
func (b *Messages) Insert(ctx context.Context, m *write.Message) (inserted bool, err error) {
	w := &message{writequeue.NewWrite(ctx), m}
	if err := b.queue.Do(ctx, w); err != nil {
		return false, fmt.Errorf("wait to send to room %s: %w", m.RoomID, err)
	}
	return w.Err == nil && m.Inserted, w.Err
}

// choose takes a batch from those that wait, in their order: of each room all know of the same
// rules, and none has the same key as another. The messages of a room keep their order. The queue
// is locked.
func (b *Messages) choose(waiting []*message) (batch, rest []*message) {
	rules := make(map[uuid.UUID]int64)
	type key struct {
		room        uuid.UUID
		author, key string
	}
	keys := make(map[key]bool)
	left := make(map[uuid.UUID]bool) // the rooms of messages that continue to wait
	bytes := 0
	for _, w := range waiting {
		known, seen := rules[w.RoomID]
		var k key
		if w.IdempotencyKey != nil {
			k = key{w.RoomID, w.AuthorID, *w.IdempotencyKey}
		}
		switch {
		case b.busy[w.RoomID],
			left[w.RoomID],
			seen && known != w.PolicyVersion,
			k.key != "" && keys[k],
			len(batch) == maxMessages,
			len(batch) > 0 && bytes+len(w.Contents) > maxBytes:
			rest = append(rest, w)
			left[w.RoomID] = true
			continue
		}
		if k.key != "" {
			keys[k] = true
		}
		rules[w.RoomID] = w.PolicyVersion
		bytes += len(w.Contents)
		batch = append(batch, w)
	}
	for id := range rules {
		b.busy[id] = true
	}
	return batch, rest
}

// insertBatch inserts the messages of a batch. Those whose rooms another transaction has
// locked wait for it, and no others do.
func (b *Messages) insertBatch(batch []*message) {
	locked := b.insert(batch, false)
	b.queue.Settle(
		slices.DeleteFunc(batch, func(w *message) bool { return slices.Contains(locked, w) }),
	)
	if len(locked) == 0 {
		return
	}
	// It ends with their transaction, for which they wait.
	go b.panics.Wrap(locked[0].Context, panics.Write, func() {
		b.insert(locked, true)
		b.queue.Settle(locked)
	}, func(err error) { b.queue.Abandon(locked, err) })()
}

// insert inserts the messages of a batch and sets the outcomes. It returns those whose room another
// transaction has locked, unless it is to wait.
func (b *Messages) insert(batch []*message, wait bool) (locked []*message) {
	ctx, cancel := context.WithTimeout(batch[0].Context, batchTimeout)
	defer cancel()
	retries := retry.Idempotent
	messages := make([]*write.Message, len(batch))
	for i, s := range batch {
		messages[i] = s.Message
		if s.IdempotencyKey == nil {
			retries = retry.Once
		}
	}
	err := b.db.InsertMessages(ctx, retries, messages, wait)
	for _, s := range batch {
		switch {
		case err == nil && s.Locked && !wait:
			locked = append(locked, s)
		case err == nil:
		case shouldRetryAlone(err, retry.Policy(s.IdempotencyKey != nil), len(batch)):
			s.Inserted = false
		default:
			s.Err = err
		}
	}
	return locked
}

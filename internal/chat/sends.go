package chat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"

	"parley/ent"
	"parley/ent/member"
	"parley/internal/broker"
	"parley/internal/chat/policy"
	"parley/internal/chat/retry"
	"parley/internal/chat/writequeue"
	"parley/internal/panics"
	"parley/internal/store"
)

const (
	// together is how many messages are sent in one transaction at most, and togetherBytes how long
	// they are.
	together      = 64
	togetherBytes = 1 << 20
	// knownWriters is how many people's right to write in a room is remembered. An entry is about
	// 200 bytes.
	knownWriters = 100_000
)

// sends sends messages in batches. Of a room one batch is on its way at a time; those of rooms that
// another transaction has locked wait for them apart from all others.
type sends struct {
	*writequeue.Queue[*sending]
	// busy are the rooms of the batches on their way. The queue's lock guards it.
	busy map[uuid.UUID]bool
	// writers is what the room's rules were when somebody was found to be allowed to write.
	writers *lru.Cache[writer, int64]
}

// writer is a user who may write in a room, in a generation of the database.
type writer struct {
	Own[uuid.UUID]

	generation int64
}

func (c *Chat) newSends() (*sends, error) {
	writers, err := lru.New[writer, int64](knownWriters)
	if err != nil {
		return nil, fmt.Errorf("make the cache of writers: %w", err)
	}
	s := &sends{busy: make(map[uuid.UUID]bool), writers: writers}
	s.Queue = writequeue.New(writequeue.Options[*sending]{
		Take: s.choose, Do: c.sendBatch, Panics: c.panics, Unknown: errUncertain,
		Release: func(w *sending) { delete(s.busy, w.RoomID) },
	})
	return s, nil
}

// sending is a message on its way.
type sending struct {
	writequeue.Write
	*newMessage
}

// errAlone asks for a message to be sent in a transaction of its own.
var errAlone = errors.New("to be sent alone")

// plain tells whether a message can be sent together with others: it refers to nothing that has to
// be looked up.
func (in SendMessageInput) plain() bool {
	return in.ReplyToID == nil && in.ThreadID == nil && len(in.MentionIds) == 0
}

// sendTogether sends a message together with what others send at the moment. It is errAlone where
// that cannot be, and nothing was done.
func (c *Chat) sendTogether(ctx context.Context, v Viewer, in SendMessageInput) (Sent, error) {
	rules, err := c.mayWrite(ctx, v, in.RoomID)
	if err != nil {
		return Sent{}, err
	}
	s := &sending{writequeue.NewWrite(ctx), in.newMessage(v, rules)}
	if err := c.sends.Do(ctx, s); err != nil {
		return Sent{}, fmt.Errorf("wait to send to room %s: %w", in.RoomID, err)
	}
	switch {
	case s.Err != nil:
		return Sent{}, s.Err
	case !s.inserted:
		return Sent{}, errAlone
	}
	return Sent{s.Message, s.profiles}, nil
}

// choose takes a batch from those that wait, in their order: of each room all know of the same
// rules, and none has the same key as another. Nobody overtakes another in a room. The queue is
// locked.
func (s *sends) choose(waiting []*sending) (batch, rest []*sending) {
	rules := make(map[uuid.UUID]int64)
	type key struct {
		room     uuid.UUID
		who, key string
	}
	keys := make(map[key]bool)
	left := make(map[uuid.UUID]bool) // the rooms of those who go on waiting
	bytes := 0
	for _, w := range waiting {
		known, there := rules[w.RoomID]
		var k key
		if w.IdempotencyKey != nil {
			k = key{w.RoomID, w.AuthorID, *w.IdempotencyKey}
		}
		switch {
		case s.busy[w.RoomID],
			left[w.RoomID],
			there && known != w.rules,
			k.key != "" && keys[k],
			len(batch) == together,
			len(batch) > 0 && bytes+len(w.Contents) > togetherBytes:
			rest = append(rest, w)
			left[w.RoomID] = true
			continue
		}
		if k.key != "" {
			keys[k] = true
		}
		rules[w.RoomID] = w.rules
		bytes += len(w.Contents)
		batch = append(batch, w)
	}
	for id := range rules {
		s.busy[id] = true
	}
	return batch, rest
}

// sendBatch sends the messages of a batch. Those whose rooms somebody else has locked wait for
// them, and no others do.
func (c *Chat) sendBatch(batch []*sending) {
	locked := c.send(batch, false)
	c.sends.Settle(
		slices.DeleteFunc(batch, func(w *sending) bool { return slices.Contains(locked, w) }),
	)
	if len(locked) == 0 {
		return
	}
	// It ends with their transaction, for which they wait.
	go c.panics.Wrap(locked[0].Context, panics.Write, func() {
		c.send(locked, true)
		c.sends.Settle(locked)
	}, func(err error) { c.sends.Abandon(locked, err) })()
}

// batchTime is how long a batch may take.
const batchTime = 10 * time.Second

// worthAlone reports whether a write that has failed in a batch should be tried alone: what the
// database refuses may be another of them, and whether a write of unknown outcome was done is found
// out by doing it again, where that is doing it once. So it is after a panic of a batch that has
// written nothing: one of the others may be its cause.
func worthAlone(err error, again retry.Policy, batch int) bool {
	if isUncertain(err) {
		return again == retry.Idempotent
	}
	return store.IsRefused(err) || panics.Is(err) && batch > 1
}

// mayWrite returns the rules of a room under which the viewer may write in it. It fails where they
// may not.
func (c *Chat) mayWrite(ctx context.Context, v Viewer, id uuid.UUID) (rules int64, err error) {
	key := writer{Own[uuid.UUID]{Person: v.ID, Of: id}, c.history.Generation()}
	if rules, ok := c.sends.writers.Get(key); ok {
		return rules, nil
	}
	found := false
	var role member.Role
	var r ent.Room
	err = store.Each(ctx, c.db, func(rows *sql.Rows) error {
		found = true
		return rows.Scan(&rules, &r.AccessType, &r.Direct, &role)
	}, `SELECT r.rules, r.access_type, r.direct, m.role FROM rooms r JOIN members m ON m.room_id = r.id
WHERE r.id = $1 AND m.user_id = $2 AND r.deleted_at IS NULL`, id, v.ID)
	switch {
	case err != nil:
		return 0, fmt.Errorf("find whether %q may write in room %s: %w", v.ID, id, err)
	case !found:
		return 0, errAlone // which finds out why
	}
	if err := permit(policy.Write, &r, policy.OfRole(role)); err != nil {
		return 0, err
	}
	c.sends.writers.Add(key, rules)
	return rules, nil
}

// send inserts the messages of a batch and sets the outcomes. It returns those whose room another
// transaction has locked, unless it is to wait.
func (c *Chat) send(batch []*sending, wait bool) (locked []*sending) {
	ctx, cancel := context.WithTimeout(batch[0].Context, batchTime)
	defer cancel()
	again := retry.Idempotent
	messages := make([]*newMessage, len(batch))
	for i, s := range batch {
		messages[i] = s.newMessage
		if s.IdempotencyKey == nil {
			again = retry.Once
		}
	}
	var err error
	if c.dialect == dialect.Postgres {
		err = c.write(ctx, again, func() ([]broker.Publication, error) {
			return insertMessages(ctx, c.db, store.EachWritten, messages, wait)
		})
	} else {
		err = c.tx(ctx, again, func(t *tx) error { return t.insertMessages(ctx, messages) })
	}
	for _, s := range batch {
		switch {
		case err == nil && s.locked && !wait:
			locked = append(locked, s)
		case err == nil && !s.inserted:
			c.sends.writers.Remove(writer{
				Own[uuid.UUID]{Person: s.AuthorID, Of: s.RoomID}, c.history.Generation(),
			})
		case err == nil:
		case worthAlone(err, retry.Policy(s.IdempotencyKey != nil), len(batch)):
			s.inserted = false
		default:
			s.Err = err
		}
	}
	return locked
}

// sendOne sends a message, or finds the one that the same request has sent before.
func (t *tx) sendOne(ctx context.Context, v Viewer, in SendMessageInput) (*ent.Message, error) {
	h, _, err := t.authorize(ctx, v, in.RoomID, policy.Write)
	if err != nil {
		return nil, err
	}
	if sent, err := h.sentBefore(ctx, v, in); sent != nil || err != nil {
		// The publication of the first request may have been lost with its response.
		t.publish(broker.Publication{Room: h.ID, Seq: h.Seq})
		return sent, err
	}
	if err := h.checkReferences(ctx, in); err != nil {
		return nil, err
	}
	m := in.newMessage(v, h.Rules)
	err = t.insertMessages(ctx, []*newMessage{m})
	if err == nil && !m.inserted {
		err = errors.New("the room is locked, and yet a message was not inserted")
	}
	if err != nil {
		return nil, err
	}
	return m.Message, nil
}

package chat

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"

	"parley/ent"
	"parley/ent/member"
	"parley/ent/schema"
	"parley/internal/broker"
	"parley/internal/store"
)

const (
	// together is how many messages are sent in one transaction at most, and togetherBytes how long they are.
	together      = 64
	togetherBytes = 1 << 20
	// sendTime is how long a transaction may take that sends the messages of several.
	sendTime = 10 * time.Second
	// knownWriters is how many people's right to write in a room is remembered. An entry is about 200 bytes.
	knownWriters = 100_000
)

// sends puts messages together that are sent at the same moment: what comes while a transaction is on its way shares the
// next one. Nobody waits for others to come. One transaction runs at a time, besides those that wait for a room that somebody
// else has locked: of two at once each would be smaller, and cost as much. Whoever sends leads, which is to run one, or has
// another sender do it.
type sends struct {
	mu      sync.Mutex
	waiting []*sending
	// leading tells that somebody runs a transaction and looks at those who wait behind it.
	leading bool
	// busy are the rooms that one is on its way for.
	busy map[uuid.UUID]bool
	// writers is what the room's rules were when somebody was found to be allowed to write.
	writers *lru.Cache[Own[uuid.UUID], int64]
}

func newSends() (*sends, error) {
	writers, err := lru.New[Own[uuid.UUID], int64](knownWriters)
	if err != nil {
		return nil, fmt.Errorf("make the cache of writers: %w", err)
	}
	return &sends{busy: make(map[uuid.UUID]bool), writers: writers}, nil
}

// sending is a message on its way.
type sending struct {
	by    Viewer
	in    SendMessageInput
	rules int64
	// turn is closed when there is an outcome, or it is for this sender to lead, or to wait for what is locked.
	turn chan struct{}
	lead bool
	// locked are those whose rooms somebody else has locked, this one among them, if it is for this sender to wait for them.
	locked []*sending

	// The outcome: a message, or an error; neither: it has to be sent alone.
	sent Sent
	err  error
}

// errAlone asks for a message to be sent in a transaction of its own.
var errAlone = errors.New("to be sent alone")

// plain tells whether a message can be sent together with others: it refers to nothing that has to be looked up.
func (in SendMessageInput) plain() bool {
	return in.ReplyToID == nil && in.ThreadID == nil && len(in.MentionIds) == 0
}

// sendTogether sends a message together with what others send at the moment. It is errAlone where that cannot be, and
// nothing was done.
func (c *Chat) sendTogether(ctx context.Context, v Viewer, in SendMessageInput) (Sent, error) {
	rules, err := c.mayWrite(ctx, v, in.RoomID)
	if err != nil {
		return Sent{}, err
	}
	s := &sending{by: v, in: in, rules: rules, turn: make(chan struct{})}
	c.sends.mu.Lock()
	c.sends.waiting = append(c.sends.waiting, s)
	s.lead = !c.sends.leading && !c.sends.busy[in.RoomID]
	if s.lead {
		c.sends.leading = true
	}
	lead := s.lead
	c.sends.mu.Unlock()
	if !lead {
		if err := c.sends.await(ctx, s); err != nil {
			return Sent{}, fmt.Errorf("wait to send to room %s: %w", in.RoomID, err)
		}
	}
	if s.lead {
		c.lead(ctx, s)
	}
	if len(s.locked) > 0 {
		c.sendLocked(ctx, s)
	}
	return s.sent, s.err
}

// await waits for a sender's turn. It fails where the context ends before anything was done; what is on its way by then is
// waited for, within its own time.
func (s *sends) await(ctx context.Context, w *sending) error {
	select {
	case <-w.turn:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	i := slices.Index(s.waiting, w)
	left := i >= 0 && !w.lead
	if left {
		s.waiting = slices.Delete(s.waiting, i, i+1)
	}
	s.mu.Unlock()
	if left {
		return ctx.Err()
	}
	<-w.turn
	return nil
}

// lead sends what waits, the caller's message among it, and hands the lead on.
func (c *Chat) lead(ctx context.Context, by *sending) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendTime) // it is not for the caller alone
	defer cancel()
	runtime.Gosched() // whoever is ready to send does so first: the more share it, the less each costs
	c.sends.mu.Lock()
	batch := c.sends.take(by)
	c.sends.mu.Unlock()
	c.counts.batches.Add(1)
	c.counts.together.Add(int64(len(batch)))
	locked := c.send(ctx, batch, false)
	c.sends.handOn(by, batch, locked)
}

// sendLocked sends the messages whose rooms were locked by somebody else, the caller's among them, once they are no more.
func (c *Chat) sendLocked(ctx context.Context, by *sending) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendTime)
	defer cancel()
	c.send(ctx, by.locked, true)
	c.sends.mu.Lock()
	defer c.sends.mu.Unlock()
	c.sends.settle(by, by.locked)
	c.sends.appoint()
}

// take takes a batch from those who wait, the one who leads first and the others in their order: of each room all know of
// the same rules, and none has the same key as another. Nobody overtakes another in a room. The sends are locked.
func (s *sends) take(by *sending) (batch []*sending) {
	rules := make(map[uuid.UUID]int64)
	type key struct {
		room     uuid.UUID
		who, key string
	}
	keys := make(map[key]bool)
	left := make(map[uuid.UUID]bool) // the rooms of those who go on waiting
	bytes := 0
	var rest []*sending
	waiting := slices.DeleteFunc(s.waiting, func(w *sending) bool { return w == by })
	for _, w := range slices.Insert(waiting, 0, by) {
		known, there := rules[w.in.RoomID]
		var k key
		if w.in.IdempotencyKey != nil {
			k = key{w.in.RoomID, w.by.ID, *w.in.IdempotencyKey}
		}
		switch {
		case s.busy[w.in.RoomID], left[w.in.RoomID], there && known != w.rules, k.key != "" && keys[k],
			len(batch) == together, len(batch) > 0 && bytes+len(w.in.Contents) > togetherBytes:
			rest = append(rest, w)
			left[w.in.RoomID] = true
			continue
		}
		if k.key != "" {
			keys[k] = true
		}
		rules[w.in.RoomID] = w.rules
		bytes += len(w.in.Contents)
		batch = append(batch, w)
	}
	for id := range rules {
		s.busy[id] = true
	}
	s.waiting = rest
	return batch
}

// handOn gives those of a batch their outcomes whose rooms were not locked by somebody else, and the lead to another. Of
// those whose rooms were, one waits for all of them: nobody whose message is sent does.
func (s *sends) handOn(by *sending, batch, locked []*sending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(by, slices.DeleteFunc(batch, func(w *sending) bool { return slices.Contains(locked, w) }))
	switch {
	case slices.Contains(locked, by):
		by.locked = locked
	case len(locked) > 0:
		locked[0].locked = locked
		close(locked[0].turn)
	}
	s.leading = false
	s.appoint()
}

// settle gives a batch its outcomes, the caller's among them or not, and their rooms to others. The sends are locked.
func (s *sends) settle(by *sending, batch []*sending) {
	for _, w := range batch {
		delete(s.busy, w.in.RoomID)
		if w != by {
			close(w.turn)
		}
	}
}

// appoint has somebody lead who waits for a room that nothing is on its way for, if nobody leads. The sends are locked.
func (s *sends) appoint() {
	if s.leading {
		return
	}
	for _, w := range s.waiting {
		if !s.busy[w.in.RoomID] {
			s.leading, w.lead = true, true
			close(w.turn)
			return
		}
	}
}

// mayWrite returns the rules of a room under which the viewer may write in it. It fails where they may not.
func (c *Chat) mayWrite(ctx context.Context, v Viewer, id uuid.UUID) (rules int64, err error) {
	key := Own[uuid.UUID]{Person: v.ID, Of: id}
	if rules, ok := c.sends.writers.Get(key); ok {
		return rules, nil
	}
	found := false
	var role member.Role
	var r ent.Room
	err = each(ctx, c.db, func(rows *sql.Rows) error {
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
	if err := permit(toWrite, doorOf(&r), relationOfRole(role)); err != nil {
		return 0, err
	}
	c.sends.writers.Add(key, rules)
	return rules, nil
}

// send sends a batch and notes the outcomes. It returns those whose room is locked by somebody else, unless it is to wait.
func (c *Chat) send(ctx context.Context, batch []*sending, wait bool) (locked []*sending) {
	again := idempotent
	for _, s := range batch {
		if s.in.IdempotencyKey == nil {
			again = once
		}
	}
	begin := func() {
		for _, s := range batch {
			s.sent, s.err = Sent{}, errAlone
		}
	}
	var err error
	if c.dialect == dialect.Postgres {
		err = c.write(ctx, again, func() (said []broker.Hint, err error) {
			begin()
			said, locked, err = c.sendAtOnce(ctx, batch, wait)
			return said, err
		})
	} else {
		err = c.tx(ctx, again, func(t *tx) error {
			begin()
			return t.sendEach(ctx, batch)
		})
	}
	if err != nil {
		locked = nil
	}
	unknown := (*Error)(nil)
	for _, s := range batch {
		switch {
		case err == nil:
			if errors.Is(s.err, errAlone) && !slices.Contains(locked, s) {
				c.sends.writers.Remove(Own[uuid.UUID]{Person: s.by.ID, Of: s.in.RoomID})
			}
		case errors.As(err, &unknown) && unknown.OutcomeUnknown && s.in.IdempotencyKey != nil:
			s.sent, s.err = Sent{}, errAlone // which finds out
		case store.IsUniqueViolation(err):
			s.sent, s.err = Sent{}, errAlone // of somebody's key, and only theirs
		default:
			s.sent, s.err = Sent{}, err
		}
	}
	return locked
}

// sendAtOnce sends a batch in its order in one statement, guarded by the rules under which each may write: whoever's room has
// others by now is not sent. It returns those whose room is locked by somebody else, unless it is to wait.
//
// The room's row is locked first; then the statement sees its newest version, and the rules are those of that. As long as
// they are the same nobody's membership has ended since, so the memberships that the statement sees are there.
func (c *Chat) sendAtOnce(ctx context.Context, batch []*sending, wait bool) (said []broker.Hint, locked []*sending, err error) {
	var rooms, authors, types, contents, keys, hashes, items, rules []string
	for _, s := range batch {
		key, hash, item := "", "", ""
		if s.in.IdempotencyKey != nil {
			key, hash = *s.in.IdempotencyKey, hex.EncodeToString(s.in.hash())
		}
		if s.in.OpenseaItem != nil {
			encoded, err := json.Marshal((*schema.OpenseaItem)(s.in.OpenseaItem))
			if err != nil {
				return nil, nil, fmt.Errorf("encode an NFT: %w", err)
			}
			item = string(encoded)
		}
		rooms, authors, rules = append(rooms, s.in.RoomID.String()), append(authors, s.by.ID), append(rules, fmt.Sprint(s.rules))
		types, contents = append(types, string(s.in.Type)), append(contents, s.in.Contents)
		keys, hashes, items = append(keys, key), append(hashes, hash), append(items, item)
	}
	query := sendTogetherNow
	if wait {
		query = sendTogetherWaiting
	}
	list := func(texts []string) any { return store.List(c.dialect, texts) }
	heads := make(map[uuid.UUID]int64)
	err = written(ctx, c.db, func(rows *sql.Rows) error {
		var n int
		var held bool
		var id, seq, ordinal, own sql.Null[int64]
		var at instant
		var people Clock
		if err := rows.Scan(&n, &held, &id, &seq, &ordinal, &own, &at, &people); err != nil {
			return err
		}
		s := batch[n-1]
		switch {
		case id.Valid:
			s.sent, s.err = Sent{s.message(int(id.V), seq.V, ordinal.V, own.V, at.Time), people}, nil
			heads[s.in.RoomID] = max(heads[s.in.RoomID], seq.V)
		case !held && !wait:
			locked = append(locked, s)
		}
		return nil
	}, query, list(rooms), list(rules), list(authors), list(types), list(contents), list(keys), list(hashes), list(items), now())
	if err != nil {
		return nil, nil, fmt.Errorf("send %d messages: %w", len(batch), err)
	}
	for id, seq := range heads {
		said = append(said, broker.Hint{Room: id, Seq: seq})
	}
	return said, locked, nil
}

// message is the message that was sent.
func (s *sending) message(id int, seq, ordinal, own int64, at time.Time) *ent.Message {
	m := &ent.Message{
		ID: id, RoomID: s.in.RoomID, Seq: seq, AuthorID: s.by.ID, Type: s.in.Type, Contents: s.in.Contents,
		Ordinal: ordinal, OwnOrdinal: own, IdempotencyKey: s.in.IdempotencyKey, CreatedAt: at,
	}
	if s.in.OpenseaItem != nil {
		m.OpenseaItem = (*schema.OpenseaItem)(s.in.OpenseaItem)
	}
	return m
}

// The statement of sendAtOnce. given is what is to be sent and has not been before; held are the rooms' locks, in the order
// of all locks; moved are the rooms whose rules are still the same; numbered is what is sent.
const (
	sendTogetherNow     = sendLocking + ` SKIP LOCKED` + sendLocked
	sendTogetherWaiting = sendLocking + sendLocked

	sendLocking = `WITH given AS MATERIALIZED (
	SELECT i.* FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
		WITH ORDINALITY AS i (room_id, rules, author_id, type, contents, key, hash, item, n)
	JOIN members m ON m.room_id = i.room_id AND m.user_id = i.author_id
	WHERE i.key = '' OR NOT EXISTS (
		SELECT 1 FROM messages m WHERE m.room_id = i.room_id AND m.author_id = i.author_id AND m.idempotency_key = i.key)
), held AS MATERIALIZED (
	SELECT id FROM rooms WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE`
	sendLocked = `
), moved AS (
	UPDATE rooms r SET seq = r.seq + w.n, latest_seq = r.seq + w.n, message_count = r.message_count + w.n,
		event_at = GREATEST(r.event_at, $9), updated_at = GREATEST(r.event_at, $9)
	FROM (SELECT g.room_id, min(g.rules) AS rules, count(*) AS n FROM given g JOIN held ON held.id = g.room_id GROUP BY g.room_id) w
	WHERE r.id = w.room_id AND r.rules = w.rules AND r.deleted_at IS NULL
	RETURNING r.id, r.seq - w.n AS seq, r.message_count - w.n AS ordinal, r.event_at AS at
), counted AS (
	UPDATE members m SET own_sent = m.own_sent + w.n
	FROM (SELECT g.room_id, g.author_id, count(*) AS n FROM given g JOIN moved ON moved.id = g.room_id GROUP BY g.room_id, g.author_id) w
	WHERE m.room_id = w.room_id AND m.user_id = w.author_id
	RETURNING m.room_id, m.user_id, m.own_sent - w.n AS own
), numbered AS MATERIALIZED (
	SELECT g.*, moved.at,
		moved.seq + row_number() OVER (PARTITION BY g.room_id ORDER BY g.n) AS seq,
		moved.ordinal + row_number() OVER (PARTITION BY g.room_id ORDER BY g.n) AS ordinal,
		counted.own + row_number() OVER (PARTITION BY g.room_id, g.author_id ORDER BY g.n) AS own
	FROM given g JOIN moved ON moved.id = g.room_id JOIN counted ON counted.room_id = g.room_id AND counted.user_id = g.author_id
), sent AS (
	INSERT INTO messages (room_id, seq, ordinal, own_ordinal, author_id, type, contents, mentions, idempotency_key, request_hash,
		opensea_item, created_at)
	SELECT room_id, seq, ordinal, own, author_id, type, contents, '[]', NULLIF(key, ''), decode(NULLIF(hash, ''), 'hex'),
		NULLIF(item, '')::jsonb, at
	FROM numbered
	RETURNING id, room_id, seq
)
SELECT i.n, held.id IS NOT NULL, sent.id, numbered.seq, numbered.ordinal, numbered.own, numbered.at, ` + readClock + `
FROM unnest($1::uuid[]) WITH ORDINALITY AS i (room_id, n)
LEFT JOIN held ON held.id = i.room_id
LEFT JOIN numbered ON numbered.n = i.n
LEFT JOIN sent ON sent.room_id = numbered.room_id AND sent.seq = numbered.seq
ORDER BY i.n`
)

// sendEach sends a batch one by one in a transaction that has the database for itself.
func (t *tx) sendEach(ctx context.Context, batch []*sending) error {
	for _, s := range batch {
		refusal := (*Error)(nil)
		s.sent.People = unasked
		if s.sent.Message, s.err = t.sendOne(ctx, s.by, s.in); s.err != nil && !errors.As(s.err, &refusal) {
			return s.err // and nothing is sent
		}
	}
	return nil
}

// sendOne sends a message, or finds the one that the same request has sent before. Where it is refused nothing is written.
func (t *tx) sendOne(ctx context.Context, v Viewer, in SendMessageInput) (*ent.Message, error) {
	h, m, err := t.enter(ctx, v, in.RoomID, toWrite)
	if err != nil {
		return nil, err
	}
	if sent, err := h.sentBefore(ctx, v, in); sent != nil || err != nil {
		t.publish(broker.Hint{Room: h.ID, Seq: h.Seq}) // what it said may have been lost with the answer to it
		return sent, err
	}
	return h.send(ctx, m, in)
}

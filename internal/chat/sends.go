package chat

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"

	"parley/ent"
	"parley/ent/member"
	"parley/ent/schema"
	"parley/internal/broker"
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

// sends are the messages on their way. Of a room one transaction is on its way at a time; those of
// rooms that somebody else has locked wait for them apart from all others.
type sends struct {
	batches[*sending]
	// busy are the rooms that one is on its way for.
	busy map[uuid.UUID]bool
	// writers is what the room's rules were when somebody was found to be allowed to write.
	writers *lru.Cache[Own[uuid.UUID], int64]
	// query is the statement of sendAtOnce, and queryWaiting the one that waits for locked rooms.
	query, queryWaiting string
}

func (c *Chat) newSends() (*sends, error) {
	writers, err := lru.New[Own[uuid.UUID], int64](knownWriters)
	if err != nil {
		return nil, fmt.Errorf("make the cache of writers: %w", err)
	}
	rest := sendLocked + publicRoomColumns() + sendMoved
	s := &sends{
		busy: make(map[uuid.UUID]bool), writers: writers,
		query: sendLocking + ` SKIP LOCKED` + rest, queryWaiting: sendLocking + rest,
	}
	s.panics, s.take, s.do = c.panics, s.choose, c.sendBatch
	s.release = func(w *sending) { delete(s.busy, w.in.RoomID) }
	return s, nil
}

// sending is a message on its way.
type sending struct {
	write
	by    Viewer
	in    SendMessageInput
	rules int64

	// sent is the outcome unless the write has failed.
	sent Sent
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
	s := &sending{write: newWrite(ctx), by: v, in: in, rules: rules}
	if err := c.sends.join(ctx, s); err != nil {
		return Sent{}, fmt.Errorf("wait to send to room %s: %w", in.RoomID, err)
	}
	if s.err != nil {
		return Sent{}, s.err
	}
	return s.sent, nil
}

// choose takes a batch from those that wait, in their order: of each room all know of the same
// rules, and none has the same key as another. Nobody overtakes another in a room. The sends are
// locked.
func (s *sends) choose() (batch []*sending) {
	rules := make(map[uuid.UUID]int64)
	type key struct {
		room     uuid.UUID
		who, key string
	}
	keys := make(map[key]bool)
	left := make(map[uuid.UUID]bool) // the rooms of those who go on waiting
	bytes := 0
	var rest []*sending
	for _, w := range s.waiting {
		known, there := rules[w.in.RoomID]
		var k key
		if w.in.IdempotencyKey != nil {
			k = key{w.in.RoomID, w.by.ID, *w.in.IdempotencyKey}
		}
		switch {
		case s.busy[w.in.RoomID],
			left[w.in.RoomID],
			there && known != w.rules,
			k.key != "" && keys[k],
			len(batch) == together,
			len(batch) > 0 && bytes+len(w.in.Contents) > togetherBytes:
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

// sendBatch sends the messages of a batch. Those whose rooms somebody else has locked wait for
// them, and no others do.
func (c *Chat) sendBatch(batch []*sending) {
	locked := c.send(batch, false)
	c.sends.settle(
		slices.DeleteFunc(batch, func(w *sending) bool { return slices.Contains(locked, w) }),
	)
	if len(locked) == 0 {
		return
	}
	// It ends with their transaction, for which they wait.
	go c.panics.Wrap(locked[0].within, panics.Write, func() {
		c.send(locked, true)
		c.sends.settle(locked)
	}, func(err error) { c.sends.abandon(locked, err) })()
}

// mayWrite returns the rules of a room under which the viewer may write in it. It fails where they
// may not.
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

// send sends a batch and notes the outcomes. It returns those whose room is locked by somebody
// else, unless it is to wait.
func (c *Chat) send(batch []*sending, wait bool) (locked []*sending) {
	ctx, cancel := context.WithTimeout(batch[0].within, batchTime)
	defer cancel()
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
		err = c.write(ctx, again, func() (committed []broker.Publication, err error) {
			begin()
			committed, locked, err = c.sendAtOnce(ctx, batch, wait)
			return committed, err
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
	for _, s := range batch {
		switch {
		case err == nil:
			if errors.Is(s.err, errAlone) && !slices.Contains(locked, s) {
				c.sends.writers.Remove(Own[uuid.UUID]{Person: s.by.ID, Of: s.in.RoomID})
			}
		case worthAlone(err, rerun(s.in.IdempotencyKey != nil), len(batch)):
			s.sent, s.err = Sent{}, errAlone
		default:
			s.sent, s.err = Sent{}, err
		}
	}
	return locked
}

// sendAtOnce sends a batch in its order in one statement, guarded by the rules under which each may
// write: whoever's room has others by now is not sent. It returns those whose room is locked by
// somebody else, unless it is to wait.
//
// The room's row is locked first; then the statement sees its newest version, and the rules are
// those of that. As long as they are the same nobody's membership has ended since, so the
// memberships that the statement sees are there.
func (c *Chat) sendAtOnce(
	ctx context.Context,
	batch []*sending,
	wait bool,
) (committed []broker.Publication, locked []*sending, err error) {
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
		rooms, authors, rules = append(
			rooms,
			s.in.RoomID.String(),
		), append(
			authors,
			s.by.ID,
		), append(
			rules,
			fmt.Sprint(s.rules),
		)
		types, contents = append(types, string(s.in.Type)), append(contents, s.in.Contents)
		keys, hashes, items = append(keys, key), append(hashes, hash), append(items, item)
	}
	query := c.sends.query
	if wait {
		query = c.sends.queryWaiting
	}
	list := func(texts []string) any { return store.List(c.dialect, texts) }
	commits := make(map[uuid.UUID]*Commit)
	var profiles ProfileVersion // on the first row
	err = written(ctx, c.db, func(rows *sql.Rows) error {
		var n int
		var held bool
		var id, seq, ordinal, own sql.Null[int64]
		var at instant
		var room []byte // of the last message of each room
		if err := rows.Scan(
			&n,
			&held,
			&id,
			&seq,
			&ordinal,
			&own,
			&at,
			&profiles,
			&room,
		); err != nil {
			return err
		}
		s := batch[n-1]
		switch {
		case id.Valid:
			s.sent, s.err = Sent{
				s.message(int(id.V), seq.V, ordinal.V, own.V, at.Time),
				profiles,
			}, nil
			commit := commits[s.in.RoomID]
			if commit == nil {
				commit = &Commit{Profiles: profiles}
				commits[s.in.RoomID] = commit
			}
			commit.Events = append(commit.Events, added(s.sent.Message))
			if room != nil {
				commit.row = room
			}
		case !held && !wait:
			locked = append(locked, s)
		}
		return nil
	}, query, list(rooms), list(rules), list(authors), list(types), list(contents), list(keys), list(hashes), list(items), now())
	if err != nil {
		return nil, nil, fmt.Errorf("send %d messages: %w", len(batch), err)
	}
	for id, commit := range commits {
		committed = append(committed, commit.publication(id))
	}
	return committed, locked, nil
}

// message is the message that was sent.
func (s *sending) message(id int, seq, ordinal, own int64, at time.Time) *ent.Message {
	m := &ent.Message{
		ID:             id,
		RoomID:         s.in.RoomID,
		Seq:            seq,
		AuthorID:       s.by.ID,
		Type:           s.in.Type,
		Contents:       s.in.Contents,
		Ordinal:        ordinal,
		OwnOrdinal:     own,
		IdempotencyKey: s.in.IdempotencyKey,
		CreatedAt:      at,
	}
	if s.in.OpenseaItem != nil {
		m.OpenseaItem = (*schema.OpenseaItem)(s.in.OpenseaItem)
	}
	return m
}

// The statement of sendAtOnce. given is what is to be sent and has not been before; held are the
// rooms' locks, in the order of all locks; moved are the rooms whose rules are still the same;
// numbered is what is sent. Between the parts are SKIP LOCKED, unless it waits, and the columns that
// are published of a room.
const (
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
	RETURNING r.id, r.seq - w.n AS before, r.message_count - w.n AS ordinal, `
	sendMoved = `
), counted AS (
	UPDATE members m SET own_sent = m.own_sent + w.n
	FROM (SELECT g.room_id, g.author_id, count(*) AS n FROM given g JOIN moved ON moved.id = g.room_id GROUP BY g.room_id, g.author_id) w
	WHERE m.room_id = w.room_id AND m.user_id = w.author_id
	RETURNING m.room_id, m.user_id, m.own_sent - w.n AS own
), numbered AS MATERIALIZED (
	SELECT g.*, moved.event_at AS at,
		moved.before + row_number() OVER (PARTITION BY g.room_id ORDER BY g.n) AS seq,
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
SELECT i.n, held.id IS NOT NULL, sent.id, numbered.seq, numbered.ordinal, numbered.own, numbered.at,
	CASE i.n WHEN 1 THEN ` + readProfileVersion + ` END, row_to_json(moved)
FROM unnest($1::uuid[]) WITH ORDINALITY AS i (room_id, n)
LEFT JOIN held ON held.id = i.room_id
LEFT JOIN numbered ON numbered.n = i.n
LEFT JOIN sent ON sent.room_id = numbered.room_id AND sent.seq = numbered.seq
LEFT JOIN moved ON moved.id = sent.room_id AND moved.seq = sent.seq
ORDER BY i.n`
)

// sendEach sends a batch one by one in a transaction that has the database for itself.
func (t *tx) sendEach(ctx context.Context, batch []*sending) error {
	for _, s := range batch {
		if s.in.IdempotencyKey == nil && s.in.OpenseaItem == nil {
			if err := t.sendPlain(ctx, s); err != nil {
				return err
			}
			continue
		}
		refusal := (*Error)(nil)
		if s.sent.Message, s.err = t.sendOne(
			ctx,
			s.by,
			s.in,
		); s.err != nil &&
			!errors.As(s.err, &refusal) {
			return s.err // and nothing is sent
		}
	}
	return nil
}

// sendPlain sends a message that has only a text, guarded by the rules under which its sender may
// write, as sendAtOnce does: where the room has others by now it is not sent.
func (t *tx) sendPlain(ctx context.Context, s *sending) error {
	found := false
	var own int64
	var profiles ProfileVersion
	var r *ent.Room
	err := each(ctx, t, func(rows *sql.Rows) (err error) {
		found = true
		var row ent.RoomRow
		if err := rows.Scan(append(row.Targets(), &own, &profiles)...); err != nil {
			return err
		}
		r, err = row.Room()
		return err
	}, `SELECT `+ent.RoomColumns+`, m.own_sent + 1, `+readProfileVersion+`
FROM rooms JOIN members m ON m.room_id = rooms.id
WHERE rooms.id = $1 AND rooms.rules = $2 AND rooms.deleted_at IS NULL AND m.user_id = $3`,
		s.in.RoomID, s.rules, s.by.ID)
	if err != nil {
		return fmt.Errorf("find where a message goes: %w", err)
	}
	if !found {
		return nil // alone it is found out why
	}
	at := timeOf(r.EventAt, r.CreatedAt)
	seq, ordinal := r.Seq+1, r.MessageCount+1
	sent, err := t.ExecContext(
		ctx,
		`INSERT INTO messages (room_id, seq, ordinal, own_ordinal, author_id, type, contents, mentions, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		s.in.RoomID,
		seq,
		ordinal,
		own,
		s.by.ID,
		s.in.Type,
		s.in.Contents,
		[]byte("[]"),
		at,
	)
	if err != nil {
		return fmt.Errorf("insert message %d: %w", seq, err)
	}
	id, err := sent.LastInsertId()
	if err != nil {
		return fmt.Errorf("learn the id of message %d: %w", seq, err)
	}
	if _, err := t.ExecContext(
		ctx,
		`UPDATE members SET own_sent = $1 WHERE room_id = $2 AND user_id = $3`,
		own,
		s.in.RoomID,
		s.by.ID,
	); err != nil {
		return fmt.Errorf("count the messages of %q: %w", s.by.ID, err)
	}
	if _, err := t.ExecContext(
		ctx,
		`UPDATE rooms SET seq = $1, latest_seq = $1, message_count = $2, event_at = $3, updated_at = $3 WHERE id = $4`,
		seq,
		ordinal,
		at,
		s.in.RoomID,
	); err != nil {
		return fmt.Errorf("save room %s: %w", s.in.RoomID, err)
	}
	s.sent, s.err = Sent{s.message(int(id), seq, ordinal, own, at), profiles}, nil
	r.Seq, r.LatestSeq, r.MessageCount, r.EventAt, r.UpdatedAt = seq, seq, ordinal, at, at
	commit := &Commit{
		Room: publicRoom(r), Profiles: profiles, Events: []*Event{added(s.sent.Message)},
	}
	t.publish(commit.publication(r.ID))
	return nil
}

// sendOne sends a message, or finds the one that the same request has sent before. Where it is
// refused nothing is written.
func (t *tx) sendOne(ctx context.Context, v Viewer, in SendMessageInput) (*ent.Message, error) {
	h, m, err := t.enter(ctx, v, in.RoomID, toWrite)
	if err != nil {
		return nil, err
	}
	if sent, err := h.sentBefore(ctx, v, in); sent != nil || err != nil {
		// The publication of the first request may have been lost with its response.
		t.publish(broker.Publication{Room: h.ID, Seq: h.Seq})
		return sent, err
	}
	return h.send(ctx, m, in)
}

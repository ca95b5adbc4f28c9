package write

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/message"
	"parley/ent/predicate"
	"parley/internal/broker"
	"parley/internal/chat/profiles"
	"parley/internal/chat/retry"
	"parley/internal/chat/roomlog"
	"parley/internal/store"
)

// Message is a message to insert, and what has become of it.
type Message struct {
	// Message is complete but for what is known only when it is inserted: ID, Seq, Ordinal,
	// OwnOrdinal and CreatedAt.
	*ent.Message
	// PolicyVersion is the room's under which its author was found to be allowed to write.
	PolicyVersion int64

	// Inserted is false if the room has other rules by now, its author is no longer in it or has
	// used the idempotency key before, or another transaction has locked the room: Locked.
	Inserted, Locked bool
	// Profiles is the profile version, on the first message of a statement; unknown on the others.
	Profiles profiles.Version
}

// InsertMessages inserts the messages that can be, in their order, and sets what has become of
// each: it appends them to the logs of their rooms and counts them. It publishes them. Every
// message is inserted here.
//
// The transaction may have locked the rooms already.
func (t *Tx) InsertMessages(ctx context.Context, messages []*Message) error {
	if t.Dialect == dialect.Postgres {
		publications, err := insertMessages(ctx, t, store.Each, messages, true, true)
		t.Publish(publications...)
		return err
	}
	for _, m := range messages {
		commit, err := t.insertMessage(ctx, m)
		if err != nil {
			return fmt.Errorf("insert a message: %w", err)
		}
		if commit != nil {
			t.Publish(commit.Publication(m.RoomID))
		}
	}
	return nil
}

// InsertMessages is [Tx.InsertMessages] in a transaction of its own: a statement on PostgreSQL,
// which leaves out messages to rooms that another transaction has locked, unless it is to wait.
func (db *DB) InsertMessages(
	ctx context.Context, retries retry.Policy, messages []*Message, wait bool,
) error {
	if db.dialect != dialect.Postgres {
		return db.Tx(ctx, retries, func(t *Tx) error { return t.InsertMessages(ctx, messages) })
	}
	followed := slices.ContainsFunc(messages, func(m *Message) bool {
		return db.publisher.Follows(m.RoomID)
	})
	return db.write(ctx, retries, func() ([]broker.Publication, error) {
		return insertMessages(ctx, db.client, store.EachWritten, messages, wait, followed)
	})
}

// insertMessages inserts messages on PostgreSQL in one statement, which may be a transaction by
// itself: then run is [store.EachWritten]. It locks the rooms, unless they are locked by another
// transaction and wait is false. It sees the newest version of a room that it has locked, and
// checks the policy version of that row, so the author is still a member. It returns what the
// caller publishes after the commit, with the commits if the rooms are followed.
func insertMessages(
	ctx context.Context, q store.Querier, run runner, messages []*Message, wait, followed bool,
) ([]broker.Publication, error) {
	records := make([]json.RawMessage, len(messages))
	rooms, rules := make([]string, len(messages)), make([]string, len(messages))
	for i, m := range messages {
		m.Inserted, m.Locked = false, false
		records[i] = m.Record()
		rooms[i], rules[i] = m.RoomID.String(), strconv.FormatInt(m.PolicyVersion, 10)
	}
	statement := insertMessagesUnlocked
	if wait {
		statement = insertMessagesWaiting
	}
	commits := make(map[uuid.UUID]*roomlog.Commit)
	var profiles profiles.Version // on the first row
	err := run(
		ctx,
		q,
		func(rows *sql.Rows) error {
			var n int
			var locked bool
			var id, seq, ordinal, own sql.Null[int64]
			var at sql.Null[time.Time]
			var room []byte // of the last message of each room
			err := rows.Scan(&n, &locked, &id, &seq, &ordinal, &own, &at, &profiles, &room)
			if err != nil {
				return err
			}
			m := messages[n-1]
			m.Locked, m.Inserted, m.Profiles = !locked, id.Valid, profiles
			if !m.Inserted {
				return nil
			}
			m.ID, m.Seq, m.Ordinal, m.OwnOrdinal = int(id.V), seq.V, ordinal.V, own.V
			m.CreatedAt = at.V.UTC()
			commit := commits[m.RoomID]
			if commit == nil {
				commit = &roomlog.Commit{Profiles: profiles}
				commits[m.RoomID] = commit
			}
			commit.Events = append(commit.Events, roomlog.Added(m.Message))
			if room != nil {
				commit.Row = room
			}
			return nil
		},
		statement,
		document(records),
		store.List(dialect.Postgres, rooms),
		store.List(
			dialect.Postgres,
			rules,
		),
		Now(),
		len(messages),
		followed,
		store.TimelineArg{},
		store.SkippedSeqs, store.OneCluster,
	)
	if err != nil {
		return nil, fmt.Errorf("insert %d messages: %w", len(messages), err)
	}
	var publications []broker.Publication
	for id, commit := range commits {
		p := commit.Publication(id)
		if !followed {
			p.Commit = nil
		}
		publications = append(publications, p)
	}
	return publications, nil
}

// The statements of insertMessages. given is what is to be inserted and has not been before; locked
// are the rooms, locked in the order of all locks; updated are the rooms whose policy version is still
// the same; numbered is what is inserted. The rooms are a parameter of their own, so that
// PostgreSQL finds them by the index; and so is the number of messages, and whether the rooms are
// published. It finds keys by their hash: see byKeyHash.
const (
	insertMessagesUnlocked = insertMessagesLocking + ` SKIP LOCKED` + insertMessagesLocked
	insertMessagesWaiting  = insertMessagesLocking + insertMessagesLocked

	insertMessagesLocking = `WITH given AS MATERIALIZED (
	SELECT i.ordinality AS n, i.unnest AS rules, i.*
	FROM (SELECT * FROM ROWS FROM (
		jsonb_to_recordset($1::jsonb) AS (` + ent.MessageRecord + `), unnest($3::bigint[])
	) WITH ORDINALITY AS i LIMIT $5) AS i
	JOIN members m ON m.room_id = i.room_id AND m.user_id = i.author_id
	WHERE i.idempotency_key IS NULL OR NOT EXISTS (SELECT 1 FROM messages m
		WHERE m.room_id = i.room_id AND ` +
		store.KeyHashAuthor + `m.author_id` + store.KeyHashKey + `m.idempotency_key` + store.KeyHashEnd + ` = ` +
		store.KeyHashAuthor + `i.author_id` + store.KeyHashKey + `i.idempotency_key` + store.KeyHashEnd + `
		AND m.author_id = i.author_id AND m.idempotency_key = i.idempotency_key)
), locked AS MATERIALIZED (
	SELECT id, ` + seqsToSkip + ` AS skipped
	FROM rooms WHERE id = ANY($2::uuid[]) ORDER BY id FOR NO KEY UPDATE`
	insertMessagesLocked = `
), updated AS (
	UPDATE rooms SET seq = seq + w.skipped + w.n, latest_seq = seq + w.skipped + w.n,
		log_start = CASE w.skipped WHEN 0 THEN log_start ELSE seq + w.skipped END,
		timeline = GREATEST(timeline, $7::bigint),
		message_count = message_count + w.n, event_at = GREATEST(event_at, $4), updated_at = GREATEST(event_at, $4)
	FROM (SELECT g.room_id, min(g.rules) AS rules, count(*) AS n, min(locked.skipped) AS skipped
		FROM given g JOIN locked ON locked.id = g.room_id GROUP BY g.room_id) w
	WHERE rooms.id = w.room_id AND rooms.rules = w.rules AND deleted_at IS NULL
	RETURNING id, seq, event_at, seq - w.n AS before, message_count - w.n AS ordinal,
		CASE WHEN $6 THEN (SELECT row_to_json(r) FROM (SELECT ` + ent.PublicRoomColumns + `) r) END AS published
), counted AS (
	UPDATE members m SET own_sent = m.own_sent + w.n
	FROM (SELECT g.room_id, g.author_id, count(*) AS n FROM given g JOIN updated ON updated.id = g.room_id GROUP BY g.room_id, g.author_id) w
	WHERE m.room_id = w.room_id AND m.user_id = w.author_id
	RETURNING m.room_id, m.user_id, m.own_sent - w.n AS own
), numbered AS MATERIALIZED (
	SELECT g.*, updated.event_at AS created_at,
		updated.before + row_number() OVER (PARTITION BY g.room_id ORDER BY g.n) AS seq,
		updated.ordinal + row_number() OVER (PARTITION BY g.room_id ORDER BY g.n) AS ordinal,
		counted.own + row_number() OVER (PARTITION BY g.room_id, g.author_id ORDER BY g.n) AS own_ordinal
	FROM given g JOIN updated ON updated.id = g.room_id JOIN counted ON counted.room_id = g.room_id AND counted.user_id = g.author_id
), inserted AS (
	INSERT INTO messages (` + ent.NewMessageColumns + `)
	SELECT ` + ent.NewMessageValues + ` FROM numbered AS messages
	RETURNING id, room_id, seq
)
SELECT i.n, locked.id IS NOT NULL, inserted.id, numbered.seq, numbered.ordinal, numbered.own_ordinal, numbered.created_at,
	CASE i.n WHEN 1 THEN ` + profiles.ReadVersion + ` END, updated.published
FROM unnest($2::uuid[]) WITH ORDINALITY AS i (room_id, n)
LEFT JOIN locked ON locked.id = i.room_id
LEFT JOIN numbered ON numbered.n = i.n
LEFT JOIN inserted ON inserted.room_id = numbered.room_id AND inserted.seq = numbered.seq
LEFT JOIN updated ON updated.id = inserted.room_id AND updated.seq = inserted.seq
ORDER BY i.n`
)

// MessageByKey returns the message that a user has sent to the room with an idempotency key; nil if
// there is none.
func (r *Room) MessageByKey(ctx context.Context, author, key string) (*ent.Message, error) {
	q := r.Tx.Message.Query().
		Where(message.RoomID(r.ID), message.AuthorID(author), message.IdempotencyKey(key))
	if r.Tx.Dialect == dialect.Postgres {
		q.Where(byKeyHash(author, key))
	}
	m, err := q.Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find the message sent before: %w", err)
	}
	return m, nil
}

// byKeyHash selects messages by the hash of their author and key, which PostgreSQL's unique index
// of idempotency keys has in the place of both (package tables).
func byKeyHash(author, key string) predicate.Message {
	return func(s *entsql.Selector) {
		s.Where(entsql.P(func(b *entsql.Builder) {
			b.WriteString(store.KeyHash + " = " + store.KeyHashAuthor).Arg(author)
			b.WriteString(store.KeyHashKey).Arg(key).WriteString(store.KeyHashEnd)
		}))
	}
}

// insertMessage inserts a message on SQLite, whose transactions have the database for themselves.
// It returns nil if the message was not inserted.
func (t *Tx) insertMessage(ctx context.Context, m *Message) (*roomlog.Commit, error) {
	m.Inserted, m.Locked = false, false
	var r *ent.Room
	err := store.Each(ctx, t, func(rows *sql.Rows) (err error) {
		var row ent.RoomRow
		err = rows.Scan(append(row.Targets(), &m.OwnOrdinal, &m.Profiles)...)
		if err == nil {
			r, err = row.Room()
		}
		return err
	}, `SELECT `+ent.RoomColumns+`, members.own_sent + 1, `+profiles.ReadVersion+`
FROM rooms JOIN members ON members.room_id = rooms.id
WHERE rooms.id = $1 AND rooms.rules = $2 AND rooms.deleted_at IS NULL AND members.user_id = $3
	AND NOT EXISTS (SELECT 1 FROM messages WHERE room_id = $1 AND author_id = $3 AND idempotency_key = $4)`,
		m.RoomID, m.PolicyVersion, m.AuthorID, m.IdempotencyKey)
	if err != nil || r == nil {
		return nil, err
	}
	r.Seq++
	r.MessageCount++
	r.EventAt = eventTime(r.EventAt, r.CreatedAt)
	r.LatestSeq, r.UpdatedAt = r.Seq, r.EventAt
	m.Seq, m.Ordinal, m.CreatedAt = r.Seq, r.MessageCount, r.EventAt
	result, err := t.ExecContext(ctx, `INSERT INTO messages (`+ent.NewMessageColumns+`)
SELECT `+ent.NewMessageElements+` FROM json_each($1)`,
		document([]json.RawMessage{m.Record()}))
	if err != nil {
		return nil, err
	}
	id, err := result.LastInsertId()
	if err != nil {
		return nil, err
	}
	m.ID, m.Inserted = int(id), true
	if _, err := t.ExecContext(ctx,
		`UPDATE members SET own_sent = $1 WHERE room_id = $2 AND user_id = $3`,
		m.OwnOrdinal, m.RoomID, m.AuthorID,
	); err != nil {
		return nil, err
	}
	if _, err := t.ExecContext(ctx, `UPDATE rooms
SET seq = $1, latest_seq = $1, message_count = $2, event_at = $3, updated_at = $3 WHERE id = $4`,
		r.Seq, r.MessageCount, r.EventAt, r.ID,
	); err != nil {
		return nil, err
	}
	return roomlog.NewCommit(r, m.Profiles, []*roomlog.Event{roomlog.Added(m.Message)}), nil
}

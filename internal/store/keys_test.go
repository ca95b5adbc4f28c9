package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"parley/internal/store"
	"parley/internal/store/storetest"
)

// beforeKeys is the version before the one in which PostgreSQL's keys have the room.
const beforeKeys = 20261201043319

// fill inserts rooms of one user, and messages of 66 characters with a key in turn.
func fill(t *testing.T, db *sql.DB, rooms, messages int) {
	t.Helper()
	exec := func(statement string, args ...any) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	exec(
		`INSERT INTO users (id, created_at) SELECT 'user-' || i, now() FROM generate_series(0, 9) i`,
	)
	ids := make([]string, rooms)
	for i := range ids {
		id, err := uuid.NewV7()
		if err != nil {
			t.Fatal(err)
		}
		ids[i] = id.String()
		exec(
			`INSERT INTO rooms (id, access_type, key, creator_id, owner_id, created_at, updated_at, event_at)
VALUES ($1, 'PUBLIC', 'k', 'user-0', 'user-0', now(), now(), now())`,
			ids[i],
		)
	}
	exec(
		"CREATE TEMPORARY TABLE given AS SELECT ordinality - 1 AS n, unnest AS id FROM unnest($1::uuid[]) WITH ORDINALITY",
		"{"+joined(ids)+"}",
	)
	exec(
		`INSERT INTO messages (room_id, seq, author_id, type, contents, ordinal, own_ordinal, mentions,
	idempotency_key, request_hash, created_at)
SELECT id, i / $1 + 1, 'user-' || (i / $1) % 10, 'TEXT', repeat('x', 66), i / $1 + 1, 1, '[]',
	md5(i::text)::uuid, sha256(i::text::bytea), now()
FROM generate_series(0, $2::int - 1) i JOIN given ON n = i % $1 ORDER BY i`,
		rooms,
		messages,
	)
	exec("DROP TABLE given")
}

func joined(ids []string) (list string) {
	for i, id := range ids {
		if i > 0 {
			list += ","
		}
		list += id
	}
	return list
}

// openSQL opens a database of one connection.
func openSQL(t *testing.T, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// TestMessageBytes measures the size of a message of 66 characters with a key on PostgreSQL.
func TestMessageBytes(t *testing.T) {
	t.Parallel()
	const messages, most = 30_000, 400
	db := openSQL(t, storetest.MigratedPostgresURL(t))
	fill(t, db, 60, messages)
	var total int
	rows, err := db.QueryContext(t.Context(), `SELECT 'heap', pg_relation_size('messages')
UNION ALL SELECT indexrelid::regclass::text, pg_relation_size(indexrelid) FROM pg_index WHERE indrelid = 'messages'::regclass`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var size int
		if err := rows.Scan(&name, &size); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d bytes a message", name, size/messages)
		total += size
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if total /= messages; total > most {
		t.Errorf("a message takes %d bytes, want at most %d", total, most)
	}
}

// TestKeysChangeWhileSending migrates a database to the keys with the room while a client inserts
// messages. No insert may fail. PARLEY_TEST_MESSAGES is the number of messages before; with a million it
// measures the migration.
func TestKeysChangeWhileSending(t *testing.T) {
	t.Parallel()
	messages := 20_000
	if text := os.Getenv("PARLEY_TEST_MESSAGES"); text != "" {
		var err error
		if messages, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	url := storetest.PostgresURL(t)
	old := open(t, url, store.Options{}.UpTo(beforeKeys))
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	db := openSQL(t, url)
	fill(t, db, 100, messages)
	ctx, stop := context.WithCancel(t.Context())
	var sender sync.WaitGroup
	var sent int
	var longest time.Duration
	sender.Go(func() {
		for ctx.Err() == nil {
			begun := time.Now()
			_, err := db.ExecContext(t.Context(), `WITH r AS (
	UPDATE rooms SET seq = seq + 1 WHERE id = (SELECT id FROM rooms ORDER BY random() LIMIT 1) RETURNING id, seq
) INSERT INTO messages (room_id, seq, author_id, type, contents, ordinal, own_ordinal, idempotency_key, created_at)
SELECT id, seq + 10000000, 'user-1', 'TEXT', 'x', seq, seq, gen_random_uuid(), now() FROM r`)
			if err != nil {
				t.Errorf("a message is refused: %v", err)
				return
			}
			sent++
			longest = max(longest, time.Since(begun))
		}
	})
	begun := time.Now()
	migrated := open(t, url, store.Options{})
	took := time.Since(begun)
	stop()
	sender.Wait()
	t.Logf(
		"%d messages: %s, meanwhile %d were sent, the slowest in %s",
		messages,
		took,
		sent,
		longest,
	)
	if sent == 0 {
		t.Error("nothing was sent meanwhile")
	}
	if n := mustValue[int](
		t, migrated.Driver(), "SELECT count(*) FROM messages",
	); n != messages+sent {
		t.Errorf("there are %d messages, and %d were sent", n, messages+sent)
	}
	key := fmt.Sprint(time.Now())
	insert := func(seq int) error {
		_, err := db.ExecContext(
			t.Context(),
			`INSERT INTO messages (room_id, seq, author_id, type, contents, ordinal, own_ordinal, idempotency_key, created_at)
SELECT min(id::text)::uuid, $1, 'user-1', 'TEXT', 'x', 1, 1, $2, now() FROM rooms`,
			seq,
			key,
		)
		return err
	}
	if err := insert(-1); err != nil {
		t.Error(err)
	}
	if err := insert(-2); !store.IsRefused(err) {
		t.Errorf("a key that is used twice: %v", err)
	}
}

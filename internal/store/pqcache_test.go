package store_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"parley/internal/store"
	"parley/internal/store/storetest"
)

// prepared returns the statements that the server has for the one connection of a pool, and how
// often each has run.
func prepared(t *testing.T, db *store.DB) map[string]int {
	t.Helper()
	// No arguments: this statement itself is not prepared.
	rows, err := raw(
		db.Driver(),
	).QueryContext(t.Context(), "SELECT statement, generic_plans + custom_plans FROM pg_prepared_statements")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all := map[string]int{}
	for rows.Next() {
		var statement string
		var runs int
		if err := rows.Scan(&statement, &runs); err != nil {
			t.Fatal(err)
		}
		if _, ok := all[statement]; ok {
			t.Errorf("%s is prepared twice", statement)
		}
		all[statement] = runs
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// openPostgres opens a new database with one connection.
func openPostgres(t *testing.T, opts store.Options) *store.DB {
	t.Helper()
	opts.MaxOpenConns = 1
	return open(t, storetest.MigratedPostgresURL(t), opts)
}

func TestStatementCacheHits(t *testing.T) {
	t.Parallel()
	db := openPostgres(t, store.Options{})
	const read, write = "SELECT $1::int + 1", "SELECT set_config('parley.x', $1, false)"
	for i := range 3 {
		if got := mustValue[int](t, db.Driver(), read, i); got != i+1 {
			t.Errorf("%d + 1 = %d", i, got)
		}
		mustExec(t, db.Driver(), write, fmt.Sprint(i))
	}
	got := prepared(t, db)
	if len(got) != 2 || got[read] != 3 || got[write] != 3 {
		t.Errorf("prepared %v, want two statements that ran 3 times each", got)
	}
}

func TestStatementCacheOff(t *testing.T) {
	t.Parallel()
	db := openPostgres(t, store.Options{StatementCache: -1})
	for range 3 {
		mustValue[int](t, db.Driver(), "SELECT $1::int", 1)
	}
	if got := prepared(t, db); len(got) != 0 {
		t.Errorf("prepared %v, want nothing", got)
	}
}

func TestStatementCacheEvicts(t *testing.T) {
	t.Parallel()
	db := openPostgres(t, store.Options{StatementCache: 2})
	query := func(n int) string { return fmt.Sprintf("SELECT $1::int + %d", n) }
	for _, n := range []int{1, 2, 1, 3, 1, 4, 1} { // 1 is always in use
		if got := mustValue[int](t, db.Driver(), query(n), 10); got != 10+n {
			t.Errorf("10 + %d = %d", n, got)
		}
	}
	got := prepared(t, db)
	if len(got) != 2 || got[query(1)] != 4 || got[query(4)] != 1 {
		t.Errorf("prepared %v, want the two that were used last", got)
	}

	// Also in a transaction that has failed.
	tx, err := db.Driver().Tx(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := value[int](t.Context(), tx, "SELECT 1 / $1::int", 0); err == nil {
		t.Fatal("divided by 0")
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if got := mustValue[int](t, db.Driver(), query(5), 10); got != 15 {
		t.Errorf("10 + 5 = %d", got)
	}
}

// The columns of a table change between two runs of a statement that returns them all.
func TestStaleStatement(t *testing.T) {
	t.Parallel()
	const query = "SELECT * FROM changing WHERE n > $1"
	columns := func(t *testing.T, db any) (int, error) {
		t.Helper()
		rows, err := raw(db).QueryContext(t.Context(), query, 0)
		if err != nil {
			return 0, err
		}
		defer rows.Close()
		names, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
		}
		return len(names), rows.Err()
	}
	alter := func(t *testing.T, db *store.DB) {
		t.Helper()
		mustExec(t, db.Driver(), "ALTER TABLE changing ADD COLUMN m integer")
	}
	setUp := func(t *testing.T, conns int) *store.DB {
		t.Helper()
		db := open(t, storetest.MigratedPostgresURL(t), store.Options{MaxOpenConns: conns})
		mustExec(t, db.Driver(), "CREATE TABLE changing (n integer)")
		mustExec(t, db.Driver(), "INSERT INTO changing VALUES (1)")
		return db
	}

	t.Run("outside a transaction", func(t *testing.T) {
		t.Parallel()
		db := setUp(t, 1)
		for want := 1; want <= 3; want++ {
			for range 2 {
				if got, err := columns(t, db.Driver()); err != nil || got != want {
					t.Errorf("%d columns (%v), want %d", got, err, want)
				}
			}
			mustExec(
				t,
				db.Driver(),
				fmt.Sprintf("ALTER TABLE changing ADD COLUMN m%d integer", want),
			)
		}
	})

	t.Run("inside a transaction", func(t *testing.T) {
		t.Parallel()
		const conns = 4
		db := setUp(t, conns)
		// Give every connection the statement.
		var txs []dialect.Tx
		for range conns {
			tx, err := db.Driver().Tx(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := columns(t, tx); err != nil {
				t.Fatal(err)
			}
			txs = append(txs, tx)
		}
		for _, tx := range txs {
			if err := tx.Commit(); err != nil {
				t.Fatal(err)
			}
		}
		alter(t, db)
		reruns := 0
		for {
			tx, err := db.Driver().Tx(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got, err := columns(t, tx)
			if err == nil {
				if got != 2 {
					t.Errorf("%d columns, want 2", got)
				}
				if err := tx.Commit(); err != nil {
					t.Fatal(err)
				}
				break
			}
			if !store.IsConflict(err) {
				t.Fatal(err)
			}
			if err := tx.Rollback(); err != nil {
				t.Fatal(err)
			}
			reruns++
		}
		if reruns != 1 {
			t.Errorf("%d reruns, want 1 whatever the number of connections", reruns)
		}
	})
}

func TestStatementCacheConcurrently(t *testing.T) {
	t.Parallel()
	db := open(
		t,
		storetest.MigratedPostgresURL(t),
		store.Options{MaxOpenConns: 4, StatementCache: 3},
	)
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 100 {
				n := (worker + i) % 7 // more statements than fit
				got, err := value[int](
					t.Context(),
					db.Driver(),
					fmt.Sprintf("SELECT $1::int * %d", n),
					i,
				)
				if err != nil || got != i*n {
					t.Errorf("%d * %d = %d, %v", i, n, got, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// A cancelled statement hurts nobody else, neither while it runs nor while its rows are read.
func TestCancel(t *testing.T) {
	t.Parallel()
	db := open(t, storetest.MigratedPostgresURL(t), store.Options{MaxOpenConns: 2})
	for i := range 10 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*3*time.Millisecond)
		start := time.Now()
		if _, err := value[string](ctx, db.Driver(), "SELECT pg_sleep($1)", 60); err == nil {
			t.Error("slept for a minute")
		}
		if took := time.Since(start); took > 30*time.Second {
			t.Errorf("took %v to be cancelled", took)
		}
		cancel()

		ctx, cancel = context.WithCancel(t.Context())
		rows, err := raw(db.Driver()).QueryContext(ctx, "SELECT generate_series(1, $1)", 100_000)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		rows.Next()
		cancel()
		for rows.Next() {
		}
		if err := rows.Err(); !errors.Is(err, context.Canceled) && err != nil {
			t.Log("reading ended with ", err)
		}

		for n := range 20 {
			if got := mustValue[int](t, db.Driver(), "SELECT $1::int", n); got != n {
				t.Errorf("selected %d, want %d", got, n)
			}
		}
	}
}

// A cancelled statement's connection is replaced: the request to cancel it may arrive late, and
// would hit the next one.
func TestCancelReplacesConnection(t *testing.T) {
	t.Parallel()
	db := openPostgres(t, store.Options{})
	const pid = "SELECT pg_backend_pid()"
	before := mustValue[int](t, db.Driver(), pid)

	ctx, cancel := context.WithCancel(t.Context())
	rows, err := raw(db.Driver()).QueryContext(ctx, "SELECT generate_series(1, $1)", 10)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	cancel()
	for rows.Next() {
	}
	if err := rows.Err(); err != nil && !errors.Is(err, context.Canceled) {
		t.Log("reading ended with ", err)
	}
	if after := mustValue[int](t, db.Driver(), pid); after == before {
		t.Error("the connection is still in use")
	}
}

// A connection has room for one answer at a time: a second query is refused, and does no harm.
func TestRowsStillOpen(t *testing.T) {
	t.Parallel()
	db := openPostgres(t, store.Options{})
	tx, err := db.Driver().Tx(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows, err := raw(tx).QueryContext(t.Context(), "SELECT generate_series(1, $1)", 1000)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	rows.Next()
	if _, err := value[int](t.Context(), tx, "SELECT $1::int", 1); err == nil {
		t.Error("a second query while rows are open")
	}
	n := 1
	for rows.Next() {
		n++
	}
	if err := rows.Err(); err != nil || n != 1000 {
		t.Errorf("%d rows, %v", n, err)
	}
	if got := mustValue[int](t, tx, "SELECT $1::int", 1); got != 1 {
		t.Errorf("selected %d", got)
	}
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
}

// What goes through the cache is what goes without it.
func TestStatementCacheValues(t *testing.T) {
	t.Parallel()
	url := storetest.MigratedPostgresURL(t)
	cached := open(t, url, store.Options{})
	plain := open(t, url, store.Options{StatementCache: -1})
	for query, arg := range map[string]any{
		"SELECT $1::jsonb":       json.RawMessage(`{"a": [1, 2]}`), // as ent gives it
		"SELECT $1::text":        "héllo",
		"SELECT $1::bytea":       []byte{0, 255},
		"SELECT $1::int[]::text": []int64{1, 2, 3},
		"SELECT $1::bigint":      uint64(7),
		"SELECT $1::timestamptz": time.Date(2026, 1, 2, 3, 4, 5, 6000, time.FixedZone("", 3600)),
		"SELECT $1::uuid":        "0190163d-8694-739b-aea5-966c26f8ad91",
		"SELECT $1::boolean":     sql.NullBool{},
	} {
		for range 2 {
			got := scanAny(t, cached, query, arg)
			if want := scanAny(t, plain, query, arg); got != want {
				t.Errorf("%s: %s, want %s", query, got, want)
			}
		}
	}
}

func scanAny(t *testing.T, db *store.DB, query string, arg any) string {
	t.Helper()
	rows, err := raw(db.Driver()).QueryContext(t.Context(), query, arg)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var v any
	for rows.Next() {
		if err := rows.Scan(&v); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return fmt.Sprintf("%T %v", v, v)
}

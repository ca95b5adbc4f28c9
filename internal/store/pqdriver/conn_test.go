package pqdriver_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"parley/internal/store"
	"parley/internal/store/pqdriver"
	"parley/internal/store/storetest"
)

// statements is the default number of statements that a connection caches in tests.
const statements = 256

func TestMain(m *testing.M) { storetest.Main(m) }

// open returns a pool of conns connections to a database.
func open(t *testing.T, url string, conns, statements int) *sql.DB {
	t.Helper()
	connector, err := pqdriver.New(t.Context(), url, pqdriver.Options{Statements: statements})
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// openOne returns a pool of one connection to a new database.
func openOne(t *testing.T, statements int) *sql.DB {
	t.Helper()
	return open(t, storetest.PostgresURL(t), 1, statements)
}

// querier is a pool or a transaction.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// mustExec runs a statement.
func mustExec(t *testing.T, db querier, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// value returns the only value of a query.
func value[T any](ctx context.Context, db querier, query string, args ...any) (v T, err error) {
	err = db.QueryRowContext(ctx, query, args...).Scan(&v)
	return v, err
}

func mustValue[T any](t *testing.T, db querier, query string, args ...any) T {
	t.Helper()
	v, err := value[T](t.Context(), db, query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

// prepared returns the prepared statements of the only connection of a pool, with the number of their
// runs.
func prepared(t *testing.T, db *sql.DB) map[string]int {
	t.Helper()
	// Without arguments, this statement itself is not prepared.
	rows, err := db.QueryContext(
		t.Context(),
		"SELECT statement, generic_plans + custom_plans FROM pg_prepared_statements",
	)
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

func TestStatementCacheHits(t *testing.T) {
	t.Parallel()
	db := openOne(t, statements)
	const read, write = "SELECT $1::int + 1", "SELECT set_config('parley.x', $1, false)"
	for i := range 3 {
		if got := mustValue[int](t, db, read, i); got != i+1 {
			t.Errorf("%d + 1 = %d", i, got)
		}
		mustExec(t, db, write, fmt.Sprint(i))
	}
	got := prepared(t, db)
	if len(got) != 2 || got[read] != 3 || got[write] != 3 {
		t.Errorf("prepared %v, want two statements that ran 3 times each", got)
	}
}

func TestStatementCacheOff(t *testing.T) {
	t.Parallel()
	db := openOne(t, 0)
	for range 3 {
		mustValue[int](t, db, "SELECT $1::int", 1)
	}
	if got := prepared(t, db); len(got) != 0 {
		t.Errorf("prepared %v, want nothing", got)
	}
}

func TestStatementCacheEvicts(t *testing.T) {
	t.Parallel()
	db := openOne(t, 2)
	query := func(n int) string { return fmt.Sprintf("SELECT $1::int + %d", n) }
	for _, n := range []int{1, 2, 1, 3, 1, 4, 1} { // 1 is always in use
		if got := mustValue[int](t, db, query(n), 10); got != 10+n {
			t.Errorf("10 + %d = %d", n, got)
		}
	}
	got := prepared(t, db)
	if len(got) != 2 || got[query(1)] != 4 || got[query(4)] != 1 {
		t.Errorf("prepared %v, want the two that were used last", got)
	}

	// Also in a transaction that has failed.
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := value[int](t.Context(), tx, "SELECT 1 / $1::int", 0); err == nil {
		t.Fatal("no error of a division by 0")
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if got := mustValue[int](t, db, query(5), 10); got != 15 {
		t.Errorf("10 + 5 = %d", got)
	}
}

// The columns of a table change between two runs of a statement that returns all of them.
func TestStaleStatement(t *testing.T) {
	t.Parallel()
	const query = "SELECT * FROM changing WHERE n > $1"
	columns := func(t *testing.T, db querier) (int, error) {
		t.Helper()
		rows, err := db.QueryContext(t.Context(), query, 0)
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
	alter := func(t *testing.T, db *sql.DB) {
		t.Helper()
		mustExec(t, db, "ALTER TABLE changing ADD COLUMN m integer")
	}
	setUp := func(t *testing.T, conns int) *sql.DB {
		t.Helper()
		db := open(t, storetest.PostgresURL(t), conns, statements)
		mustExec(t, db, "CREATE TABLE changing (n integer)")
		mustExec(t, db, "INSERT INTO changing VALUES (1)")
		return db
	}

	t.Run("outside a transaction", func(t *testing.T) {
		t.Parallel()
		db := setUp(t, 1)
		for want := 1; want <= 3; want++ {
			for range 2 {
				if got, err := columns(t, db); err != nil || got != want {
					t.Errorf("%d columns (%v), want %d", got, err, want)
				}
			}
			mustExec(
				t,
				db,
				fmt.Sprintf("ALTER TABLE changing ADD COLUMN m%d integer", want),
			)
		}
	})

	t.Run("inside a transaction", func(t *testing.T) {
		t.Parallel()
		const conns = 4
		db := setUp(t, conns)
		// Prepare the statement on each connection.
		var txs []*sql.Tx
		for range conns {
			tx, err := db.BeginTx(t.Context(), nil)
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
		retries := 0
		for {
			tx, err := db.BeginTx(t.Context(), nil)
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
			retries++
		}
		if retries != 1 {
			t.Errorf("%d retries, want 1 for any number of connections", retries)
		}
	})
}

// TestUnsupportedFeature: SQLSTATE 0A000 has many causes. Only for a stale plan the driver runs the
// statement again and replaces its connections.
func TestUnsupportedFeature(t *testing.T) {
	t.Parallel()
	db := openOne(t, statements)
	mustExec(t, db, "CREATE SEQUENCE runs")
	const query = "SELECT nextval('runs') || date_trunc($1, now())::text"
	mustValue[string](t, db, query, "hour") // prepares the statement
	connection := mustValue[int](t, db, "SELECT pg_backend_pid()")

	_, err := value[string](t.Context(), db, query, "timezone")
	if pq.As(err, pqerror.FeatureNotSupported) == nil {
		t.Fatalf("error %v, want SQLSTATE 0A000", err)
	}
	if store.IsConflict(err) || !store.IsRefused(err) {
		t.Errorf("error %v is a conflict, want a refusal", err)
	}
	if n := mustValue[int](t, db, "SELECT last_value FROM runs"); n != 2 {
		t.Errorf("the refused statement ran %d times, want once", n-1)
	}
	if mustValue[int](t, db, "SELECT pg_backend_pid()") != connection {
		t.Error("the connection was replaced")
	}
}

func TestStatementCacheConcurrently(t *testing.T) {
	t.Parallel()
	db := open(t, storetest.PostgresURL(t), 4, 3)
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 100 {
				n := (worker + i) % 7 // more statements than fit
				got, err := value[int](
					t.Context(),
					db,
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

// TestCancel: cancelling a statement does not affect others, neither while it runs nor while its rows
// are read.
func TestCancel(t *testing.T) {
	t.Parallel()
	db := open(t, storetest.PostgresURL(t), 2, statements)
	for i := range 10 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*3*time.Millisecond)
		start := time.Now()
		if _, err := value[string](ctx, db, "SELECT pg_sleep($1)", 60); err == nil {
			t.Error("slept for a minute")
		}
		if took := time.Since(start); took > 30*time.Second {
			t.Errorf("took %v to be cancelled", took)
		}
		cancel()

		ctx, cancel = context.WithCancel(t.Context())
		rows, err := db.QueryContext(ctx, "SELECT generate_series(1, $1)", 100_000)
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
			if got := mustValue[int](t, db, "SELECT $1::int", n); got != n {
				t.Errorf("selected %d, want %d", got, n)
			}
		}
	}
}

// The connection of a canceled statement is replaced: the cancel request may arrive late, and would cancel
// the next statement.
func TestCancelReplacesConnection(t *testing.T) {
	t.Parallel()
	db := openOne(t, statements)
	const pid = "SELECT pg_backend_pid()"
	before := mustValue[int](t, db, pid)

	ctx, cancel := context.WithCancel(t.Context())
	rows, err := db.QueryContext(ctx, "SELECT generate_series(1, $1)", 10)
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
	if after := mustValue[int](t, db, pid); after == before {
		t.Error("the connection is still in use")
	}
}

// A connection has one result at a time: a second query is rejected, and does not affect the first.
func TestRowsStillOpen(t *testing.T) {
	t.Parallel()
	db := openOne(t, statements)
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := tx.QueryContext(t.Context(), "SELECT generate_series(1, $1)", 1000)
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

// Statements return the same with and without the cache.
func TestStatementCacheValues(t *testing.T) {
	t.Parallel()
	url := storetest.PostgresURL(t)
	cached := open(t, url, 1, statements)
	plain := open(t, url, 1, 0)
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
			got, want := mustValue[any](t, cached, query, arg), mustValue[any](t, plain, query, arg)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %T %v, want %T %v", query, got, got, want, want)
			}
		}
	}
}

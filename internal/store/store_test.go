package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"

	"parley/ent/migrate"
	"parley/internal/store"
	"parley/internal/store/storetest"
	"parley/internal/store/tables"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// open opens a database for the length of a test.
func open(t *testing.T, url string, opts store.Options) *store.DB {
	t.Helper()
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	db, err := store.Open(t.Context(), url, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// databases returns a function for each kind of database, which creates a new one and returns its URL.
func databases() map[string]func(*testing.T) string {
	return map[string]func(*testing.T) string{
		"sqlite": func(t *testing.T) string {
			t.Helper()
			return "sqlite:" + filepath.Join(
				t.TempDir(),
				"a b?c%.db",
			) // a name with special characters of URLs
		},
		"postgres": func(t *testing.T) string {
			t.Helper()
			return storetest.PostgresURL(t)
		},
	}
}

// execQuerier has the methods of a driver or transaction for hand-written statements.
type execQuerier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// raw returns the database/sql side of a driver or a transaction.
func raw(db any) execQuerier {
	eq, ok := db.(execQuerier)
	if !ok {
		panic(fmt.Sprintf("ent cannot run hand-written statements on a %T", db))
	}
	return eq
}

// mustExec runs a statement.
func mustExec(t *testing.T, db any, query string, args ...any) {
	t.Helper()
	if _, err := raw(db).ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// value returns the first column of the only row of a query.
func value[T any](ctx context.Context, db any, query string, args ...any) (T, error) {
	var v T
	rows, err := raw(db).QueryContext(ctx, query, args...)
	if err != nil {
		return v, err
	}
	defer rows.Close()
	if err := entsql.ScanOne(rows, &v); err != nil {
		return v, err
	}
	return v, rows.Err()
}

func mustValue[T any](t *testing.T, db any, query string, args ...any) T {
	t.Helper()
	v, err := value[T](t.Context(), db, query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "missing", "parley.db")
	for name, test := range map[string]struct{ url, want string }{
		"another scheme":  {"mysql://root:secret@localhost/db", `must begin with "sqlite:" or "postgres://"`},
		"a bare path":     {"parley.db", `must begin with "sqlite:" or "postgres://"`},
		"no path":         {"sqlite:", "lacks the path"},
		"no such folder":  {"sqlite:" + missing, "no such file or directory"},
		"a folder":        {"sqlite:" + t.TempDir(), "it is a folder"},
		"not a URL":       {"postgres://u:secret@local host/db", "URL is not valid"},
		"a bad port":      {"postgres://u:secret@localhost:port/db", "URL is not valid"},
		"a bad parameter": {"postgres://u:secret@localhost/db?sslmode=secretive", "sslmode"},
		"binary":          {"postgres://u:secret@localhost/db?binary_parameters=yes", "binary_parameters is not supported"},
		"no server":       {"postgres://u:secret@localhost:1/db?sslmode=disable", "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, err := store.Open(t.Context(), test.url, store.Options{})
			if err == nil {
				t.Fatal("opened", db.Dialect())
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %q does not contain %q", err, test.want)
			}
			if strings.Contains(err.Error(), "secret@") {
				t.Errorf("error %q shows the password", err)
			}
		})
	}
}

func TestOpenTwice(t *testing.T) {
	t.Parallel()
	for name, newURL := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := newURL(t)
			first := open(t, url, store.Options{})
			second := open(t, url, store.Options{})
			mustExec(t, first.Driver(), "CREATE TABLE seen (n integer)")
			mustExec(t, second.Driver(), "INSERT INTO seen VALUES (1)")
			if n := mustValue[int](t, first.Driver(), "SELECT count(*) FROM seen"); n != 1 {
				t.Errorf("the first sees %d rows, want 1", n)
			}
			if err := second.Ping(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// The database contains room keys: only its owner can read it and its other files.
func TestSQLiteFilesArePrivate(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("files have no such permissions")
	}
	file := filepath.Join(t.TempDir(), "parley.db")
	db := open(t, "sqlite:"+file, store.Options{})
	mustExec(t, db.Driver(), "CREATE TABLE kept (n integer)")
	for _, name := range []string{file, file + "-wal", file + "-shm"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s: %v, want %v", name, mode, os.FileMode(0o600))
		}
	}
}

// TestCloseReleasesLock: a server that cannot record its clean end still releases the lock of its run, by
// which the next one knows whether it is alone.
func TestCloseReleasesLock(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "parley.db")
	db, err := store.Open(
		t.Context(), "sqlite:"+file, store.Options{Synchronous: store.SynchronousNormal},
	)
	if err != nil {
		t.Fatal(err)
	}
	connect := func(path string) *sql.Conn {
		pool, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = pool.Close() })
		conn, err := pool.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	// No other connection can write.
	if _, err := connect(file).ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err == nil {
		t.Error("the server has ended without a record of it, and without an error")
	}
	if _, err := connect(file+"-run").ExecContext(t.Context(), "BEGIN EXCLUSIVE"); err != nil {
		t.Errorf("the lock is still held: %v", err)
	}
}

// Ping succeeds while the database is busy.
func TestPingWhileBusy(t *testing.T) {
	t.Parallel()
	for name, newURL := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t, newURL(t), store.Options{MaxOpenConns: 2})
			for range map[string]int{dialect.SQLite: 1, dialect.Postgres: 2}[db.Dialect()] { // all that can write
				tx, err := db.Driver().Tx(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				defer tx.Rollback() //nolint:errcheck // it only holds the connection
			}
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			if err := db.Ping(ctx); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	first := open(t, "sqlite::memory:", store.Options{})
	second := open(t, "sqlite::memory:", store.Options{})
	mustExec(t, first.Driver(), "CREATE TABLE private (n integer)")
	if _, err := value[int](
		t.Context(),
		second.Driver(),
		"SELECT count(*) FROM private",
	); err == nil {
		t.Error("two in-memory databases are the same")
	}
	if n := mustValue[int](t, first.Driver(), "SELECT count(*) FROM private"); n != 0 {
		t.Errorf("%d rows", n)
	}

	third, err := store.Open(
		t.Context(),
		"sqlite::memory:",
		store.Options{Logger: slog.New(slog.DiscardHandler)},
	)
	if err != nil {
		t.Fatal(err)
	}
	file := mustValue[string](
		t,
		third.Driver(),
		"SELECT file FROM pragma_database_list WHERE name = 'main'",
	)
	if err := third.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(file)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left behind: %v", file, err)
	}
}

func TestSQLiteSettings(t *testing.T) {
	t.Parallel()
	db := open(t, "sqlite:"+filepath.Join(t.TempDir(), "parley.db"), store.Options{})
	writer, err := db.Driver().Tx(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Rollback() //nolint:errcheck // it only read
	for name, conn := range map[string]any{"writer": writer, "reader": db.Driver()} {
		for pragma, want := range map[string]string{"journal_mode": "wal", "foreign_keys": "1", "busy_timeout": "5000"} {
			column := map[string]string{"busy_timeout": "timeout"}[pragma]
			if column == "" {
				column = pragma
			}
			if got := mustValue[string](
				t,
				conn,
				"SELECT "+column+" FROM pragma_"+pragma,
			); got != want {
				t.Errorf("%s: %s is %s, want %s", name, pragma, got, want)
			}
		}
	}
	for pragma, want := range map[string]int{"synchronous": 2 /* FULL */, "temp_store": 2 /* memory */, "wal_autocheckpoint": 2000} {
		if got := mustValue[int](t, writer, "PRAGMA "+pragma); got != want {
			t.Errorf("the writer's %s is %d, want %d", pragma, got, want)
		}
	}
}

// Times are read as they were written, in UTC, and sort by time.
func TestTimes(t *testing.T) {
	t.Parallel()
	for name, newURL := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := newURL(t)
			db := open(t, url, store.Options{})
			column := map[string]string{dialect.SQLite: "datetime", dialect.Postgres: "timestamptz"}[db.Dialect()]
			mustExec(t, db.Driver(), "CREATE TABLE instants (at "+column+")")
			first := time.Date(2026, 3, 1, 12, 0, 0, 100_000_000, time.UTC)
			instants := []time.Time{
				first,
				first.Add(time.Microsecond),
				first.Add(10 * time.Millisecond),
				first.Add(time.Second),
			}
			east := time.FixedZone("east", 5*3600)
			for i, at := range instants {
				if i%2 == 1 {
					at = at.In(east)
				}
				mustExec(t, db.Driver(), "INSERT INTO instants VALUES ($1)", at)
			}
			rows, err := raw(
				db.Driver(),
			).QueryContext(t.Context(), "SELECT at FROM instants ORDER BY at")
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			var got []time.Time
			for rows.Next() {
				var at time.Time
				if err := rows.Scan(&at); err != nil {
					t.Fatal(err)
				}
				got = append(got, at)
			}
			if err := rows.Err(); err != nil || len(got) != len(instants) {
				t.Fatalf("%d rows, %v", len(got), err)
			}
			for i, at := range instants {
				if !got[i].Equal(at) || got[i].Location() != time.UTC {
					t.Errorf("instant %d is %v, want %v", i, got[i], at)
				}
			}
		})
	}
}

func TestDriverRoutes(t *testing.T) {
	t.Parallel()
	for name, newURL := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := newURL(t)
			db := open(t, url, store.Options{})
			mustExec(t, db.Driver(), "CREATE TABLE routed (n integer)")
			// A write that returns rows, as ent's inserts do, is a write.
			if n := mustValue[int](
				t,
				db.Driver(),
				"INSERT INTO routed VALUES ($1) RETURNING n",
				1,
			); n != 1 {
				t.Errorf("returned %d", n)
			}

			// Reads do not wait for a transaction that writes, and do not read its changes.
			tx, err := db.Driver().Tx(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			mustExec(t, tx, "INSERT INTO routed VALUES (2)")
			for range 10 {
				if n := mustValue[int](t, db.Driver(), "SELECT count(*) FROM routed"); n != 1 {
					t.Fatalf("a reader counts %d rows, want 1", n)
				}
			}
			beginner, ok := db.Driver().(interface {
				BeginTx(context.Context, *sql.TxOptions) (dialect.Tx, error)
			})
			if !ok {
				t.Fatal("ent cannot begin a transaction with options")
			}
			readOnly, err := beginner.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
			if err != nil {
				t.Fatal(err)
			}
			if n := mustValue[int](t, readOnly, "SELECT count(*) FROM routed"); n != 1 {
				t.Errorf("a reading transaction counts %d rows, want 1", n)
			}
			if n := mustValue[int](t, tx, "SELECT count(*) FROM routed"); n != 2 {
				t.Errorf("the writer counts %d rows, want 2", n)
			}
			if err := tx.Commit(); err != nil {
				t.Fatal(err)
			}
			if n := mustValue[int](t, db.Driver(), "SELECT count(*) FROM routed"); n != 2 {
				t.Errorf("a reader counts %d rows after the commit, want 2", n)
			}
			if _, err := raw(
				readOnly,
			).ExecContext(t.Context(), "INSERT INTO routed VALUES (3)"); err == nil {
				t.Error("a reading transaction wrote")
			}
			if err := readOnly.Rollback(); err != nil {
				t.Error(err)
			}
		})
	}
}

// SQLite's readers cannot write even where a statement looks like a read.
func TestReadersCannotWrite(t *testing.T) {
	t.Parallel()
	db := open(t, "sqlite::memory:", store.Options{})
	mustExec(t, db.Driver(), "CREATE TABLE kept (n integer)")
	_, err := value[int](
		t.Context(),
		db.Driver(),
		"WITH x AS (SELECT 1 AS n) INSERT INTO kept SELECT n FROM x RETURNING n",
	)
	if err == nil {
		t.Error("a reader wrote")
	}
}

func TestObserve(t *testing.T) {
	t.Parallel()
	var got []string
	db := open(
		t,
		"sqlite::memory:",
		store.Options{Observe: func(_ context.Context, query string) { got = append(got, query) }},
	)
	mustExec(t, db.Driver(), "CREATE TABLE watched (n integer)")
	if err := db.Driver().
		Exec(t.Context(), "INSERT INTO watched VALUES (1)", []any{}, nil); err != nil {
		t.Fatal(err)
	}
	mustValue[int](t, db.Driver(), "SELECT n FROM watched")
	tx, err := db.Driver().Tx(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.Exec(t.Context(), "UPDATE watched SET n = 2", []any{}, nil); err != nil {
		t.Fatal(err)
	}
	var rows entsql.Rows
	if err := tx.Query(t.Context(), "SELECT n + 1 FROM watched", []any{}, &rows); err != nil {
		t.Fatal(err)
	}
	if n, err := entsql.ScanInt(rows); err != nil || n != 3 {
		t.Errorf("n + 1 is %d, %v", n, err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	want := "CREATE TABLE watched (n integer)|INSERT INTO watched VALUES (1)|SELECT n FROM watched|" +
		"UPDATE watched SET n = 2|SELECT n + 1 FROM watched"
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("observed %s\nwant     %s", s, want)
	}
}

// The migrations create the schema that ent's code expects: "go run ./internal/store/migrate NAME"
// writes a missing migration.
func TestNoDrift(t *testing.T) {
	t.Parallel()
	for name, newURL := range databases() {
		t.Run(
			name,
			func(t *testing.T) { // in turn: ent writes into the tables that it compares with
				url := newURL(t)
				db := open(t, url, store.Options{})
				var missing bytes.Buffer
				desired, options, err := tables.Of(db.Dialect())
				if err != nil {
					t.Fatal(err)
				}
				diff, err := schema.NewMigrate(
					&schema.WriteDriver{Driver: db.Driver(), Writer: &missing}, options...)
				if err != nil {
					t.Fatal(err)
				}
				if err := diff.Create(t.Context(), desired...); err != nil {
					t.Fatal(err)
				}
				if missing.Len() > 0 {
					t.Errorf("the migrations lack:\n%s", &missing)
				}
				for _, table := range tableNames(t, db) {
					// Nodes of the version before use "clocks".
					known := isEntTable(table) || table == "clocks"
					if !strings.HasPrefix(table, "goose_") && !known {
						t.Errorf("the migrations leave a table that ent does not know: %s", table)
					}
				}
			},
		)
	}
}

// tableNames returns the names of all tables.
func tableNames(t *testing.T, db *store.DB) []string {
	t.Helper()
	query := "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
	if db.Dialect() == dialect.SQLite {
		query = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
	}
	rows, err := raw(db.Driver()).QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var names []string
	if err := errors.Join(entsql.ScanSlice(rows, &names), rows.Err()); err != nil {
		t.Fatal(err)
	}
	return names
}

func isEntTable(name string) bool {
	for _, table := range migrate.Tables {
		if table.Name == name {
			return true
		}
	}
	return false
}

func ExampleOpen() {
	db, err := store.Open(
		context.Background(),
		"sqlite::memory:",
		store.Options{Logger: slog.New(slog.DiscardHandler)},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	fmt.Println(db.Dialect(), db.Ping(context.Background()))
	// Output: sqlite3 <nil>
}

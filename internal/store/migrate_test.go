package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"entgo.io/ent/dialect"

	"parley/internal/store"
	"parley/internal/store/storetest"
)

// childURL names the environment variable that turns TestOpenInProcess into a process that opens a
// database.
const childURL = "PARLEY_STORE_TEST_CHILD_URL"

func TestOpenInProcess(t *testing.T) {
	url := os.Getenv(childURL)
	if url == "" {
		t.Skip("runs as a child of TestProcessesStartAtOnce")
	}
	// Wait until the parent closes the standard input of all children at the same time.
	if _, err := os.Stdin.Read(make([]byte, 1)); err == nil {
		t.Fatal("unexpected input")
	}
	db, err := store.Open(
		t.Context(),
		url,
		store.Options{Logger: slog.New(slog.NewTextHandler(os.Stdout, nil))},
	)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestProcessesStartAtOnce(t *testing.T) {
	t.Parallel()
	for name, newURL := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := newURL(t)
			const processes = 6
			stdin, start, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			outputs := make([]string, processes)
			for i := range processes {
				child := exec.CommandContext(
					t.Context(),
					os.Args[0],
					"-test.run=^TestOpenInProcess$",
					"-test.v",
				)
				child.Env = append(os.Environ(), childURL+"="+url)
				child.Stdin = stdin
				wg.Go(func() {
					out, err := child.CombinedOutput()
					outputs[i] = string(out)
					if err != nil {
						t.Errorf("process %d: %v\n%s", i, err, out)
					}
				})
			}
			time.Sleep(
				200 * time.Millisecond,
			) // let them start; the test does not depend on it
			if err := start.Close(); err != nil {
				t.Error(err)
			}
			wg.Wait()
			stdin.Close()

			if n := strings.Count(
				strings.Join(outputs, ""),
				"migrated the database",
			); n != countMigrations(t, name) {
				t.Errorf(
					"%d migrations ran in all processes, want each of %d once:\n%s",
					n,
					countMigrations(t, name),
					strings.Join(outputs, "\n"),
				)
			}
			db := open(t, url, store.Options{})
			duplicates := mustValue[int](
				t,
				db.Driver(),
				"SELECT count(*) - count(DISTINCT version_id) FROM goose_db_version",
			)
			if duplicates != 0 {
				t.Errorf("%d migrations were recorded twice", duplicates)
			}
		})
	}
}

// countMigrations returns the number of migrations for a database.
func countMigrations(t *testing.T, database string) int {
	t.Helper()
	files, err := filepath.Glob("migrations/" + database + "/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

// A server runs on the schema of the next version, during a rolling upgrade.
func TestNewerDatabase(t *testing.T) {
	t.Parallel()
	for name, newURL := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := newURL(t)
			db := open(t, url, store.Options{})
			applied := true
			mustExec(
				t,
				db.Driver(),
				"INSERT INTO goose_db_version (version_id, is_applied) VALUES ($1, $2)",
				99990101000000,
				applied,
			)
			said := make(chan struct{}, 1)
			again := open(t, url, store.Options{Logger: slog.New(notify{
				slog.DiscardHandler,
				"the database was migrated by a newer version of the program, which may be at most one version ahead",
				said,
			})})
			if err := again.Ping(t.Context()); err != nil {
				t.Error(err)
			}
			if len(said) == 0 {
				t.Error("the log does not say that the database is newer")
			}
		})
	}
}

// TestMigrationFiles: each migration for SQLite has one for PostgreSQL with the same name. Migrations for
// PostgreSQL do not block servers: they wait for a lock for a short time only, or create indexes
// concurrently.
func TestMigrationFiles(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("migrations/postgres/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	sqlite, err := filepath.Glob("migrations/sqlite/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range sqlite {
		if other := "migrations/postgres/" + filepath.Base(file); !slices.Contains(files, other) {
			t.Errorf("%s has no counterpart %s", file, other)
		}
	}
	concurrent := regexp.MustCompile(`^(CREATE (UNIQUE )?|DROP )INDEX CONCURRENTLY (IF EXISTS )?"`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		up, _, _ := strings.Cut(string(text), "-- +goose Down")
		switch alone := strings.Contains(up, "-- +goose NO TRANSACTION\n"); {
		case !alone && !strings.Contains(up, "\nSET LOCAL lock_timeout = "):
			t.Errorf("%s does not set a lock_timeout", file)
		case alone:
			for line := range strings.Lines(up) {
				if line != "\n" && !strings.HasPrefix(line, "--") && !concurrent.MatchString(line) {
					t.Errorf("%s blocks servers: %s", file, line)
				}
			}
		}
	}
}

// files makes migrations of the given statements, numbered from 1.
func files(statements ...string) fstest.MapFS {
	all := fstest.MapFS{}
	for i, s := range statements {
		all[fmt.Sprintf("%d_test.sql", i+1)] = &fstest.MapFile{
			Data: []byte("-- +goose Up\n" + s + "\n"),
		}
	}
	return all
}

func openSQLiteFile(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestSQLiteMigrations(t *testing.T) {
	t.Parallel()
	const parents = "CREATE TABLE parents (id integer PRIMARY KEY, name text);" +
		"CREATE TABLE children (id integer PRIMARY KEY, parent integer NOT NULL REFERENCES parents (id) ON DELETE CASCADE);"
	count := func(t *testing.T, path, query string) (n int) {
		t.Helper()
		if err := openSQLiteFile(t, path).QueryRowContext(t.Context(), query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}

	// SQLite changes a table by replacing it. Rows that refer to its rows must stay.
	t.Run("a replaced table keeps its children", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "test.db")
		err := store.MigrateSQLite(t.Context(), path, files(
			parents+"INSERT INTO parents VALUES (1, 'a'); INSERT INTO children VALUES (1, 1), (2, 1);",
			"PRAGMA foreign_keys = off;\nCREATE TABLE new_parents (id integer PRIMARY KEY, name text NOT NULL);"+
				"INSERT INTO new_parents SELECT id, name FROM parents; DROP TABLE parents;"+
				"ALTER TABLE new_parents RENAME TO parents;\nPRAGMA foreign_keys = on;",
		), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if n := count(t, path, "SELECT count(*) FROM children"); n != 2 {
			t.Errorf("%d children are left, want 2", n)
		}
	})

	t.Run("all or nothing", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "test.db")
		err := store.MigrateSQLite(
			t.Context(),
			path,
			files(parents, "CREATE TABLE more (id integer); SELECT nonsense;"),
			slog.New(slog.DiscardHandler),
		)
		if err == nil {
			t.Fatal("an invalid migration was applied")
		}
		if n := count(t, path, "SELECT count(*) FROM sqlite_schema"); n != 0 {
			t.Errorf("%d tables and indexes are left of a migration that failed", n)
		}
	})

	t.Run("no dangling references", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "test.db")
		err := store.MigrateSQLite(
			t.Context(),
			path,
			files(parents+"INSERT INTO children VALUES (1, 7);"),
			slog.New(slog.DiscardHandler),
		)
		if err == nil ||
			!strings.Contains(err.Error(), "a row of children refers to one of parents") {
			t.Errorf("error %v, want one about foreign keys", err)
		}
	})
}

// TestSQLiteMigrationWaits: a migration waits for the writer of the database.
func TestSQLiteMigrationWaits(t *testing.T) {
	t.Parallel()
	url := "sqlite:" + filepath.Join(t.TempDir(), "test.db")
	holder, err := open(t, url, store.Options{}).Driver().Tx(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	waiting := make(chan struct{}, 1)
	opened := make(chan error)
	go func() {
		logger := slog.New(
			notify{
				slog.DiscardHandler,
				"waiting for another process that writes to the database",
				waiting,
			},
		)
		db, err := store.Open(t.Context(), url, store.Options{Logger: logger})
		if err == nil {
			err = db.Close()
		}
		opened <- err
	}()
	select {
	case <-waiting:
		if err := holder.Rollback(); err != nil {
			t.Fatal(err)
		}
		err = <-opened
	case err = <-opened:
		t.Error("opened while another process held the lock")
	}
	if err != nil {
		t.Error(err)
	}
}

// A migration that waits for a table times out after its lock_timeout, so that it does not block other
// statements, and is retried.
func TestPostgresMigrationTriesAgain(t *testing.T) {
	t.Parallel()
	url := storetest.PostgresURL(t)
	discard := slog.New(slog.DiscardHandler)
	if err := store.MigratePostgres(
		t.Context(),
		url,
		files("CREATE TABLE busy (n integer);"),
		discard,
	); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	holder, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := holder.ExecContext(t.Context(), "SELECT * FROM busy"); err != nil {
		t.Fatal(err)
	}
	retries := make(chan struct{}, 100)
	migrated := make(chan error)
	go func() {
		logger := slog.New(
			notify{slog.DiscardHandler, "a migration waits for tables that are in use", retries},
		)
		migrated <- store.MigratePostgres(t.Context(), url, files("CREATE TABLE busy (n integer);",
			"SET LOCAL lock_timeout = '20ms'; ALTER TABLE busy ADD COLUMN m integer;"), logger)
	}()
	<-retries
	<-retries
	if err := holder.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-migrated; err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "SELECT m FROM busy"); err != nil {
		t.Error(err)
	}
}

// TestPostgresMigrationWaits: a second migration waits, until its context ends.
func TestPostgresMigrationWaits(t *testing.T) {
	t.Parallel()
	url := storetest.PostgresURL(t)
	inside := make(chan struct{}, 1)
	first := make(chan error)
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE gate (n integer)"); err != nil {
		t.Fatal(err)
	}
	gate, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gate.ExecContext(t.Context(), "LOCK TABLE gate"); err != nil {
		t.Fatal(err)
	}
	slow := files("SET LOCAL lock_timeout = '20ms'; INSERT INTO gate VALUES (1);")
	go func() {
		first <- store.MigratePostgres(t.Context(), url, slow, slog.New(notify{slog.DiscardHandler, "a migration waits for tables that are in use", inside}))
	}()
	<-inside // the first one holds the lock

	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan struct{}, 1)
	second := make(chan error)
	go func() {
		second <- store.MigratePostgres(ctx, url, slow, slog.New(notify{slog.DiscardHandler, "waiting for another process that migrates the database", waiting}))
	}()
	<-waiting
	cancel()
	if err := <-second; err == nil {
		t.Error("the second one migrated while the first held the lock")
	}
	if err := gate.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-first; err != nil {
		t.Error(err)
	}
}

// notify is a log handler that signals one message.
type notify struct {
	slog.Handler
	message string
	seen    chan<- struct{}
}

func (notify) Enabled(context.Context, slog.Level) bool { return true }

func (n notify) Handle(_ context.Context, r slog.Record) error {
	if r.Message == n.message {
		select {
		case n.seen <- struct{}{}:
		default:
		}
	}
	return nil
}

func TestMigratedPostgresURL(t *testing.T) {
	t.Parallel()
	first := open(t, storetest.MigratedPostgresURL(t), store.Options{})
	second := open(t, storetest.MigratedPostgresURL(t), store.Options{})
	if first.Dialect() != dialect.Postgres {
		t.Errorf("dialect %s", first.Dialect())
	}
	mustExec(t, first.Driver(), "CREATE TABLE only_here (n integer)")
	if len(tableNames(t, first)) != len(tableNames(t, second))+1 {
		t.Error("two databases of one template are the same")
	}
}

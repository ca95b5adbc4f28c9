package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	"modernc.org/sqlite"

	"parley/internal/panics"
	"parley/internal/store/pqdriver"
	"parley/internal/store/stmtcache"
)

// sqliteBusyTimeout is how long a statement waits for the lock of another process before it fails
// with SQLITE_BUSY.
const sqliteBusyTimeout = 5 * time.Second

// openSQLite opens a database file with two pools. The pool of writes has one connection, because SQLite
// does not grant its write lock in FIFO order. That connection takes the lock when a transaction begins,
// because a transaction that began as a read cannot wait for it. The readers read the last commit from the
// write-ahead log and never wait.
//
// A goroutine with a transaction must run all its writes in it: another write would wait for the same
// connection forever.
func openSQLite(ctx context.Context, path string, opts Options) (_ *DB, err error) {
	cleanup := func() error { return nil }
	synchronous := syncedSettings(opts.Synchronous)
	private := path == ":memory:"
	switch path {
	case "":
		return nil, errors.New(`open database: "sqlite:" lacks the path of a file`)
	case ":memory:":
		// SQLite's own in-memory databases have neither a write-ahead log nor readers beside the
		// writer; a file without syncs behaves like a database on disk.
		dir, err := os.MkdirTemp("", "parley-")
		if err != nil {
			return nil, fmt.Errorf("open database: %w", err)
		}
		cleanup = func() error { return os.RemoveAll(dir) }
		path = filepath.Join(dir, "parley.db")
		synchronous = []string{"_synchronous=OFF"}
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("open SQLite database %s: %w", path, err), cleanup())
		}
	}()
	unmarked, err := checkSQLiteFile(
		path,
	) // SQLite says no more than "unable to open database file"
	if err == nil && unmarked {
		err = checkSQLiteTables(ctx, path)
	}
	if err != nil {
		return nil, err
	}
	if err := makePrivate(path); err != nil {
		return nil, unusable(
			err,
			"it cannot be created: give the server's user write permission for the folder, or name another file",
		)
	}
	// The migration comes first, because it also sets WAL mode.
	if err := migrateSQLite(
		ctx,
		path,
		synchronous,
		opts.migrationsOf("sqlite"),
		opts.Logger,
	); err != nil {
		if !IsUnusable(err) {
			err = unusableFile(err)
		}
		return nil, err
	}
	if !private {
		run, err := beginRun(ctx, path, opts.Synchronous, opts.Logger)
		if err != nil {
			return nil, err
		}
		remove := cleanup
		cleanup = func() error {
			return errors.Join(run.end(context.WithoutCancel(ctx)), remove())
		}
	}
	var counts stmtcache.Counts
	writes, err := sqlitePool(
		sqliteDSN(path, sqliteBusyTimeout, append(
			synchronous,
			"_foreign_keys=1",
			"_txlock=immediate",
			// By default SQLite writes the undo data of each statement to a file, and copies the
			// write-ahead log into the database every 4 MB, with a flush. With 8 MB it writes a page that
			// changes often half as many times. A larger value would save little, and make the write at
			// that moment wait for longer.
			"_pragma=temp_store(memory)",
			"_pragma=wal_autocheckpoint(2000)",
		)...),
		1,
		&counts,
		opts.Panics,
	)
	if err != nil {
		return nil, err
	}
	reads, err := sqlitePool(
		sqliteDSN(path, sqliteBusyTimeout, "_foreign_keys=1", "_query_only=1"),
		max(4, runtime.GOMAXPROCS(0)),
		&counts,
		opts.Panics,
	)
	if err != nil {
		return nil, errors.Join(err, writes.Close())
	}
	db := &DB{
		driver:  newDriver(dialect.SQLite, reads, writes, opts),
		ping:    reads,
		pools:   map[string]*sql.DB{"reads": reads, "writes": writes},
		counts:  &counts,
		cluster: &pqdriver.Cluster{},
		close:   func() error { return errors.Join(closeAll(reads, writes), cleanup()) },
	}
	for _, pool := range []*sql.DB{writes, reads} {
		if err := pool.PingContext(ctx); err != nil {
			return nil, errors.Join(err, closeAll(reads, writes))
		}
	}
	return db, nil
}

// makePrivate creates a missing file that only its owner can read: SQLite would make it readable for all
// users, and copies the permissions to its other files. It does not change the permissions of an existing
// file.
func makePrivate(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

// sqliteDSN returns the data source name of a file: with the timeout of locks, the given settings, and
// those of all connections.
func sqliteDSN(path string, busyTimeout time.Duration, settings ...string) string {
	path = filepath.ToSlash(path)
	if filepath.VolumeName(path) != "" {
		path = "/" + path // file:/C:/…
	}
	settings = append([]string{
		// Times are text in UTC, which sorts by time.
		"_time_format=sqlite", "_timezone=UTC",
		// A text in double quotes is an identifier, never a string: a misspelled column is an error.
		"_dqs=0",
		// The driver applies this before all other settings, which may have to wait too.
		fmt.Sprintf("_busy_timeout=%d", busyTimeout.Milliseconds()),
	}, settings...)
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + strings.Join(settings, "&")
}

// sqliteSession returns a pool of one connection, for statements before or after the server runs.
func sqliteSession(dsn string) (*sql.DB, error) {
	return sqlitePool(dsn, 1, new(stmtcache.Counts), nil)
}

// sqlitePool returns a pool of up to size connections, which stay open.
func sqlitePool(
	dsn string, size int, counts *stmtcache.Counts, guard *panics.Guard,
) (*sql.DB, error) {
	connector, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	pool := sql.OpenDB(sqliteConnector{connector, counts, guard})
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	return pool, nil
}

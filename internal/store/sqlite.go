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

// openSQLite opens a database file with two pools. The one writer never competes with itself for
// SQLite's write lock (several would: in SQLite the first to come is not the first served), and
// takes that lock when a transaction begins, because one that began as a read cannot wait for it.
// The readers see the last commit and never wait, thanks to the write-ahead log.
//
// A goroutine that holds a transaction must run its statements in it: another write would wait for
// the writer for ever.
func openSQLite(ctx context.Context, path string, opts Options) (_ *DB, err error) {
	cleanup := func() error { return nil }
	synchronous := syncedSettings(opts.Synchronous)
	private := path == ":memory:"
	switch path {
	case "":
		return nil, errors.New(`open database: "sqlite:" lacks the path of a file`)
	case ":memory:":
		// SQLite's own in-memory databases have neither a write-ahead log nor readers beside the
		// writer; a file without syncs behaves like the real thing.
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
			"it cannot be made: give the server's user the right to write the folder, or name another file",
		)
	}
	// The migration comes first: it is also what puts the file into WAL mode.
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
			// What a statement that fails half way takes back is otherwise kept in a file for each, and
			// the write-ahead log brought into the database every 4 MB, with a flush: a page that
			// changes often is written once in 8 MB this way. More would cost a little less, and make
			// the write at that moment wait for longer.
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

// makePrivate makes a file that does not exist, readable to its owner alone: SQLite would let
// every user read it, and gives the files that it makes beside the database the same permissions. It
// leaves the permissions of a file that exists as they are.
func makePrivate(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

// sqliteDSN names a file and the settings of a connection to it: how long it waits for locks, what
// is given, and what all have in common.
func sqliteDSN(path string, busyTimeout time.Duration, settings ...string) string {
	path = filepath.ToSlash(path)
	if filepath.VolumeName(path) != "" {
		path = "/" + path // file:/C:/…
	}
	settings = append([]string{
		// Instants are text in UTC, whose order is that of time.
		"_time_format=sqlite", "_timezone=UTC",
		// "text" in double quotes is a name, never a string: a misspelt column is an error.
		"_dqs=0",
		// The driver applies this before all other settings, which may have to wait too.
		fmt.Sprintf("_busy_timeout=%d", busyTimeout.Milliseconds()),
	}, settings...)
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + strings.Join(settings, "&")
}

// sqliteSession returns a pool of one connection, for what runs before or after the server.
func sqliteSession(dsn string) (*sql.DB, error) {
	return sqlitePool(dsn, 1, new(stmtcache.Counts), nil)
}

// sqlitePool returns a pool of up to size connections, which it keeps.
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

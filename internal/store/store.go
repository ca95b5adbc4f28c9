// Package store opens Parley's database, SQLite or PostgreSQL, and migrates its schema.
//
// Other packages use the [dialect.Driver] that it returns for ent, and three functions that classify
// errors: [IsConflict], [IsUnavailable] and [IsOutcomeUnknown].
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"entgo.io/ent/dialect"

	"parley/internal/panics"
	"parley/internal/store/pqdriver"
	"parley/internal/store/stmtcache"
)

// DefaultURL is the default database: a file in the working folder.
const DefaultURL = "sqlite:parley.db"

// Options configure how a database is opened. The zero value is for servers.
type Options struct {
	// Logger logs migrations, and waiting for another process that migrates. Default:
	// slog.Default().
	Logger *slog.Logger

	// Panics recovers the panics of drivers and of background goroutines. Default: a guard that logs
	// without counting.
	Panics *panics.Guard

	// Synchronous configures when SQLite writes commits to the disk. Default: SynchronousFull.
	Synchronous Synchronous

	// MaxOpenConns is the size of the pool of connections to PostgreSQL, besides one for
	// Ping. SQLite ignores it. Default: DefaultMaxOpenConns.
	MaxOpenConns int

	// StatementCache is the number of prepared statements that each connection to PostgreSQL caches.
	// Default: DefaultStatementCache. A negative number disables the cache, which is necessary with
	// poolers that use another server connection for each transaction (PgBouncer's
	// pool_mode=transaction before version 1.21). Each statement is then sent in one message.
	StatementCache int

	// Observe, if set, is called with each statement that is about to run, inside transactions and
	// outside. BEGIN, COMMIT and ROLLBACK do not count as statements. It must be safe for
	// concurrent use.
	Observe func(ctx context.Context, query string)

	// Trace, if set, is called with each statement that is about to run, including BEGIN, COMMIT and
	// ROLLBACK, and with the kind of the database. If it returns a function, that is called at the
	// response or at its first row. Trace must be safe for concurrent use.
	Trace func(ctx context.Context, system, query string) (end func(error))

	// migrate, if set, selects migrations. Tests create databases of an earlier version with it.
	migrate func(fs.FS) fs.FS
}

// DB is an open database with the current schema.
type DB struct {
	driver *driver
	ping   *sql.DB
	pools  map[string]*sql.DB
	counts *stmtcache.Counts
	// cluster tracks the timeline of the connections, and check checks whether it has changed. They are
	// nil for SQLite.
	cluster *pqdriver.Cluster
	check   func(context.Context) error
	close   func() error
}

// Open opens the database that url names and applies missing migrations. It waits for another process
// that migrates the database. It does not change a database that is newer than this program.
//
//	sqlite:PATH                 a file, made if it does not exist
//	sqlite::memory:             private and gone after Close, for tests
//	postgres://… postgresql://… PostgreSQL 14 or newer, with libpq's parameters; of several hosts
//	                            (postgres://h1:p1,h2:p2/db) the primary is used
//	""                          DefaultURL
//
// Errors never contain the URL, which may contain a password.
func Open(ctx context.Context, url string, opts Options) (*DB, error) {
	if url == "" {
		url = DefaultURL
	}
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	scheme, rest, ok := strings.Cut(url, ":")
	switch {
	case ok && scheme == "sqlite":
		return openSQLite(ctx, rest, opts)
	case ok && (scheme == "postgres" || scheme == "postgresql"):
		return openPostgres(ctx, url, opts)
	default:
		return nil, errors.New(`open database: the URL must begin with "sqlite:" or "postgres://"`)
	}
}

// Driver returns the driver for ent: ent.NewClient(ent.Driver(db.Driver())). It also has the methods
// ExecContext, QueryContext and BeginTx of database/sql, which ent uses.
func (db *DB) Driver() dialect.Driver { return db.driver }

// Dialect is [dialect.SQLite] or [dialect.Postgres].
func (db *DB) Dialect() string { return db.driver.Dialect() }

// Ping returns nil if the database responds. It does not wait for connections of the Driver.
func (db *DB) Ping(ctx context.Context) error {
	if err := db.ping.PingContext(ctx); err != nil {
		return fmt.Errorf("ping database: %w", err)
	}
	return nil
}

// Close waits for running statements and closes all connections.
func (db *DB) Close() error {
	if err := db.close(); err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}

// CacheStats counts the hits, misses and evictions of the caches of prepared statements.
type CacheStats struct{ Hits, Misses, Evictions int64 }

// Statements returns the counts of the caches of prepared statements of all connections.
func (db *DB) Statements() CacheStats {
	return CacheStats{db.counts.Hits.Load(), db.counts.Misses.Load(), db.counts.Evictions.Load()}
}

// Pools returns the names of the pools of connections: all, or with SQLite reads and writes.
func (db *DB) Pools() []string { return slices.Sorted(maps.Keys(db.pools)) }

// Pool returns the figures of a pool.
func (db *DB) Pool(name string) sql.DBStats { return db.pools[name].Stats() }

// closeAll closes the pools in turn and returns their errors.
func closeAll(pools ...*sql.DB) error {
	var errs []error
	for _, pool := range pools {
		errs = append(errs, pool.Close())
	}
	return errors.Join(errs...)
}

// Package store opens Parley's database, SQLite or PostgreSQL, and brings its schema up to date.
//
// Everything above works with the one [dialect.Driver] that it hands to ent, and with three
// questions about errors: [IsConflict], [IsUnavailable] and [IsOutcomeUnknown].
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

// DefaultURL is the database of a server without a setting for it: a file in the working folder.
const DefaultURL = "sqlite:parley.db"

// Options change how a database is opened. The zero value is right for a server.
type Options struct {
	// Logger logs migrations, and waiting for another process that migrates. Default:
	// slog.Default().
	Logger *slog.Logger

	// Panics contains the panics of drivers, and of what runs for the database in the background.
	// Default: one that logs and does not count.
	Panics *panics.Guard

	// Synchronous says when SQLite writes commits to the disk. Default: SynchronousFull.
	Synchronous Synchronous

	// MaxOpenConns is the size of the pool of connections to PostgreSQL, beside which there is one
	// for Ping; SQLite has no use for it. Default: DefaultMaxOpenConns.
	MaxOpenConns int

	// StatementCache is how many prepared statements each connection to PostgreSQL keeps. Default:
	// DefaultStatementCache. A negative number turns the cache off, which poolers that give every
	// transaction another server connection need (PgBouncer's pool_mode=transaction before its
	// version 1.21): each statement is sent in one piece then.
	StatementCache int

	// Observe, if set, is called with each statement that is about to run, inside transactions and
	// outside. BEGIN, COMMIT and ROLLBACK do not count as statements. It is called from many
	// goroutines at once.
	Observe func(ctx context.Context, query string)

	// Trace, if set, is called with each statement that is about to run, BEGIN, COMMIT and ROLLBACK
	// among them, and with the kind of the database. What it returns, if not nil, is called when
	// there is an answer, or the first row of it. It is called from many goroutines at once.
	Trace func(ctx context.Context, system, query string) (end func(error))

	// migrate, if set, selects migrations. Tests make databases of an earlier version with it.
	migrate func(fs.FS) fs.FS
}

// DB is an open database whose schema is up to date.
type DB struct {
	driver *driver
	ping   *sql.DB
	pools  map[string]*sql.DB
	counts *stmtcache.Counts
	// cluster tracks what the connections lead to, and check finds out whether that has changed; nil
	// if it cannot.
	cluster *pqdriver.Cluster
	check   func(context.Context) error
	close   func() error
}

// Open opens the database that url names and applies the migrations it lacks, waiting for another
// process that is doing so. A database that is newer than this program is left as it is.
//
//	sqlite:PATH                 a file, made if it does not exist
//	sqlite::memory:             private and gone after Close, for tests
//	postgres://… postgresql://… PostgreSQL 14 or newer, with libpq's parameters; of several hosts
//	                            (postgres://h1:p1,h2:p2/db) the primary is used
//	""                          DefaultURL
//
// Errors never contain the URL, which may hold a password.
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

// Driver is what ent runs on: ent.NewClient(ent.Driver(db.Driver())). It also has the ExecContext,
// QueryContext and BeginTx of database/sql that ent looks for.
func (db *DB) Driver() dialect.Driver { return db.driver }

// Dialect is [dialect.SQLite] or [dialect.Postgres].
func (db *DB) Dialect() string { return db.driver.Dialect() }

// Ping returns nil if the database answers. It does not wait for connections of the Driver.
func (db *DB) Ping(ctx context.Context) error {
	if err := db.ping.PingContext(ctx); err != nil {
		return fmt.Errorf("ping database: %w", err)
	}
	return nil
}

// Close ends all connections. Statements that are running are waited for.
func (db *DB) Close() error {
	if err := db.close(); err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}

// CacheStats counts the statements that were found prepared, that had to be prepared, and that made
// room for others.
type CacheStats struct{ Hits, Misses, Evictions int64 }

// Statements returns what has been counted of the caches of prepared statements, on all connections
// together.
func (db *DB) Statements() CacheStats {
	return CacheStats{db.counts.Hits.Load(), db.counts.Misses.Load(), db.counts.Evictions.Load()}
}

// Pools are the names of the pools of connections: all, or with SQLite reads and writes.
func (db *DB) Pools() []string { return slices.Sorted(maps.Keys(db.pools)) }

// Pool returns what a pool does.
func (db *DB) Pool(name string) sql.DBStats { return db.pools[name].Stats() }

// closeAll closes the pools in turn and returns what went wrong.
func closeAll(pools ...*sql.DB) error {
	var errs []error
	for _, pool := range pools {
		errs = append(errs, pool.Close())
	}
	return errors.Join(errs...)
}

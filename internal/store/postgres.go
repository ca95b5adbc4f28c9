package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"entgo.io/ent/dialect"

	"parley/internal/store/pqdriver"
)

const (
	// DefaultMaxOpenConns is the size of a server's pool of connections to PostgreSQL. PostgreSQL
	// accepts 100 by default: enough for five pools, with a connection for Ping each, and for the
	// operator. A statement of Parley takes well under a millisecond, so more connections than the
	// database has cores seldom help. Statements wait in the pool for a free connection.
	DefaultMaxOpenConns = 16

	// DefaultStatementCache is the number of prepared statements that a connection caches. It is more than
	// Parley has, so only lists of changing length (IN) evict each other.
	DefaultStatementCache = 256

	// Connections are replaced after this time, so that the pool uses a server or an address again that was
	// down; idle ones are closed earlier.
	postgresConnLifetime = 30 * time.Minute
	postgresConnIdleTime = 5 * time.Minute

	// responseTimeout is the timeout of a statement whose context has no deadline.
	responseTimeout = 2 * time.Minute
)

// openPostgres opens a PostgreSQL database: one pool, and a separate connection for Ping, which must
// not wait for the pool.
func openPostgres(ctx context.Context, url string, opts Options) (_ *DB, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("open PostgreSQL database: %w", err)
		}
		if err != nil && !IsUnusable(err) {
			err = unusableResponse(err)
		}
	}()
	lifetime := context.WithoutCancel(ctx) // Close ends the connections
	cluster := &pqdriver.Cluster{}
	options := driverOptions(opts)
	options.Cluster = cluster
	connector, err := pqdriver.New(lifetime, url, options)
	if err != nil {
		return nil, unusable(err, "DATABASE_URL (--database-url) cannot be used")
	}
	options.ResponseTimeout = 0 // a migration may take any time
	migrating, err := pqdriver.New(lifetime, url, options)
	if err != nil {
		return nil, err
	}
	size := opts.MaxOpenConns
	if size <= 0 {
		size = DefaultMaxOpenConns
	}
	first := sql.OpenDB(migrating)
	err = checkPostgres(ctx, first, size, opts.Logger)
	if err := errors.Join(err, first.Close()); err != nil {
		return nil, err
	}
	files := opts.migrationsOf("postgres")
	if err := migratePostgres(ctx, migrating, files, checkPostgresTables, opts.Logger); err != nil {
		return nil, err
	}
	if err := connector.CheckPooler(ctx); err != nil {
		return nil, err
	}
	pool := sql.OpenDB(connector)
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	ping := sql.OpenDB(connector)
	ping.SetMaxOpenConns(1)
	for _, p := range []*sql.DB{pool, ping} {
		p.SetConnMaxLifetime(postgresConnLifetime)
		p.SetConnMaxIdleTime(postgresConnIdleTime)
	}
	if err := pool.PingContext(ctx); err != nil {
		return nil, errors.Join(err, closeAll(pool, ping))
	}
	return &DB{
		driver:  newDriver(dialect.Postgres, pool, pool, opts),
		ping:    ping,
		pools:   map[string]*sql.DB{"all": pool},
		counts:  connector.Counts(),
		cluster: cluster,
		check:   func(ctx context.Context) error { return connector.Check(ctx, pool) },
		close:   func() error { return closeAll(pool, ping) },
	}, nil
}

// driverOptions returns the options of connections that serve requests.
func driverOptions(opts Options) pqdriver.Options {
	statements := opts.StatementCache
	if statements == 0 {
		statements = DefaultStatementCache
	}
	return pqdriver.Options{
		Statements: statements, ResponseTimeout: responseTimeout, Panics: opts.Panics,
	}
}

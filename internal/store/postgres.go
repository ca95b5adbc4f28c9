package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"time"

	"entgo.io/ent/dialect"
	"github.com/lib/pq"
)

const (
	// DefaultMaxOpenConns is the size of a server's pool of connections to PostgreSQL. PostgreSQL
	// takes 100 as it comes, of which five such pools, and a connection for Ping beside each, leave
	// some for the operator. Each of Parley's statements lasts well under a millisecond, so that
	// more connections than the database has cores seldom help; what waits for one, waits in the
	// pool.
	DefaultMaxOpenConns = 16

	// DefaultStatementCache is how many prepared statements a connection keeps: more than Parley
	// has, so that only lists of changing length (IN) push each other out.
	DefaultStatementCache = 256

	// Connections are replaced after this time, so that a pool finds back to a server, or to an
	// address, that came back; and given up when there was nothing to do.
	postgresConnLifetime = 30 * time.Minute
	postgresConnIdleTime = 5 * time.Minute

	// postgresConnectTimeout bounds dialling and signing in, unless the URL has a connect_timeout
	// of its own.
	postgresConnectTimeout = 10 * time.Second
)

// openPostgres opens a PostgreSQL database: one pool, through lib/pq, and a connection beside it
// for Ping, which would wait behind everybody else in the pool just when it matters whether the
// database answers.
func openPostgres(ctx context.Context, url string, opts Options) (_ *DB, err error) {
	defer func() {
		if err != nil && !IsUnusable(err) {
			err = unusableAnswer(err)
		}
	}()
	connector, err := newPQConnector(url, cacheSize(opts), opts.Panics)
	if err != nil {
		return nil, unusable(
			err,
			"open PostgreSQL database: DATABASE_URL (--database-url) cannot be used",
		)
	}
	size := opts.MaxOpenConns
	if size <= 0 {
		size = DefaultMaxOpenConns
	}
	first := sql.OpenDB(connector)
	err = checkPostgres(ctx, first, size, opts.Logger)
	if err := errors.Join(err, first.Close()); err != nil {
		return nil, fmt.Errorf("open PostgreSQL database: %w", err)
	}
	if err := migratePostgres(
		ctx,
		connector,
		migrationsOf("postgres"),
		checkPostgresTables,
		opts.Logger,
	); err != nil {
		return nil, fmt.Errorf("open PostgreSQL database: %w", err)
	}
	connector.silence = silenceTime // a migration may take any time
	if err := checkPooler(ctx, connector); err != nil {
		return nil, fmt.Errorf("open PostgreSQL database: %w", err)
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
		return nil, fmt.Errorf(
			"open PostgreSQL database: %w",
			errors.Join(err, closeAll(pool, ping)),
		)
	}
	return &DB{
		driver: newDriver(dialect.Postgres, pool, pool, opts),
		ping:   ping,
		pools:  map[string]*sql.DB{"all": pool},
		counts: &connector.counts,
		close:  func() error { return closeAll(pool, ping) },
	}, nil
}

// cacheSize is the number of statements that each connection keeps, 0 or less for none.
func cacheSize(opts Options) int {
	if opts.StatementCache == 0 {
		return DefaultStatementCache
	}
	return opts.StatementCache
}

// postgresConfig reads a URL, and libpq's environment variables, and fills in what Parley relies
// on.
func postgresConfig(rawURL string) (pq.Config, error) {
	// Whether parameters are binary is for newPQConnector to say.
	cfg, err := pq.NewConfig(rawURL)
	if err != nil {
		if urlErr, ok := errors.AsType[*url.Error](err); ok {
			err = fmt.Errorf(
				"the URL is not valid: %w",
				urlErr.Err,
			) // without the URL, which may hold a password
		}
		return cfg, err
	}
	if cfg.BinaryParameters {
		return cfg, errors.New("binary_parameters is not supported: take it out of the URL")
	}
	if cfg.ApplicationName == "" {
		cfg.ApplicationName = "parley"
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = postgresConnectTimeout
	}
	if cfg.Runtime == nil {
		cfg.Runtime = map[string]string{}
	}
	cfg.Runtime["TimeZone"] = "UTC" // instants are read as UTC
	return cfg, nil
}

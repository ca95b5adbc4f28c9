package store

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"entgo.io/ent/dialect"
	"github.com/lib/pq/pqerror"
	"github.com/pressly/goose/v3"

	"parley/internal/store/pqdriver"
)

// migrations has the history of the schema, in a folder for each database. "go run
// ./internal/store/migrate NAME" adds to it.
//
// A version of the program must run on the schema of the next one, so that both can run during a rolling
// upgrade: first add (expand), then release, and in a later version remove unused parts (contract).
//
//go:embed migrations/sqlite migrations/postgres
var migrations embed.FS

// migrationsOf returns the files of one database.
func (o Options) migrationsOf(name string) fs.FS {
	files, err := fs.Sub(migrations, "migrations/"+name)
	if err != nil {
		panic(err) // only an invalid path is an error
	}
	if o.migrate != nil {
		return o.migrate(files)
	}
	return files
}

const (
	// tryLock takes the advisory lock of a process that migrates a PostgreSQL database.
	// Other programs in the same database must not use the key, "parley" in bytes. It has no parameters,
	// so that it leaves no portal: a transaction with an open portal has a snapshot, and CREATE INDEX
	// CONCURRENTLY waits for its end.
	tryLock = "SELECT pg_try_advisory_xact_lock(123563833845113)"

	// migrationPause is the time between two attempts to take that lock, and tablePause the time between
	// two attempts of a migration whose tables are in use.
	migrationPause = 200 * time.Millisecond
	tablePause     = time.Second

	// migrationTries is the number of attempts of a migration whose tables are in use. Each attempt ends
	// after the lock_timeout of its file, so that other statements do not queue behind it for longer.
	migrationTries = 100
)

// migratePostgres applies the migrations that a database lacks, each in a transaction, while a
// connection of its own holds the lock. The lock is that of a transaction, not of a session, and
// thus also safe behind a pooler; and the process tries to take it again and again, because a waiting statement
// would block CREATE INDEX CONCURRENTLY.
//
// Before the first migration it calls check, which may reject the database.
func migratePostgres(
	ctx context.Context,
	connector sqldriver.Connector,
	files fs.FS,
	check func(context.Context, querier) error,
	logger *slog.Logger,
) (err error) {
	pool := sql.OpenDB(connector)
	pool.SetMaxOpenConns(2) // one for the lock, one for the migration
	defer func() { err = errors.Join(err, pool.Close()) }()

	lock, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("lock the schema: %w", err)
	}
	defer lock.Rollback() //nolint:errcheck // lets the lock go, as does the loss of the connection
	if _, err := lock.ExecContext(
		ctx,
		"SET LOCAL idle_in_transaction_session_timeout = 0",
	); err != nil {
		return fmt.Errorf("lock the schema: %w", err)
	}
	for waiting := false; ; waiting = true {
		var locked bool
		if err := lock.QueryRowContext(ctx, tryLock).Scan(&locked); err != nil {
			return fmt.Errorf("lock the schema: %w", err)
		}
		if locked {
			break
		}
		if !waiting {
			logger.InfoContext(ctx, "waiting for another process that migrates the database")
		}
		if err := pause(ctx, migrationPause); err != nil {
			return fmt.Errorf("lock the schema, which another process migrates: %w", err)
		}
	}
	if err := check(ctx, lock); err != nil {
		return err
	}
	if err := refold(ctx, pool, dialect.Postgres, logger); err != nil {
		return err
	}
	for try := 1; ; try++ {
		err := applyMigrations(ctx, goose.DialectPostgres, pool, files, logger)
		code := pqdriver.Code(err)
		inUse := code == pqerror.LockNotAvailable || code == pqerror.TRDeadlockDetected
		if !inUse || try == migrationTries {
			return err
		}
		logger.WarnContext(ctx, "a migration waits for tables that are in use", "try", try)
		if err := pause(ctx, tablePause); err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
	}
}

// migrateSQLite applies the migrations that a database lacks, all in one transaction: a second
// process waits for it and then has nothing to do. It sets WAL mode in a new file.
//
// Foreign keys are not enforced meanwhile, as SQLite's procedure for changing a table asks
// (https://www.sqlite.org/lang_altertable.html#otheralter): enforced, replacing a table would
// delete the rows that refer to it. That must be set before the transaction begins, in which
// SQLite ignores the pragma. All keys are checked at the end instead.
func migrateSQLite(
	ctx context.Context, path string, synchronous []string, files fs.FS, logger *slog.Logger,
) (err error) {
	// A single connection, so that all statements, including those of goose, share one session.
	dsn := sqliteDSN(
		path,
		migrationPause,
		append(synchronous, "_foreign_keys=0", "_journal_mode=WAL")...)
	pool, err := sqliteSession(dsn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()

	// The first statement also connects, which sets WAL mode in a new file. SQLite ignores busy_timeout
	// then.
	for waiting := false; ; waiting = true {
		_, err := pool.ExecContext(ctx, "BEGIN IMMEDIATE")
		if err == nil {
			break
		}
		if !IsConflict(err) {
			return fmt.Errorf("lock the schema: %w", err)
		}
		if !waiting {
			logger.InfoContext(ctx, "waiting for another process that writes to the database")
		}
		if err := pause(ctx, migrationPause); err != nil {
			return fmt.Errorf("lock the schema, which another process migrates: %w", err)
		}
	}
	err = markSQLite(ctx, pool)
	if err == nil {
		err = refold(ctx, pool, dialect.SQLite, logger)
	}
	if err == nil {
		err = applyMigrations(ctx, goose.DialectSQLite3, pool, files, logger)
	}
	if err == nil {
		err = checkForeignKeys(ctx, pool)
	}
	if err != nil {
		_, rollbackErr := pool.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		return errors.Join(err, rollbackErr)
	}
	if _, err := pool.ExecContext(ctx, "COMMIT"); err != nil {
		return fmt.Errorf("commit migrations: %w", err)
	}
	return nil
}

// applyMigrations applies the files that the database lacks. It ignores versions in the database without a
// file: they are those of a newer program.
func applyMigrations(
	ctx context.Context,
	dialectOf goose.Dialect,
	pool *sql.DB,
	files fs.FS,
	logger *slog.Logger,
) error {
	options := []goose.ProviderOption{
		goose.WithDisableGlobalRegistry(true),
		goose.WithSlog(
			logger,
		), // goose logs only if verbose; without this it would use its own logger
	}
	if dialectOf == goose.DialectSQLite3 {
		// "Isolated" makes goose begin no transactions: it runs in the transaction of this function.
		options = append(options, goose.WithIsolateDDL(true))
	}
	provider, err := goose.NewProvider(dialectOf, pool, files, options...)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	results, err := provider.Up(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	for _, result := range results {
		logger.InfoContext(
			ctx,
			"migrated the database",
			"version",
			result.Source.Version,
			"duration_ms",
			result.Duration.Milliseconds(),
		)
	}
	there, own, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if there > own {
		logger.WarnContext(
			ctx,
			"the database was migrated by a newer version of the program, which may be at most one version ahead",
			"database",
			there,
			"program",
			own,
		)
	}
	return nil
}

// checkForeignKeys returns an error if a row refers to one that does not exist.
func checkForeignKeys(ctx context.Context, pool *sql.DB) error {
	var (
		table, parent string
		row, key      sql.NullInt64
	)
	err := pool.QueryRowContext(ctx, "PRAGMA foreign_key_check").Scan(&table, &row, &parent, &key)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("check foreign keys: %w", err)
	default:
		return fmt.Errorf(
			"check foreign keys: a row of %s refers to one of %s that does not exist",
			table,
			parent,
		)
	}
}

// pause waits between two attempts to take a lock, or until ctx ends, whose error it returns.
func pause(ctx context.Context, between time.Duration) error {
	timer := time.NewTimer(between)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

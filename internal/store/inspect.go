package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"parley/internal/store/pqdriver"
)

// Inspection is the state of a database that a server may open.
type Inspection struct {
	// Missing is the number of migrations that the database lacks.
	Missing int
	// Skew is how far the clock of a PostgreSQL server is ahead of this machine's. Precision is the
	// error of that value.
	Skew, Precision time.Duration
}

// Inspect reports the state of the database that url names, as for [Open], and changes nothing. It
// returns an error if the database cannot be reached, does not exist, or cannot be used.
func Inspect(ctx context.Context, url string, opts Options) (Inspection, error) {
	url = cmp.Or(url, DefaultURL)
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		return inspectSQLite(ctx, path, opts)
	}
	return inspectPostgres(ctx, url, opts)
}

func inspectSQLite(ctx context.Context, path string, opts Options) (_ Inspection, err error) {
	if path == ":memory:" {
		return Inspection{}, nil
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return Inspection{}, fmt.Errorf("%s does not exist: a server creates it at its start", path)
	}
	if _, err := checkSQLiteFile(path); err != nil {
		return Inspection{}, err
	}
	if err := checkSQLiteTables(ctx, path); err != nil {
		return Inspection{}, err
	}
	pool, err := sqliteSession(sqliteDSN(path, sqliteBusyTimeout, "mode=ro"))
	if err != nil {
		return Inspection{}, err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	missing, err := missingMigrations(
		ctx, pool, opts.migrationsOf("sqlite"),
		"SELECT count(*) > 0 FROM sqlite_master WHERE name = 'goose_db_version'",
	)
	return Inspection{Missing: missing}, err
}

func inspectPostgres(ctx context.Context, url string, opts Options) (_ Inspection, err error) {
	connector, err := pqdriver.New(ctx, url, driverOptions(opts))
	if err != nil {
		return Inspection{}, unusable(err, "DATABASE_URL (--database-url) cannot be used")
	}
	pool := sql.OpenDB(connector)
	defer func() { err = errors.Join(err, pool.Close()) }()
	conns := cmp.Or(opts.MaxOpenConns, DefaultMaxOpenConns)
	if err := checkPostgres(ctx, pool, conns, opts.Logger); err != nil {
		return Inspection{}, err
	}
	if err := checkPostgresTables(ctx, pool); err != nil {
		return Inspection{}, err
	}
	var found Inspection
	var clock time.Time
	begin := time.Now()
	if err := pool.QueryRowContext(ctx, "SELECT clock_timestamp()").Scan(&clock); err != nil {
		return Inspection{}, fmt.Errorf("read the clock: %w", err)
	}
	found.Precision = time.Since(begin) / 2
	found.Skew = clock.Sub(begin.Add(found.Precision))
	found.Missing, err = missingMigrations(
		ctx,
		pool,
		opts.migrationsOf("postgres"),
		"SELECT to_regclass('goose_db_version') IS NOT NULL",
	)
	return found, err
}

// missingMigrations returns how many of the migrations in files a database lacks. The query history
// reports whether it has a table of migrations.
func missingMigrations(
	ctx context.Context, pool *sql.DB, files fs.FS, history string,
) (missing int, err error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return 0, err
	}
	var exists bool
	if err := pool.QueryRowContext(ctx, history).Scan(&exists); err != nil {
		return 0, fmt.Errorf("find the history of migrations: %w", err)
	}
	for _, name := range names {
		number, _, _ := strings.Cut(name, "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read the version of a migration: %w", err)
		}
		applied := false
		if exists {
			if err := pool.QueryRowContext(
				ctx, "SELECT count(*) > 0 FROM goose_db_version WHERE version_id = $1", version,
			).Scan(&applied); err != nil {
				return 0, fmt.Errorf("read the history of migrations: %w", err)
			}
		}
		if !applied {
			missing++
		}
	}
	return missing, nil
}

package store

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"io/fs"
	"log/slog"
	"testing/fstest"

	"github.com/pressly/goose/v3"

	"parley/internal/store/pqdriver"
	"parley/internal/store/stmtcache"
)

// UpTo returns options that apply the migrations up to a version.
func (o Options) UpTo(version int64) Options {
	o.migrate = func(all fs.FS) fs.FS {
		names, err := fs.Glob(all, "*.sql")
		if err != nil {
			panic(err)
		}
		selected := fstest.MapFS{}
		for _, name := range names {
			number, err := goose.NumericComponent(name)
			text, readErr := fs.ReadFile(all, name)
			if err := errors.Join(err, readErr); err != nil {
				panic(err)
			}
			if number <= version {
				selected[name] = &fstest.MapFile{Data: text}
			}
		}
		return selected
	}
	return o
}

// MigratePostgres applies files.
func MigratePostgres(ctx context.Context, url string, files fs.FS, logger *slog.Logger) error {
	connector, err := pqdriver.New(ctx, url, pqdriver.Options{})
	if err != nil {
		return err
	}
	return migratePostgres(
		ctx,
		connector,
		files,
		func(context.Context, querier) error { return nil },
		logger,
	)
}

// MigrateSQLite applies files.
func MigrateSQLite(ctx context.Context, path string, files fs.FS, logger *slog.Logger) error {
	return migrateSQLite(ctx, path, []string{"_synchronous=OFF"}, files, logger)
}

// SQLiteConn has the methods of a connection for SQLitePool.
type SQLiteConn = rawSQLiteConn

// SQLitePool returns a pool of one connection of connector.
func SQLitePool(connector sqldriver.Connector) *sql.DB {
	pool := sql.OpenDB(sqliteConnector{connector, new(stmtcache.Counts), nil})
	pool.SetMaxOpenConns(1)
	return pool
}

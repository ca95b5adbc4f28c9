package store

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"io/fs"
	"log/slog"

	"parley/internal/store/pqdriver"
	"parley/internal/store/stmtcache"
)

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

// SQLiteConn is what a connection to SQLite that is given to SQLitePool can do.
type SQLiteConn = rawSQLiteConn

// SQLitePool returns a pool of one connection that connector makes.
func SQLitePool(connector sqldriver.Connector) *sql.DB {
	pool := sql.OpenDB(sqliteConnector{connector, new(stmtcache.Counts), nil})
	pool.SetMaxOpenConns(1)
	return pool
}

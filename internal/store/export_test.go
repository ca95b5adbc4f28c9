package store

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"io/fs"
	"log/slog"
)

// AnswerTime is how long an answer may take after its context's end.
const AnswerTime = answerTime

// OpenPool opens PostgreSQL as Open does, without migrating it, for tests of its connections.
func OpenPool(url string, statements int) (*sql.DB, error) {
	connector, err := newPQConnector(url, statements, nil)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

// MigratePostgres applies files.
func MigratePostgres(ctx context.Context, url string, files fs.FS, logger *slog.Logger) error {
	connector, err := newPQConnector(url, 0, nil)
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
	pool := sql.OpenDB(sqliteConnector{connector, new(cacheCounts), nil})
	pool.SetMaxOpenConns(1)
	return pool
}

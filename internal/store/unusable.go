package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/lib/pq/pqerror"
	sqlite3 "modernc.org/sqlite/lib"

	"parley/internal/store/pqdriver"
)

// UnusableError is the error for a database that cannot be used as it is. Its message says what to do. A
// retry does not help.
type UnusableError struct {
	message string
	cause   error // the error of the database, if any
}

func (e *UnusableError) Error() string {
	if e.cause == nil {
		return e.message
	}
	return fmt.Sprintf("%s (%v)", e.message, e.cause)
}

// Unwrap returns the error of the database, or nil.
func (e *UnusableError) Unwrap() error { return e.cause }

func unusable(cause error, format string, args ...any) error {
	return &UnusableError{message: fmt.Sprintf(format, args...), cause: cause}
}

// IsUnusable reports whether an error of [Open] means that the operator must change the database or its
// URL.
func IsUnusable(err error) bool {
	_, ok := errors.AsType[*UnusableError](err)
	return ok
}

// errForeign returns the error for a database with tables of another application.
func errForeign() error {
	return unusable(nil,
		"it has the tables of another application: give Parley its own database")
}

// minPostgresVersion is the oldest supported version of PostgreSQL, in the form of server_version_num.
const minPostgresVersion = 140_000

// checkPostgres rejects a server or database that Parley does not support. It changes nothing.
func checkPostgres(ctx context.Context, pool *sql.DB, conns int, logger *slog.Logger) error {
	var (
		encoding, strings, version, readOnly, user string
		number, maximum                            int
		standby                                    bool
		schema, grant                              sql.NullString
		mayCreate, migrated                        sql.NullBool
	)
	err := pool.QueryRowContext(ctx, `SELECT current_setting('server_encoding'), current_setting('standard_conforming_strings'),
	current_setting('server_version'), current_setting('server_version_num')::int, current_setting('max_connections')::int,
	current_setting('transaction_read_only'), pg_is_in_recovery(), current_user, current_schema(),
	has_schema_privilege(current_schema(), 'CREATE'), to_regclass('goose_db_version') IS NOT NULL,
	'GRANT CREATE ON SCHEMA ' || quote_ident(current_schema()) || ' TO ' || quote_ident(current_user)`).
		Scan(
			&encoding, &strings, &version, &number, &maximum, &readOnly, &standby, &user, &schema, &mayCreate, &migrated, &grant)
	if err != nil {
		return fmt.Errorf("read its settings: %w", unusableResponse(err))
	}
	switch {
	case number < minPostgresVersion:
		return unusable(nil, "PostgreSQL %s is too old: use 14 or newer", version)
	case encoding != "UTF8":
		return unusable(nil, "its encoding is %s, in which not every text can be stored: "+
			"make another with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0", encoding)
	case standby:
		return unusable(
			nil,
			"this server is a standby, which accepts no writes: connect to the primary, "+
				"or list all servers in the URL with target_session_attrs=read-write",
		)
	case readOnly == "on":
		return unusable(nil, "transactions are read-only here: "+
			"set default_transaction_read_only = off for the database and the user %q", user)
	case strings != "on":
		return unusable(
			nil,
			"standard_conforming_strings is off: ALTER DATABASE … SET standard_conforming_strings = on",
		)
	case !schema.Valid:
		return unusable(
			nil,
			"the user %q has no current schema: create the first one of its search_path, or change the search_path",
			user,
		)
	case !migrated.Bool && !mayCreate.Bool:
		return unusable(
			nil,
			"the user %q may not create tables in the schema %q: %s",
			user,
			schema.String,
			grant.String,
		)
	}
	if conns > maximum {
		logger.WarnContext(
			ctx,
			"the pool may have more connections than the database allows: lower PARLEY_DB_MAX_CONNS",
			"pool",
			conns,
			"max_connections",
			maximum,
		)
	}
	return nil
}

// querier is a database or a transaction.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// checkPostgresTables rejects a database with tables or migrations of another application. The caller has the lock of the schema.
func checkPostgresTables(ctx context.Context, q querier) error {
	var history, rooms bool
	err := q.QueryRowContext(ctx, `SELECT to_regclass('goose_db_version') IS NOT NULL, to_regclass('rooms') IS NOT NULL OR
	to_regclass('users') IS NOT NULL`).
		Scan(&history, &rooms)
	if err != nil {
		return fmt.Errorf("read the tables: %w", err)
	}
	return checkTables(ctx, q, history, rooms)
}

// checkTables checks a database. history and tables report whether it has a history of migrations, and
// tables that a migration makes.
func checkTables(ctx context.Context, q querier, history, tables bool) error {
	if !history {
		if tables {
			return errForeign()
		}
		return nil
	}
	var migrated bool
	err := q.QueryRowContext(ctx, "SELECT count(*) > 0 FROM goose_db_version WHERE version_id > 0").
		Scan(&migrated)
	if err != nil {
		return fmt.Errorf("read the history of migrations: %w", err)
	}
	if migrated != tables {
		return errForeign()
	}
	return nil
}

// unusableResponse returns err as an [UnusableError] if it is an error of the configuration.
func unusableResponse(err error) error {
	if pqdriver.IsTLSUnsupported(err) {
		return unusable(err,
			"the server does not support TLS: add sslmode=disable to the URL to connect without")
	}
	switch pqdriver.Code(err) {
	case pqerror.InvalidPassword, pqerror.InvalidAuthorizationSpecification:
		return unusable(
			err,
			"the server rejects this user: check the user and password in the URL, and pg_hba.conf",
		)
	case pqerror.InvalidCatalogName:
		return unusable(err, "there is no such database: create it, or correct the name in the URL")
	case pqerror.InsufficientPrivilege:
		return unusable(err,
			"the user lacks a privilege: make it the owner of the database's tables")
	case pqerror.DuplicateTable:
		return errForeign()
	}
	return err
}

// sqliteApplicationID marks Parley's files
// (https://www.sqlite.org/fileformat2.html#application_id): "Prly".
const sqliteApplicationID = 0x50726c79

// checkSQLiteFile rejects a path that neither is a database of Parley nor can become one. It changes
// nothing. unmarked reports whether there is a database without an application id.
func checkSQLiteFile(path string) (unmarked bool, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		if _, err := os.Stat(filepath.Dir(path)); err != nil {
			return false, unusable(err,
				"its folder does not exist or is not accessible: create it, or name another file")
		}
		return false, nil
	case err != nil:
		return false, unusable(err, "it is not accessible: name another file")
	case info.IsDir():
		return false, unusable(
			nil,
			"it is a folder: name a file in it, as in sqlite:%s",
			filepath.Join(path, "parley.db"),
		)
	case !info.Mode().IsRegular():
		return false, unusable(nil, "it is not a file: name another path")
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return false, unusable(
			err,
			"it is not writable: give the server's user write permission, or name another file",
		)
	}
	defer file.Close()
	var header [100]byte // https://www.sqlite.org/fileformat2.html#the_database_header
	switch n, err := io.ReadFull(file, header[:]); {
	case errors.Is(err, io.EOF):
		return false, nil // empty, like a new file
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return false, unusable(err, "it cannot be read")
	case n < len(header) || !strings.HasPrefix(string(header[:]), "SQLite format 3\x00"):
		return false, unusable(nil,
			"it is not an SQLite database, or it is encrypted: name another file")
	}
	if header[18] > 2 || header[19] > 2 {
		return false, unusable(nil,
			"it was written by a newer version of SQLite: name another file")
	}
	id := binary.BigEndian.Uint32(header[68:])
	if id != 0 && id != sqliteApplicationID {
		return false, unusable(nil,
			"it is the file of another application (application_id 0x%08x): name another file", id)
	}
	return id == 0, nil
}

// checkSQLiteTables rejects a database with tables of another application. It only reads.
func checkSQLiteTables(ctx context.Context, path string) (err error) {
	pool, err := sqliteSession(sqliteDSN(path, sqliteBusyTimeout, "mode=ro"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	var history, tables bool
	err = pool.QueryRowContext(ctx, `SELECT count(*) FILTER (WHERE name = 'goose_db_version') > 0,
	count(*) FILTER (WHERE name NOT LIKE 'goose_%' AND name NOT LIKE 'sqlite_%') > 0
FROM sqlite_master WHERE type = 'table'`).Scan(&history, &tables)
	if err != nil {
		return fmt.Errorf("read the tables: %w", unusableFile(err))
	}
	return checkTables(ctx, pool, history, tables)
}

// markSQLite rejects a database without a write-ahead log, and marks others as Parley's. The
// connection is in a transaction.
func markSQLite(ctx context.Context, pool *sql.DB) error {
	var mode string
	if err := pool.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return fmt.Errorf("read the journal mode: %w", err)
	}
	if mode != "wal" {
		return unusable(nil, "it cannot have a write-ahead log here (its journal is %q): "+
			"use a local file system, not one of the network", mode)
	}
	if _, err := pool.ExecContext(
		ctx,
		fmt.Sprintf("PRAGMA application_id = %d", sqliteApplicationID),
	); err != nil {
		return fmt.Errorf("mark the file: %w", err)
	}
	return nil
}

// unusableFile returns err as an [UnusableError] if SQLite cannot use the file or its folder.
func unusableFile(err error) error {
	switch sqliteCode(err) {
	case sqlite3.SQLITE_CANTOPEN,
		sqlite3.SQLITE_READONLY,
		sqlite3.SQLITE_PERM,
		sqlite3.SQLITE_IOERR:
		return unusable(err, "SQLite cannot work here: it needs a local file system, "+
			"and the permission to create files in its folder (-wal and -shm)")
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return unusable(err,
			"it is damaged, or not a database: restore a backup, or name another file")
	}
	return err
}

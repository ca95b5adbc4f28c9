package store

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"io"
	"net"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"parley/internal/store/outcome"
	"parley/internal/store/pqdriver"
)

// IsConflict reports whether a transaction failed only because of others that ran at the same time,
// so that the caller should retry the whole of it: a deadlock, a serialization failure, a statement
// whose plan a schema change made stale, or SQLite's writer being busy.
func IsConflict(err error) bool {
	return pqdriver.Classify(err) == pqdriver.Conflict || sqliteCode(err) == sqlite3.SQLITE_BUSY
}

// IsRefused reports whether the database refused a statement because of what it is: nothing was
// done, and a retry fails too. In a batch, the other items may succeed.
func IsRefused(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	switch sqliteCode(err) {
	case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG:
		return true
	}
	return pqdriver.Classify(err) == pqdriver.Refused
}

// IsUnavailable reports whether the database could not be reached, is shutting down, is out of a
// resource or canceled a statement that took too long: the same request may succeed later. The end
// of the caller's own context is not that.
func IsUnavailable(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	if kind := pqdriver.Classify(err); kind != pqdriver.NotPostgres {
		return kind == pqdriver.Unavailable
	}
	switch sqliteCode(err) {
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL:
		return true
	}
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return true
	}
	for _, lost := range []error{sqldriver.ErrBadConn, sql.ErrConnDone, io.EOF, io.ErrUnexpectedEOF} {
		if errors.Is(err, lost) {
			return true
		}
	}
	return IsOutcomeUnknown(err)
}

// IsOutcomeUnknown reports whether the connection was lost between sending a COMMIT, or a write
// outside a transaction, and its answer: it may have taken effect or not. Retry it only if it is
// idempotent.
func IsOutcomeUnknown(err error) bool {
	_, ok := errors.AsType[*outcome.UnknownError](err)
	return ok
}

// Unanswered returns the error of a write outside a transaction whose answer was not read to its
// end: of unknown outcome, unless the server itself said that it failed.
func Unanswered(err error) error {
	if err == nil || pqdriver.IsAnswer(err) {
		return err
	}
	return &outcome.UnknownError{Cause: err}
}

// sqliteCode is the primary result code of an error of SQLite, without what its extended code adds
// (https://www.sqlite.org/rescode.html); 0 if it is none.
func sqliteCode(err error) int {
	if sqliteErr, ok := errors.AsType[*sqlite.Error](err); ok {
		return sqliteErr.Code() & 0xff
	}
	return 0
}

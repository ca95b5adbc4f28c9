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

// IsConflict reports whether a transaction failed only because of concurrent ones,
// so that the caller should retry the whole of it: a deadlock, a serialization failure, a statement
// whose plan a schema change made stale, or SQLite's writer being busy.
func IsConflict(err error) bool {
	return pqdriver.Classify(err) == pqdriver.Conflict || sqliteCode(err) == sqlite3.SQLITE_BUSY
}

// IsRefused reports whether the database rejected the statement itself: it changed nothing, and a retry
// fails, too. In a batch, the other items may succeed.
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
// resource or canceled a statement that took too long: the same request may succeed later. It returns
// false for the end of the caller's own context.
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
// outside a transaction, and its response: it may have taken effect or not. Retry it only if it is
// idempotent.
func IsOutcomeUnknown(err error) bool {
	_, ok := errors.AsType[*outcome.UnknownError](err)
	return ok
}

// UnknownOutcome returns the error of a write outside a transaction whose response was not read to its
// end. Its outcome is unknown, unless the server reported that it failed.
func UnknownOutcome(err error) error {
	if err == nil || pqdriver.IsResponse(err) {
		return err
	}
	return &outcome.UnknownError{Cause: err}
}

// sqliteCode is the primary result code of an error of SQLite, without the extended part
// (https://www.sqlite.org/rescode.html); 0 for other errors.
func sqliteCode(err error) int {
	if sqliteErr, ok := errors.AsType[*sqlite.Error](err); ok {
		return sqliteErr.Code() & 0xff
	}
	return 0
}

package store

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"io"
	"net"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"parley/internal/panics"
)

// IsConflict reports whether a transaction failed only because of what ran beside it, so that
// running the whole of it again is right: a deadlock, a serialization failure, a statement whose
// plan a schema change made stale, or SQLite's writer being busy.
func IsConflict(err error) bool {
	if pqErr := pq.As(err); pqErr != nil {
		switch pqErr.Code {
		case pqerror.TRDeadlockDetected, pqerror.TRSerializationFailure:
			return true
		}
		return isStalePlan(err)
	}
	return sqliteCode(err) == sqlite3.SQLITE_BUSY
}

// IsRefused reports whether the database has said that it does not do what it was asked for,
// because of what that is: nothing was done, nor would be another time. Of several things that were
// asked for together the others may do.
func IsRefused(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	if pq.As(err) != nil {
		return isAnswer(err) && !IsConflict(err) && !IsUnavailable(err)
	}
	switch sqliteCode(err) {
	case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG:
		return true
	}
	return false
}

// IsUnavailable reports whether the database could not be reached, is going down, has run out of
// something or has given a statement up for taking too long: the same request may work later. The
// end of the caller's own context is not that.
func IsUnavailable(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	if pqErr := pq.As(err); pqErr != nil {
		switch class(pqErr) {
		case pqerror.ClassConnectionException, pqerror.ClassInsufficientResources:
			return true
		}
		switch pqErr.Code {
		case pqerror.QueryCanceled: // by statement_timeout or an operator, unless the caller's deadline has passed
			return !errors.Is(err, context.DeadlineExceeded)
		case pqerror.LockNotAvailable:
			return true
		}
		return goesAway(pqErr.Code)
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
// outside a transaction, and its answer: it may have taken effect or not. Run it again only where
// doing it twice is doing it once.
func IsOutcomeUnknown(err error) bool {
	_, ok := errors.AsType[*unknownOutcomeError](err)
	return ok
}

// Unanswered is the error of a write outside a transaction whose answer has begun and was not read
// to its end: of unknown outcome, unless the server itself has said that it failed.
func Unanswered(err error) error {
	if err == nil || isAnswer(err) {
		return err
	}
	return &unknownOutcomeError{err}
}

// unknownOutcomeError says that a write may have taken effect. It unwraps to its cause only if that
// is a panic: other causes may be [sqldriver.ErrBadConn], upon which database/sql would run a
// statement again.
type unknownOutcomeError struct{ cause error }

func (e *unknownOutcomeError) Unwrap() error {
	if panics.Is(e.cause) {
		return e.cause
	}
	return nil
}

func (e *unknownOutcomeError) Error() string {
	return "connection lost before the answer to a write: " + e.cause.Error()
}

// goesAway reports whether the server is shutting down, starting, dropping the database or, since a
// failover, no longer the one that takes writes.
func goesAway(code pqerror.Code) bool {
	switch code {
	case pqerror.AdminShutdown,
		pqerror.CrashShutdown,
		pqerror.CannotConnectNow,
		pqerror.DatabaseDropped,
		pqerror.IdleSessionTimeout,
		pqerror.ReadOnlySQLTransaction:
		return true
	}
	return false
}

// class is the first two characters of a SQLSTATE
// (https://www.postgresql.org/docs/current/errcodes-appendix.html).
func class(err *pq.Error) pqerror.Class {
	if len(err.Code) != 5 {
		return "" // no PostgreSQL sends that; Code.Class would panic
	}
	return err.Code.Class()
}

// sqliteCode is the primary result code of an error of SQLite, without what its extended code adds
// (https://www.sqlite.org/rescode.html); 0 if it is none.
func sqliteCode(err error) int {
	if sqliteErr, ok := errors.AsType[*sqlite.Error](err); ok {
		return sqliteErr.Code() & 0xff
	}
	return 0
}

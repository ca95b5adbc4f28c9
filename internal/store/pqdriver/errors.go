package pqdriver

import (
	"context"
	sqldriver "database/sql/driver"
	"errors"
	"os"
	"strings"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

// Kind is what an error means for the caller.
type Kind int

const (
	// NotPostgres is an error that is not PostgreSQL's.
	NotPostgres Kind = iota
	// Refused is a statement that failed because of what it is. It changed nothing, and a retry fails
	// too.
	Refused
	// Conflict is a transaction that failed only because of others that ran at the same time. Retry
	// it.
	Conflict
	// Unavailable is a database that is starting, shutting down, out of a resource, read-only since a
	// failover, or took too long. The same request may succeed later.
	Unavailable
	// Other is every other error, including those that the caller's own context caused.
	Other
)

// Classify returns what an error means.
func Classify(err error) Kind {
	if errors.Is(err, errNotPrimary) {
		return Unavailable
	}
	pqErr := pq.As(err)
	switch {
	case pqErr == nil:
		return NotPostgres
	case pqErr.Code == pqerror.TRDeadlockDetected,
		pqErr.Code == pqerror.TRSerializationFailure,
		isStalePlan(err):
		return Conflict
	case errors.Is(err, context.Canceled):
		return Other
	case class(pqErr) == pqerror.ClassConnectionException,
		class(pqErr) == pqerror.ClassInsufficientResources,
		pqErr.Code == pqerror.LockNotAvailable,
		// By statement_timeout or an operator, unless the caller's deadline has passed.
		pqErr.Code == pqerror.QueryCanceled && !errors.Is(err, context.DeadlineExceeded),
		isLeaving(pqErr.Code):
		return Unavailable
	case errors.Is(err, context.DeadlineExceeded), !IsAnswer(err):
		return Other
	}
	return Refused
}

// Code returns the SQLSTATE of an error
// (https://www.postgresql.org/docs/current/errcodes-appendix.html), or "" if it is not PostgreSQL's.
func Code(err error) pqerror.Code {
	if pqErr := pq.As(err); pqErr != nil {
		return pqErr.Code
	}
	return ""
}

// IsTLSUnsupported reports whether a server refused to connect because it does not support TLS.
func IsTLSUnsupported(err error) bool { return errors.Is(err, pq.ErrSSLNotSupported) }

// IsAnswer reports whether err is the statement of the server (or lib/pq) that a write failed. Any
// other error leaves its outcome unknown.
func IsAnswer(err error) bool {
	if errors.Is(err, pq.ErrInFailedTransaction) {
		return true
	}
	pqErr := pq.As(err)
	return pqErr != nil &&
		class(pqErr) != pqerror.ClassConnectionException &&
		pqErr.Code != pqerror.TRStatementCompletionUnknown &&
		!isLeaving(pqErr.Code)
}

// isStalePlan reports whether a prepared statement no longer returns what it did: the columns of its
// table have changed. The statement has not run. The SQLSTATE alone does not say so, because
// PostgreSQL uses 0A000 for all that it does not support. The message does, unless the server
// translates it (lc_messages); the name of the server's routine is never translated.
func isStalePlan(err error) bool {
	pqErr := pq.As(err, pqerror.FeatureNotSupported)
	return pqErr != nil && (pqErr.Routine == "RevalidateCachedQuery" ||
		strings.HasPrefix(pqErr.Message, "cached plan must not change result type"))
}

// isBusy recognizes lib/pq's error for a statement on a connection that still waits for the end of
// an earlier one. The error has no code and no name, so its text identifies it.
func isBusy(err error) bool {
	return err != nil &&
		err.Error() == "pq: there is already a query being processed on this connection"
}

// isTimeout reports whether the deadline of a network connection has passed.
func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

// isBreaking reports whether a connection is of no use after err.
func isBreaking(err error) bool {
	if errors.Is(err, sqldriver.ErrBadConn) {
		return true
	}
	pqErr := pq.As(err)
	if pqErr == nil {
		return false
	}
	switch class(pqErr) {
	case pqerror.ClassConnectionException,
		pqerror.ClassOperatorIntervention,
		pqerror.ClassSystemError,
		pqerror.ClassInternalError:
		return true
	}
	// A server that has become a standby ends no connections: leave it, to find its successor.
	return pqErr.Fatal() || pqErr.Code == pqerror.ReadOnlySQLTransaction
}

// isLeaving reports whether the server is shutting down, starting, dropping the database or, since a
// failover, no longer the one that takes writes.
func isLeaving(code pqerror.Code) bool {
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

// class returns the first two characters of a SQLSTATE.
func class(err *pq.Error) pqerror.Class {
	if len(err.Code) != 5 {
		return "" // no PostgreSQL sends that; Code.Class would panic
	}
	return err.Code.Class()
}

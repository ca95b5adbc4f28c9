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

// Kind is the class of an error.
type Kind int

const (
	// NotPostgres is an error that does not come from PostgreSQL.
	NotPostgres Kind = iota
	// Refused is a statement that PostgreSQL rejects. It changed nothing, and a retry fails, too.
	Refused
	// Conflict is a transaction that failed only because of concurrent ones. Retry
	// it.
	Conflict
	// Unavailable is a database that is starting, shutting down, out of a resource, read-only since a
	// failover, or took too long. The same request may succeed later.
	Unavailable
	// Other is every other error, including those that the caller's own context caused.
	Other
)

// Classify returns the class of an error.
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
	case errors.Is(err, context.DeadlineExceeded), !IsResponse(err):
		return Other
	}
	return Refused
}

// Code returns the SQLSTATE of an error
// (https://www.postgresql.org/docs/current/errcodes-appendix.html), or "" for other errors.
func Code(err error) pqerror.Code {
	if pqErr := pq.As(err); pqErr != nil {
		return pqErr.Code
	}
	return ""
}

// IsTLSUnsupported reports whether a server refused to connect because it does not support TLS.
func IsTLSUnsupported(err error) bool { return errors.Is(err, pq.ErrSSLNotSupported) }

// IsResponse reports whether the server (or lib/pq) responded that a write failed. After any other error
// its outcome is unknown.
func IsResponse(err error) bool {
	if errors.Is(err, pq.ErrInFailedTransaction) {
		return true
	}
	pqErr := pq.As(err)
	return pqErr != nil &&
		class(pqErr) != pqerror.ClassConnectionException &&
		pqErr.Code != pqerror.TRStatementCompletionUnknown &&
		!isLeaving(pqErr.Code)
}

// isStalePlan reports whether the result columns of a prepared statement have changed. The statement has
// not run. The SQLSTATE 0A000 alone does not identify this error, because PostgreSQL uses it for all
// unsupported features. The message does, unless the server translates it (lc_messages); the name of the
// server's routine is never translated.
func isStalePlan(err error) bool {
	pqErr := pq.As(err, pqerror.FeatureNotSupported)
	return pqErr != nil && (pqErr.Routine == "RevalidateCachedQuery" ||
		strings.HasPrefix(pqErr.Message, "cached plan must not change result type"))
}

// isBusy recognizes lib/pq's error for a statement on a connection that still runs another one.
// The error has no code and is not exported, so its text identifies it.
func isBusy(err error) bool {
	return err != nil &&
		err.Error() == "pq: there is already a query being processed on this connection"
}

// isTimeout reports whether the deadline of a network connection has passed.
func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

// isBreaking reports whether a connection must not be used after err.
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
	// A server that has become a standby does not close connections: reconnect to find the new primary.
	return pqErr.Fatal() || pqErr.Code == pqerror.ReadOnlySQLTransaction
}

// isLeaving reports whether the server is shutting down, starting, dropping the database or, since a
// failover, no longer the primary.
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
		return "" // PostgreSQL never sends that; Code.Class would panic
	}
	return err.Code.Class()
}

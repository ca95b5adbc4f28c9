// Package outcome has the errors of statements whose connection was lost or whose driver panicked. The
// wrappers of both database drivers use it.
package outcome

import (
	"context"
	"strings"

	"parley/internal/panics"
)

// UnknownError means that a write may have taken effect. It unwraps to its cause only if that is a panic:
// for other causes, such as driver.ErrBadConn, database/sql would run a statement again.
type UnknownError struct{ Cause error }

// Unwrap returns the cause if it is a panic.
func (e *UnknownError) Unwrap() error {
	if panics.Is(e.Cause) {
		return e.Cause
	}
	return nil
}

func (e *UnknownError) Error() string {
	return "connection lost before the response to a write: " + e.Cause.Error()
}

// Contain turns a panic of a driver into an error and marks its connection as broken, so that
// database/sql closes it. The caller defers it. database/sql also calls drivers from its own
// goroutines, and would never return the connection of a query that panics to its pool.
func Contain(ctx context.Context, guard *panics.Guard, broken *bool, err *error) {
	if value := recover(); value != nil {
		*broken = true
		*err = guard.Recovered(ctx, panics.Database, value)
	}
}

// ContainWrite is Contain for possible writes: the error is an [UnknownError].
func ContainWrite(ctx context.Context, guard *panics.Guard, broken *bool, err *error) {
	if value := recover(); value != nil {
		*broken = true
		*err = &UnknownError{guard.Recovered(ctx, panics.Database, value)}
	}
}

// StartsWith reports whether the first word of a statement is keyword, which must be in upper case.
func StartsWith(query, keyword string) bool {
	query = strings.TrimLeft(query, " \t\r\n(")
	return len(query) > len(keyword) && strings.EqualFold(query[:len(keyword)], keyword)
}

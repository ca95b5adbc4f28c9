package store

import (
	"context"

	"parley/internal/panics"
)

// contain, deferred, turns a panic of a driver into an error and marks its connection as broken, so
// that database/sql closes it. database/sql calls drivers from goroutines of its own, too, and
// would never return the connection of a query that panics to its pool.
func contain(ctx context.Context, guard *panics.Guard, broken *bool, err *error) {
	if value := recover(); value != nil {
		*broken = true
		*err = guard.Recovered(ctx, panics.Database, value)
	}
}

// containWrite is contain for what may have written: its outcome is unknown.
func containWrite(ctx context.Context, guard *panics.Guard, broken *bool, err *error) {
	if value := recover(); value != nil {
		*broken = true
		*err = &unknownOutcomeError{guard.Recovered(ctx, panics.Database, value)}
	}
}

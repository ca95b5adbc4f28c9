package store

import (
	"context"
	"database/sql"
)

// Querier is a database, or a transaction.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Each calls scan with each row of a statement's result.
func Each(
	ctx context.Context, q Querier, scan func(*sql.Rows) error, query string, args ...any,
) error {
	_, err := each(ctx, q, scan, query, args...)
	return err
}

// EachWritten is [Each] for a statement that writes and is a transaction by itself: if its result
// is not read to its end, its outcome is unknown. See [IsOutcomeUnknown].
func EachWritten(
	ctx context.Context, q Querier, scan func(*sql.Rows) error, query string, args ...any,
) error {
	answered, err := each(ctx, q, scan, query, args...)
	if answered {
		return UnknownOutcome(err)
	}
	return err
}

// each is [Each], and reports whether a result has begun.
func each(
	ctx context.Context, q Querier, scan func(*sql.Rows) error, query string, args ...any,
) (answered bool, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return false, err
	}
	defer func() { _ = rows.Close() }() // what failed is in rows.Err
	for rows.Next() {
		if err := scan(rows); err != nil {
			return true, err
		}
	}
	return true, rows.Err()
}

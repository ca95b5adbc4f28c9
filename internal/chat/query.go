package chat

import (
	"context"
	"database/sql"

	"parley/internal/store"
)

// querier is a database, or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// runner is [each] or [written].
type runner func(
	ctx context.Context, q querier, scan func(*sql.Rows) error, query string, args ...any,
) error

// each calls scan with each row of a query's result.
func each(
	ctx context.Context,
	q querier,
	scan func(*sql.Rows) error,
	query string,
	args ...any,
) error {
	_, err := eachSent(ctx, q, scan, query, args...)
	return err
}

// written is each of a statement that writes and is no part of a transaction: where its answer was
// not read to its end, it may have taken effect.
func written(
	ctx context.Context,
	q querier,
	scan func(*sql.Rows) error,
	query string,
	args ...any,
) error {
	sent, err := eachSent(ctx, q, scan, query, args...)
	if sent {
		return store.Unanswered(err)
	}
	return err
}

// eachSent is each, and tells whether an answer had begun.
func eachSent(
	ctx context.Context,
	q querier,
	scan func(*sql.Rows) error,
	query string,
	args ...any,
) (sent bool, err error) {
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

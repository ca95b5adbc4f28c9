package store

import (
	"context"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"io"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

// judge looks at the error of a statement and marks the connection as broken where it cannot be
// trusted any more. lib/pq does so itself for an error that is FATAL in so many letters, which
// poolers and translated servers do not write, and otherwise keeps a connection for ever whose
// server hung up after an error (https://github.com/lib/pq/issues/1450).
func (c *pqConn) judge(ctx context.Context, err error) error {
	switch {
	case err == nil:
	case isBusy(err):
		// Nothing was sent: database/sql may take another connection, outside a transaction.
		c.broken = true
		return sqldriver.ErrBadConn
	case ctx.Err() != nil:
		// After a cancelled statement the request to cancel may still be on its way, and would hit
		// the next one.
		c.broken = true
		if pq.As(err, pqerror.QueryCanceled) != nil ||
			isSilence(err) { // which do not say who wanted it
			return fmt.Errorf("%w (%w)", ctx.Err(), err)
		}
	case isBreaking(err), isSilence(err):
		c.broken = true
	}
	return err
}

// judgeWrite is judge for a statement that was sent. database/sql runs a statement again upon
// ErrBadConn, and must not do so with a write that may have taken effect: one outside a transaction
// to which the server has given no answer.
func (c *pqConn) judgeWrite(ctx context.Context, query string, err error) error {
	if err == nil {
		return nil
	}
	busy, answered := isBusy(err), isAnswer(err)
	err = c.judge(ctx, err)
	if !busy && !answered && !c.inTx && !startsWith(query, "SELECT") {
		return &unknownOutcomeError{err}
	}
	return err
}

// isBusy recognises lib/pq's answer to a statement on a connection that still waits for the end of
// an earlier one. The error has no code and no name; it is the only one that is known by its text.
func isBusy(err error) bool {
	return err != nil &&
		err.Error() == "pq: there is already a query being processed on this connection"
}

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

// isAnswer reports whether err is the server's (or lib/pq's) statement that a COMMIT did not
// happen.
func isAnswer(err error) bool {
	if errors.Is(err, pq.ErrInFailedTransaction) {
		return true
	}
	pqErr := pq.As(err)
	return pqErr != nil &&
		class(pqErr) != pqerror.ClassConnectionException &&
		pqErr.Code != pqerror.TRStatementCompletionUnknown &&
		!goesAway(pqErr.Code)
}

// rawRows is what lib/pq's rows can do, and so must ours.
type rawRows interface {
	sqldriver.RowsColumnTypeDatabaseTypeName
	sqldriver.RowsColumnTypeLength
	sqldriver.RowsColumnTypePrecisionScale
	sqldriver.RowsColumnTypeScanType
	sqldriver.RowsNextResultSet
}

// pqRows tells its connection of what goes wrong while rows are read.
type pqRows struct {
	rawRows
	ctx  context.Context //nolint:containedctx // that of the query, whose end cancels the reading of its rows
	conn *pqConn
}

// follow returns rows that tell c of their errors, and of being closed.
func (c *pqConn) follow(ctx context.Context, rows sqldriver.Rows) (sqldriver.Rows, error) {
	raw, ok := rows.(rawRows)
	if !ok {
		return nil, errors.Join(
			fmt.Errorf("lib/pq's %T lacks a method of database/sql/driver", rows),
			rows.Close(),
		)
	}
	c.rowsOpen = true
	return &pqRows{rawRows: raw, ctx: ctx, conn: c}, nil
}

// Next reads a row, and returns io.EOF after the last.
func (r *pqRows) Next(dest []sqldriver.Value) (err error) {
	defer contain(r.ctx, r.conn.connector.panics, &r.conn.broken, &err)
	err = r.rawRows.Next(dest)
	if err == io.EOF { //nolint:errorlint // database/sql/driver compares so
		return err
	}
	return r.conn.judge(r.ctx, err)
}

// Close reads what is left of the answer.
func (r *pqRows) Close() (err error) {
	defer contain(r.ctx, r.conn.connector.panics, &r.conn.broken, &err)
	r.conn.rowsOpen = false
	err = r.conn.judge(r.ctx, r.rawRows.Close())
	if r.ctx.Err() != nil {
		r.conn.broken = true // see judge
	}
	return err
}

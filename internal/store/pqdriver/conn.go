package pqdriver

import (
	"context"
	sqldriver "database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"parley/internal/panics"
	"parley/internal/store/outcome"
	"parley/internal/store/stmtcache"
)

// pqConn has the methods of lib/pq's connection, which [conn] must have, too.
type pqConn interface {
	sqldriver.Conn
	sqldriver.ConnBeginTx
	sqldriver.ConnPrepareContext
	sqldriver.ExecerContext
	sqldriver.NamedValueChecker
	sqldriver.Pinger
	sqldriver.QueryerContext
	sqldriver.SessionResetter
	sqldriver.Validator
}

// conn is a connection. It caches statements with arguments, is not used again after an error that breaks
// it, and waits for each response with a deadline.
//
// It is not safe for concurrent use: database/sql calls it from one goroutine at a time.
type conn struct {
	pqConn
	network   *deadlineConn
	connector *Connector
	cache     *stmtcache.Cache // nil: off
	schema    int64            // the connector's schema when this connection was made
	// generation is that of the cluster when the server was examined.
	generation int64
	timeline   Timeline // of the server then
	inTx       bool
	rowsOpen   bool // a response is not read completely
	broken     bool // do not use again
}

// errRowsOpen is a mistake of the caller: the protocol allows one response at a time.
var errRowsOpen = errors.New(
	"the rows of an earlier query on this connection are still open: close them first",
)

// QueryContext runs a statement that returns rows.
func (c *conn) QueryContext(
	ctx context.Context, query string, args []sqldriver.NamedValue,
) (_ sqldriver.Rows, err error) {
	defer c.contain(query)(ctx, c.connector.opts.Panics, &c.broken, &err)
	result, err := run(ctx, c, query, args, pqConn.QueryContext, stmtcache.Stmt.QueryContext)
	if err != nil {
		return nil, err
	}
	raw, ok := result.(pqRows)
	if !ok {
		return nil, errors.Join(
			fmt.Errorf("lib/pq's %T lacks a method of database/sql/driver", result),
			result.Close(),
		)
	}
	c.rowsOpen = true
	return &rows{pqRows: raw, ctx: ctx, conn: c}, nil
}

// ExecContext runs a statement and returns the number of rows that it changed.
func (c *conn) ExecContext(
	ctx context.Context, query string, args []sqldriver.NamedValue,
) (_ sqldriver.Result, err error) {
	defer c.contain(query)(ctx, c.connector.opts.Panics, &c.broken, &err)
	return run(ctx, c, query, args, pqConn.ExecContext, stmtcache.Stmt.ExecContext)
}

// contain returns the function that recovers a panic of a statement.
func (c *conn) contain(query string) func(context.Context, *panics.Guard, *bool, *error) {
	if c.mayHaveWritten(query) {
		return outcome.ContainWrite
	}
	return outcome.Contain
}

// mayHaveWritten reports whether a statement without a response may have taken effect. In a transaction
// only the COMMIT may.
func (c *conn) mayHaveWritten(query string) bool {
	return !c.inTx && !outcome.StartsWith(query, "SELECT")
}

// run sends a statement: from the cache if it has arguments, otherwise directly.
func run[T any](
	ctx context.Context, c *conn, query string, args []sqldriver.NamedValue,
	plain func(pqConn, context.Context, string, []sqldriver.NamedValue) (T, error),
	prepared func(stmtcache.Stmt, context.Context, []sqldriver.NamedValue) (T, error),
) (T, error) {
	var zero T
	switch {
	case c.rowsOpen:
		return zero, errRowsOpen
	case !c.pqConn.IsValid():
		return zero, sqldriver.ErrBadConn // nothing was sent: database/sql takes another connection
	}
	c.limit(ctx)
	if c.cache == nil || len(args) == 0 {
		result, err := plain(c.pqConn, ctx, query, args)
		return result, c.checkSent(ctx, query, err)
	}
	stmt, hit, err := c.cache.Get(ctx, query)
	if err != nil {
		return zero, c.check(ctx, err) // it has not run
	}
	result, err := prepared(stmt, ctx, args)
	if hit && isStalePlan(err) {
		// Replace all connections that are older than this change when they are free, including this one:
		// each has its own stale statements, and in a transaction each of them would cause a retry.
		c.connector.schema.CompareAndSwap(c.schema, c.schema+1)
		if !c.inTx { // otherwise the error has ended the transaction, which the caller retries
			if stmt, err = c.cache.Renew(ctx, query); err != nil {
				return zero, c.check(ctx, err)
			}
			result, err = prepared(stmt, ctx, args)
		}
	}
	return result, c.checkSent(ctx, query, err)
}

// limit sets the deadline of the response to the next statement.
func (c *conn) limit(ctx context.Context) { c.network.limit(ctx, c.connector.opts.ResponseTimeout) }

// check returns the error of a statement, and marks the connection as broken if it must not be used
// again.
func (c *conn) check(ctx context.Context, err error) error {
	switch {
	case err == nil:
	case isBusy(err):
		// Nothing was sent: database/sql may take another connection, outside a transaction.
		c.broken = true
		return sqldriver.ErrBadConn
	case ctx.Err() != nil:
		// The cancel request of this statement may arrive late, and would cancel the next one.
		c.broken = true
		// These two errors do not tell that the caller's context is their cause.
		if pq.As(err, pqerror.QueryCanceled) != nil || isTimeout(err) {
			return fmt.Errorf("%w (%w)", ctx.Err(), err)
		}
	case isBreaking(err), isTimeout(err):
		c.broken = true
	}
	return err
}

// checkSent is check for a statement that was sent. After ErrBadConn database/sql runs a statement again,
// which it must not do with a write that may have taken effect.
func (c *conn) checkSent(ctx context.Context, query string, err error) error {
	if err == nil {
		return nil
	}
	unknown := !isBusy(err) && !IsResponse(err) && c.mayHaveWritten(query)
	err = c.check(ctx, err)
	if unknown {
		return &outcome.UnknownError{Cause: err}
	}
	return err
}

// CheckNamedValue converts an argument for lib/pq. PostgreSQL treats binary bytes as bytea, but JSON, which
// ent passes as a json.RawMessage, must be text. A [TimelineArg] becomes the id of
// the connection's timeline.
func (c *conn) CheckNamedValue(arg *sqldriver.NamedValue) error {
	if _, ok := arg.Value.(TimelineArg); ok {
		arg.Value = c.timeline.id()
		return nil
	}
	if document, ok := arg.Value.(json.RawMessage); ok && c.cache == nil {
		arg.Value = string(document)
		return nil
	}
	return c.pqConn.CheckNamedValue(arg)
}

// PrepareContext prepares a statement for the caller, without the cache.
func (c *conn) PrepareContext(ctx context.Context, query string) (sqldriver.Stmt, error) {
	c.limit(ctx)
	stmt, err := c.pqConn.PrepareContext(ctx, query)
	return stmt, c.check(ctx, err)
}

// BeginTx starts a transaction.
func (c *conn) BeginTx(
	ctx context.Context, opts sqldriver.TxOptions,
) (_ sqldriver.Tx, err error) {
	defer outcome.Contain(ctx, c.connector.opts.Panics, &c.broken, &err)
	c.limit(ctx)
	begun, err := c.pqConn.BeginTx(ctx, opts)
	if err != nil {
		return nil, c.check(ctx, err)
	}
	c.inTx = true
	return &tx{Tx: begun, ctx: ctx, conn: c}, nil
}

// Ping waits for a response of the server.
func (c *conn) Ping(ctx context.Context) (err error) {
	defer outcome.Contain(ctx, c.connector.opts.Panics, &c.broken, &err)
	c.limit(ctx)
	return c.check(ctx, c.pqConn.Ping(ctx))
}

// IsValid reports whether the connection may return to the pool.
func (c *conn) IsValid() bool { return !c.broken && c.pqConn.IsValid() }

// Close ends the session and closes the connection. It succeeds even if the server is
// unreachable, because no statement is running.
func (c *conn) Close() (err error) {
	ctx := context.Background() //nolint:forbidigo // it has no ctx
	defer outcome.Contain(ctx, c.connector.opts.Panics, &c.broken, &err)
	c.network.limit(ctx, ResponseGrace)
	_ = c.pqConn.Close()
	return nil
}

// ResetSession is called before the connection is used again.
func (c *conn) ResetSession(ctx context.Context) (err error) {
	defer outcome.Contain(ctx, c.connector.opts.Panics, &c.broken, &err)
	cluster := c.connector.opts.Cluster
	if c.broken || c.schema != c.connector.schema.Load() ||
		cluster != nil && c.generation != cluster.Generation() {
		return sqldriver.ErrBadConn
	}
	return c.pqConn.ResetSession(ctx)
}

// tx is a transaction.
type tx struct {
	sqldriver.Tx
	ctx  context.Context //nolint:containedctx // that of the transaction, whose end cancels it
	conn *conn
}

// Commit commits. Its error is an [outcome.UnknownError] if the commit may have happened.
func (t *tx) Commit() (err error) {
	defer outcome.ContainWrite(t.ctx, t.conn.connector.opts.Panics, &t.conn.broken, &err)
	t.conn.inTx = false
	t.conn.limit(t.ctx)
	sent := t.conn.pqConn.IsValid() // lib/pq sends nothing on a lost connection
	err = t.conn.check(t.ctx, t.Tx.Commit())
	if err != nil && sent && !IsResponse(err) {
		return &outcome.UnknownError{Cause: err}
	}
	return err
}

// Rollback rolls back.
func (t *tx) Rollback() (err error) {
	defer outcome.Contain(t.ctx, t.conn.connector.opts.Panics, &t.conn.broken, &err)
	t.conn.inTx = false
	t.conn.limit(t.ctx)
	return t.conn.check(t.ctx, t.Tx.Rollback())
}

// pqRows has the methods of lib/pq's rows, which [rows] must have, too.
type pqRows interface {
	sqldriver.RowsColumnTypeDatabaseTypeName
	sqldriver.RowsColumnTypeLength
	sqldriver.RowsColumnTypePrecisionScale
	sqldriver.RowsColumnTypeScanType
	sqldriver.RowsNextResultSet
}

// rows is a result. It checks the errors that occur while it is read.
type rows struct {
	pqRows
	ctx  context.Context //nolint:containedctx // that of the query, whose end cancels the reading
	conn *conn
}

// Next reads a row, and returns io.EOF after the last.
func (r *rows) Next(dest []sqldriver.Value) (err error) {
	defer outcome.Contain(r.ctx, r.conn.connector.opts.Panics, &r.conn.broken, &err)
	err = r.pqRows.Next(dest)
	if err == io.EOF { //nolint:errorlint // database/sql/driver compares so
		return err
	}
	return r.conn.check(r.ctx, err)
}

// Close reads the rest of the result.
func (r *rows) Close() (err error) {
	defer outcome.Contain(r.ctx, r.conn.connector.opts.Panics, &r.conn.broken, &err)
	r.conn.rowsOpen = false
	err = r.conn.check(r.ctx, r.pqRows.Close())
	if r.ctx.Err() != nil {
		r.conn.broken = true // see check
	}
	return err
}

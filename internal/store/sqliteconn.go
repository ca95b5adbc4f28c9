package store

import (
	"context"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"

	"parley/internal/panics"
	"parley/internal/store/outcome"
	"parley/internal/store/stmtcache"
)

// sqliteConnector opens the driver's connections, each with a cache of prepared statements.
type sqliteConnector struct {
	sqldriver.Connector
	counts *stmtcache.Counts
	panics *panics.Guard
}

// Connect opens a connection.
func (c sqliteConnector) Connect(ctx context.Context) (_ sqldriver.Conn, err error) {
	defer outcome.Contain(ctx, c.panics, new(bool), &err)
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	raw, ok := conn.(rawSQLiteConn)
	if !ok {
		return nil, errors.Join(
			fmt.Errorf("%T lacks a method of database/sql/driver", conn),
			conn.Close(),
		)
	}
	cache := stmtcache.New(raw, DefaultStatementCache, c.counts)
	return &sqliteConn{rawSQLiteConn: raw, cache: cache, panics: c.panics}, nil
}

// rawSQLiteConn has the methods of the driver's connection, which [sqliteConn] must have, too.
type rawSQLiteConn interface {
	sqldriver.Conn
	sqldriver.ConnBeginTx
	sqldriver.ConnPrepareContext
	sqldriver.ExecerContext
	sqldriver.Pinger
	sqldriver.QueryerContext
	sqldriver.SessionResetter
	sqldriver.Validator
}

// sqliteConn is a connection to SQLite. It caches compiled statements with arguments. SQLite compiles a
// statement again if the schema has changed.
//
// It is not safe for concurrent use: database/sql calls it from one goroutine at a time.
type sqliteConn struct {
	rawSQLiteConn
	cache *stmtcache.Cache
	// open counts the results that have not been read completely. A statement has one result, and must
	// not be closed before its end: while there are any, the cache is not used.
	open   int
	panics *panics.Guard
	broken bool // the driver has panicked: do not use again
}

// QueryContext runs a statement that returns rows.
func (c *sqliteConn) QueryContext(
	ctx context.Context, query string, args []sqldriver.NamedValue,
) (_ sqldriver.Rows, err error) {
	defer outcome.Contain(ctx, c.panics, &c.broken, &err)
	rows, err := c.query(ctx, query, args)
	if err != nil {
		return nil, err
	}
	c.open++
	return &sqliteRows{Rows: rows, ctx: ctx, conn: c}, nil
}

func (c *sqliteConn) query(
	ctx context.Context,
	query string,
	args []sqldriver.NamedValue,
) (sqldriver.Rows, error) {
	stmt, err := c.prepared(ctx, query, args)
	switch {
	case err != nil:
		return nil, err
	case stmt == nil:
		return c.rawSQLiteConn.QueryContext(ctx, query, args)
	default:
		return stmt.QueryContext(ctx, args)
	}
}

// ExecContext runs a statement and returns the number of rows that it changed.
func (c *sqliteConn) ExecContext(
	ctx context.Context, query string, args []sqldriver.NamedValue,
) (_ sqldriver.Result, err error) {
	defer outcome.Contain(ctx, c.panics, &c.broken, &err)
	stmt, err := c.prepared(ctx, query, args)
	switch {
	case err != nil:
		return nil, err
	case stmt == nil:
		return c.rawSQLiteConn.ExecContext(ctx, query, args)
	default:
		return stmt.ExecContext(ctx, args)
	}
}

// prepared returns the cached statement of query, or nil if the query must be run without the cache.
func (c *sqliteConn) prepared(
	ctx context.Context,
	query string,
	args []sqldriver.NamedValue,
) (stmtcache.Stmt, error) {
	if c.open > 0 || len(args) == 0 {
		return nil, nil
	}
	stmt, _, err := c.cache.Get(ctx, query)
	return stmt, err
}

// BeginTx starts a transaction.
func (c *sqliteConn) BeginTx(
	ctx context.Context, opts sqldriver.TxOptions,
) (_ sqldriver.Tx, err error) {
	defer outcome.Contain(ctx, c.panics, &c.broken, &err)
	tx, err := c.rawSQLiteConn.BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	return &sqliteTx{tx, ctx, c}, nil
}

// IsValid reports whether the connection may return to the pool.
func (c *sqliteConn) IsValid() bool { return !c.broken && c.rawSQLiteConn.IsValid() }

// ResetSession is called before the connection is used again.
func (c *sqliteConn) ResetSession(ctx context.Context) (err error) {
	defer outcome.Contain(ctx, c.panics, &c.broken, &err)
	if c.broken {
		return sqldriver.ErrBadConn
	}
	return c.rawSQLiteConn.ResetSession(ctx)
}

// Close closes the connection and its prepared statements.
func (c *sqliteConn) Close() (err error) {
	ctx := context.Background() //nolint:forbidigo // it was given none
	defer outcome.Contain(ctx, c.panics, &c.broken, &err)
	return errors.Join(c.cache.Close(), c.rawSQLiteConn.Close())
}

// sqliteRows is a result.
type sqliteRows struct {
	sqldriver.Rows
	ctx    context.Context //nolint:containedctx // that of the query
	conn   *sqliteConn
	closed bool
}

// Next reads a row, and returns io.EOF after the last.
func (r *sqliteRows) Next(dest []sqldriver.Value) (err error) {
	defer outcome.Contain(r.ctx, r.conn.panics, &r.conn.broken, &err)
	return r.Rows.Next(dest)
}

// Close ends the result, so that the cache may be used again.
func (r *sqliteRows) Close() (err error) {
	defer outcome.Contain(r.ctx, r.conn.panics, &r.conn.broken, &err)
	if !r.closed {
		r.closed = true
		r.conn.open--
	}
	return r.Rows.Close()
}

// sqliteTx is a transaction.
type sqliteTx struct {
	sqldriver.Tx
	ctx  context.Context //nolint:containedctx // that of the transaction
	conn *sqliteConn
}

// Commit commits. After a panic of the driver its outcome is unknown.
func (t *sqliteTx) Commit() (err error) {
	defer outcome.ContainWrite(t.ctx, t.conn.panics, &t.conn.broken, &err)
	return t.Tx.Commit()
}

// Rollback rolls back.
func (t *sqliteTx) Rollback() (err error) {
	defer outcome.Contain(t.ctx, t.conn.panics, &t.conn.broken, &err)
	return t.Tx.Rollback()
}

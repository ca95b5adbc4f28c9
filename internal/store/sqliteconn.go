package store

import (
	"context"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
)

// sqliteConnector makes the driver's connections and puts each behind a cache of prepared statements.
type sqliteConnector struct {
	sqldriver.Connector
	counts *cacheCounts
}

// Connect opens a connection.
func (c sqliteConnector) Connect(ctx context.Context) (sqldriver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	raw, ok := conn.(rawSQLiteConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("%T lacks a method of database/sql/driver", conn), conn.Close())
	}
	return &sqliteConn{rawSQLiteConn: raw, cache: newStmtCache(raw, DefaultStatementCache, c.counts)}, nil
}

// rawSQLiteConn is what the driver's connection can do, and so must ours.
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

// sqliteConn is a connection to SQLite. Statements that have arguments are compiled once and found again in the cache;
// SQLite compiles one anew by itself where the schema has changed.
//
// database/sql lets one goroutine at a time use it.
type sqliteConn struct {
	rawSQLiteConn
	cache *stmtCache
	// open counts the answers of which rows are still to be read. A statement has room for one, and must not be closed
	// before: as long as there are any, none is taken from the cache.
	open int
}

// QueryContext runs a statement that returns rows.
func (c *sqliteConn) QueryContext(ctx context.Context, query string, args []sqldriver.NamedValue) (sqldriver.Rows, error) {
	rows, err := c.query(ctx, query, args)
	if err != nil {
		return nil, err
	}
	c.open++
	return &sqliteRows{Rows: rows, conn: c}, nil
}

func (c *sqliteConn) query(ctx context.Context, query string, args []sqldriver.NamedValue) (sqldriver.Rows, error) {
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

// ExecContext runs a statement and counts the rows that it changed.
func (c *sqliteConn) ExecContext(ctx context.Context, query string, args []sqldriver.NamedValue) (sqldriver.Result, error) {
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

// prepared returns the cache's statement of query; nil where it is to be run as it is.
func (c *sqliteConn) prepared(ctx context.Context, query string, args []sqldriver.NamedValue) (cachedStmt, error) {
	if c.open > 0 || len(args) == 0 {
		return nil, nil
	}
	stmt, _, err := c.cache.get(ctx, query)
	return stmt, err
}

// Close closes the connection and what it has prepared.
func (c *sqliteConn) Close() error {
	var errs []error
	for c.cache.used.Len() > 0 {
		errs = append(errs, c.cache.remove(c.cache.used.Back()))
	}
	return errors.Join(append(errs, c.rawSQLiteConn.Close())...)
}

// sqliteRows is an answer.
type sqliteRows struct {
	sqldriver.Rows
	conn   *sqliteConn
	closed bool
}

// Close makes room for the next one.
func (r *sqliteRows) Close() error {
	if !r.closed {
		r.closed = true
		r.conn.open--
	}
	return r.Rows.Close()
}

// Package stmtcache caches the prepared statements of one connection. Both database drivers prepare
// a statement with arguments before each run: lib/pq in a separate round trip, SQLite in more
// time than many statements take to run.
package stmtcache

import (
	"context"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Cache caches the statements of one connection by their text. It closes the least recently used
// one if there are too many. Like a connection, it is not safe for concurrent use.
//
// Get, Renew and Close may close statements, so the connection must not have open rows when they are
// called.
type Cache struct {
	conn   sqldriver.ConnPrepareContext
	lru    *simplelru.LRU[string, Stmt]
	closed error // of the statements that were closed since takeClosed
	counts *Counts
}

// Counts counts the statements that were cached, that had to be prepared, and that were evicted. It
// is safe for concurrent use; the caches of all connections of a database share one.
type Counts struct{ Hits, Misses, Evictions atomic.Int64 }

// Stmt has the methods of the prepared statements of both drivers.
type Stmt interface {
	sqldriver.Stmt
	sqldriver.StmtExecContext
	sqldriver.StmtQueryContext
}

// New returns a cache of up to size statements of conn. It panics if size is not positive.
func New(conn sqldriver.ConnPrepareContext, size int, counts *Counts) *Cache {
	c := &Cache{conn: conn, counts: counts}
	lru, err := simplelru.NewLRU(size, func(_ string, stmt Stmt) {
		c.closed = errors.Join(c.closed, stmt.Close())
	})
	if err != nil {
		panic(err) // the size is not positive
	}
	c.lru = lru
	return c
}

// Get returns the prepared statement of query, and whether it was cached.
func (c *Cache) Get(ctx context.Context, query string) (_ Stmt, hit bool, _ error) {
	if stmt, ok := c.lru.Get(query); ok {
		c.counts.Hits.Add(1)
		return stmt, true, nil
	}
	c.counts.Misses.Add(1)
	stmt, err := c.prepare(ctx, query)
	return stmt, false, err
}

// Renew prepares the statement of query again.
func (c *Cache) Renew(ctx context.Context, query string) (Stmt, error) {
	c.lru.Remove(query)
	if err := c.takeClosed(); err != nil {
		return nil, err
	}
	return c.prepare(ctx, query)
}

// Close closes all statements.
func (c *Cache) Close() error {
	c.lru.Purge()
	return c.takeClosed()
}

// prepare adds the statement of query, and evicts another one if there are too many.
func (c *Cache) prepare(ctx context.Context, query string) (Stmt, error) {
	prepared, err := c.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	stmt, ok := prepared.(Stmt)
	if !ok {
		return nil, errors.Join(
			fmt.Errorf("%T lacks a method of database/sql/driver", prepared), prepared.Close(),
		)
	}
	if c.lru.Add(query, stmt) {
		c.counts.Evictions.Add(1)
	}
	return stmt, c.takeClosed()
}

// takeClosed returns the errors of the statements that were closed since the last call.
func (c *Cache) takeClosed() (err error) {
	err, c.closed = c.closed, nil
	return err
}

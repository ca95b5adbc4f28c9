package store

import (
	"container/list"
	"context"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"sync/atomic"
)

// stmtCache keeps the statements that were prepared last on one connection, by their text, and
// closes the one that was not used for the longest time when there are too many. Both databases'
// drivers prepare each statement anyway (lib/pq in a round trip of its own, SQLite in more time
// than many take to run), so that even one that is used once loses nothing but the closing.
type stmtCache struct {
	conn    sqldriver.ConnPrepareContext
	size    int
	used    *list.List // of *cacheEntry, the last used in front
	byQuery map[string]*list.Element
	counts  *cacheCounts
}

// cacheCounts counts for all connections of a database.
type cacheCounts struct{ hits, misses, evictions atomic.Int64 }

// cacheEntry is a statement and its text.
type cacheEntry struct {
	query string
	stmt  cachedStmt
}

// cachedStmt is what the drivers' prepared statements can do.
type cachedStmt interface {
	sqldriver.Stmt
	sqldriver.StmtExecContext
	sqldriver.StmtQueryContext
}

// newStmtCache returns a cache of up to size statements of conn.
func newStmtCache(conn sqldriver.ConnPrepareContext, size int, counts *cacheCounts) *stmtCache {
	return &stmtCache{
		conn:    conn,
		size:    size,
		used:    list.New(),
		byQuery: map[string]*list.Element{},
		counts:  counts,
	}
}

// get returns the prepared statement of query, and whether it was there already.
func (c *stmtCache) get(ctx context.Context, query string) (_ cachedStmt, hit bool, _ error) {
	if e, ok := c.byQuery[query]; ok {
		c.used.MoveToFront(e)
		c.counts.hits.Add(1)
		return entryOf(e).stmt, true, nil
	}
	c.counts.misses.Add(1)
	stmt, err := c.prepare(ctx, query)
	return stmt, false, err
}

// renew prepares the statement of query again.
func (c *stmtCache) renew(ctx context.Context, query string) (cachedStmt, error) {
	if e, ok := c.byQuery[query]; ok {
		if err := c.remove(e); err != nil {
			return nil, err
		}
	}
	return c.prepare(ctx, query)
}

// prepare adds the statement of query, and makes room for it.
func (c *stmtCache) prepare(ctx context.Context, query string) (cachedStmt, error) {
	prepared, err := c.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	stmt, ok := prepared.(cachedStmt)
	if !ok {
		return nil, errors.Join(
			fmt.Errorf("%T lacks a method of database/sql/driver", prepared),
			prepared.Close(),
		)
	}
	c.byQuery[query] = c.used.PushFront(&cacheEntry{query, stmt})
	if c.used.Len() > c.size {
		c.counts.evictions.Add(1)
		if err := c.remove(c.used.Back()); err != nil {
			return nil, err
		}
	}
	return stmt, nil
}

// remove closes a statement. No rows of it may be open: the caller sees to it that none of the
// connection's are.
func (c *stmtCache) remove(e *list.Element) error {
	entry := entryOf(e)
	c.used.Remove(e)
	delete(c.byQuery, entry.query)
	return entry.stmt.Close()
}

// entryOf returns what an element of the list holds.
func entryOf(e *list.Element) *cacheEntry {
	return e.Value.(*cacheEntry) //nolint:errcheck // it holds nothing else
}

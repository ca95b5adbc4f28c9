package store

import (
	"context"
	"database/sql"
	"strings"
	"sync/atomic"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
)

// driver is the [dialect.Driver] of both databases. Transactions and writes run on one pool, reads outside
// transactions on another; with PostgreSQL the two are the same.
//
// Its embedded Conn turns ent's Exec and Query into ExecContext and QueryContext, which ent also calls directly for
// hand-written statements.
type driver struct {
	entsql.Conn
	router
	dialect string
}

// newDriver returns the driver of a database. observe may be nil.
func newDriver(dialect string, reads, writes *sql.DB, observe func(context.Context, string)) *driver {
	r := router{reads: reads, writes: writes, observe: func(ctx context.Context, query string) {
		count(ctx)
		if observe != nil {
			observe(ctx, query)
		}
	}}
	return &driver{Conn: entsql.Conn{ExecQuerier: r}, router: r, dialect: dialect}
}

// ExecContext runs a statement that returns no rows.
func (d *driver) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return d.router.ExecContext(ctx, query, args...)
}

// QueryContext runs a statement that returns rows.
func (d *driver) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return d.router.QueryContext(ctx, query, args...)
}

// Tx starts a transaction that may write.
func (d *driver) Tx(ctx context.Context) (dialect.Tx, error) { return d.BeginTx(ctx, nil) }

// BeginTx starts a transaction. One that is ReadOnly does not wait for SQLite's writer.
func (d *driver) BeginTx(ctx context.Context, opts *sql.TxOptions) (dialect.Tx, error) {
	pool := d.writes
	if opts != nil && opts.ReadOnly {
		pool = d.reads
	}
	tx, err := pool.BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	return &entsql.Tx{Conn: entsql.Conn{ExecQuerier: observed{tx, d.observe}}, Tx: tx}, nil
}

// Dialect is ent's name of the database.
func (d *driver) Dialect() string { return d.dialect }

// Close does nothing: the database belongs to the [DB], and ent's client, which would close it, only borrows it.
func (d *driver) Close() error { return nil }

// router runs each statement on the pool that it belongs to.
type router struct {
	reads, writes *sql.DB
	observe       func(context.Context, string)
}

func (r router) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	r.observe(ctx, query)
	return r.writes.ExecContext(ctx, query, args...)
}

// QueryContext tells reads by their first word, because ent also inserts through it (INSERT … RETURNING). A WITH that
// writes is taken for a read; SQLite's readers refuse it, so that the mistake shows at once.
func (r router) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	r.observe(ctx, query)
	pool := r.writes
	if startsWith(query, "SELECT") || startsWith(query, "WITH") {
		pool = r.reads
	}
	return pool.QueryContext(ctx, query, args...)
}

// startsWith reports whether the first word of a statement is keyword, which is in capitals.
func startsWith(query, keyword string) bool {
	query = strings.TrimLeft(query, " \t\r\n(")
	return len(query) > len(keyword) && strings.EqualFold(query[:len(keyword)], keyword)
}

// observed reports the statements of a transaction.
type observed struct {
	*sql.Tx
	observe func(context.Context, string)
}

func (o observed) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	o.observe(ctx, query)
	return o.Tx.ExecContext(ctx, query, args...)
}

func (o observed) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	o.observe(ctx, query)
	return o.Tx.QueryContext(ctx, query, args...)
}

// countKey is where a context has its count of statements.
type countKey struct{}

// Counting returns a context that counts the statements that run under it.
func Counting(ctx context.Context) (context.Context, *atomic.Int64) {
	n := new(atomic.Int64)
	return context.WithValue(ctx, countKey{}, n), n
}

func count(ctx context.Context) {
	if n, ok := ctx.Value(countKey{}).(*atomic.Int64); ok {
		n.Add(1)
	}
}

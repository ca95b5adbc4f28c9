package store

import (
	"context"
	"database/sql"
	"sync/atomic"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"

	"parley/internal/store/outcome"
)

// driver is the [dialect.Driver] of both databases. Transactions and writes run on one pool, reads
// outside transactions on another; with PostgreSQL the two are the same.
//
// The embedded Conn implements ent's Exec and Query with ExecContext and QueryContext, which ent also
// calls directly for hand-written statements.
type driver struct {
	entsql.Conn
	router
	dialect string
}

// newDriver returns the driver of a database.
func newDriver(dialectName string, reads, writes *sql.DB, opts Options) *driver {
	r := router{
		reads:  reads,
		writes: writes,
		hooks:  hooks{system: systemOf(dialectName), observe: opts.Observe, trace: opts.Trace},
	}
	return &driver{Conn: entsql.Conn{ExecQuerier: r}, router: r, dialect: dialectName}
}

// systemOf returns the name of a database in OpenTelemetry
// (https://opentelemetry.io/docs/specs/semconv/registry/attributes/db/).
func systemOf(dialectName string) string {
	if dialectName == dialect.Postgres {
		return "postgresql"
	}
	return "sqlite"
}

// Tx starts a transaction that may write.
func (d *driver) Tx(ctx context.Context) (dialect.Tx, error) { return d.BeginTx(ctx, nil) }

// BeginTx starts a transaction. One that is ReadOnly does not wait for SQLite's writer.
func (d *driver) BeginTx(ctx context.Context, opts *sql.TxOptions) (dialect.Tx, error) {
	pool := d.writes
	if opts != nil && opts.ReadOnly {
		pool = d.reads
	}
	end := d.hooks.begin(ctx, "BEGIN")
	tx, err := pool.BeginTx(ctx, opts)
	end(err)
	if err != nil {
		return nil, err
	}
	o := observed{tx, ctx, d.hooks}
	return &entsql.Tx{Conn: entsql.Conn{ExecQuerier: o}, Tx: o}, nil
}

// Dialect returns ent's name of the database.
func (d *driver) Dialect() string { return d.dialect }

// Close does nothing: the [DB] owns the database, and ent's client must not close it.
func (d *driver) Close() error { return nil }

// router runs each statement on its pool.
type router struct {
	reads, writes *sql.DB
	hooks         hooks
}

func (r router) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return observe(ctx, r.hooks, r.writes.ExecContext, query, args)
}

// QueryContext recognizes reads by their first word, because ent also inserts through it (INSERT …
// RETURNING). A WITH that writes counts as a read: SQLite's readers reject it.
func (r router) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	pool := r.writes
	if outcome.StartsWith(query, "SELECT") || outcome.StartsWith(query, "WITH") {
		pool = r.reads
	}
	return observe(ctx, r.hooks, pool.QueryContext, query, args)
}

// observed reports the statements of a transaction, and its end.
type observed struct {
	*sql.Tx
	ctx   context.Context //nolint:containedctx // that of the transaction
	hooks hooks
}

func (o observed) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return observe(ctx, o.hooks, o.Tx.ExecContext, query, args)
}

func (o observed) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return observe(ctx, o.hooks, o.Tx.QueryContext, query, args)
}

func (o observed) Commit() error {
	end := o.hooks.begin(o.ctx, "COMMIT")
	err := o.Tx.Commit()
	end(err)
	return err
}

func (o observed) Rollback() error {
	end := o.hooks.begin(o.ctx, "ROLLBACK")
	err := o.Tx.Rollback()
	end(err)
	return err
}

// hooks are called with statements. Each may be nil.
type hooks struct {
	system  string
	observe func(ctx context.Context, query string)
	trace   func(ctx context.Context, system, query string) func(error)
}

// observe runs a statement and calls the hooks.
func observe[T any](
	ctx context.Context,
	h hooks,
	run func(context.Context, string, ...any) (T, error),
	query string,
	args []any,
) (T, error) {
	count(ctx)
	if h.observe != nil {
		h.observe(ctx, query)
	}
	end := h.begin(ctx, query)
	result, err := run(ctx, query, args...)
	end(err)
	return result, err
}

// begin calls the trace hook with a statement that is about to run. The caller calls end when it has
// run.
func (h hooks) begin(ctx context.Context, query string) (end func(error)) {
	if h.trace != nil {
		if end = h.trace(ctx, h.system, query); end != nil {
			return end
		}
	}
	return func(error) {}
}

// countKey is the context key of the count of statements.
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

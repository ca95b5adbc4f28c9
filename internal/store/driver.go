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
// Its embedded Conn turns ent's Exec and Query into ExecContext and QueryContext, which ent also
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
		watch:  watch{system: systemOf(dialectName), observe: opts.Observe, trace: opts.Trace},
	}
	return &driver{Conn: entsql.Conn{ExecQuerier: r}, router: r, dialect: dialectName}
}

// systemOf is a database's name as OpenTelemetry has it
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
	end := d.watch.begin(ctx, "BEGIN")
	tx, err := pool.BeginTx(ctx, opts)
	end(err)
	if err != nil {
		return nil, err
	}
	o := observed{tx, ctx, d.watch}
	return &entsql.Tx{Conn: entsql.Conn{ExecQuerier: o}, Tx: o}, nil
}

// Dialect is ent's name of the database.
func (d *driver) Dialect() string { return d.dialect }

// Close does nothing: the database belongs to the [DB], and ent's client, which would close it,
// only borrows it.
func (d *driver) Close() error { return nil }

// router runs each statement on the pool that it belongs to.
type router struct {
	reads, writes *sql.DB
	watch         watch
}

func (r router) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return watched(ctx, r.watch, r.writes.ExecContext, query, args)
}

// QueryContext tells reads by their first word, because ent also inserts through it (INSERT …
// RETURNING). A WITH that writes is taken for a read; SQLite's readers refuse it, so that the
// mistake shows at once.
func (r router) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	pool := r.writes
	if outcome.StartsWith(query, "SELECT") || outcome.StartsWith(query, "WITH") {
		pool = r.reads
	}
	return watched(ctx, r.watch, pool.QueryContext, query, args)
}

// observed reports the statements of a transaction, and its end.
type observed struct {
	*sql.Tx
	ctx   context.Context //nolint:containedctx // that of the transaction
	watch watch
}

func (o observed) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return watched(ctx, o.watch, o.Tx.ExecContext, query, args)
}

func (o observed) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return watched(ctx, o.watch, o.Tx.QueryContext, query, args)
}

func (o observed) Commit() error {
	end := o.watch.begin(o.ctx, "COMMIT")
	err := o.Tx.Commit()
	end(err)
	return err
}

func (o observed) Rollback() error {
	end := o.watch.begin(o.ctx, "ROLLBACK")
	err := o.Tx.Rollback()
	end(err)
	return err
}

// watch is who wants to know of statements.
type watch struct {
	system  string
	observe func(ctx context.Context, query string)
	trace   func(ctx context.Context, system, query string) func(error)
}

// watched runs a statement.
func watched[T any](
	ctx context.Context,
	w watch,
	run func(context.Context, string, ...any) (T, error),
	query string,
	args []any,
) (T, error) {
	count(ctx)
	if w.observe != nil {
		w.observe(ctx, query)
	}
	end := w.begin(ctx, query)
	result, err := run(ctx, query, args...)
	end(err)
	return result, err
}

// begin tells of a statement that is about to run, and returns what tells that it has.
func (w watch) begin(ctx context.Context, query string) (end func(error)) {
	if w.trace != nil {
		if end = w.trace(ctx, w.system, query); end != nil {
			return end
		}
	}
	return untold
}

func untold(error) {}

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

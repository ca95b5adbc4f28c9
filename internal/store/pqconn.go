package store

import (
	"context"
	sqldriver "database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/lib/pq"

	"parley/internal/panics"
)

// pqConnector makes lib/pq's connections and puts each behind a cache of prepared statements and a
// guard.
type pqConnector struct {
	*pq.Connector
	statements int // prepared statements that each connection keeps; 0 or less: none
	// silence is how long connections that are made wait for the answer to a statement whose
	// context has no deadline; 0 is for ever.
	silence time.Duration
	panics  *panics.Guard

	counts cacheCounts
	// schema counts the schema changes that a stale statement gave away.
	schema atomic.Int64
}

// newPQConnector returns the connector of the database that url names, whose connections keep so
// many prepared statements. guard contains the panics of lib/pq.
func newPQConnector(url string, statements int, guard *panics.Guard) (*pqConnector, error) {
	cfg, err := postgresConfig(url)
	if err != nil {
		return nil, err
	}
	// Without prepared statements a query goes out in one piece. lib/pq would send it in two
	// otherwise, between which a pooler may put somebody else's: then each would run with the
	// arguments of the other.
	cfg.BinaryParameters = statements <= 0
	connector, err := pq.NewConnectorConfig(cfg)
	if err != nil {
		return nil, err
	}
	connector.Dialer(new(dialer))
	return &pqConnector{Connector: connector, statements: statements, panics: guard}, nil
}

// Connect opens a connection.
func (c *pqConnector) Connect(ctx context.Context) (_ sqldriver.Conn, err error) {
	defer contain(ctx, c.panics, new(bool), &err)
	schema := c.schema.Load()
	var l *line
	conn, err := c.Connector.Connect(context.WithValue(ctx, lineKey{}, &l))
	if err != nil {
		// The dialer has the caller's deadline too, and may notice it a moment before the context
		// does: then it is the caller who gave up, and nothing is known of the database.
		if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
			//nolint:errorlint // it is not what happened
			return nil, fmt.Errorf(
				"connect: %w (%v)",
				context.DeadlineExceeded,
				err,
			)
		}
		return nil, err
	}
	raw, ok := conn.(rawConn)
	if !ok {
		return nil, errors.Join(
			fmt.Errorf("lib/pq's %T lacks a method of database/sql/driver", conn),
			conn.Close(),
		)
	}
	pc := &pqConn{rawConn: raw, line: l, silence: c.silence, connector: c, schema: schema}
	if c.statements > 0 {
		pc.cache = newStmtCache(raw, c.statements, &c.counts)
	}
	return pc, nil
}

// rawConn is what lib/pq's connection can do, and so must ours.
type rawConn interface {
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

// pqConn is a connection to PostgreSQL. Statements that have arguments are prepared once and found
// again in the cache (pqcache.go), which saves lib/pq's second round trip; connections that an
// error has made useless are never used again (pqguard.go), and none waits for ever for an answer
// (pqline.go).
//
// database/sql lets one goroutine at a time use it.
type pqConn struct {
	rawConn
	line      *line
	silence   time.Duration // see pqConnector
	connector *pqConnector
	cache     *stmtCache // nil: off
	schema    int64      // the connector's schema when this connection was made
	inTx      bool
	rowsOpen  bool // the rest of an answer is still to be read
	broken    bool // do not use again
}

// errRowsOpen is a mistake of the caller: the protocol has room for one answer at a time.
var errRowsOpen = errors.New(
	"the rows of an earlier query on this connection are still open: close them first",
)

// QueryContext runs a statement that returns rows.
func (c *pqConn) QueryContext(
	ctx context.Context, query string, args []sqldriver.NamedValue,
) (_ sqldriver.Rows, err error) {
	defer c.containing(query)(ctx, c.connector.panics, &c.broken, &err)
	rows, err := run(ctx, c, query, args, rawConn.QueryContext, cachedStmt.QueryContext)
	if err != nil {
		return nil, err
	}
	return c.follow(ctx, rows)
}

// ExecContext runs a statement and counts the rows that it changed.
func (c *pqConn) ExecContext(
	ctx context.Context, query string, args []sqldriver.NamedValue,
) (_ sqldriver.Result, err error) {
	defer c.containing(query)(ctx, c.connector.panics, &c.broken, &err)
	return run(ctx, c, query, args, rawConn.ExecContext, cachedStmt.ExecContext)
}

// containing returns what contains a panic of a statement.
func (c *pqConn) containing(
	query string,
) func(context.Context, *panics.Guard, *bool, *error) {
	if c.inTx || startsWith(query, "SELECT") {
		return contain
	}
	return containWrite
}

// run sends a statement: as it is where it has no arguments, through the cache where it has.
func run[T any](
	ctx context.Context, c *pqConn, query string, args []sqldriver.NamedValue,
	plain func(rawConn, context.Context, string, []sqldriver.NamedValue) (T, error),
	prepared func(cachedStmt, context.Context, []sqldriver.NamedValue) (T, error),
) (T, error) {
	var zero T
	switch {
	case c.rowsOpen:
		return zero, errRowsOpen
	case !c.rawConn.IsValid():
		return zero, sqldriver.ErrBadConn // nothing was sent: database/sql takes another connection
	}
	c.line.limit(ctx, c.silence)
	if c.cache == nil || len(args) == 0 {
		result, err := plain(c.rawConn, ctx, query, args)
		return result, c.judgeWrite(ctx, query, err)
	}
	stmt, hit, err := c.cache.get(ctx, query)
	if err != nil {
		return zero, c.judge(ctx, err) // not yet run
	}
	result, err := prepared(stmt, ctx, args)
	if hit && isStalePlan(err) {
		c.schemaChanged()
		if !c.inTx { // in a transaction, which the error has ended, it is for the caller to run all of it again
			if stmt, err = c.cache.renew(ctx, query); err != nil {
				return zero, c.judge(ctx, err)
			}
			result, err = prepared(stmt, ctx, args)
		}
	}
	return result, c.judgeWrite(ctx, query, err)
}

// CheckNamedValue makes an argument one that lib/pq can send. Where it sends bytes as they are,
// PostgreSQL takes them for bytea: JSON, which ent gives as a json.RawMessage, is text.
func (c *pqConn) CheckNamedValue(arg *sqldriver.NamedValue) error {
	if document, ok := arg.Value.(json.RawMessage); ok && c.cache == nil {
		arg.Value = string(document)
		return nil
	}
	return c.rawConn.CheckNamedValue(arg)
}

// PrepareContext prepares a statement for whoever asked, beside the cache.
func (c *pqConn) PrepareContext(ctx context.Context, query string) (sqldriver.Stmt, error) {
	c.line.limit(ctx, c.silence)
	stmt, err := c.rawConn.PrepareContext(ctx, query)
	return stmt, c.judge(ctx, err)
}

// Prepare is PrepareContext as the interface of old has it.
func (c *pqConn) Prepare(query string) (sqldriver.Stmt, error) {
	return c.PrepareContext(context.Background(), query) //nolint:forbidigo // it was given none
}

// BeginTx starts a transaction.
func (c *pqConn) BeginTx(
	ctx context.Context, opts sqldriver.TxOptions,
) (_ sqldriver.Tx, err error) {
	defer contain(ctx, c.connector.panics, &c.broken, &err)
	c.line.limit(ctx, c.silence)
	tx, err := c.rawConn.BeginTx(ctx, opts)
	if err != nil {
		return nil, c.judge(ctx, err)
	}
	c.inTx = true
	return &pqTx{Tx: tx, ctx: ctx, conn: c}, nil
}

// Begin is BeginTx as the interface of old has it.
func (c *pqConn) Begin() (sqldriver.Tx, error) {
	//nolint:forbidigo // it was given none
	return c.BeginTx(
		context.Background(),
		sqldriver.TxOptions{},
	)
}

// Ping asks the server for an answer.
func (c *pqConn) Ping(ctx context.Context) (err error) {
	defer contain(ctx, c.connector.panics, &c.broken, &err)
	c.line.limit(ctx, c.silence)
	return c.judge(ctx, c.rawConn.Ping(ctx))
}

// IsValid reports whether the connection may go back into the pool.
func (c *pqConn) IsValid() bool {
	return !c.broken && c.rawConn.IsValid()
}

// Close says goodbye and hangs up. It succeeds where the server is gone: nothing was under way that
// could be lost.
func (c *pqConn) Close() (err error) {
	ctx := context.Background() //nolint:forbidigo // it was given none
	defer contain(ctx, c.connector.panics, &c.broken, &err)
	c.line.limit(ctx, answerTime)
	_ = c.rawConn.Close()
	return nil
}

// ResetSession is called before the connection is used again.
func (c *pqConn) ResetSession(ctx context.Context) (err error) {
	defer contain(ctx, c.connector.panics, &c.broken, &err)
	if c.broken || c.schema != c.connector.schema.Load() {
		return sqldriver.ErrBadConn
	}
	return c.rawConn.ResetSession(ctx)
}

// pqTx is a transaction on a pqConn.
type pqTx struct {
	sqldriver.Tx
	ctx  context.Context //nolint:containedctx // that of the transaction, whose end cancels what it runs
	conn *pqConn
}

// Commit commits, and tells a commit that failed from one of which nobody knows.
func (t *pqTx) Commit() (err error) {
	defer containWrite(t.ctx, t.conn.connector.panics, &t.conn.broken, &err)
	t.conn.inTx = false
	t.conn.line.limit(t.ctx, t.conn.silence)
	sent := t.conn.rawConn.IsValid() // lib/pq sends nothing on a connection that it knows to be lost
	err = t.conn.judge(t.ctx, t.Tx.Commit())
	if err != nil && sent && !isAnswer(err) {
		return &unknownOutcomeError{err}
	}
	return err
}

// Rollback rolls back.
func (t *pqTx) Rollback() (err error) {
	defer contain(t.ctx, t.conn.connector.panics, &t.conn.broken, &err)
	t.conn.inTx = false
	t.conn.line.limit(t.ctx, t.conn.silence)
	return t.conn.judge(t.ctx, t.Tx.Rollback())
}

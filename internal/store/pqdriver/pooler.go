package pqdriver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

// errPooler stops a start behind a pooler that would mix up statements.
var errPooler = errors.New(
	"the pooler in front of the database gives each transaction another connection, on which " +
		"prepared statements are missing: have it carry them (PgBouncer 1.21 or newer, " +
		"max_prepared_statements), or set PARLEY_DB_STATEMENT_CACHE=0",
)

// CheckPooler returns an error if prepared statements do not work. Behind a pooler in transaction
// mode the next server connection may lack the statement, or have another one by its name, which
// would run instead.
//
// While one connection is in a transaction, such a pooler gives the other one another server
// connection than the one that has its statement, unless another client uses that at the moment.
// Hence the check repeats. It refuses no pooler wrongly.
func (c *Connector) CheckPooler(ctx context.Context) (err error) {
	if c.opts.Statements <= 0 {
		return nil
	}
	pool := sql.OpenDB(c)
	pool.SetMaxOpenConns(2)
	defer func() { err = errors.Join(err, pool.Close()) }()
	var prepares, blocks *sql.Conn
	for _, conn := range []**sql.Conn{&prepares, &blocks} {
		if *conn, err = pool.Conn(ctx); err != nil {
			return fmt.Errorf("connect: %w", err)
		}
		defer (*conn).Close()
	}
	for try := range int64(3) {
		if err := checkPrepared(ctx, prepares, 2*try); err != nil {
			return err
		}
		tx, err := blocks.BeginTx(ctx, nil)
		if err != nil {
			return fmt.Errorf("begin: %w", err)
		}
		_, err = tx.ExecContext(ctx, "SELECT 1")
		if err == nil {
			err = checkPrepared(ctx, prepares, 2*try+1)
		}
		if err := errors.Join(err, tx.Rollback()); err != nil {
			return err
		}
	}
	return nil
}

// checkPrepared runs a statement, which is prepared the first time.
func checkPrepared(ctx context.Context, conn *sql.Conn, number int64) error {
	var answer string
	err := conn.QueryRowContext(ctx, "SELECT 'parley ' || $1::bigint", number).Scan(&answer)
	switch {
	case err == nil && answer == fmt.Sprint("parley ", number):
		return nil
	case err == nil: // another statement ran
		return errPooler
	case Classify(err) == Refused, pq.As(err, pqerror.ProtocolViolation) != nil:
		// Another statement was refused or has other parameters, or there was none.
		// Not wrapped: by its own code it would be a database that cannot be reached.
		return fmt.Errorf("%w (%s)", errPooler, err.Error())
	default:
		return fmt.Errorf("run a prepared statement: %w", err)
	}
}

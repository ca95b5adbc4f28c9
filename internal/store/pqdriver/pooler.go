package pqdriver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

// errPooler is the error for a pooler that would mix up prepared statements.
var errPooler = errors.New(
	"the pooler in front of the database uses another connection for each transaction, and does " +
		"not track prepared statements: enable that (PgBouncer 1.21 or newer, " +
		"max_prepared_statements), or set PARLEY_DB_STATEMENT_CACHE=0",
)

// CheckPooler returns an error if prepared statements do not work. Behind a pooler in transaction
// mode the next server connection may lack the statement, or have another one with its name, which would
// run instead.
//
// While one connection is in a transaction, such a pooler gives the other one a different server
// connection than the one with its statement, unless another client is using that one. So the check
// repeats. It has no false positives.
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
		// Another statement failed or has other parameters, or no statement has the name. The error is not
		// wrapped, because its code would mean that the database is unavailable.
		return fmt.Errorf("%w (%s)", errPooler, err.Error())
	default:
		return fmt.Errorf("run a prepared statement: %w", err)
	}
}

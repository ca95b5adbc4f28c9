package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// errPooler is what stops a start behind a pooler that would mix statements up.
var errPooler = errors.New(
	"the pooler in front of the database gives each transaction another connection, on which prepared " +
		"statements are missing: have it carry them (PgBouncer 1.21 or newer, max_prepared_statements), or set PARLEY_DB_STATEMENT_CACHE=0",
)

// checkPooler finds out whether a statement that was prepared can be relied on. Behind a pooler in
// transaction mode another connection may not have it, or something else by that name, which would
// run instead.
//
// While one connection is in a transaction, the other gets another one from such a pooler than it
// has prepared its statement on, unless somebody else is in between. Hence it is tried some times;
// whoever is refused is refused rightly.
func checkPooler(ctx context.Context, connector *pqConnector) (err error) {
	if connector.statements <= 0 {
		return nil
	}
	pool := sql.OpenDB(connector)
	pool.SetMaxOpenConns(2)
	defer func() { err = errors.Join(err, pool.Close()) }()
	var asks, holds *sql.Conn
	for _, conn := range []**sql.Conn{&asks, &holds} {
		if *conn, err = pool.Conn(ctx); err != nil {
			return fmt.Errorf("connect: %w", err)
		}
		defer (*conn).Close()
	}
	for try := range int64(3) {
		if err := checkPrepared(ctx, asks, 2*try); err != nil {
			return err
		}
		tx, err := holds.BeginTx(ctx, nil)
		if err != nil {
			return fmt.Errorf("begin: %w", err)
		}
		_, err = tx.ExecContext(ctx, "SELECT 1")
		if err == nil {
			err = checkPrepared(ctx, asks, 2*try+1)
		}
		if err := errors.Join(err, tx.Rollback()); err != nil {
			return err
		}
	}
	return nil
}

// checkPrepared has a connection run a statement, which is prepared the first time.
func checkPrepared(ctx context.Context, conn *sql.Conn, number int64) error {
	var answer string
	err := conn.QueryRowContext(ctx, "SELECT 'parley ' || $1::bigint", number).Scan(&answer)
	switch {
	case err == nil && answer == fmt.Sprint("parley ", number):
		return nil
	case err == nil: // it was another one
		return errPooler
	case IsRefused(err): // as was this one, or there was none
		return fmt.Errorf("%w (%w)", errPooler, err)
	default:
		return fmt.Errorf("run a statement that was prepared: %w", err)
	}
}

package store_test

import (
	"context"
	sqldriver "database/sql/driver"
	"path/filepath"
	"testing"

	"modernc.org/sqlite"

	"parley/internal/panics"
	"parley/internal/store"
)

// faulty is a driver that panics once, in the method with a name.
type faulty struct {
	sqldriver.Connector
	at *string
}

func (f faulty) step(method string) {
	if *f.at == method {
		*f.at = ""
		panic(method)
	}
}

func (f faulty) Connect(ctx context.Context) (sqldriver.Conn, error) {
	f.step("Connect")
	conn, err := f.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return faultyConn{conn.(store.SQLiteConn), f}, nil //nolint:errcheck // it is
}

type faultyConn struct {
	store.SQLiteConn
	faulty faulty
}

func (c faultyConn) QueryContext(
	ctx context.Context, query string, args []sqldriver.NamedValue,
) (sqldriver.Rows, error) {
	c.faulty.step("Query")
	rows, err := c.SQLiteConn.QueryContext(ctx, query, args)
	return faultyRows{rows, c.faulty}, err
}

func (c faultyConn) ExecContext(
	ctx context.Context, query string, args []sqldriver.NamedValue,
) (sqldriver.Result, error) {
	c.faulty.step("Exec")
	return c.SQLiteConn.ExecContext(ctx, query, args)
}

func (c faultyConn) BeginTx(ctx context.Context, opts sqldriver.TxOptions) (sqldriver.Tx, error) {
	c.faulty.step("Begin")
	tx, err := c.SQLiteConn.BeginTx(ctx, opts)
	return faultyTx{tx, c.faulty}, err
}

type faultyRows struct {
	sqldriver.Rows
	faulty faulty
}

func (r faultyRows) Next(dest []sqldriver.Value) error {
	r.faulty.step("Next")
	return r.Rows.Next(dest)
}

type faultyTx struct {
	sqldriver.Tx
	faulty faulty
}

func (t faultyTx) Commit() error {
	t.faulty.step("Commit")
	return t.Tx.Commit()
}

func (t faultyTx) Rollback() error {
	t.faulty.step("Rollback")
	return t.Tx.Rollback()
}

// TestPanicOfADriver: a driver that panics fails the statement, and its connection does not
// return to the pool: the next statement uses another one.
func TestPanicOfADriver(t *testing.T) {
	for _, method := range []string{"Connect", "Query", "Next", "Exec", "Begin", "Commit", "Rollback"} {
		t.Run(method, func(t *testing.T) {
			connector, err := sqlite.NewConnector("file:" + filepath.Join(t.TempDir(), "x.db"))
			if err != nil {
				t.Fatal(err)
			}
			at := ""
			pool := store.SQLitePool(faulty{connector, &at})
			t.Cleanup(func() { _ = pool.Close() })
			ctx := t.Context()
			use := func(end string) error {
				if _, err := pool.ExecContext(
					ctx,
					"CREATE TABLE IF NOT EXISTS n (n INTEGER)",
				); err != nil {
					return err
				}
				n := 0
				if err := pool.QueryRowContext(ctx, "SELECT count(*) FROM n").Scan(&n); err != nil {
					return err
				}
				tx, err := pool.BeginTx(ctx, nil)
				if err != nil {
					return err
				}
				if end == "Rollback" {
					return tx.Rollback()
				}
				return tx.Commit()
			}
			at = method
			err = use(method)
			if !panics.Is(err) {
				t.Errorf("the error is %v", err)
			}
			if unknown := store.IsOutcomeUnknown(err); unknown != (method == "Commit") {
				t.Errorf("the outcome is unknown: %v", unknown)
			}
			if err := use(""); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

package store_test

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"fmt"
	"path/filepath"
	"testing"

	"modernc.org/sqlite"

	"parley/internal/store"
)

// counted counts how often each statement is prepared.
type counted struct {
	sqldriver.Connector
	prepared map[string]int
}

func (c counted) Connect(ctx context.Context) (sqldriver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	raw, ok := conn.(store.SQLiteConn)
	if !ok {
		return nil, fmt.Errorf("a connection is a %T", conn)
	}
	return countedConn{raw, c.prepared}, nil
}

type countedConn struct {
	store.SQLiteConn
	prepared map[string]int
}

func (c countedConn) PrepareContext(ctx context.Context, query string) (sqldriver.Stmt, error) {
	c.prepared[query]++
	return c.SQLiteConn.PrepareContext(ctx, query)
}

// countedPool returns a pool of one connection, with a table of the numbers from 1 to 3, and the counts of
// its prepared statements.
func countedPool(t *testing.T) (pool *sql.DB, path string, prepared map[string]int) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "x.db")
	connector, err := sqlite.NewConnector("file:" + path)
	if err != nil {
		t.Fatal(err)
	}
	prepared = map[string]int{}
	pool = store.SQLitePool(counted{connector, prepared})
	t.Cleanup(func() {
		if err := pool.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	for _, statement := range []string{"CREATE TABLE numbers (n INTEGER PRIMARY KEY)", "INSERT INTO numbers VALUES (1), (2), (3)"} {
		if _, err := pool.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	return pool, path, prepared
}

func TestSQLiteStatementCache(t *testing.T) {
	t.Parallel()
	pool, path, prepared := countedPool(t)
	const read, write = "SELECT max(n) FROM numbers WHERE n < ?", "INSERT INTO numbers VALUES (?)"
	for i := range 5 {
		mustExec(t, pool, write, 10+i)
		if got := mustValue[int](t, pool, read, 11+i); got != 10+i {
			t.Errorf("got %d, want %d", got, 10+i)
		}
	}
	// A statement can be used again after an error, also in a transaction.
	tx, err := pool.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), write, 1); err == nil {
		t.Fatal("a duplicate number was inserted")
	}
	if _, err := tx.ExecContext(t.Context(), write, 20); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if prepared[read] != 1 || prepared[write] != 1 {
		t.Errorf("prepared: %v", prepared)
	}

	// Another process changes the table.
	other, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	const all = "SELECT * FROM numbers WHERE n = ?"
	columns := func() int {
		rows, err := pool.QueryContext(t.Context(), all, 1)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		names, err := rows.Columns()
		if err != nil || !rows.Next() || rows.Err() != nil {
			t.Fatal(err, rows.Err())
		}
		return len(names)
	}
	if n := columns(); n != 1 {
		t.Errorf("%d columns", n)
	}
	mustExec(t, other, "ALTER TABLE numbers ADD COLUMN m INTEGER")
	if n := columns(); n != 2 {
		t.Errorf("%d columns after the change", n)
	}

	for i := range 2 * store.DefaultStatementCache {
		if got := mustValue[int](t, pool, fmt.Sprintf("SELECT %d + ?", i), 1); got != i+1 {
			t.Errorf("%d + 1 = %d", i, got)
		}
	}
	mustValue[int](t, pool, read, 2)
	if prepared[read] != 2 {
		t.Errorf("%s: prepared %d times", read, prepared[read])
	}
}

// TestSQLiteRowsOpen: in a transaction a statement may run again while its rows are read.
func TestSQLiteRowsOpen(t *testing.T) {
	t.Parallel()
	pool, _, _ := countedPool(t)
	tx, err := pool.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	const query = "SELECT n FROM numbers WHERE n > ? ORDER BY n"
	numbers := func(inner func()) (got []int) {
		rows, err := tx.QueryContext(t.Context(), query, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var n int
			if err := rows.Scan(&n); err != nil {
				t.Fatal(err)
			}
			got = append(got, n)
			inner()
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return got
	}
	for range 2 {
		got := numbers(func() {
			if got := numbers(func() {}); len(got) != 3 {
				t.Errorf("inside: %v", got)
			}
			for i := range store.DefaultStatementCache + 10 { // would evict it
				if _, err := tx.ExecContext(
					t.Context(),
					fmt.Sprintf("UPDATE numbers SET n = n WHERE n = ? + %d", i),
					100,
				); err != nil {
					t.Fatal(err)
				}
			}
		})
		if len(got) != 3 || got[2] != 3 {
			t.Errorf("outside: %v", got)
		}
	}
}

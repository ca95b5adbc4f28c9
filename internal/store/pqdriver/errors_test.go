package pqdriver_test

import (
	"context"
	"database/sql"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"parley/internal/store"
	"parley/internal/store/pqdriver"
)

// respondOnce returns a response to the first query with this text. All other queries succeed.
func respondOnce(query string, a response) func(string) response {
	var done atomic.Bool
	return func(q string) response {
		if q == query && done.CompareAndSwap(false, true) {
			return a
		}
		return response{}
	}
}

const (
	plain    = "SELECT 1"
	prepares = "SELECT $1"
)

// selectOne runs one of these two.
func selectOne(t *testing.T, db *sql.DB, query string) error {
	t.Helper()
	var args []any
	if query == prepares {
		args = []any{1}
	}
	var n int
	if err := db.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		return err
	}
	if n != 1 {
		t.Errorf("selected %d", n)
	}
	return nil
}

// A server that shuts down sends an error and disconnects. The connection must not stay in the pool.
func TestGuardDiscardsLostConnections(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]response{
		"fatal":                         {severity: "FATAL", code: "57P01", disconnect: true},
		"from a pooler":                 {severity: "ERROR", code: "57P01", disconnect: true},
		"in another language":           {severity: "致命的エラー", code: "57P01", disconnect: true},
		"connection failure":            {severity: "ERROR", code: "08006", disconnect: true},
		"unexpected":                    {severity: "ERROR", code: "42P01", disconnect: true},
		"disconnected without an error": {disconnect: true},
	} {
		for _, query := range []string{plain, prepares} {
			for _, statements := range []int{0, statements} {
				t.Run(
					fmt.Sprintf("%s, %s, cache of %d", name, query, statements),
					func(t *testing.T) {
						t.Parallel()
						_, url := newFakePostgres(t, respondOnce(query, a))
						db := open(t, url, 2, statements)
						_ = selectOne(t, db, query) // this one may fail
						for range 4 {
							if err := selectOne(t, db, query); err != nil {
								t.Error("a later query: ", err)
							}
						}
						if n := db.Stats().OpenConnections; n != 1 {
							t.Errorf("%d connections are open, want 1", n)
						}
					},
				)
			}
		}
	}
}

// Some errors break a connection even if it stays open; others do not.
func TestGuardDiscardsSuspectConnections(t *testing.T) {
	t.Parallel()
	for code, connections := range map[string]int{
		"57P01": 2, "08P01": 2, "58030": 2, "XX000": 2, "25006": 2,
		"23505": 1, "40001": 1, "0A000": 1, "22P02": 1,
	} {
		for _, query := range []string{plain, prepares} {
			t.Run(code+" "+query, func(t *testing.T) {
				t.Parallel()
				fake, url := newFakePostgres(
					t,
					respondOnce(query, response{severity: "ERROR", code: code}),
				)
				db := open(t, url, 2, statements)
				if err := selectOne(t, db, query); err == nil {
					t.Error("did not fail")
				}
				if err := selectOne(t, db, query); err != nil {
					t.Error("a later query: ", err)
				}
				if n := fake.accepted(); n != connections {
					t.Errorf("%d connections were opened, want %d", n, connections)
				}
			})
		}
	}
}

// database/sql retries a read whose connection was lost, but not a write, which may have taken effect.
func TestLostConnection(t *testing.T) {
	t.Parallel()
	t.Run("read", func(t *testing.T) {
		t.Parallel()
		fake, url := newFakePostgres(t, respondOnce("SELECT 1", response{disconnect: true}))
		if err := selectOne(t, open(t, url, 2, statements), plain); err != nil {
			t.Error(err)
		}
		if n := fake.count("SELECT 1"); n != 2 {
			t.Errorf("sent %d times, want 2", n)
		}
	})
	t.Run("write", func(t *testing.T) {
		t.Parallel()
		fake, url := newFakePostgres(t, respondOnce("INSERT x", response{disconnect: true}))
		_, err := open(t, url, 2, statements).ExecContext(t.Context(), "INSERT x")
		if !store.IsOutcomeUnknown(err) || !store.IsUnavailable(err) || store.IsConflict(err) {
			t.Errorf("error %v, want one of unknown outcome", err)
		}
		if n := fake.count("INSERT x"); n != 1 {
			t.Errorf("sent %d times, want once", n)
		}
	})
	t.Run("write in a transaction", func(t *testing.T) {
		t.Parallel()
		fake, url := newFakePostgres(t, respondOnce("INSERT x", response{disconnect: true}))
		tx, err := open(t, url, 2, statements).BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = tx.ExecContext(t.Context(), "INSERT x")
		if !store.IsUnavailable(err) || store.IsOutcomeUnknown(err) { // nothing was committed
			t.Errorf("error %v, want an unavailable database and a known outcome", err)
		}
		if err := tx.Commit(); err == nil || store.IsOutcomeUnknown(err) {
			t.Errorf("commit: %v, want an error with a known outcome", err)
		}
		if n := fake.count("INSERT x"); n != 1 {
			t.Errorf("sent %d times, want once", n)
		}
	})
}

// A pool closes without an error: long after the deadline of the last statement, and when the server is
// unreachable.
func TestClose(t *testing.T) {
	t.Parallel()
	t.Run("after the deadline of the last statement", func(t *testing.T) {
		t.Parallel()
		fake, url := newFakePostgres(t, func(string) response { return response{} })
		db := open(t, url, 2, statements)
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		if err := db.PingContext(ctx); err != nil {
			t.Fatal(err)
		}
		<-ctx.Done()
		time.Sleep(pqdriver.ResponseGrace + 10*time.Millisecond)
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		for until := time.Now().Add(5 * time.Second); fake.terminated() == 0; time.Sleep(time.Millisecond) {
			if time.Now().After(until) {
				t.Fatal("the server received no Terminate message")
			}
		}
	})
	t.Run("without the server", func(t *testing.T) {
		t.Parallel()
		fake, url := newFakePostgres(t, func(string) response { return response{} })
		db := open(t, url, 2, statements)
		if err := db.PingContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		fake.reset(t)
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestCommitOutcome(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer              response
		unknown, conflicted bool
	}{
		"disconnected":          {response{disconnect: true}, true, false},
		"shutdown":              {response{severity: "FATAL", code: "57P01", disconnect: true}, true, false},
		"shutdown, by a pooler": {response{severity: "ERROR", code: "57P01", disconnect: true}, true, false},
		"connection failure":    {response{severity: "ERROR", code: "08006"}, true, false},
		"refused":               {response{severity: "ERROR", code: "40001"}, false, true},
		"constraint":            {response{severity: "ERROR", code: "23503"}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake, url := newFakePostgres(t, respondOnce("COMMIT", test.answer))
			db := open(t, url, 2, statements)
			tx, err := db.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			err = tx.Commit()
			if err == nil {
				t.Fatal("committed")
			}
			if got := store.IsOutcomeUnknown(err); got != test.unknown {
				t.Errorf("outcome unknown: %t, want %t (%v)", got, test.unknown, err)
			}
			if got := store.IsConflict(err); got != test.conflicted {
				t.Errorf("conflict: %t, want %t (%v)", got, test.conflicted, err)
			}
			if n := fake.count("COMMIT"); n != 1 {
				t.Errorf("COMMIT was sent %d times", n)
			}
			for range 4 {
				if err := selectOne(t, db, plain); err != nil {
					t.Error("a later query: ", err)
				}
			}
		})
	}
}

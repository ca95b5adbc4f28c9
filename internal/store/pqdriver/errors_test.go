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

// once returns an answer to the first query of this text; all else succeeds.
func once(query string, a answer) func(string) answer {
	var done atomic.Bool
	return func(q string) answer {
		if q == query && done.CompareAndSwap(false, true) {
			return a
		}
		return answer{}
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

// A server that goes down answers with an error and hangs up. The connection must not stay in the
// pool.
func TestGuardDiscardsLostConnections(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]answer{
		"fatal":                  {severity: "FATAL", code: "57P01", hangUp: true},
		"from a pooler":          {severity: "ERROR", code: "57P01", hangUp: true},
		"in another language":    {severity: "致命的エラー", code: "57P01", hangUp: true},
		"connection failure":     {severity: "ERROR", code: "08006", hangUp: true},
		"unexpected":             {severity: "ERROR", code: "42P01", hangUp: true},
		"hung up without a word": {hangUp: true},
	} {
		for _, query := range []string{plain, prepares} {
			for _, statements := range []int{0, statements} {
				t.Run(
					fmt.Sprintf("%s, %s, cache of %d", name, query, statements),
					func(t *testing.T) {
						t.Parallel()
						_, url := newFakePostgres(t, once(query, a))
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

// After some errors a connection is not to be trusted even if it goes on; others break nothing.
func TestGuardDiscardsSuspectConnections(t *testing.T) {
	t.Parallel()
	for code, connections := range map[string]int{
		"57P01": 2, "08P01": 2, "58030": 2, "XX000": 2, "25006": 2,
		"23505": 1, "40001": 1, "0A000": 1, "22P02": 1,
	} {
		for _, query := range []string{plain, prepares} {
			t.Run(code+" "+query, func(t *testing.T) {
				t.Parallel()
				fake, url := newFakePostgres(t, once(query, answer{severity: "ERROR", code: code}))
				db := open(t, url, 2, statements)
				if err := selectOne(t, db, query); err == nil {
					t.Error("did not fail")
				}
				if err := selectOne(t, db, query); err != nil {
					t.Error("a later query: ", err)
				}
				if n := fake.accepted(); n != connections {
					t.Errorf("%d connections were made, want %d", n, connections)
				}
			})
		}
	}
}

// A read whose connection was lost runs again by itself; a write does not, as it may have taken
// effect.
func TestLostConnection(t *testing.T) {
	t.Parallel()
	t.Run("read", func(t *testing.T) {
		t.Parallel()
		fake, url := newFakePostgres(t, once("SELECT 1", answer{hangUp: true}))
		if err := selectOne(t, open(t, url, 2, statements), plain); err != nil {
			t.Error(err)
		}
		if n := fake.count("SELECT 1"); n != 2 {
			t.Errorf("sent %d times, want 2", n)
		}
	})
	t.Run("write", func(t *testing.T) {
		t.Parallel()
		fake, url := newFakePostgres(t, once("INSERT x", answer{hangUp: true}))
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
		fake, url := newFakePostgres(t, once("INSERT x", answer{hangUp: true}))
		tx, err := open(t, url, 2, statements).BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = tx.ExecContext(t.Context(), "INSERT x")
		if !store.IsUnavailable(err) || store.IsOutcomeUnknown(err) { // nothing was committed
			t.Errorf("error %v, want an unavailable database and no doubt", err)
		}
		if err := tx.Commit(); err == nil || store.IsOutcomeUnknown(err) {
			t.Errorf("commit: %v, want an error without doubt", err)
		}
		if n := fake.count("INSERT x"); n != 1 {
			t.Errorf("sent %d times, want once", n)
		}
	})
}

// A pool closes without an error: when the time of its connections' last statements is long over,
// and when the server is gone.
func TestClose(t *testing.T) {
	t.Parallel()
	t.Run("after the time of the last statement", func(t *testing.T) {
		t.Parallel()
		fake, url := newFakePostgres(t, func(string) answer { return answer{} })
		db := open(t, url, 2, statements)
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		if err := db.PingContext(ctx); err != nil {
			t.Fatal(err)
		}
		<-ctx.Done()
		time.Sleep(pqdriver.AnswerTime + 10*time.Millisecond)
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		for until := time.Now().Add(5 * time.Second); fake.saidGoodbye() == 0; time.Sleep(time.Millisecond) {
			if time.Now().After(until) {
				t.Fatal("the server was told nothing")
			}
		}
	})
	t.Run("without the server", func(t *testing.T) {
		t.Parallel()
		fake, url := newFakePostgres(t, func(string) answer { return answer{} })
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
		answer              answer
		unknown, conflicted bool
	}{
		"hung up":               {answer{hangUp: true}, true, false},
		"shutdown":              {answer{severity: "FATAL", code: "57P01", hangUp: true}, true, false},
		"shutdown, by a pooler": {answer{severity: "ERROR", code: "57P01", hangUp: true}, true, false},
		"connection failure":    {answer{severity: "ERROR", code: "08006"}, true, false},
		"refused":               {answer{severity: "ERROR", code: "40001"}, false, true},
		"constraint":            {answer{severity: "ERROR", code: "23503"}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake, url := newFakePostgres(t, once("COMMIT", test.answer))
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

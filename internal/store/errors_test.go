package store_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"parley/internal/store"
	"parley/internal/store/storetest"
)

func TestClassification(t *testing.T) {
	t.Parallel()
	type classes struct{ conflict, unavailable, refused bool }
	code := func(code pqerror.Code) error { return fmt.Errorf("send: %w", &pq.Error{Code: code}) }
	stalePlan := func(message, routine string) error {
		return &pq.Error{Code: "0A000", Message: message, Routine: routine}
	}
	for name, test := range map[string]struct {
		err  error
		want classes
	}{
		"nil":                     {nil, classes{}},
		"deadlock":                {code("40P01"), classes{conflict: true}},
		"serialization":           {code("40001"), classes{conflict: true}},
		"stale plan":              {stalePlan("cached plan must not change result type", ""), classes{conflict: true}},
		"translated stale plan":   {stalePlan("gecachter Plan …", "RevalidateCachedQuery"), classes{conflict: true}},
		"unsupported feature":     {code("0A000"), classes{refused: true}},
		"unique violation":        {code("23505"), classes{refused: true}},
		"raised by a trigger":     {code("P0001"), classes{refused: true}},
		"not JSON":                {code("22P02"), classes{refused: true}},
		"statement timeout":       {code("57014"), classes{unavailable: true}},
		"cancelled statement":     {fmt.Errorf("%w (%w)", context.Canceled, code("57014")), classes{}},
		"past the deadline":       {fmt.Errorf("%w (%w)", context.DeadlineExceeded, code("57014")), classes{}},
		"lock timeout":            {code("55P03"), classes{unavailable: true}},
		"no code":                 {code(""), classes{refused: true}},
		"connection failure":      {code("08006"), classes{unavailable: true}},
		"shutdown":                {code("57P01"), classes{unavailable: true}},
		"crash":                   {code("57P02"), classes{unavailable: true}},
		"starting":                {code("57P03"), classes{unavailable: true}},
		"too many connections":    {code("53300"), classes{unavailable: true}},
		"disk full":               {code("53100"), classes{unavailable: true}},
		"demoted to a standby":    {code("25006"), classes{unavailable: true}},
		"bad connection":          {driver.ErrBadConn, classes{unavailable: true}},
		"connection done":         {fmt.Errorf("x: %w", sql.ErrConnDone), classes{unavailable: true}},
		"end of stream":           {io.ErrUnexpectedEOF, classes{unavailable: true}},
		"network":                 {&net.OpError{Op: "dial", Err: errors.New("refused")}, classes{unavailable: true}},
		"the caller went away":    {context.Canceled, classes{}},
		"cancelled while dialing": {&net.OpError{Op: "dial", Err: context.Canceled}, classes{}},
		"the caller's deadline":   {context.DeadlineExceeded, classes{}},
		"transaction done":        {sql.ErrTxDone, classes{}},
		"no rows":                 {sql.ErrNoRows, classes{}},
		"something else":          {errors.New("deadlock detected (40P01)"), classes{}},
	} {
		got := classes{
			store.IsConflict(test.err),
			store.IsUnavailable(test.err),
			store.IsRefused(test.err),
		}
		if got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
		if store.IsOutcomeUnknown(test.err) {
			t.Errorf("%s: the outcome is not unknown", name)
		}
	}
}

func TestDeadlockIsConflict(t *testing.T) {
	t.Parallel()
	db := open(t, storetest.PostgresURL(t), store.Options{})
	mustExec(t, db.Driver(), "CREATE TABLE pairs (id integer PRIMARY KEY, n integer)")
	mustExec(t, db.Driver(), "INSERT INTO pairs VALUES (1, 0), (2, 0)")

	// Two transactions lock two rows crosswise: one of them must fail.
	firstLocked, errs := make(chan struct{}, 2), make(chan error, 2)
	bothLocked := make(chan struct{})
	for _, order := range [][2]int{{1, 2}, {2, 1}} {
		go func() {
			errs <- func() error {
				tx, err := db.Driver().Tx(t.Context())
				if err != nil {
					return err
				}
				defer tx.Rollback() //nolint:errcheck // done, or failed
				for i, id := range order {
					if i == 1 {
						firstLocked <- struct{}{}
						<-bothLocked
					}
					if err := tx.Exec(t.Context(), "UPDATE pairs SET n = n + 1 WHERE id = $1", []any{id}, nil); err != nil {
						return err
					}
				}
				return tx.Commit()
			}()
		}()
	}
	<-firstLocked
	<-firstLocked
	close(bothLocked)
	a, b := <-errs, <-errs
	if store.IsConflict(a) == store.IsConflict(b) {
		t.Errorf("want one conflict, got %v and %v", a, b)
	}
}

func TestBusyIsConflict(t *testing.T) {
	t.Parallel()
	url := "sqlite:" + t.TempDir() + "/busy.db"
	holder, other := open(t, url, store.Options{}), open(t, url, store.Options{})
	tx, err := holder.Driver().Tx(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback() //nolint:errcheck // it only holds the lock
	// The pragma needs the one connection that later waits, which is why it works.
	mustExec(t, other.Driver(), "PRAGMA busy_timeout = 1")
	if _, err := other.Driver().Tx(t.Context()); !store.IsConflict(err) {
		t.Errorf("error %v, want a conflict", err)
	}
}

// A statement that the database cancels is unavailable; one that the caller cancels is not.
func TestCanceledByDatabase(t *testing.T) {
	t.Parallel()
	db := open(t, storetest.PostgresURL(t), store.Options{})
	tx, err := db.Driver().Tx(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	mustExec(t, tx, "SET LOCAL statement_timeout = 10")
	if _, err := value[string](
		t.Context(),
		tx,
		"SELECT pg_sleep($1)",
		60,
	); !store.IsUnavailable(
		err,
	) {
		t.Errorf("statement timeout: %v, want it unavailable", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}

	mustExec(t, db.Driver(), "CREATE TABLE taken (n integer)")
	holder, err := db.Driver().Tx(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Rollback() //nolint:errcheck // it only holds the lock
	mustExec(t, holder, "LOCK TABLE taken")
	waiter, err := db.Driver().Tx(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer waiter.Rollback() //nolint:errcheck // it has failed
	mustExec(t, waiter, "SET LOCAL lock_timeout = 10")
	if _, err := value[int](t.Context(), waiter, "SELECT n FROM taken"); !store.IsUnavailable(err) {
		t.Errorf("lock timeout: %v, want it unavailable", err)
	}

	for _, limit := range []time.Duration{time.Millisecond, 50 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		_, err := value[string](ctx, db.Driver(), "SELECT pg_sleep($1)", 60)
		cancel()
		if store.IsUnavailable(err) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the caller's deadline: %v, want the context's error", err)
		}
	}
}

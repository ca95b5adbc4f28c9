// Package storetest provides PostgreSQL databases for tests.
package storetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"parley/internal/store"
)

// PostgresURLVariable names the environment variable with the URL of a server on which tests may
// create databases. Without it they start a server.
const PostgresURLVariable = "PARLEY_TEST_POSTGRES_URL"

// ErrNoPostgres means that there is neither a server nor the programs to start one.
var ErrNoPostgres = errors.New(
	"no PostgreSQL: set " + PostgresURLVariable + ", or install its server programs (initdb, postgres)",
)

// PostgresURL returns the URL of a new, empty database, dropped at the end of the test. The first
// call starts a server for all tests of the package, which needs [Main]. Without PostgreSQL
// the test is skipped, or fails when CI=true.
func PostgresURL(tb testing.TB) string {
	tb.Helper()
	return newDatabase(tb, sharedPostgres(tb), emptyTemplate)
}

// MigratedPostgresURL is [PostgresURL] with the schema in place: a copy of a database that was
// migrated once, which is much faster than migrating each.
func MigratedPostgresURL(tb testing.TB) string {
	tb.Helper()
	pg := sharedPostgres(tb)
	template, err := pg.migratedTemplate(context.WithoutCancel(tb.Context()))
	if err != nil {
		tb.Fatal("migrate a template database: ", err)
	}
	return newDatabase(tb, pg, template)
}

func newDatabase(tb testing.TB, pg *Postgres, template string) string {
	tb.Helper()
	ctx := context.WithoutCancel(tb.Context()) // which ends before the cleanups run
	databaseURL, drop, err := pg.create(ctx, template)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := drop(ctx); err != nil {
			tb.Error(err)
		}
	})
	return databaseURL
}

// shared is the server of this test binary. Tests have no other place for what they share.
var shared struct { //nolint:gochecknoglobals // one server a test binary
	once sync.Once
	pg   *Postgres
	err  error
}

func sharedPostgres(tb testing.TB) *Postgres {
	tb.Helper()
	shared.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), time.Minute)
		defer cancel()
		shared.pg, shared.err = StartPostgres(ctx)
	})
	require(tb, shared.err)
	return shared.pg
}

// require ends the test if there is an error. Without PostgreSQL the test is skipped, or fails when
// CI=true.
func require(tb testing.TB, err error) {
	tb.Helper()
	if errors.Is(err, ErrNoPostgres) && os.Getenv("CI") != "true" {
		tb.Skip(err)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// stopShared stops the server, if a test has started it.
func stopShared(ctx context.Context) error {
	if shared.pg == nil {
		return nil
	}
	return shared.pg.Stop(ctx)
}

// Postgres is a PostgreSQL server for throw-away databases.
type Postgres struct {
	url   *url.URL // of the database from which others are made
	admin *sql.DB  // connected to it
	stop  func() error
	// restart ends the server's process and starts another; nil if this process did not start it.
	restart func(ctx context.Context) error
	// strategy is how databases are copied, if it is not the server's default.
	strategy string

	template struct {
		once sync.Once
		name string
		err  error
	}
}

// StartPostgres returns the server that [PostgresURLVariable] names or else starts one from the
// locally installed programs: in a temporary folder, on a Unix socket, fast and without
// durability. It ends with [Postgres.Stop], and on Linux also with this process. Without either it
// returns [ErrNoPostgres].
func StartPostgres(ctx context.Context) (*Postgres, error) {
	if given := os.Getenv(PostgresURLVariable); given != "" {
		return connect(given, func() error { return nil })
	}
	bin, err := findPrograms()
	if err != nil {
		return nil, err
	}
	return startCluster(ctx, bin)
}

// NewDatabase creates an empty database and returns its URL and the function that drops it.
func (pg *Postgres) NewDatabase(
	ctx context.Context,
) (databaseURL string, drop func(context.Context) error, err error) {
	return pg.create(ctx, emptyTemplate)
}

// Migrated creates a database with the current schema and returns its URL.
func (pg *Postgres) Migrated(ctx context.Context) (databaseURL string, err error) {
	template, err := pg.migratedTemplate(ctx)
	if err != nil {
		return "", err
	}
	databaseURL, _, err = pg.create(ctx, template)
	return databaseURL, err
}

// Restart ends the server with a fast shutdown, as operators do, and starts it again. It returns false if
// this process did not start the server.
func (pg *Postgres) Restart(ctx context.Context) (bool, error) {
	if pg.restart == nil {
		return false, nil
	}
	return true, pg.restart(ctx)
}

// NewCluster returns a server for one test. It ends with the test. Without
// PostgreSQL the test is skipped, or fails when CI=true.
func NewCluster(tb testing.TB) *Postgres {
	tb.Helper()
	ctx := context.WithoutCancel(tb.Context()) // which ends before the cleanups run
	pg, err := StartPostgres(ctx)
	require(tb, err)
	tb.Cleanup(func() {
		if err := pg.Stop(ctx); err != nil {
			tb.Error(err)
		}
	})
	return pg
}

// Stop ends the server, if this process started it.
func (pg *Postgres) Stop(ctx context.Context) error {
	var err error
	if pg.template.name != "" {
		err = pg.drop(ctx, pg.template.name)
	}
	return errors.Join(err, pg.admin.Close(), pg.stop())
}

// emptyTemplate is PostgreSQL's own template. It accepts no connections, which would prevent copies.
const emptyTemplate = "template0"

func connect(serverURL string, stop func() error) (*Postgres, error) {
	u, err := url.Parse(serverURL)
	if err != nil {
		return nil, errors.New(
			PostgresURLVariable + " is not a valid URL",
		) // which may contain a password
	}
	admin, err := sql.Open("postgres", serverURL)
	if err != nil {
		return nil, fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	return &Postgres{url: u, admin: admin, stop: stop}, nil
}

func (pg *Postgres) create(
	ctx context.Context,
	template string,
) (string, func(context.Context) error, error) {
	name := "parley_test_" + strings.ToLower(rand.Text()[:12])
	for {
		_, err := pg.admin.ExecContext(
			ctx,
			"CREATE DATABASE "+name+" TEMPLATE "+template+pg.strategy,
		)
		if err == nil {
			break
		}
		// The server may still be closing the connections that created the template.
		if pq.As(err, pqerror.ObjectInUse) == nil {
			return "", nil, fmt.Errorf("create test database: %w", err)
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return "", nil, fmt.Errorf("create test database: %w", errors.Join(err, ctx.Err()))
		}
	}
	u := *pg.url
	u.Path = "/" + name
	return u.String(), func(ctx context.Context) error { return pg.drop(ctx, name) }, nil
}

func (pg *Postgres) drop(ctx context.Context, name string) error {
	if _, err := pg.admin.ExecContext(
		ctx,
		"DROP DATABASE IF EXISTS "+name+" WITH (FORCE)",
	); err != nil {
		return fmt.Errorf("drop test database: %w", err)
	}
	return nil
}

// migratedTemplate returns the name of a database with Parley's schema and nothing in it.
func (pg *Postgres) migratedTemplate(ctx context.Context) (string, error) {
	pg.template.once.Do(func() {
		databaseURL, _, err := pg.NewDatabase(ctx)
		if err != nil {
			pg.template.err = err
			return
		}
		db, err := store.Open(
			ctx,
			databaseURL,
			store.Options{Logger: slog.New(slog.DiscardHandler)},
		)
		if err != nil {
			pg.template.err = err
			return
		}
		pg.template.name = databaseURL[strings.Index(databaseURL, "parley_test_"):]
		pg.template.name, _, _ = strings.Cut(pg.template.name, "?")
		pg.template.err = db.Close()
	})
	return pg.template.name, pg.template.err
}

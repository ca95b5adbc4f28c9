// Package storetest gives tests PostgreSQL databases of their own.
package storetest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"parley/internal/store"
)

// PostgresURLVariable names the environment variable with the URL of a server on which tests may
// make databases. Without it they run a server of their own.
const PostgresURLVariable = "PARLEY_TEST_POSTGRES_URL"

// ErrNoPostgres says that there is neither a server nor the programs to run one.
var ErrNoPostgres = errors.New(
	"no PostgreSQL: set " + PostgresURLVariable + ", or install its server programs (initdb, postgres)",
)

// PostgresURL returns the URL of a new, empty database, dropped at the end of the test. The first
// call starts a server for all tests of the package, which needs [Main]. Where there is no
// PostgreSQL the test is skipped, or fails when CI=true.
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
	switch {
	case shared.err == nil:
	case errors.Is(shared.err, ErrNoPostgres) && os.Getenv("CI") != "true":
		tb.Skip(shared.err)
	default:
		tb.Fatal(shared.err)
	}
	return shared.pg
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
	// restart ends the server's process and starts another; nil where the server is not ours.
	restart func(ctx context.Context) error

	template struct {
		once sync.Once
		name string
		err  error
	}
}

// StartPostgres returns the server that [PostgresURLVariable] names or else starts one from the
// locally installed programs: in a temporary folder, on a Unix socket, as unsafe and fast as can
// be. It ends with [Postgres.Stop], and on Linux in any case with this process. Without either it
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

// NewDatabase makes an empty database and returns its URL and the function that drops it.
func (pg *Postgres) NewDatabase(
	ctx context.Context,
) (databaseURL string, drop func(context.Context) error, err error) {
	return pg.create(ctx, emptyTemplate)
}

// Migrated makes a database with the schema in place and returns its URL.
func (pg *Postgres) Migrated(ctx context.Context) (databaseURL string, err error) {
	template, err := pg.migratedTemplate(ctx)
	if err != nil {
		return "", err
	}
	databaseURL, _, err = pg.create(ctx, template)
	return databaseURL, err
}

// Restart ends the server as an operator would, who does not wait for its clients, and starts it
// again. It returns false where the server was not started here.
func (pg *Postgres) Restart(ctx context.Context) (bool, error) {
	if pg.restart == nil {
		return false, nil
	}
	return true, pg.restart(ctx)
}

// Own returns a server that the test has for itself. It ends with the test. Where there is no
// PostgreSQL the test is skipped, or fails when CI=true.
func Own(tb testing.TB) *Postgres {
	tb.Helper()
	ctx := context.WithoutCancel(tb.Context()) // which ends before the cleanups run
	pg, err := StartPostgres(ctx)
	if errors.Is(err, ErrNoPostgres) && os.Getenv("CI") != "true" {
		tb.Skip(err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := pg.Stop(ctx); err != nil {
			tb.Error(err)
		}
	})
	return pg
}

// Stop ends the server, if it was started here.
func (pg *Postgres) Stop(ctx context.Context) error {
	var err error
	if pg.template.name != "" {
		err = pg.drop(ctx, pg.template.name)
	}
	return errors.Join(err, pg.admin.Close(), pg.stop())
}

// emptyTemplate is PostgreSQL's own; nobody can connect to it and be in the way of its being
// copied.
const emptyTemplate = "template0"

func connect(serverURL string, stop func() error) (*Postgres, error) {
	u, err := url.Parse(serverURL)
	if err != nil {
		return nil, errors.New(
			PostgresURLVariable + " is not a valid URL",
		) // which may hold a password
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
		_, err := pg.admin.ExecContext(ctx, "CREATE DATABASE "+name+" TEMPLATE "+template)
		if err == nil {
			break
		}
		// The server may still be ending the connections of whoever made the template.
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

// findPrograms returns the folder of initdb and postgres, the newest where there are several.
func findPrograms() (string, error) {
	if initdb, err := exec.LookPath("initdb"); err == nil {
		if bin := filepath.Dir(initdb); isExecutable(filepath.Join(bin, "postgres")) {
			return bin, nil
		}
	}
	var bins []string
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",             // Debian
		"/usr/pgsql-*/bin",                      // Red Hat
		"/opt/homebrew/opt/postgresql@*/bin",    // Homebrew on Apple silicon
		"/usr/local/opt/postgresql@*/bin",       // Homebrew on Intel
		"/opt/homebrew/opt/postgresql/bin",      //
		"/usr/local/opt/postgresql/bin",         //
		"/Applications/Postgres.app/*/*/*/bin/", // Contents/Versions/latest
	} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return "", err
		}
		for _, bin := range found {
			if isExecutable(filepath.Join(bin, "initdb")) &&
				isExecutable(filepath.Join(bin, "postgres")) {
				bins = append(bins, bin)
			}
		}
	}
	if len(bins) == 0 {
		return "", ErrNoPostgres
	}
	return slices.MaxFunc(
		bins,
		func(a, b string) int { return cmp.Compare(version(a), version(b)) },
	), nil
}

func isExecutable(path string) bool {
	_, err := exec.LookPath(path)
	return err == nil
}

// version returns the number in a folder's name, 0 if there is none.
func version(bin string) int {
	digits := strings.FieldsFunc(bin, func(r rune) bool { return r < '0' || r > '9' })
	if len(digits) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(digits[0]) // digits they are
	return n
}

// startCluster makes a database cluster in a temporary folder and starts its server.
func startCluster(ctx context.Context, bin string) (_ *Postgres, err error) {
	user, err := serverUser()
	if err != nil {
		return nil, err
	}
	// The folder also holds the socket, whose path must stay below some 100 bytes, and the server's
	// user must get there: a TMPDIR is often neither short nor open to others.
	dir, err := os.MkdirTemp("/tmp", "parley-pg-")
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("start PostgreSQL: %w", err), os.RemoveAll(dir))
		}
	}()
	if err := user.own(dir); err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")

	initdb := exec.CommandContext(
		ctx,
		filepath.Join(bin, "initdb"),
		"--pgdata="+data,
		"--username=postgres",
		"--auth=trust",
		"--encoding=UTF8",
		"--locale=C",
		"--no-sync",
		"--no-instructions",
	)
	initdb.Dir = dir
	initdb.SysProcAttr = user.procAttr()
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}

	args := []string{"-D", data}
	for _, setting := range []string{
		"listen_addresses=", "unix_socket_directories=" + dir,
		"max_connections=500",
		"fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0",
		"autovacuum=off", "jit=off", "track_commit_timestamp=on",
	} {
		args = append(args, "-c", setting)
	}
	var out bytes.Buffer
	var server *exec.Cmd
	var ended <-chan struct{}
	start := func() (err error) {
		//nolint:noctx // the program that was found; it ends with Stop
		server = exec.Command(
			filepath.Join(bin, "postgres"),
			args...)
		server.Dir = dir
		server.SysProcAttr = user.procAttr()
		server.Stdout, server.Stderr = &out, &out
		ended, err = launch(server)
		return err
	}
	if err := start(); err != nil {
		return nil, err
	}
	pg, err := connect(
		"postgres:///postgres?host="+dir+"&user=postgres&sslmode=disable",
		func() error {
			err := server.Process.Signal(immediateShutdown)
			if !errors.Is(err, os.ErrProcessDone) && err != nil {
				return err
			}
			<-ended
			return os.RemoveAll(dir)
		},
	)
	if err != nil {
		return nil, err
	}
	pg.restart = func(ctx context.Context) error {
		if err := server.Process.Signal(fastShutdown); err != nil {
			return fmt.Errorf("end PostgreSQL: %w", err)
		}
		<-ended
		if err := start(); err != nil {
			return fmt.Errorf("start PostgreSQL again: %w", err)
		}
		return pg.await(ctx, ended, &out)
	}
	if err := pg.await(ctx, ended, &out); err != nil {
		return nil, errors.Join(err, pg.Stop(context.WithoutCancel(ctx)))
	}
	return pg, nil
}

// await waits until the server, which has just been started, answers. Its output is told where it
// ends instead.
func (pg *Postgres) await(ctx context.Context, ended <-chan struct{}, out fmt.Stringer) error {
	for {
		err := pg.admin.PingContext(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ended:
			return fmt.Errorf("the server ended:\n%s", out)
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

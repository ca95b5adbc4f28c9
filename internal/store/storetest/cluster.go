package storetest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// findPrograms returns the folder of initdb and postgres, that of the newest version if there are several.
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

// initdbArgs returns the arguments of initdb for a cluster in a folder.
func initdbArgs(data string) []string {
	return []string{
		"--pgdata=" + data, "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C",
		"--no-sync", "--no-instructions",
	}
}

// startCluster creates a database cluster in a temporary folder and starts its server.
func startCluster(ctx context.Context, bin string) (_ *Postgres, err error) {
	user, err := serverUser()
	if err != nil {
		return nil, err
	}
	// The folder also has the socket, whose path must be shorter than about 100 bytes, and the server's user
	// must have access: a TMPDIR is often too long and private.
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

	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), initdbArgs(data)...)
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
	err = pg.await(ctx, ended, &out)
	if err == nil {
		err = pg.copyFiles(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, pg.Stop(context.WithoutCancel(ctx)))
	}
	return pg, nil
}

// copyFiles makes the server create databases by copying files between two checkpoints, which cost
// little without durability: it takes a third of the time of writing the pages to the log, which is
// the default of PostgreSQL 15 and newer. Older versions have no other way.
func (pg *Postgres) copyFiles(ctx context.Context) error {
	var chooses bool
	const version = "SELECT current_setting('server_version_num')::int >= 150000"
	if err := pg.admin.QueryRowContext(ctx, version).Scan(&chooses); err != nil {
		return fmt.Errorf("read PostgreSQL's version: %w", err)
	}
	if chooses {
		pg.strategy = " STRATEGY FILE_COPY"
	}
	return nil
}

// await waits until a new server responds. If the server ends instead, the error has its output.
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

package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"parley/internal/store/storetest"
)

// database is a PostgreSQL server for Parley. The nil pointer stands for SQLite, in Parley's process.
type database struct {
	server  *storetest.Postgres
	pid     int
	version string
}

// startDatabase starts a server, which the caller stops.
func startDatabase(ctx context.Context) (d *database, err error) {
	d = &database{}
	if d.server, err = storetest.StartPostgres(ctx); err != nil {
		return nil, err
	}
	url, err := d.server.Migrated(ctx)
	if err == nil {
		err = d.describe(ctx, url)
	}
	if err != nil {
		return nil, errors.Join(err, d.stop(ctx))
	}
	return d, nil
}

// describe sets the version of the server, and the id of the process that its other processes are
// children of.
func (d *database) describe(ctx context.Context, url string) (err error) {
	db, err := sql.Open("postgres", url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.QueryRowContext(ctx, `SELECT split_part(pg_read_file('postmaster.pid'), E'\n', 1),
		split_part(current_setting('server_version'), ' ', 1)`).Scan(&d.pid, &d.version)
	if err != nil {
		return fmt.Errorf("find PostgreSQL's process: %w", err)
	}
	return nil
}

// url returns the URL of a new database for a server: with Parley's tables, or empty. It is "" on
// SQLite, which only Parley runs on.
func (d *database) url(ctx context.Context, k kind) (url string, err error) {
	switch {
	case d != nil && k == parley:
		return d.server.Migrated(ctx)
	case k == parley, k == sqlite:
		return "", nil
	case d != nil:
		url, _, err = d.server.NewDatabase(ctx)
		return url, err
	default:
		return "", fmt.Errorf("%s needs -postgres", k)
	}
}

// cpu returns the CPU time that the server has used; 0 on SQLite.
func (d *database) cpu() (time.Duration, error) {
	if d == nil {
		return 0, nil
	}
	return treeCPU(d.pid)
}

func (d *database) stop(ctx context.Context) error {
	if d == nil {
		return nil
	}
	return d.server.Stop(context.WithoutCancel(ctx))
}

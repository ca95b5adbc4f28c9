package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
)

// Synchronous configures when SQLite writes a commit to the disk. See PRAGMA synchronous
// (https://www.sqlite.org/pragma.html#pragma_synchronous).
type Synchronous string

const (
	// SynchronousFull writes each commit to the disk before it is acknowledged. It is the default.
	SynchronousFull Synchronous = "full"
	// SynchronousNormal leaves that to the operating system: a power cut, or a crash of the
	// operating system, loses the commits of the last seconds. A crash of the process alone loses
	// nothing.
	SynchronousNormal Synchronous = "normal"
)

// sqliteRun is a run of a process on a database file. It detects whether commits of earlier runs may have
// been lost.
//
// The user_version of the database counts the runs below FULL that have not ended cleanly. Such a
// run raises the count before its first commit and lowers it after its last, each in a commit that
// is synced. Commits become durable in their order, since the write-ahead log is a sequence that
// recovery reads up to its first gap: a database without the run's commits has its mark, and a
// database without the mark has all of its commits. A copy of the files has the mark, too.
//
// Several processes may use one file. Each has a shared lock on another file while it runs. The
// count may be that of a running process, so a process that starts reads it only if it gets an exclusive
// lock.
type sqliteRun struct {
	path   string
	normal bool
	lock   *sql.DB
	shared *sql.Conn
}

// beginRun begins the use of the database file at path, which has been migrated. If earlier runs
// may have lost commits, it raises the seq of all rooms and sets log_start to it, so that streams
// get Resync and no seq is used again. It waits for a process that does so at the moment.
func beginRun(
	ctx context.Context, path string, synchronous Synchronous, logger *slog.Logger,
) (_ *sqliteRun, err error) {
	r := &sqliteRun{path: path, normal: synchronous == SynchronousNormal}
	if err := makePrivate(r.lockPath()); err != nil {
		return nil, err
	}
	if r.lock, err = sqliteSession(sqliteDSN(r.lockPath(), 0)); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.unlock())
		}
	}()
	alone, err := r.ifAlone(ctx, func() error { return r.recover(ctx, logger) })
	if err != nil {
		return nil, fmt.Errorf("recover from an unclean end: %w", err)
	}
	if err := r.share(ctx, logger); err != nil {
		return nil, fmt.Errorf("lock %s: %w", r.lockPath(), err)
	}
	if !alone {
		logger.InfoContext(ctx, "another process uses the database file")
	}
	if r.normal {
		err = r.count(ctx, func(runs int) int { return runs + 1 })
	}
	return r, err
}

func (r *sqliteRun) lockPath() string { return r.path + "-run" }

// ifAlone calls f if no other process uses the database file, and reports whether it did. Meanwhile no
// other process can begin to use it.
func (r *sqliteRun) ifAlone(ctx context.Context, f func() error) (alone bool, err error) {
	conn, err := r.lock.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	_, err = conn.ExecContext(ctx, "BEGIN EXCLUSIVE")
	switch {
	case IsConflict(err):
		return false, nil
	case err != nil:
		return false, err
	}
	defer func() {
		_, ended := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		err = errors.Join(err, ended)
	}()
	return true, f()
}

// share takes the shared lock, and waits for a process that recovers.
func (r *sqliteRun) share(ctx context.Context, logger *slog.Logger) (err error) {
	if r.shared, err = r.lock.Conn(ctx); err != nil {
		return err
	}
	for waiting := false; ; waiting = true {
		n := 0
		_, err := r.shared.ExecContext(ctx, "BEGIN")
		if err == nil { // reading takes the lock, and the transaction keeps it
			err = r.shared.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&n)
		}
		if err == nil {
			return nil
		}
		if _, ended := r.shared.ExecContext(ctx, "ROLLBACK"); ended != nil || !IsConflict(err) {
			return errors.Join(err, ended)
		}
		if !waiting {
			logger.InfoContext(ctx, "waiting for another process that starts with the database")
		}
		if err := pause(ctx, migrationPause); err != nil {
			return err
		}
	}
}

// recover raises the rooms' seqs if commits may have been lost.
func (r *sqliteRun) recover(ctx context.Context, logger *slog.Logger) error {
	raised := int64(0)
	err := r.synced(ctx, func(tx *sql.Tx) error {
		runs, err := unclean(ctx, tx)
		if err != nil || runs == 0 {
			return err
		}
		result, err := tx.ExecContext(ctx, fmt.Sprintf(
			"UPDATE rooms SET seq = seq + %[1]d, log_start = seq + %[1]d", SkippedSeqs))
		if err != nil {
			return err
		}
		if raised, err = result.RowsAffected(); err != nil {
			return err
		}
		return setUnclean(ctx, tx, 0)
	})
	if err == nil && raised > 0 {
		logger.WarnContext(
			ctx,
			"the server ended uncleanly with PARLEY_SQLITE_SYNCHRONOUS=normal, "+
				"so its last commits may be lost: streams resynchronize",
			"rooms",
			raised,
		)
	}
	return err
}

// count changes the count of runs below FULL. Its commit, and all before it, are durable
// afterwards.
func (r *sqliteRun) count(ctx context.Context, change func(runs int) int) error {
	return r.synced(ctx, func(tx *sql.Tx) error {
		runs, err := unclean(ctx, tx)
		if err != nil {
			return err
		}
		changed := max(change(runs), 0)
		if changed == runs {
			return nil
		}
		return setUnclean(ctx, tx, changed)
	})
}

// unclean returns the count of runs below FULL that have not ended cleanly.
func unclean(ctx context.Context, tx *sql.Tx) (runs int, err error) {
	err = tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&runs)
	return runs, err
}

func setUnclean(ctx context.Context, tx *sql.Tx, runs int) error {
	_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", runs))
	return err
}

// synced runs do in a transaction and syncs its commit.
func (r *sqliteRun) synced(ctx context.Context, do func(*sql.Tx) error) (err error) {
	dsn := sqliteDSN(
		r.path,
		sqliteBusyTimeout,
		append(syncedSettings(SynchronousFull), "_txlock=immediate")...)
	pool, err := sqliteSession(dsn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it does nothing
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// end ends the use of the database file after the last commit of this process. The last process
// that ends cleanly also resets the count of killed processes: their commits are durable by then.
func (r *sqliteRun) end(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, r.unlock()) }()
	if r.normal {
		if err := r.count(ctx, func(runs int) int { return runs - 1 }); err != nil {
			return err
		}
	}
	_, ended := r.shared.ExecContext(ctx, "ROLLBACK")
	err, r.shared = errors.Join(ended, r.shared.Close()), nil
	if err != nil {
		return err
	}
	_, err = r.ifAlone(ctx, func() error {
		return r.count(ctx, func(int) int { return 0 })
	})
	return err
}

// unlock releases the lock by closing its connection.
func (r *sqliteRun) unlock() (err error) {
	if r.shared != nil {
		err = r.shared.Close()
	}
	return errors.Join(err, r.lock.Close())
}

// syncedSettings are the settings of a connection that commits as synchronous says.
func syncedSettings(synchronous Synchronous) []string {
	if synchronous == SynchronousNormal {
		return []string{"_synchronous=NORMAL"}
	}
	// On macOS fsync leaves data in the disk's own cache, unless a pragma makes SQLite flush that, too.
	return []string{"_synchronous=FULL", "_pragma=fullfsync(1)"}
}

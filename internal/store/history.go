package store

import "context"

// Generation returns how often the database has gone back, or may have: a standby was promoted that
// lacked the newest commits, or the caller of WentBack found an older state. Data read in an older
// generation may no longer exist.
func (db *DB) Generation() int64 { return db.cluster.Generation() }

// Timeline identifies the history of a PostgreSQL database, as nodes compare it: the cluster and its
// timeline. It is "" if it is unknown, and of SQLite.
func (db *DB) Timeline() string { return db.cluster.Timeline() }

// OnMove makes each new generation call moved, before a connection of that generation is used. moved
// must not block or use the database.
func (db *DB) OnMove(moved func()) { db.cluster.OnMove(moved) }

// WentBack begins a generation: the caller has read a state that is older than one before.
func (db *DB) WentBack() { db.cluster.WentBack() }

// CheckTimeline begins a generation if the database has moved to another timeline. New connections
// find out by themselves; poolers may move those that are open.
func (db *DB) CheckTimeline(ctx context.Context) error {
	if db.check == nil {
		return nil
	}
	return db.check(ctx)
}

package store

import (
	"context"

	"parley/internal/store/pqdriver"
)

// SkippedSeqs is how far the seq of a room is raised where newer events may have been lost. It must
// be more than the events of one room that can be lost: SQLite syncs its write-ahead log at the latest
// every 2,000 pages, which hold some 100,000 events at most.
const SkippedSeqs = 1_000_000

// TimelineArg is an argument of a statement: the timeline of the connection which runs it, as
// rooms.timeline has it, or 0 if that is unknown. Later timelines are greater.
type TimelineArg = pqdriver.TimelineArg

// OneCluster is the number of timelines that one cluster may have: timelines are of the same cluster if
// they are equal when divided by it.
const OneCluster = pqdriver.OneCluster

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

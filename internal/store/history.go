package store

import (
	"context"

	"parley/internal/store/pqdriver"
)

// SkippedSeqs is the number of seqs that a room skips if newer events may have been lost. It must
// be more than the events of one room that can be lost: SQLite syncs its write-ahead log at the latest
// every 2,000 pages, which hold some 100,000 events at most.
const SkippedSeqs = 1_000_000

// TimelineArg is an argument of a statement: the timeline of the connection that runs it, in the
// form of rooms.timeline, or 0 if it is unknown. Later timelines are greater.
type TimelineArg = pqdriver.TimelineArg

// OneCluster is the number of timelines that one cluster may have: timelines are of the same cluster if
// they are equal when divided by it.
const OneCluster = pqdriver.OneCluster

// Generation returns how often the database has lost commits, or may have: a standby without the newest
// commits was promoted, or a caller of WentBack read an older state. Data read in an older
// generation may no longer exist.
func (db *DB) Generation() int64 { return db.cluster.Generation() }

// Timeline returns the cluster and the timeline of a PostgreSQL database, which nodes compare. It is ""
// if it is unknown, and for SQLite.
func (db *DB) Timeline() string { return db.cluster.Timeline() }

// OnMove registers moved, which is called for each new generation before a connection of it is used. It
// must not block or use the database.
func (db *DB) OnMove(moved func()) { db.cluster.OnMove(moved) }

// WentBack begins a generation: the caller has read a state that is older than an earlier one.
func (db *DB) WentBack() { db.cluster.WentBack() }

// CheckTimeline begins a generation if the database has moved to another timeline. New connections
// check it themselves, but poolers may move open ones to another server.
func (db *DB) CheckTimeline(ctx context.Context) error {
	if db.check == nil {
		return nil
	}
	return db.check(ctx)
}

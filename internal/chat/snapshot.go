package chat

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"parley/ent"
	"parley/internal/chat/profiles"
	"parley/internal/limit"
)

const (
	// snapshotTimeout is how long reading a snapshot may take, and maxSnapshotWait how long it may
	// wait for others.
	snapshotTimeout, maxSnapshotWait = 10 * time.Second, 30 * time.Second
	// sqliteSnapshots is how many snapshots SQLite reads at a time at most: it has as few as four
	// connections for reads.
	sqliteSnapshots = 2
)

// newSnapshots returns bounds for snapshots, each of which takes a connection: at most n at a time,
// of which one owner may read one.
func newSnapshots(dialectName string, n int) *limit.Memory {
	if dialectName == dialect.SQLite {
		n = min(n, sqliteSnapshots)
	}
	return limit.NewMemory(limit.MemoryOptions{Bytes: int64(n), User: 1})
}

// Version is a state of a room and of the profiles of all users. What all members of a room see
// alike of the room and its messages depends on nothing else.
type Version struct {
	// Seq is that of the room's newest event.
	Seq      int64
	Profiles profiles.Version
}

// AtLeast reports whether v is as new as other, or newer.
func (v Version) AtLeast(other Version) bool {
	return v.Seq >= other.Seq && v.Profiles.AtLeast(other.Profiles)
}

// Snapshot is the database at one moment.
type Snapshot struct {
	// Chat reads the state at that moment; users may be newer. It is valid until the function
	// returns that has received it, and must not be used to write.
	*Chat
	Room    *ent.Room
	Version Version
}

// Snapshot calls read with a room and the database as they are at one moment: it runs read in a
// transaction that only reads, and which sees no later commit. Few snapshots are read at a time;
// owner names the user or the topic that this one counts for. Returns NOT_FOUND if the room does
// not exist or is deleted, and UNAVAILABLE after 10 s, or if it has waited 30 s for others.
//
// The caller authorizes the users that are shown the room: see [Chat.FollowVersion].
func (c *Chat) Snapshot(
	ctx context.Context, owner string, roomID uuid.UUID, read func(context.Context, Snapshot) error,
) error {
	waiting, stop := context.WithTimeout(ctx, maxSnapshotWait)
	slot, err := c.snapshots.Acquire(waiting, limit.Owner{User: owner}, 1)
	stop()
	if err != nil {
		return fmt.Errorf("wait to read room %s: %w", roomID, err)
	}
	defer slot.Release()
	ctx, cancel := context.WithTimeout(ctx, snapshotTimeout)
	defer cancel()
	generation := c.history.Generation()
	tx, err := c.db.BeginTx(ctx, &sql.TxOptions{
		Isolation: sql.LevelRepeatableRead, // SQLite's transactions are so anyway
		ReadOnly:  true,
	})
	if err != nil {
		return fmt.Errorf("begin to read room %s: %w", roomID, err)
	}
	defer func() { _ = tx.Rollback() }() // it has nothing to commit
	at := *c
	at.db = tx.Client()
	var found *ent.Room
	var version profiles.Version
	at.Reader, found, version, err = c.Reader.Snapshot(ctx, at.db, generation, roomID)
	if ent.IsNotFound(err) {
		return errNoRoom()
	}
	if err != nil {
		return fmt.Errorf("read room %s: %w", roomID, err)
	}
	return read(ctx, Snapshot{&at, found, Version{found.Seq, version}})
}

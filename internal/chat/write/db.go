// Package write changes the database: it runs the transactions of the domain, publishes what they
// have committed, and has the one writer of each fact: a message, a room, a membership, a seat, a
// departure, a profile, a friendship, an event of a log.
//
// It does not authorize: its callers decide, in the same transaction, whether a user may make the
// change. The state that a room's row shares with its log is written under the lock of the row: see
// [Tx.Lock] and [Room.Save].
package write

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"parley/ent"
	"parley/internal/broker"
	"parley/internal/chat/profiles"
	"parley/internal/chat/retry"
	"parley/internal/panics"
)

// Publisher publishes what was committed to the hub, and to other nodes.
type Publisher interface {
	// Publish must not block: requests call it. Publications may be lost.
	Publish(broker.Publication)
	// Follows reports whether the commit of a publication to a room may be used: a publication
	// without it costs its subscribers a read of the log.
	Follows(room uuid.UUID) bool
}

// History says whether the database has gone back, as it does when a standby is promoted that lacks
// the newest commits. Caches keep nothing from one generation to the next.
type History interface {
	// Generation counts the times that the database has gone back. A statement that begins after it
	// was read sees the database of that generation, or of a later one.
	Generation() int64
	// Timeline identifies the history of the database; "" if it is unknown.
	Timeline() string
}

// Unchanging is a database that never goes back.
type Unchanging struct{}

// Generation implements [History].
func (Unchanging) Generation() int64 { return 0 }

// Timeline implements [History].
func (Unchanging) Timeline() string { return "" }

// DB runs the writes of a database. It is safe for concurrent use.
type DB struct {
	client    *ent.Client
	dialect   string
	users     *profiles.Users
	publisher Publisher
	history   History
	panics    *panics.Guard
	retrier   retry.Retrier
}

// New returns the writes of a database with ent's dialect of the name. Profile changes are applied
// to the cache of users. The publisher receives what each transaction publishes, after its commit,
// with the timeline of the database. guard contains the panics of transactions; nil contains them
// without counting.
func New(
	client *ent.Client, dialect string, users *profiles.Users, publisher Publisher,
	history History, guard *panics.Guard,
) *DB {
	return &DB{
		client: client, dialect: dialect, users: users, publisher: publisher,
		history: history, panics: guard,
	}
}

// Attempts counts the failed attempts of transactions.
func (db *DB) Attempts() retry.Stats { return db.retrier.Stats() }

// Tx runs do in a transaction and then publishes what it has committed.
//
// It runs do again from the start when the database says that it lost against another transaction,
// so do must not change anything outside. Locks are taken in one order everywhere: rooms by id,
// then users by id, then shards of profiles; what was found before a lock is read again behind it.
//
// Returns a [retry.UnknownError] if it is not known whether the transaction was committed.
func (db *DB) Tx(ctx context.Context, retries retry.Policy, do func(*Tx) error) error {
	return db.write(ctx, retries, func() ([]broker.Publication, error) { return db.try(ctx, do) })
}

// write calls run, which writes something, and publishes what it returns. It retries as Tx does;
// run is a transaction, or a single statement, which is one by itself. If it is not known whether a
// commit has happened, run returns its publications beside the error.
//
// A panic of run is an error, and run is not repeated.
func (db *DB) write(
	ctx context.Context, retries retry.Policy, run func() ([]broker.Publication, error),
) error {
	// publications also has those of attempts whose commit may have happened, without their
	// commits: a later attempt then finds what they did, and has nothing of its own to publish.
	var publications []broker.Publication
	err := db.retrier.Do(ctx, retries, func() error {
		timeline := db.history.Timeline() // that of the commit, or an earlier one
		committed, err := db.attempt(ctx, run)
		for i := range committed {
			committed[i].Timeline = timeline
		}
		switch {
		case err == nil:
			publications = append(publications, committed...)
		case retry.IsUnknown(err):
			for _, p := range committed {
				p.Commit, p.Profiles = nil, nil
				publications = append(publications, p)
			}
		}
		return err
	})
	db.publish(ctx, publications)
	return err
}

// attempt calls run. If run panics, what it has written is unknown.
func (db *DB) attempt(
	ctx context.Context, run func() ([]broker.Publication, error),
) (committed []broker.Publication, err error) {
	returned := false
	err = db.panics.Run(ctx, panics.Write, func() (err error) {
		committed, err = run()
		returned = true
		return err
	})
	if !returned {
		err = &retry.UnknownError{Cause: err}
	}
	return committed, err
}

// publish publishes what was committed. A publisher that panics delays the deliveries, and does not
// fail the change.
func (db *DB) publish(ctx context.Context, publications []broker.Publication) {
	for _, p := range publications {
		_ = db.panics.Run(ctx, panics.Publication, func() error {
			db.publisher.Publish(p)
			return nil
		})
	}
}

// try runs do in a transaction once and returns what it publishes, also if the commit failed.
// A panic of do is an error, and the transaction is rolled back.
func (db *DB) try(ctx context.Context, do func(*Tx) error) ([]broker.Publication, error) {
	var t *Tx
	generation, committed := db.history.Generation(), false
	defer func() {
		if t != nil && !committed {
			// Its own failure changes nothing: the database rolls back what is not committed.
			_ = t.Rollback()
		}
	}()
	err := db.panics.Run(ctx, panics.Write, func() error {
		etx, err := db.client.Tx(ctx)
		if err != nil {
			return fmt.Errorf("begin: %w", err)
		}
		t = &Tx{Tx: etx, Dialect: db.dialect}
		return do(t)
	})
	if err != nil {
		return nil, err
	}
	committed = true
	if err := t.Commit(); err != nil {
		return t.publications, fmt.Errorf("commit: %w", err)
	}
	for _, p := range t.publications {
		db.users.Apply(generation, p.Profiles)
	}
	return t.publications, nil
}

// Now is the present as the database can hold it: in UTC, in microseconds.
func Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// Package chat is the domain of Parley: its rules, its transactions and who may see what.
//
// Every read and every write of the application's data goes through it, with the acting user as an
// argument. A write is committed first; then the domain publishes what was committed.
package chat

import (
	"context"
	"fmt"

	lru "github.com/hashicorp/golang-lru/v2"

	"parley/ent"
	"parley/internal/chat/batch"
	"parley/internal/chat/keyattempts"
	"parley/internal/chat/profiles"
	"parley/internal/chat/prune"
	"parley/internal/chat/read"
	"parley/internal/chat/retry"
	"parley/internal/chat/roomlog"
	"parley/internal/chat/write"
	"parley/internal/limit"
	"parley/internal/panics"
	"parley/internal/store"
)

const (
	// knownUsers is how many users are cached who exist. An entry is about 100 bytes.
	knownUsers = 100_000
	// knownWriters is how many users' right to write in a room is cached, at about 200 bytes each.
	knownWriters = 100_000
)

// Viewer is the user who sends a request. The user exists (see [Chat.EnsureUser]).
type Viewer struct {
	// ID is the person's id.
	ID string
	// Admin marks the application's own back end. It may create and update people; it sees no more
	// rooms than others.
	Admin bool
}

// knownUser is a user who exists in a generation of the database.
type knownUser struct {
	generation int64
	id         string
}

// Chat is the domain over one database.
//
// The reads of its [read.Reader] do not authorize: their callers have authorized the viewer by a
// use case before, such as [Chat.Room].
//
// The comment of each use case lists the codes of its errors. Any use case can also return
// UNAVAILABLE and INTERNAL: see [AsError].
type Chat struct {
	*read.Reader

	db          *ent.Client
	log         *roomlog.Log
	writes      *write.DB
	newMessages *batch.Messages
	newRooms    *batch.Rooms
	// writers has the rules of rooms under which users were allowed to write.
	writers     *lru.Cache[writer, int64]
	known       *lru.Cache[knownUser, struct{}]
	keyAttempts *keyattempts.Limiter
	// searches has a slot for each search that may run at a time.
	searches *limit.Memory
	// snapshots bounds the number of concurrent snapshots.
	snapshots *limit.Memory
	history   write.History
	pruner    *prune.Pruner
}

// Options of a [Chat].
type Options struct {
	// Dialect is ent's name of the database's dialect.
	Dialect string
	// Searches is how many searches may run at a time, and as many snapshots may be read.
	Searches int
	// KeyAttempts limits how often a user, and an address, may try a wrong key; nil is no limit.
	KeyAttempts *limit.RateLimiter
	// Panics contains the panics of transactions and batches. Nil contains them without counting.
	Panics *panics.Guard
	// History is that of the database. Nil is a database that never goes back.
	History write.History
}

// New returns the domain over a database, of which users are read through a cache. The publisher
// receives what each transaction publishes, after its commit.
func New(
	db *ent.Client, users *profiles.Users, publisher write.Publisher, opts Options,
) (*Chat, error) {
	if opts.History == nil {
		opts.History = write.Unchanging{}
	}
	known, err := lru.New[knownUser, struct{}](knownUsers)
	if err != nil {
		return nil, fmt.Errorf("make the cache of known users: %w", err)
	}
	writers, err := lru.New[writer, int64](knownWriters)
	if err != nil {
		return nil, fmt.Errorf("make the cache of writers: %w", err)
	}
	writes := write.New(db, opts.Dialect, users, publisher, opts.History, opts.Panics)
	return &Chat{
		db:          db,
		log:         roomlog.New(db, opts.Dialect),
		writes:      writes,
		newMessages: batch.NewMessages(writes, opts.Panics),
		newRooms:    batch.NewRooms(writes, opts.Panics),
		writers:     writers,
		known:       known,
		keyAttempts: keyattempts.New(opts.KeyAttempts),
		Reader:      read.New(db, opts.Dialect, users, opts.History.Generation),
		searches:    newSearches(opts.Searches),
		snapshots:   newSnapshots(opts.Dialect, opts.Searches),
		history:     opts.History,
		pruner:      prune.New(db, opts.Dialect, writes),
	}, nil
}

// CountReads returns a context that counts the statements under it, and a function that returns
// their number.
func CountReads(ctx context.Context) (context.Context, func() int64) {
	ctx, n := store.Counting(ctx)
	return ctx, n.Load
}

// Prune deletes what has expired: see [prune.Pruner.Prune]. Its errors have no code.
func (c *Chat) Prune(ctx context.Context, before prune.Before) error {
	if err := c.pruner.Prune(ctx, before); err != nil {
		return fmt.Errorf("prune: %w", err)
	}
	return nil
}

// retryPolicyOf returns how to retry a request: one with an idempotencyKey may run twice.
func retryPolicyOf(idempotencyKey *string) retry.Policy {
	if idempotencyKey != nil {
		return retry.Idempotent
	}
	return retry.Once
}

// Package chat is the domain of Parley: its rules, its transactions and who may see what.
//
// Every read and every write of the application's data goes through it, with the acting user as an
// argument. A write is committed first; then the domain publishes what was committed.
package chat

import (
	"context"
	"fmt"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"parley/ent"
	"parley/internal/broker"
	"parley/internal/chat/keyattempts"
	"parley/internal/chat/profiles"
	"parley/internal/chat/retry"
	"parley/internal/chat/roomlog"
	"parley/internal/chat/writequeue"
	"parley/internal/limit"
	"parley/internal/panics"
	"parley/internal/store"
)

// roomsBytes is how many bytes of what has been read of rooms are cached.
const roomsBytes = 64 << 20

// knownUsers is how many people the server remembers to have met, so that a request of theirs need
// not ask the database whether they exist. An entry is about 100 bytes.
const knownUsers = 100_000

// knownUser is a user who exists in a generation of the database.
type knownUser struct {
	generation int64
	id         string
}

// Viewer is who is asking: a person who exists (see [Chat.Arrive]).
type Viewer struct {
	// ID is the person's id.
	ID string
	// Admin marks the application's own back end. It may create and update people; it sees no more
	// rooms than others.
	Admin bool
}

// Publisher publishes what was committed to the hub, and to other nodes.
type Publisher interface {
	// Publish must not block: requests call it. Publications may be lost.
	Publish(broker.Publication)
}

// Chat is the domain over one database.
type Chat struct {
	db          *ent.Client
	log         *roomlog.Log
	dialect     string
	publisher   Publisher
	panics      *panics.Guard
	known       *lru.Cache[knownUser, struct{}]
	keyAttempts *keyattempts.Limiter
	rooms       *rooms
	users       *profiles.Users
	sends       *sends
	// creations are the rooms on their way.
	creations *writequeue.Queue[*creation]
	// searches has a place for each search that may run at a time.
	searches *limit.Memory
	// snapshots has a place for each snapshot that may be read at a time.
	snapshots *limit.Memory
	// frozen: the database does not change, because this is the Chat of a [Snapshot].
	frozen bool
	// frozenAt is the generation in which the snapshot was begun.
	frozenAt int64
	retrier  *retry.Retrier
	history  History
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

// unchanging is a database that never goes back.
type unchanging struct{}

func (unchanging) Generation() int64 { return 0 }
func (unchanging) Timeline() string  { return "" }

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
	History History
}

// New returns the domain over a database, of which users are read through a cache. The publisher
// receives what each transaction publishes, after its commit.
func New(
	db *ent.Client, users *profiles.Users, publisher Publisher, opts Options,
) (*Chat, error) {
	if opts.History == nil {
		opts.History = unchanging{}
	}
	known, err := lru.New[knownUser, struct{}](knownUsers)
	if err != nil {
		return nil, fmt.Errorf("make the cache of known users: %w", err)
	}
	c := &Chat{
		db:          db,
		log:         roomlog.New(db, opts.Dialect),
		dialect:     opts.Dialect,
		publisher:   publisher,
		panics:      opts.Panics,
		known:       known,
		keyAttempts: keyattempts.New(opts.KeyAttempts),
		rooms:       newRooms(roomsBytes, opts.History),
		users:       users,
		searches:    newSearches(opts.Searches),
		snapshots:   newSnapshots(opts.Dialect, opts.Searches),
		retrier:     &retry.Retrier{},
		history:     opts.History,
	}
	c.creations = c.newCreations()
	c.sends, err = c.newSends()
	return c, err
}

// generation returns the generation of what is read from now on, or an earlier one.
func (c *Chat) generation() int64 {
	if c.frozen {
		return c.frozenAt
	}
	return c.history.Generation()
}

// Looking returns a context under which reads are counted, and how many there have been.
func Looking(ctx context.Context) (context.Context, func() int64) {
	ctx, n := store.Counting(ctx)
	return ctx, n.Load
}

// now is the present as the database can hold it: in UTC, in microseconds.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

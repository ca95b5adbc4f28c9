package profiles

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync/atomic"

	"parley/ent"
	"parley/internal/broker"
	"parley/internal/store"
)

// Users reads users, and caches them. It is safe for concurrent use.
type Users struct {
	dialect     string
	generation  func() int64
	cached      atomic.Pointer[cache]
	found, read atomic.Int64
}

// cachedBytes is how many bytes of users are cached.
const cachedBytes = 64 << 20

// NewUsers returns the users of a database with ent's dialect of the name. They are cached as long as
// the generation of the database stays; nil is a database that never goes back.
func NewUsers(dialect string, generation func() int64) *Users {
	if generation == nil {
		generation = func() int64 { return 0 }
	}
	u := &Users{dialect: dialect, generation: generation}
	u.cached.Store(newCache(cachedBytes, generation()))
	return u
}

// cache returns the cache of the present generation.
func (u *Users) cache() *cache {
	generation := u.generation()
	for {
		old := u.cached.Load()
		if old.generation >= generation {
			return old
		}
		u.cached.CompareAndSwap(old, newCache(cachedBytes, generation))
	}
}

// Stats counts users since the start.
type Stats struct {
	// Cached users were needed and cached, Read ones were not. Bytes is the size of the cache.
	Cached, Read, Bytes int64
}

// Stats returns the counts.
func (u *Users) Stats() Stats {
	return Stats{u.found.Load(), u.read.Load(), int64(u.cached.Load().bytes())}
}

// Apply applies profile changes that have been committed in a generation of the database, on this node
// or another, to the cache. They may come in any order, more than once, or not at all: then the cache
// finds the changes in the database when a newer profile version is asked for. Changes of another
// generation are dropped: they may be lost, and others have the same versions.
func (u *Users) Apply(generation int64, changes []broker.ProfileChange) {
	cache := u.cache()
	if cache.generation != generation {
		return
	}
	for _, change := range changes {
		if change.Shard >= 0 && change.Shard < Shards {
			cache.apply(change)
		}
	}
}

// At returns users in the order of ids, as they are at a profile version or later; nil for
// those that do not exist. If the profile version is unknown, it is the present one. Cached users
// are not read again.
func (u *Users) At(
	ctx context.Context, q store.Querier, at Version, ids []string,
) ([]*ent.User, error) {
	users := make([]*ent.User, len(ids))
	cache := u.cache()
	if !at.knownFor(ids) {
		now, err := ReadNow(ctx, q)
		if err != nil {
			return nil, err
		}
		at = at.Merge(now)
	}
	missing, current := cache.get(at, ids, users)
	if !current {
		if err := u.refresh(ctx, q, cache, at); err != nil {
			return nil, err
		}
		missing, _ = cache.get(at, ids, users)
	}
	u.found.Add(int64(len(ids) - len(missing)))
	if len(missing) == 0 {
		return users, nil
	}
	u.read.Add(int64(len(missing)))
	read, err := u.load(ctx, q, cache, missing)
	if err != nil {
		return nil, err
	}
	for i, id := range ids {
		if users[i] == nil {
			users[i] = read[id]
		}
	}
	return users, nil
}

// refresh evicts changed users and so updates the cache to a profile version that was read. It reads
// only the shards in which the cache is older.
func (u *Users) refresh(
	ctx context.Context, q store.Querier, cache *cache, to Version,
) error {
	from := cache.at()
	var ranges []string
	var bounds []any
	for shard := range to {
		if from[shard] < to[shard] {
			// There is no upper bound but the shard's: a user that has changed again since is above to.
			ranges = append(
				ranges,
				fmt.Sprintf("changed > $%d AND changed < $%d", len(bounds)+1, len(bounds)+2),
			)
			bounds = append(bounds, storedVersion(shard, from[shard]), storedVersion(shard+1, 0))
		}
	}
	if len(ranges) == 0 {
		return nil // another request has refreshed it
	}
	var changed []string
	err := store.Each(ctx, q, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		changed = append(changed, id)
		return err
	}, `SELECT id FROM users WHERE `+strings.Join(ranges, " OR "), bounds...)
	if err != nil {
		return fmt.Errorf("find the users that have changed since %v: %w", from, err)
	}
	cache.refresh(to, changed)
	return nil
}

// load reads users and caches them; those that do not exist are missing.
func (u *Users) load(
	ctx context.Context, q store.Querier, cache *cache, ids []string,
) (map[string]*ent.User, error) {
	byID := make(map[string]*ent.User, len(ids))
	users := make([]*ent.User, 0, len(ids))
	var at Version
	err := store.Each(ctx, q, func(rows *sql.Rows) error {
		var row ent.UserRow
		if err := rows.Scan(append(row.Targets(), &at)...); err != nil {
			return err
		}
		one, err := row.User()
		if err != nil {
			return err
		}
		byID[one.ID] = one
		users = append(users, one)
		return nil
	}, `SELECT `+ent.UserColumns+`, `+ReadVersion+` FROM users WHERE `+
		store.AnyOf(u.dialect, "users.id", "$1", "text"), store.List(u.dialect, ids))
	if err != nil {
		return nil, fmt.Errorf("get %d users: %w", len(ids), err)
	}
	cache.put(at, users)
	return byID, nil
}

package chat

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"

	"parley/ent"
	"parley/internal/broker"
	"parley/internal/store"
)

// profileCache has users as they were at a profile version, or later: each user includes all
// changes up to the version of its shard. It is safe for concurrent use.
type profileCache struct {
	mu      sync.Mutex
	version ProfileVersion
	users   *kept[string, *ent.User]
}

func newProfileCache(bytes int) *profileCache {
	return &profileCache{users: newKept[string, *ent.User](bytes)}
}

// bytes returns the estimated size of what is cached.
func (p *profileCache) bytes() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.users.bytes
}

// get puts those of ids into users that are cached, and returns the others. If the cache is older
// than at in the shard of any of them, it returns false: see refresh.
func (p *profileCache) get(
	at ProfileVersion, ids []string, users []*ent.User,
) (missing []string, current bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.users.values.Len() == 0 {
		p.version = p.version.Merge(at) // no cached user is older
	}
	if !p.version.atLeastFor(ids, at) {
		return ids, false
	}
	for i, id := range ids {
		var ok bool
		if users[i], ok = p.users.get(id); !ok {
			missing = append(missing, id)
		}
	}
	return missing, true
}

// at returns the profile version of the cache.
func (p *profileCache) at() ProfileVersion {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.version
}

// refresh evicts the users that have changed since a profile version that the cache had. The
// others are as recent as to.
func (p *profileCache) refresh(to ProfileVersion, changed []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range changed {
		p.users.remove(id)
	}
	p.version = p.version.Merge(to)
}

// apply evicts the users of a change if the cache lacks that change alone. Otherwise it has it
// already, or lacks another one before it, which leaves the shard to refresh.
func (p *profileCache) apply(change broker.ProfileChange) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.version[change.Shard] != change.From {
		return
	}
	for _, id := range change.UserIDs {
		p.users.remove(id)
	}
	p.version[change.Shard] = change.To
}

// put caches users that a statement has read at a profile version, except those that are older than
// the cache: they may have changed since.
func (p *profileCache) put(at ProfileVersion, users []*ent.User) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, u := range users {
		if shard := profileShard(u.ID); at[shard] >= p.version[shard] {
			p.users.put(u.ID, u, userSize+u.TextBytes())
		}
	}
}

// userSize is about how many bytes a cached user takes beside its texts: the struct, its key, and its
// place in the list and the map.
const userSize = 700

// UsersAt returns users in the order of ids, as they are at a profile version or later; nil for
// those that do not exist. If the profile version is unknown, it is the present one. Cached users
// are not read again.
func (c *Chat) UsersAt(ctx context.Context, at ProfileVersion, ids []string) ([]*ent.User, error) {
	users := make([]*ent.User, len(ids))
	if !at.knownFor(ids) {
		now, err := c.profileVersion(ctx)
		if err != nil {
			return nil, err
		}
		at = at.Merge(now)
	}
	missing, current := c.users.get(at, ids, users)
	if !current {
		if err := c.refreshUsers(ctx, at); err != nil {
			return nil, err
		}
		missing, _ = c.users.get(at, ids, users)
	}
	c.counts.found.Add(int64(len(ids) - len(missing)))
	if len(missing) == 0 {
		return users, nil
	}
	c.counts.read.Add(int64(len(missing)))
	read, err := c.readUsers(ctx, missing)
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

// refreshUsers evicts the users that have changed, and so brings the cache to a profile version that
// has been read. It reads only the shards in which the cache is older.
func (c *Chat) refreshUsers(ctx context.Context, to ProfileVersion) error {
	from := c.users.at()
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
	err := each(ctx, c.db, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		changed = append(changed, id)
		return err
	}, `SELECT id FROM users WHERE `+strings.Join(ranges, " OR "), bounds...)
	if err != nil {
		return fmt.Errorf("find the users that have changed since %v: %w", from, err)
	}
	c.users.refresh(to, changed)
	return nil
}

// readUsers reads users and caches them; those that do not exist are missing.
func (c *Chat) readUsers(ctx context.Context, ids []string) (map[string]*ent.User, error) {
	byID := make(map[string]*ent.User, len(ids))
	users := make([]*ent.User, 0, len(ids))
	var at ProfileVersion
	err := each(ctx, c.db, func(rows *sql.Rows) error {
		var row ent.UserRow
		if err := rows.Scan(append(row.Targets(), &at)...); err != nil {
			return err
		}
		u, err := row.User()
		if err != nil {
			return err
		}
		byID[u.ID] = u
		users = append(users, u)
		return nil
	}, `SELECT `+ent.UserColumns+`, `+readProfileVersion+` FROM users WHERE `+
		store.AnyOf(c.dialect, "users.id", "$1", "text"), store.List(c.dialect, ids))
	if err != nil {
		return nil, fmt.Errorf("get %d users: %w", len(ids), err)
	}
	c.users.put(at, users)
	return byID, nil
}

package profiles

import (
	"sync"

	"parley/ent"
	"parley/internal/broker"
	"parley/internal/sizedlru"
)

// cache has users as they were at a profile version, or later: each user includes all
// changes up to the version of its shard. It is safe for concurrent use.
//
// Versions belong to a generation of the database: after that has gone back, they come again.
type cache struct {
	generation int64

	mu      sync.Mutex
	version Version
	users   *sizedlru.Cache[string, *ent.User]
}

func newCache(bytes int, generation int64) *cache {
	return &cache{generation: generation, users: sizedlru.New[string, *ent.User](bytes)}
}

// bytes returns the estimated size of what is cached.
func (p *cache) bytes() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.users.Bytes()
}

// get puts those of ids into users that are cached, and returns the others. If the cache is older
// than at in the shard of any of them, it returns false: see refresh.
func (p *cache) get(
	at Version, ids []string, users []*ent.User,
) (missing []string, current bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.users.Len() == 0 {
		p.version = p.version.Merge(at) // no cached user is older
	}
	if !p.version.atLeastFor(ids, at) {
		return ids, false
	}
	for i, id := range ids {
		var ok bool
		if users[i], ok = p.users.Get(id); !ok {
			missing = append(missing, id)
		}
	}
	return missing, true
}

// at returns the profile version of the cache.
func (p *cache) at() Version {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.version
}

// refresh evicts the users that have changed since a profile version that the cache had. The
// others are as recent as to.
func (p *cache) refresh(to Version, changed []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range changed {
		p.users.Remove(id)
	}
	p.version = p.version.Merge(to)
}

// apply evicts the users of a change if the cache lacks that change alone. Otherwise it has it
// already, or lacks another one before it, which leaves the shard to refresh.
func (p *cache) apply(change broker.ProfileChange) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.version[change.Shard] != change.From {
		return
	}
	for _, id := range change.UserIDs {
		p.users.Remove(id)
	}
	p.version[change.Shard] = change.To
}

// put caches users that a statement has read at a profile version, except those that are older than
// the cache: they may have changed since.
func (p *cache) put(at Version, users []*ent.User) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, u := range users {
		if shard := ShardOf(u.ID); at[shard] >= p.version[shard] {
			p.users.Put(u.ID, u, userSize+u.TextBytes())
		}
	}
}

// userSize is about how many bytes a cached user takes beside its texts: the struct, its key, and its
// place in the list and the map.
const userSize = 700

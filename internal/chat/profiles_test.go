package chat

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"parley/ent"
	"parley/internal/broker"
	"parley/internal/chat/profiles"
	"parley/internal/chat/retry"
	"parley/internal/chat/write"
)

// inShards returns a user of each shard, by the shard.
func inShards(t *testing.T, c *Chat) []string {
	t.Helper()
	ids := make([]string, profiles.Shards)
	for i, found := 0, 0; found < profiles.Shards; i++ {
		id := fmt.Sprint("user-", i)
		if shard := profiles.ShardOf(id); ids[shard] == "" {
			ids[shard] = id
			found++
		}
	}
	var users []*UserInput
	for _, id := range ids {
		users = append(users, &UserInput{ID: id})
	}
	if _, err := c.UpsertUsers(t.Context(), Viewer{Admin: true}, users); err != nil {
		t.Fatal(err)
	}
	return ids
}

// setStatus changes a profile.
func setStatus(ctx context.Context, c *Chat, status string, ids ...string) error {
	if len(ids) == 1 {
		_, err := c.UpdateProfile(ctx, Viewer{ID: ids[0]}, ProfileInput{Status: &status})
		return err
	}
	var users []*UserInput
	for _, id := range ids {
		users = append(users, &UserInput{ID: id, Profile: ProfileInput{Status: &status}})
	}
	_, err := c.UpsertUsers(ctx, Viewer{Admin: true}, users)
	return err
}

// TestProfileChangesDoNotWait: while a transaction has changed a profile and is still open, those
// of other shards change, too.
func TestProfileChangesDoNotWait(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, url string) {
		c := newNode(t, url)
		if strings.HasPrefix(url, "sqlite:") {
			t.Skip("SQLite has one writer at a time")
		}
		ids := inShards(t, c)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := c.writes.Tx(ctx, retry.Once, func(open *write.Tx) error {
			if err := open.SetProfile(ctx, ids[0], map[string]string{"status": "0"}); err != nil {
				return err
			}
			if err := open.BumpProfiles(ctx, ids[:1]); err != nil {
				return err
			}
			return errors.Join(setStatus(ctx, c, "1", ids[1]), setStatus(ctx, c, "2", ids[2:]...))
		}); err != nil {
			t.Fatal(err)
		}
		users, err := c.Users(ctx, ids)
		if err != nil {
			t.Fatal(err)
		}
		for shard, id := range ids {
			if want := fmt.Sprint(min(shard, 2)); users[id].Status != want {
				t.Errorf("the status of shard %d is %q, want %q", shard, users[id].Status, want)
			}
		}
	})
}

// TestProfileChangesDoNotDeadlock raises the versions of all shards in concurrent transactions, for
// users in different orders.
func TestProfileChangesDoNotDeadlock(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, url string) {
		c := newNode(t, url)
		ids := inShards(t, c)
		before, err := profiles.ReadNow(t.Context(), c.db)
		if err != nil {
			t.Fatal(err)
		}
		const writers, rounds = 8, 40
		var all sync.WaitGroup
		for range writers {
			all.Go(func() {
				for range rounds {
					err := c.writes.Tx(t.Context(), retry.Once, func(bump *write.Tx) error {
						shuffled := slices.Clone(ids)
						rand.Shuffle(len(ids), func(i, j int) {
							shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
						})
						return bump.BumpProfiles(t.Context(), shuffled)
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if n := c.Stats().Attempts.Conflicts; n != 0 && !strings.HasPrefix(url, "sqlite:") {
			t.Errorf("%d transactions lost against others", n)
		}
		after, err := profiles.ReadNow(t.Context(), c.db)
		if err != nil {
			t.Fatal(err)
		}
		for shard := range after {
			if n := after[shard] - before[shard]; n != writers*rounds {
				t.Errorf("shard %d has changed %d times, want %d", shard, n, writers*rounds)
			}
		}
	})
}

// TestProfileStatements counts the statements that load users after profile changes.
func TestProfileStatements(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, url string) {
		var count atomic.Int64
		here, cache := publishingNode(t, url, func(context.Context, string) { count.Add(1) },
			publishing(func([]broker.ProfileChange) {}))
		publish := func([]broker.ProfileChange) {} // what another node publishes
		there, _ := publishingNode(t, url, nil,
			publishing(func(changes []broker.ProfileChange) { publish(changes) }))
		ids := inShards(t, there)
		ctx := t.Context()
		now := func() profiles.Version {
			t.Helper()
			v, err := profiles.ReadNow(ctx, there.db)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		expect := func(what string, want int64, at profiles.Version, ids ...string) []*ent.User {
			t.Helper()
			count.Store(0)
			users, err := here.UsersAt(ctx, at, ids)
			if err != nil {
				t.Fatal(err)
			}
			if n := count.Load(); n != want {
				t.Errorf("%s: %d statements, want %d", what, n, want)
			}
			return users
		}
		change := func(c *Chat, status, id string) profiles.Version {
			t.Helper()
			if err := setStatus(ctx, c, status, id); err != nil {
				t.Fatal(err)
			}
			return now()
		}

		expect("none is cached", 1, now(), ids...)
		expect("all are cached", 0, now(), ids...)
		expect("the version is unknown", 1, profiles.Version{}, ids...)

		v := change(there, "a", ids[3])
		expect("another node has changed another shard", 0, v, ids[4:]...)
		if u := expect("another node has changed the user", 2, v, ids[3:]...); u[0].Status != "a" {
			t.Errorf("the status is %q", u[0].Status)
		}
		expect("all are cached again", 0, v, ids...)

		v = change(here, "b", ids[3])
		if u := expect("this node has changed the user", 1, v, ids...); u[3].Status != "b" {
			t.Errorf("the status is %q", u[3].Status)
		}
		v = change(here, "c", ids[5])
		expect("this node has changed another user", 0, v, ids[:4]...)

		// Another node publishes its changes: the cache applies them one after the other.
		apply := func(changes []broker.ProfileChange) { cache.Apply(0, changes) }
		publish = apply
		change(there, "d", ids[7])
		v = change(there, "e", ids[8])
		if u := expect("another node has published", 1, v, ids[7:]...); u[0].Status != "d" ||
			u[1].Status != "e" {
			t.Errorf("the statuses are %q and %q", u[0].Status, u[1].Status)
		}
		publish = func([]broker.ProfileChange) {}
		v = change(there, "again", ids[9])
		change(there, "and again", ids[9])
		u := expect("the user has changed again since the version", 2, v, ids[9:]...)
		if u[0].Status != "and again" {
			t.Errorf("the status is %q", u[0].Status)
		}
		change(there, "f", ids[8])
		publish = apply
		v = change(there, "g", ids[8])
		if u := expect("a publication was lost", 2, v, ids[8:]...); u[0].Status != "g" {
			t.Errorf("the status is %q", u[0].Status)
		}
		publish = func(changes []broker.ProfileChange) { cache.Apply(1, changes) }
		v = change(there, "h", ids[8])
		expect("a publication is of another generation", 2, v, ids[8:]...)
	})
}

// TestProfilesChangedBySQL: caches find what an application has changed by the statements of
// docs/adr/0012-profile-versions.md.
func TestProfilesChangedBySQL(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, url string) {
		c := newNode(t, url)
		ids := inShards(t, c)
		if _, err := c.Users(t.Context(), ids); err != nil {
			t.Fatal(err)
		}
		if err := c.writes.Tx(t.Context(), retry.Once, func(byHand *write.Tx) error {
			for _, statement := range []string{
				`UPDATE profile_versions SET version = version + 1`,
				`UPDATE users SET status = 'by hand',
					changed = (SELECT version FROM profile_versions WHERE shard = 0)`,
			} {
				if _, err := byHand.ExecContext(t.Context(), statement); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			users, err := c.Users(t.Context(), []string{id})
			if err != nil || users[id].Status != "by hand" {
				t.Errorf("%s is cached as %v (%v)", id, users[id], err)
			}
		}
	})
}

// TestProfileChangesAreCommitted: a transaction whose commit fails publishes no profile change. Its
// version will belong to another change.
func TestProfileChangesAreCommitted(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, url string) {
		var published []broker.ProfileChange
		publish := func(changes []broker.ProfileChange) { published = append(published, changes...) }
		c, _ := publishingNode(t, url, nil,
			publishing(func(changes []broker.ProfileChange) { publish(changes) }))
		ids := inShards(t, c)
		err := c.writes.Tx(t.Context(), retry.Once, func(open *write.Tx) error {
			if err := open.BumpProfiles(t.Context(), ids[:2]); err != nil {
				return err
			}
			return open.Rollback()
		})
		if err == nil || len(published) > 0 {
			t.Errorf("%v, and %v are published", err, published)
		}
		if err := setStatus(t.Context(), c, "x", ids[1]); err != nil {
			t.Fatal(err)
		}
		want := broker.ProfileChange{Shard: 1, From: 1, To: 2, UserIDs: ids[1:2]}
		if len(published) != 1 || fmt.Sprint(published[0]) != fmt.Sprint(want) {
			t.Errorf("published %v, want %v", published, want)
		}
		publish = func([]broker.ProfileChange) { panic("a publisher that fails") }
		if err := setStatus(t.Context(), c, "y", ids[1]); err != nil {
			t.Errorf("a publisher that panics fails the change: %v", err)
		}
	})
}

// TestProfilesAreNotOlderThanShown has users change on three nodes that publish to each other over
// a network that loses, doubles and delays. Readers on all nodes that have been shown a profile
// version get no profile that is older.
func TestProfilesAreNotOlderThanShown(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, url string) {
		const nodes, users, writers, readers, changes = 3, 30, 4, 6, 40
		var all [nodes]*Chat
		var caches [nodes]*profiles.Users
		var mu sync.Mutex
		var delayed [][]broker.ProfileChange
		for i := range all {
			all[i], caches[i] = publishingNode(
				t,
				url,
				nil,
				publishing(func(changes []broker.ProfileChange) {
					mu.Lock()
					defer mu.Unlock()
					if delayed = append(delayed, changes); rand.N(3) == 0 {
						return
					}
					for range rand.N(4) { // none: lost
						for j, other := range caches {
							if i != j {
								other.Apply(0, delayed[rand.N(len(delayed))])
							}
						}
					}
					delayed = delayed[max(0, len(delayed)-8):]
				}),
			)
		}
		ids := make([]string, users)
		for i := range ids {
			ids[i] = fmt.Sprint("user-", i)
		}
		if err := setStatus(t.Context(), all[0], "0", ids...); err != nil {
			t.Fatal(err)
		}
		// A user's status is a number, which one writer raises. committed is what is in the
		// database.
		var committed [users]atomic.Int64
		var writing, reading sync.WaitGroup
		for w := range writers {
			writing.Go(func() {
				for n := range int64(changes) {
					var chosen []int
					for i := w; i < users; i += writers {
						if rand.N(4) == 0 {
							chosen = append(chosen, i)
						}
					}
					if len(chosen) == 0 {
						continue
					}
					var names []string
					for _, i := range chosen {
						names = append(names, ids[i])
					}
					status := fmt.Sprint(n + 1)
					if err := setStatus(
						t.Context(),
						all[rand.N(nodes)],
						status,
						names...); err != nil {
						t.Error(err)
						return
					}
					for _, i := range chosen {
						committed[i].Store(n + 1)
					}
				}
			})
		}
		done := make(chan struct{})
		for range readers {
			reading.Go(func() {
				for running := true; running; {
					select {
					case <-done:
						running = false // one last time
					default:
					}
					var least [users]int64
					for i := range least {
						least[i] = committed[i].Load()
					}
					shown, err := profiles.ReadNow(t.Context(), all[rand.N(nodes)].db)
					if err != nil {
						t.Error(err)
						return
					}
					seen := least // what a reader has seen is not taken back at the present version
					for range 4 {
						at, atLeast := shown, &least
						if rand.N(2) == 0 {
							at, atLeast = profiles.Version{}, &seen
						}
						got, err := all[rand.N(nodes)].UsersAt(t.Context(), at, ids)
						if err != nil {
							t.Error(err)
							return
						}
						for i, u := range got {
							n, err := strconv.ParseInt(u.Status, 10, 64)
							if err != nil || n < atLeast[i] {
								t.Errorf("%s is at %q, and was at %d", ids[i], u.Status, atLeast[i])
								return
							}
							seen[i] = max(seen[i], n)
						}
					}
				}
			})
		}
		writing.Wait()
		close(done)
		reading.Wait()
	})
}

// publishing is a publisher that passes on profile changes.
type publishing func([]broker.ProfileChange)

func (f publishing) Publish(p broker.Publication) {
	if len(p.Profiles) > 0 {
		f(p.Profiles)
	}
}

func (publishing) Follows(uuid.UUID) bool { return false }

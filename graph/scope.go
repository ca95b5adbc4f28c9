package graph

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/friendship"
	"parley/internal/chat"
	"parley/internal/live"
)

// scope is what the resolvers of one response share: what they have loaded, and how recent it has
// to be. It lives for one query, one field of a mutation, or one event, whose responses share it.
type scope struct {
	// loads counts loads that were begun and that have ended.
	begun, ended atomic.Int64
	// version is the profile version that the viewer has been shown.
	versionMu sync.Mutex
	version   chat.ProfileVersion
	// peers returns the users for whom the same will be loaded as for a user: those who follow an
	// event in responses of their own.
	peers func(user string) []string

	// loadUsers returns users in the order of their ids. A query needs no cache of its own beside
	// the node's; the executions for an event share users.
	loadUsers func(ctx context.Context, ids []string) ([]*ent.User, error)
	users     cache[string, *ent.User]
	rooms     cache[uuid.UUID, *ent.Room]
	// storedRooms and storedMessages are whole, in place of those that were published in part.
	storedRooms    cache[uuid.UUID, *ent.Room]
	storedMessages cache[chat.MessageID, *ent.Message]
	tags           cache[*ent.Room, []string]
	members        cache[membersKey, chat.Page[*ent.Member]]
	bans           cache[bansKey, chat.Page[*ent.Ban]]
	latest         cache[*ent.Room, *ent.Message]
	messages       cache[chat.MessageID, *ent.Message]
	lists          cache[listKey, chat.Messages]
	reactions      cache[chat.MessageID, []chat.ReactionCount]
	memberships    cache[chat.Own[uuid.UUID], *chat.Membership]
	subjects       cache[chat.Own[uuid.UUID], *chat.Membership] // of the users that events are about
	arrivals       cache[uuid.UUID, *ent.Room]                  // the room of a RoomCreated
	own            cache[chat.Own[chat.MessageID], []string]
	friendships    cache[chat.Own[string], friendship.State]
}

// listKey is a part of a list of messages.
type listKey struct {
	list   chat.List
	window chat.Window
}

// membersKey is a page of a room's members; the zero position is the beginning.
type membersKey struct {
	room  *ent.Room
	first int
	from  chat.Position
}

// bansKey is a page of a room's bans; the zero place is the beginning.
type bansKey struct {
	room  uuid.UUID
	first int
	from  chat.Place
}

type scopeKey struct{}

// withScope gives ctx a scope: a new one, or that of the event that is shown.
func (r *Resolver) withScope(ctx context.Context) context.Context {
	s, ok := ctx.Value(sourceKey{}).(*scope)
	if !ok {
		s = r.newScope()
	}
	return context.WithValue(ctx, scopeKey{}, s)
}

func scopeOf(ctx context.Context) *scope {
	return ctx.Value(scopeKey{}).(*scope) //nolint:errcheck // every operation runs behind withScope
}

// scopeAt returns a scope for an event of a topic, which several users may see in responses of
// their own.
func (r *Resolver) scopeAt(topic live.Topic) *scope {
	s := r.newScope()
	s.loadUsers = func(ctx context.Context, ids []string) ([]*ent.User, error) { return s.users.many(ctx, ids, nil) }
	var first atomic.Pointer[string]
	s.peers = func(user string) []string {
		// A reader of history shares its events with nobody: peers count from the second user on.
		if first.CompareAndSwap(nil, &user) || *first.Load() == user {
			return nil
		}
		return r.audience.beside(topic, user)
	}
	return s
}

// scopeOfEvent is the scope that all executions for an event share. It knows what was read with the
// event.
func (r *Resolver) scopeOfEvent(e *chat.Event) *scope {
	shared, ok := e.Share(func() any {
		s := r.scopeAt(live.Room(e.Room))
		if e.About != nil {
			s.rooms.put(e.About.ID, e.About)
		}
		if e.Who != nil {
			s.users.put(e.Who.ID, e.Who)
		}
		s.shown(e.Profiles)
		if e.Member != nil {
			member := chat.Own[uuid.UUID]{Person: e.Subject, Of: e.Room}
			s.subjects.put(member, &chat.Membership{Member: e.Member})
		}
		if e.Who == nil && e.Kind == chat.KindMessageAdded {
			s.reactions.put(messageID(e.Message), nil) // it was just added
		}
		if e.Message != nil {
			s.messages.put(messageID(e.Message), e.Message)
		}
		return s
	}).(*scope)
	if !ok {
		panic("an event shares something else than a scope")
	}
	return shared
}

func (r *Resolver) newScope() *scope {
	s := &scope{peers: func(string) []string { return nil }}
	s.loadUsers = func(ctx context.Context, ids []string) ([]*ent.User, error) {
		return r.chat.UsersAt(ctx, s.profileVersion(), ids)
	}
	s.users.load = s.loadUsers // not counted: everybody may see every profile at any time
	s.rooms.load = counted(s, byKey(r.chat.RoomsByID))
	s.storedRooms.load = counted(s, byKey(r.chat.RoomsByID))
	s.storedMessages.load = counted(s, byKey(r.chat.MessagesByID))
	s.tags.load = counted(s, r.chat.TagsOf)
	s.members.load = counted(s, r.loadMembers)
	s.bans.load = counted(s, r.loadBans)
	s.latest.load = func(ctx context.Context, rooms []*ent.Room) ([]*ent.Message, error) {
		return r.loadLatest(ctx, s, rooms)
	}
	s.messages.load = counted(s, byKey(r.chat.MessagesByID))
	s.lists.load = counted(s, r.loadLists)
	s.reactions.load = counted(s, byKey(r.chat.Reactions))
	s.memberships.load = counted(s, byKey(ownBy(r.chat.Memberships)))
	s.subjects.load = counted(s, byKey(ownBy(r.chat.Memberships)))
	s.own.load = counted(s, byKey(ownBy(r.chat.OwnReactions)))
	s.friendships.load = counted(s, byKey(ownBy(r.chat.Friendships)))
	return s
}

// counted counts the calls of a loader.
func counted[K, V any](
	s *scope, load func(context.Context, []K) ([]V, error),
) func(context.Context, []K) ([]V, error) {
	return func(ctx context.Context, keys []K) ([]V, error) {
		s.begun.Add(1)
		defer s.ended.Add(1)
		return load(ctx, keys)
	}
}

// loaded returns how many loads there have been; settled is false while one is running.
func (s *scope) loaded() (n int64, settled bool) {
	ended := s.ended.Load()
	return ended, ended == s.begun.Load()
}

// byKey returns the values of a map in the order of the keys.
func byKey[K comparable, V any](
	load func(context.Context, []K) (map[K]V, error),
) func(context.Context, []K) ([]V, error) {
	return func(ctx context.Context, keys []K) ([]V, error) {
		found, err := load(ctx, keys)
		if err != nil {
			return nil, err
		}
		values := make([]V, len(keys))
		for i, key := range keys {
			values[i] = found[key]
		}
		return values, nil
	}
}

// ownBy loads what users have for themselves, for all users and objects of the keys together.
func ownBy[K comparable, V any](
	load func(ctx context.Context, users []string, of []K) (map[chat.Own[K]]V, error),
) func(context.Context, []chat.Own[K]) (map[chat.Own[K]]V, error) {
	return func(ctx context.Context, keys []chat.Own[K]) (map[chat.Own[K]]V, error) {
		var users []string
		var of []K
		for _, key := range keys {
			users, of = append(users, key.Person), append(of, key.Of)
		}
		return load(ctx, distinct(users), distinct(of))
	}
}

// distinct returns each of values once, in their order.
func distinct[T comparable](values []T) []T {
	seen := make(map[T]bool, len(values))
	return slices.DeleteFunc(values, func(v T) bool {
		before := seen[v]
		seen[v] = true
		return before
	})
}

// viewersOwn loads what the viewer has for themselves of each of keys; for the viewer's peers it
// loads the same at once.
func viewersOwn[K comparable, V any](
	ctx context.Context, s *scope, c *cache[chat.Own[K], V], keys []K,
) ([]V, error) {
	v, err := viewer(ctx)
	if err != nil {
		return nil, err
	}
	wanted := make([]chat.Own[K], len(keys))
	for i, key := range keys {
		wanted[i] = chat.Own[K]{Person: v.ID, Of: key}
	}
	return c.many(ctx, wanted, func(missing []chat.Own[K]) []chat.Own[K] {
		for _, user := range s.peers(v.ID) {
			for _, key := range slices.Clone(missing) {
				if key.Person == v.ID {
					missing = append(missing, chat.Own[K]{Person: user, Of: key.Of})
				}
			}
		}
		return missing
	})
}

// saw primes the scope with rooms that the viewer has been authorized to see.
func (s *scope) saw(v chat.Viewer, rooms ...chat.Seen) {
	for _, room := range rooms {
		s.memberships.put(chat.Own[uuid.UUID]{Person: v.ID, Of: room.ID}, room.By)
		s.rooms.put(room.ID, room.Room) // a response shows a room as it is at one moment
		s.shown(room.Profiles)
	}
}

// shown notes the profile version that the viewer has been shown: nothing older may follow.
func (s *scope) shown(at chat.ProfileVersion) {
	s.versionMu.Lock()
	defer s.versionMu.Unlock()
	s.version = s.version.Merge(at)
}

func (s *scope) profileVersion() chat.ProfileVersion {
	s.versionMu.Lock()
	defer s.versionMu.Unlock()
	return s.version
}

// roomsOf are the rooms that the viewer has been authorized to see.
func roomsOf(seen []chat.Seen) []*ent.Room {
	rooms := make([]*ent.Room, len(seen))
	for i := range seen {
		rooms[i] = seen[i].Room
	}
	return rooms
}

func messageID(m *ent.Message) chat.MessageID { return chat.MessageID{Room: m.RoomID, Seq: m.Seq} }

// loadMembers loads the same page of the members of several rooms.
func (r *Resolver) loadMembers(
	ctx context.Context,
	keys []membersKey,
) ([]chat.Page[*ent.Member], error) {
	page := keys[0] // the keys of a call differ in their room only
	rooms := make([]*ent.Room, len(keys))
	for i, key := range keys {
		rooms[i] = key.room
	}
	if page.from == (chat.Position{}) {
		return r.chat.MembersOf(ctx, rooms, page.first)
	}
	ids := make([]uuid.UUID, len(rooms))
	for i, room := range rooms {
		ids[i] = room.ID
	}
	return byKey(
		func(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]chat.Page[*ent.Member], error) {
			return r.chat.Members(ctx, distinct(slices.Clone(ids)), page.first, &page.from)
		},
	)(
		ctx,
		ids,
	)
}

// loadBans loads the same page of the bans of several rooms.
func (r *Resolver) loadBans(ctx context.Context, keys []bansKey) ([]chat.Page[*ent.Ban], error) {
	page := keys[0] // the keys of a call differ in their room only
	var after *chat.Place
	if page.from != (chat.Place{}) {
		after = &page.from
	}
	ids := make([]uuid.UUID, len(keys))
	for i, key := range keys {
		ids[i] = key.room
	}
	return byKey(
		func(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]chat.Page[*ent.Ban], error) {
			return r.chat.Bans(ctx, ids, page.first, after)
		},
	)(
		ctx,
		ids,
	)
}

// loadLists loads the same part of several lists of messages.
func (r *Resolver) loadLists(ctx context.Context, keys []listKey) ([]chat.Messages, error) {
	window := keys[0].window // the keys of a call differ in their list only
	lists := make([]chat.List, len(keys))
	for i, key := range keys {
		lists[i] = key.list
	}
	return byKey(func(ctx context.Context, lists []chat.List) (map[chat.List]chat.Messages, error) {
		return r.chat.Messages(ctx, lists, window)
	})(ctx, lists)
}

// loadLatest loads the latest messages of rooms that have some.
func (r *Resolver) loadLatest(
	ctx context.Context,
	s *scope,
	rooms []*ent.Room,
) ([]*ent.Message, error) {
	latest := make([]*ent.Message, len(rooms))
	var missing []*ent.Room
	var places []int
	for i, room := range rooms {
		var ok bool
		if latest[i], ok = s.messages.known(
			chat.MessageID{Room: room.ID, Seq: room.LatestSeq},
		); !ok {
			missing, places = append(missing, room), append(places, i)
		}
	}
	if len(missing) == 0 {
		return latest, nil
	}
	loaded, err := counted(s, r.chat.LatestMessages)(ctx, missing)
	if err != nil {
		return nil, err
	}
	for i, place := range places {
		latest[place] = loaded[i]
	}
	return latest, nil
}

// cache has values by key, each loaded once. It is safe for concurrent use; the zero value needs
// load to be set. What could not be loaded is loaded again for the next caller.
type cache[K comparable, V any] struct {
	// load returns the values of keys in their order.
	load func(ctx context.Context, keys []K) ([]V, error)
	// loading is held while load runs, so that concurrent callers find what the first one loads.
	loading semaphore

	mu sync.Mutex
	// places are where keys have their values; a place at the end of values or behind it is that of
	// a key that is being loaded.
	places map[K]int
	values []V
}

// many returns the values of keys in their order. It loads those that are missing at once; more, if
// not nil, may add keys to them.
func (c *cache[K, V]) many(ctx context.Context, keys []K, more func([]K) []K) ([]V, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	out := make([]V, len(keys))
	if c.find(keys, out) {
		return out, nil
	}
	if err := c.loading.acquire(ctx); err != nil {
		return nil, err
	}
	defer c.loading.release()
	missing := c.claim(nil, keys)
	if more != nil && len(missing) > 0 {
		missing = c.claim(missing, more(missing))
	}
	if len(missing) > 0 {
		if err := c.loadMissing(ctx, missing); err != nil {
			return nil, err
		}
	}
	c.find(keys, out)
	return out, nil
}

// find puts the values of keys into out, and reports whether all are there.
func (c *cache[K, V]) find(keys []K, out []V) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.values) == 0 {
		return false
	}
	for i, key := range keys {
		at, ok := c.places[key]
		if !ok || at >= len(c.values) {
			return false
		}
		out[i] = c.values[at]
	}
	return true
}

// claim gives places to those of keys that have none, and appends them to missing. The caller holds
// loading and loads them.
func (c *cache[K, V]) claim(missing, keys []K) []K {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.places == nil {
		c.places = make(map[K]int, len(keys))
	}
	for _, key := range keys {
		if _, ok := c.places[key]; !ok {
			c.places[key] = len(c.values) + len(missing)
			missing = append(missing, key)
		}
	}
	return missing
}

// loadMissing loads the values of claimed keys, or takes their places back.
func (c *cache[K, V]) loadMissing(ctx context.Context, missing []K) (err error) {
	failed := true // also if load panics
	defer func() {
		if failed {
			c.mu.Lock()
			defer c.mu.Unlock()
			for _, key := range missing {
				delete(c.places, key)
			}
		}
	}()
	loaded, err := c.load(ctx, missing)
	if err != nil {
		return err
	}
	failed = false
	c.mu.Lock()
	defer c.mu.Unlock()
	c.values = append(c.values, loaded...)
	return nil
}

// known returns a value that is there.
func (c *cache[K, V]) known(key K) (value V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.places[key]
	if !ok || at >= len(c.values) {
		return value, false
	}
	return c.values[at], true
}

// put adds a value that has come into the response in another way, unless there is one, or values
// are being loaded.
func (c *cache[K, V]) put(key K, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.places == nil {
		c.places = make(map[K]int)
	}
	if _, ok := c.places[key]; !ok && len(c.places) == len(c.values) {
		c.places[key] = len(c.values)
		c.values = append(c.values, value)
	}
}

// semaphore admits one holder. The zero value is free.
type semaphore struct {
	once sync.Once
	ch   chan struct{}
}

func (s *semaphore) acquire(ctx context.Context) error {
	s.once.Do(func() { s.ch = make(chan struct{}, 1) })
	select {
	case s.ch <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *semaphore) release() { <-s.ch }

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
	"parley/internal/chat/profiles"
	"parley/internal/chat/read"
	"parley/internal/chat/roomlog"
	"parley/internal/live"
)

// scope is what the resolvers of one response share: what they have loaded, and how recent it has
// to be. It lives for one query, one field of a mutation, or one event, whose responses share it.
type scope struct {
	chat *chat.Chat
	// loadsStarted and loadsEnded count loads.
	loadsStarted, loadsEnded atomic.Int64
	// version is the newest profile version in what the viewer has received.
	versionMu sync.Mutex
	version   profiles.Version
	// peers, set for an event, returns the users that need the same as a user does: those that
	// receive the event in responses of their own.
	peers func(user string) []string

	// created, set for a RoomCreated, is what its publication carries. visible is the room after so
	// many loads, nil if the subscribers may not see it.
	created *roomlog.RoomCommit
	visible cache[int64, *ent.Room]

	// about, set for an event, returns the room that was published or read with it, or nil. Most
	// responses do not show it: so it is decoded when a room is asked for first.
	about     func() *ent.Room
	aboutRoom sync.Once

	users cache[string, *ent.User] // of an event; a query finds them in the node's cache
	rooms cache[uuid.UUID, *ent.Room]
	// storedRooms and storedMessages are whole, in place of those that were published in part.
	storedRooms    cache[uuid.UUID, *ent.Room]
	storedMessages cache[roomlog.MessageID, *ent.Message]
	tags           cache[*ent.Room, []string]
	members        cache[pageKey[*ent.Room], read.Page[*ent.Member]]
	bans           cache[pageKey[uuid.UUID], read.Page[*ent.Ban]]
	messages       cache[roomlog.MessageID, *ent.Message]
	lists          cache[listKey, read.Messages]
	reactions      cache[roomlog.MessageID, []read.ReactionCount]
	memberships    cache[read.ViewerKey[uuid.UUID], *read.Membership]
	subjects       cache[read.ViewerKey[uuid.UUID], *read.Membership] // of the users that events are about
	own            cache[read.ViewerKey[roomlog.MessageID], []string]
	friendships    cache[read.ViewerKey[string], friendship.State]
}

// pageKey is a page of a list: whose, how long, and behind which cursor.
type pageKey[K comparable] struct {
	of    K
	first int
	after string
}

func (k pageKey[K]) owner() K { return k.of }

// pageKeys are the same page of the lists of several objects.
func pageKeys[K comparable](of []K, first int, after *string) []pageKey[K] {
	page := pageKey[K]{first: first}
	if after != nil {
		page.after = *after
	}
	return mapSlice(of, func(owner K) pageKey[K] {
		page.of = owner
		return page
	})
}

// listKey is a part of a list of messages.
type listKey struct {
	list   read.List
	window read.Window
}

type scopeKey struct{}

// withScope gives ctx a new scope.
func (r *Resolver) withScope(ctx context.Context) context.Context {
	return inScope(ctx, &scope{chat: r.chat})
}

func inScope(ctx context.Context, s *scope) context.Context {
	return context.WithValue(ctx, scopeKey{}, s)
}

func scopeOf(ctx context.Context) *scope {
	return ctx.Value(scopeKey{}).(*scope) //nolint:errcheck // every operation runs behind withScope
}

// newScopeAt returns a scope for an event of a topic, which several users may see in responses of
// their own.
func (r *Resolver) newScopeAt(topic live.Topic) *scope {
	var first atomic.Pointer[string]
	return &scope{chat: r.chat, peers: func(user string) []string {
		// A reader of history does not share its events: peers count from the second user on.
		if first.CompareAndSwap(nil, &user) || *first.Load() == user {
			return nil
		}
		return r.viewers.peers(topic, user)
	}}
}

// newEventScope is the scope that all executions for an event share. It knows what was read with
// the event.
func (r *Resolver) newEventScope(e *roomlog.Event) *scope {
	shared, ok := e.Share(func() any {
		s := r.newScopeAt(live.Room(e.Room))
		s.about = e.RoomState
		if e.User != nil {
			s.users.put(e.User.ID, e.User)
		}
		s.raiseVersion(e.Profiles)
		if e.Member != nil {
			member := read.ViewerKey[uuid.UUID]{UserID: e.Subject, Key: e.Room}
			s.subjects.put(member, &read.Membership{Member: e.Member})
		}
		if e.User == nil && e.Kind == roomlog.KindMessageAdded {
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

// countLoads counts the calls of a loader.
func countLoads[K, V any](s *scope, load loader[K, V]) loader[K, V] {
	return func(ctx context.Context, keys []K) ([]V, error) {
		s.loadsStarted.Add(1)
		defer s.loadsEnded.Add(1)
		return load(ctx, keys)
	}
}

// loadCount returns the number of loads; settled is false while one is running.
func (s *scope) loadCount() (n int64, settled bool) {
	ended := s.loadsEnded.Load()
	return ended, ended == s.loadsStarted.Load()
}

// loadByKey is countLoads for a loader that returns a map.
func loadByKey[K comparable, V any](
	s *scope, load func(context.Context, []K) (map[K]V, error),
) loader[K, V] {
	return countLoads(s, func(ctx context.Context, keys []K) ([]V, error) {
		found, err := load(ctx, keys)
		return mapSlice(keys, func(key K) V { return found[key] }), err
	})
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

// loadForViewer loads what the viewer has for themselves of each of keys. If some is missing it
// loads the same for the viewer's peers at once.
func loadForViewer[K comparable, V any](
	ctx context.Context, c *cache[read.ViewerKey[K], V], keys []K,
	load func(ctx context.Context, users []string, of []K) (map[read.ViewerKey[K]]V, error),
) ([]V, error) {
	v, err := viewer(ctx)
	if err != nil {
		return nil, err
	}
	s := scopeOf(ctx)
	wanted := make([]read.ViewerKey[K], 0, len(keys))
	add := func(user string) {
		for _, key := range keys {
			wanted = append(wanted, read.ViewerKey[K]{UserID: user, Key: key})
		}
	}
	add(v.ID)
	if values := make([]V, len(keys)); c.getLoaded(wanted, values) {
		return values, nil
	}
	if s.peers != nil {
		for _, user := range s.peers(v.ID) {
			add(user)
		}
	}
	values, err := c.getMany(ctx, wanted, loadForUsers(s, load))
	if err != nil {
		return nil, err
	}
	return values[:len(keys)], nil
}

// loadForUsers loads what users have for themselves, for all users and objects of the keys
// together.
func loadForUsers[K comparable, V any](
	s *scope,
	load func(ctx context.Context, users []string, of []K) (map[read.ViewerKey[K]]V, error),
) loader[read.ViewerKey[K], V] {
	return loadByKey(
		s,
		func(ctx context.Context, keys []read.ViewerKey[K]) (map[read.ViewerKey[K]]V, error) {
			users := mapSlice(keys, func(key read.ViewerKey[K]) string { return key.UserID })
			of := mapSlice(keys, func(key read.ViewerKey[K]) K { return key.Key })
			return load(ctx, distinct(users), distinct(of))
		},
	)
}

// prime puts rooms that the viewer has been authorized to see into the scope.
func (s *scope) prime(v chat.Viewer, rooms ...read.ViewedRoom) {
	s.putEventRoom()
	for _, room := range rooms {
		s.memberships.put(read.ViewerKey[uuid.UUID]{UserID: v.ID, Key: room.ID}, room.Membership)
		s.rooms.put(room.ID, room.Room) // a response shows a room as it is at one moment
		s.raiseVersion(room.Profiles)
	}
}

// raiseVersion notes a profile version that the viewer receives: nothing older may follow.
func (s *scope) raiseVersion(at profiles.Version) {
	s.versionMu.Lock()
	defer s.versionMu.Unlock()
	s.version = s.version.Merge(at)
}

func (s *scope) profileVersion() profiles.Version {
	s.versionMu.Lock()
	defer s.versionMu.Unlock()
	return s.version
}

// loadUsersByID loads users.
func (s *scope) usersByID(ctx context.Context, ids []string) ([]*ent.User, error) {
	load := func(ctx context.Context, ids []string) ([]*ent.User, error) {
		return s.chat.UsersAt(ctx, s.profileVersion(), ids)
	}
	if s.peers == nil {
		return load(ctx, ids)
	}
	return s.users.getMany(
		ctx,
		ids,
		load,
	) // not counted: every user may see every profile at any time
}

// putEventRoom puts the room of the scope's event into the cache, before any other version of it.
func (s *scope) putEventRoom() {
	if s.about == nil {
		return
	}
	s.aboutRoom.Do(func() {
		if room := s.about(); room != nil {
			s.rooms.put(room.ID, room)
		}
	})
}

// roomsByID loads rooms.
func (s *scope) roomsByID(ctx context.Context, ids []uuid.UUID) ([]*ent.Room, error) {
	s.putEventRoom()
	return s.rooms.getMany(ctx, ids, loadByKey(s, s.chat.RoomsByID))
}

func messageID(m *ent.Message) roomlog.MessageID {
	return roomlog.MessageID{Room: m.RoomID, Seq: m.Seq}
}

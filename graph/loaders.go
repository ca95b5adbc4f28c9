package graph

import (
	"context"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/friendship"
	"parley/internal/chat"
	"parley/internal/live"
)

// loaders load what nested fields ask for in batches. They remember what they have loaded, so they live for one
// response: a query, one field of a mutation, or one event, of which all responses share them.
type loaders struct {
	loads loads
	// told is one above what the clock of people showed when the viewer saw rooms; 0: it was not looked at.
	told atomic.Int64
	// beside returns for whom the same will be asked as for a person: those who each see an event in a response of their own.
	beside func(person string) []string

	// Which rooms, people and messages have come into the response together, and which messages were named together.
	rooms    siblings[uuid.UUID]
	people   siblings[string]
	messages siblings[chat.MessageID]
	named    siblings[chat.MessageID]

	users        batch[string, *ent.User]
	roomsByID    batch[uuid.UUID, *ent.Room]
	tags         batch[uuid.UUID, []string]
	members      batch[membersKey, chat.Page[*ent.Member]]
	bans         batch[bansKey, chat.Page[*ent.Ban]]
	friendships  batch[chat.Own[string], friendship.State]
	memberships  batch[chat.Own[uuid.UUID], *chat.Membership]
	subjects     batch[chat.Own[uuid.UUID], *chat.Membership] // of whom an event is about
	arrivals     batch[uuid.UUID, *ent.Room]                  // the room of an arrival
	messagesByID batch[chat.MessageID, *ent.Message]
	lists        batch[listKey, chat.Messages]
	reactions    batch[chat.MessageID, []chat.ReactionCount]
	own          batch[chat.Own[chat.MessageID], []string]
}

// listKey is a part of a list of messages.
type listKey struct {
	list   chat.List
	window chat.Window
}

// membersKey is a page of a room's members.
type membersKey struct {
	room  uuid.UUID
	first int
	from  chat.Position // the zero position: from the beginning
}

func newMembersKey(room uuid.UUID, first int, from *chat.Position) membersKey {
	key := membersKey{room: room, first: first}
	if from != nil {
		key.from = *from
	}
	return key
}

// bansKey is a page of those who are banned from a room.
type bansKey struct {
	room  uuid.UUID
	first int
	from  chat.Place // the zero place: from the beginning
}

func newBansKey(room uuid.UUID, first int, from *chat.Place) bansKey {
	key := bansKey{room: room, first: first}
	if from != nil {
		key.from = *from
	}
	return key
}

type loadersKey struct{}

// withLoaders gives ctx loaders: of its own, or where an event is shown those that belong to it, which know from the start
// what was read with it.
func (r *Resolver) withLoaders(ctx context.Context) context.Context {
	l, ok := ctx.Value(sourceKey{}).(*loaders)
	if !ok {
		l = r.newLoaders()
	}
	return context.WithValue(ctx, loadersKey{}, l)
}

// loadersAt returns loaders for an event of a topic, which several users may see in responses of their own.
func (r *Resolver) loadersAt(topic live.Topic) *loaders {
	l := r.newLoaders()
	var first atomic.Pointer[string]
	l.beside = func(person string) []string {
		// Whoever reads history shares its events with nobody: others are thought of when the second one asks.
		if first.CompareAndSwap(nil, &person) || *first.Load() == person {
			return nil
		}
		return r.audience.beside(topic, person)
	}
	return l
}

// loadersOf returns the loaders that all executions for an event share.
func (r *Resolver) loadersOf(e *chat.Event) *loaders {
	l, ok := e.Share(func() any {
		l := r.loadersAt(live.Room(e.Room))
		l.came(e.About)
		if e.Who != nil {
			l.users.put(e.Who.ID, e.Who)
		}
		if e.Message != nil {
			l.messagesByID.put(messageID(e.Message), e.Message)
			l.cameMessages([]*ent.Message{e.Message})
		}
		return l
	}).(*loaders)
	if !ok {
		panic("somebody else shares something at an event")
	}
	return l
}

func loadersFrom(ctx context.Context) *loaders {
	return ctx.Value(loadersKey{}).(*loaders) //nolint:errcheck // every operation runs behind withLoaders
}

func (r *Resolver) newLoaders() *loaders {
	l := &loaders{beside: func(string) []string { return nil }}
	l.users.use(&l.loads, l.people.of, func(ctx context.Context, ids []string) (map[string]*ent.User, error) {
		return r.chat.UsersAt(ctx, l.clock(), ids)
	})
	l.tags.use(&l.loads, l.rooms.of, r.chat.Tags)
	l.roomsByID.use(&l.loads, l.rooms.of, func(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]*ent.Room, error) {
		rooms, err := r.chat.RoomsByID(ctx, ids)
		l.came(slices.Collect(maps.Values(rooms))...)
		return rooms, err
	})
	l.messagesByID.use(&l.loads, l.named.of, func(ctx context.Context, ids []chat.MessageID) (map[chat.MessageID]*ent.Message, error) {
		messages, err := r.chat.MessagesByID(ctx, ids)
		l.cameMessages(slices.Collect(maps.Values(messages)))
		return messages, err
	})
	l.reactions.use(&l.loads, l.messages.of, r.chat.Reactions)
	l.lists.use(&l.loads, l.listsBeside, func(ctx context.Context, keys []listKey) (map[listKey]chat.Messages, error) {
		return r.loadLists(ctx, l, keys)
	})
	l.members.use(&l.loads, l.membersBeside, func(ctx context.Context, keys []membersKey) (map[membersKey]chat.Page[*ent.Member], error) {
		return r.loadMembers(ctx, l, keys)
	})
	l.bans.use(&l.loads, l.bansBeside, func(ctx context.Context, keys []bansKey) (map[bansKey]chat.Page[*ent.Ban], error) {
		return r.loadBans(ctx, l, keys)
	})
	useOwn(l, &l.memberships, l.rooms.of, r.chat.Memberships)
	l.subjects.use(&l.loads, func(chat.Own[uuid.UUID]) []chat.Own[uuid.UUID] { return nil },
		func(
			ctx context.Context, keys []chat.Own[uuid.UUID],
		) (map[chat.Own[uuid.UUID]]*chat.Membership, error) {
			people, rooms := owned(keys)
			return r.chat.Memberships(ctx, people, rooms)
		})
	useOwn(l, &l.own, l.messages.of, r.chat.OwnReactions)
	useOwn(l, &l.friendships, l.people.of, r.chat.Friendships)
	return l
}

// useOwn has a batch load what people have for themselves, for all of them together.
func useOwn[K comparable, V any](
	l *loaders, b *batch[chat.Own[K], V], siblings func(K) []K,
	load func(ctx context.Context, people []string, of []K) (map[chat.Own[K]]V, error),
) {
	beside := func(key chat.Own[K]) (keys []chat.Own[K]) {
		of := append(siblings(key.Of), key.Of)
		for _, person := range append(l.beside(key.Person), key.Person) {
			for _, k := range of {
				keys = append(keys, chat.Own[K]{Person: person, Of: k})
			}
		}
		return keys
	}
	b.use(&l.loads, beside, func(ctx context.Context, keys []chat.Own[K]) (map[chat.Own[K]]V, error) {
		people, of := owned(keys)
		return load(ctx, people, of)
	})
}

// owned returns the people and what they own, each once.
func owned[K comparable](keys []chat.Own[K]) (people []string, of []K) {
	for _, key := range keys {
		people, of = append(people, key.Person), append(of, key.Of)
	}
	return distinct(people), distinct(of)
}

// subject loads the membership of the person that an event is about; nil if they have left since.
func subject(ctx context.Context, room uuid.UUID, person string) (*ent.Member, error) {
	m, err := loadersFrom(ctx).subjects.get(ctx, chat.Own[uuid.UUID]{Person: person, Of: room})
	if m == nil || err != nil {
		return nil, err
	}
	return m.Member, nil
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

// getOwn loads what the viewer has for themselves.
func getOwn[K comparable, V any](ctx context.Context, b *batch[chat.Own[K], V], key K) (V, error) {
	v, err := viewer(ctx)
	if err != nil {
		var none V
		return none, err
	}
	return b.get(ctx, chat.Own[K]{Person: v.ID, Of: key})
}

// membersBeside returns the same page of the members of the rooms that came together.
func (l *loaders) membersBeside(key membersKey) []membersKey {
	rooms := l.rooms.of(key.room)
	keys := make([]membersKey, len(rooms))
	for i, room := range rooms {
		keys[i] = membersKey{room: room, first: key.first, from: key.from}
	}
	return keys
}

// bansBeside returns the same page of those who are banned from the rooms that came together.
func (l *loaders) bansBeside(key bansKey) []bansKey {
	rooms := l.rooms.of(key.room)
	keys := make([]bansKey, len(rooms))
	for i, room := range rooms {
		keys[i] = bansKey{room: room, first: key.first, from: key.from}
	}
	return keys
}

// saw tells the loaders which rooms the viewer has seen, as what, and when.
func (l *loaders) saw(v chat.Viewer, rooms ...chat.Seen) {
	for _, room := range rooms {
		l.memberships.put(chat.Own[uuid.UUID]{Person: v.ID, Of: room.ID}, room.By)
		l.heard(room.People)
	}
	l.came(roomsOf(rooms)...)
}

// heard tells the loaders what the clock of people showed when the viewer was told something.
func (l *loaders) heard(at chat.Clock) {
	told := int64(at) + 1
	for before := l.told.Load(); before < told && !l.told.CompareAndSwap(before, told); {
		before = l.told.Load()
	}
}

// clock is what the clock of people showed when the viewer was told something: no profile may be shown of before it.
func (l *loaders) clock() chat.Clock { return chat.Clock(l.told.Load() - 1) }

// roomsOf are the rooms that somebody has seen.
func roomsOf(seen []chat.Seen) []*ent.Room {
	rooms := make([]*ent.Room, len(seen))
	for i := range seen {
		rooms[i] = seen[i].Room
	}
	return rooms
}

// came tells the loaders which rooms have come into the response together, and with them whom and what they name.
func (l *loaders) came(rooms ...*ent.Room) {
	var ids []uuid.UUID
	var creators []string
	var latest []chat.MessageID
	for _, room := range rooms {
		l.roomsByID.put(room.ID, room) // a response shows a room as it is at one moment
		ids, creators = append(ids, room.ID), append(creators, room.CreatorID)
		if room.LatestSeq > 0 {
			latest = append(latest, chat.MessageID{Room: room.ID, Seq: room.LatestSeq})
		}
	}
	l.rooms.add(ids)
	l.people.add(creators)
	l.named.add(latest)
}

// cameMessages tells the loaders which messages have come into the response together, and with them whom and what they
// name.
func (l *loaders) cameMessages(messages []*ent.Message) {
	var ids, named []chat.MessageID
	var people []string
	var rooms []uuid.UUID
	for _, m := range messages {
		ids, rooms = append(ids, messageID(m)), append(rooms, m.RoomID)
		people = append(append(people, m.AuthorID), m.Mentions...)
		for _, seq := range []*int64{m.ReplyToSeq, m.ThreadSeq} {
			if seq != nil {
				named = append(named, chat.MessageID{Room: m.RoomID, Seq: *seq})
			}
		}
	}
	l.messages.add(ids)
	l.named.add(named)
	l.people.add(people)
	l.rooms.add(rooms)
}

func messageID(m *ent.Message) chat.MessageID { return chat.MessageID{Room: m.RoomID, Seq: m.Seq} }

// listsBeside returns the lists that will be asked for together with one: those of the rooms, or the threads of the
// messages, that came together.
func (l *loaders) listsBeside(key listKey) []listKey {
	var keys []listKey
	if key.list.Thread == 0 {
		for _, room := range l.rooms.of(key.list.Room) {
			keys = append(keys, listKey{chat.List{Room: room}, key.window})
		}
		return keys
	}
	for _, id := range l.messages.of(chat.MessageID{Room: key.list.Room, Seq: key.list.Thread}) {
		keys = append(keys, listKey{chat.List{Room: id.Room, Thread: id.Seq}, key.window})
	}
	return keys
}

// loadLists loads the same part of several lists of messages.
func (r *Resolver) loadLists(ctx context.Context, l *loaders, keys []listKey) (map[listKey]chat.Messages, error) {
	window := keys[0].window // siblings differ in their list only
	lists := make([]chat.List, len(keys))
	for i, key := range keys {
		lists[i] = key.list
	}
	found, err := r.chat.Messages(ctx, lists, window)
	if err != nil {
		return nil, err
	}
	parts := make(map[listKey]chat.Messages, len(found))
	var all []*ent.Message
	for list, part := range found {
		parts[listKey{list, window}] = part
		all = append(all, part.Items...)
	}
	l.cameMessages(all)
	return parts, nil
}

// loadMembers loads the same page of the members of several rooms.
func (r *Resolver) loadMembers(ctx context.Context, l *loaders, keys []membersKey) (map[membersKey]chat.Page[*ent.Member], error) {
	page := keys[0] // siblings differ in their room only
	var after *chat.Position
	if page.from != (chat.Position{}) {
		after = &page.from
	}
	rooms := make([]uuid.UUID, len(keys))
	for i, key := range keys {
		rooms[i] = key.room
	}
	byRoom, err := r.chat.Members(ctx, rooms, page.first, after)
	if err != nil {
		return nil, err
	}
	pages := make(map[membersKey]chat.Page[*ent.Member], len(byRoom))
	var people []string
	for room, members := range byRoom {
		page.room = room
		pages[page] = members
		for _, m := range members.Items {
			people = append(people, m.UserID)
		}
	}
	l.people.add(people)
	return pages, nil
}

// loadBans loads the same page of those who are banned from several rooms. Among the siblings may be rooms whose bans the
// viewer must not see: nobody asks for theirs.
func (r *Resolver) loadBans(ctx context.Context, l *loaders, keys []bansKey) (map[bansKey]chat.Page[*ent.Ban], error) {
	page := keys[0] // siblings differ in their room only
	var after *chat.Place
	if page.from != (chat.Place{}) {
		after = &page.from
	}
	rooms := make([]uuid.UUID, len(keys))
	for i, key := range keys {
		rooms[i] = key.room
	}
	byRoom, err := r.chat.Bans(ctx, rooms, page.first, after)
	if err != nil {
		return nil, err
	}
	pages := make(map[bansKey]chat.Page[*ent.Ban], len(byRoom))
	var people []string
	for room, bans := range byRoom {
		page.room = room
		pages[page] = bans
		for _, b := range bans.Items {
			people = append(people, b.UserID, b.ActorID)
		}
	}
	l.people.add(people)
	return pages, nil
}

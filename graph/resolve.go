package graph

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"parley/ent"
	"parley/internal/chat/read"
)

// mapSlice returns what of makes of each value.
func mapSlice[T, V any](values []T, of func(T) V) []V {
	out := make([]V, len(values))
	for i, value := range values {
		out[i] = of(value)
	}
	return out
}

// addressesOf returns the addresses of values, which are allocated together.
func addressesOf[T any](values []T) []*T {
	out := make([]*T, len(values))
	for i := range values {
		out[i] = &values[i]
	}
	return out
}

// scatterValues puts values in their places among n; the others are the zero value.
func scatterValues[V any](values []V, places []int, n int) []V {
	all := make([]V, n)
	for i, value := range values {
		all[places[i]] = value
	}
	return all
}

// errorsAt returns err as that of the objects at places among n, and of no others: those to which
// the viewer has no access are null without an error. It returns nil if err is nil.
func errorsAt(places []int, n int, err error) error {
	if err == nil {
		return nil
	}
	failed := make(graphql.BatchErrorList, n)
	for _, place := range places {
		failed[place] = err
	}
	return failed
}

// viewerMemberships are the viewer's memberships of rooms, nil outside.
func viewerMemberships(ctx context.Context, rooms []*ent.Room) ([]*read.Membership, error) {
	s := scopeOf(ctx)
	return loadForViewer(ctx, &s.memberships, mapSlice(rooms, roomID), s.chat.Memberships)
}

func roomID(room *ent.Room) uuid.UUID { return room.ID }

// membershipField is a field of rooms that depends on the viewer's membership, which is nil
// outside.
func membershipField[V any](
	ctx context.Context, rooms []*ent.Room, of func(*ent.Room, *read.Membership) V,
) ([]V, error) {
	memberships, err := viewerMemberships(ctx, rooms)
	if err != nil {
		return nil, err
	}
	values := make([]V, len(rooms))
	for i, room := range rooms {
		values[i] = of(room, memberships[i])
	}
	return values, nil
}

// loadStored returns objects as they are in the database instead of those that were published in
// part. One that is deleted since stays as it was published.
func loadStored[K comparable, V any](
	ctx context.Context, c *cache[K, *V], load loader[K, *V],
	objs []*V, key func(*V) K, published func(*V) bool,
) ([]*V, error) {
	if !slices.ContainsFunc(objs, published) {
		return objs, nil
	}
	found, err := c.getMany(ctx, mapSlice(objs, key), load)
	if err != nil {
		return nil, err
	}
	for i, obj := range objs {
		if found[i] == nil || !published(obj) {
			found[i] = obj
		}
	}
	return found, nil
}

// roomItem is an event of a room's log.
type roomItem interface{ InRoom() uuid.UUID }

// eventRooms loads the rooms of events.
func eventRooms[E roomItem](ctx context.Context, events []E) ([]*ent.Room, error) {
	return scopeOf(ctx).roomsByID(ctx, mapSlice(events, E.InRoom))
}

// subjectMemberships loads the memberships of the users that events are about; null if they have
// left since.
func subjectMemberships[E roomItem](
	ctx context.Context, events []E, user func(E) string,
) ([]*ent.Member, error) {
	s := scopeOf(ctx)
	keys := mapSlice(events, func(e E) read.ViewerKey[uuid.UUID] {
		return read.ViewerKey[uuid.UUID]{UserID: user(e), Key: e.InRoom()}
	})
	memberships, err := s.subjects.getMany(ctx, keys, loadForUsers(s, s.chat.Memberships))
	if err != nil {
		return nil, err
	}
	return mapSlice(memberships, func(m *read.Membership) *ent.Member {
		if m == nil {
			return nil
		}
		return m.Member
	}), nil
}

package graph

import (
	"context"

	"parley/ent"
	"parley/graph/bulk"
	"parley/graph/model"
	"parley/internal/chat"
)

// bulkTypes are the types of the schema as far as they are executed in bulk.
type bulkTypes struct {
	query   *bulk.Object[*asked]
	user    *bulk.Object[*ent.User]
	room    *bulk.Object[*ent.Room]
	member  *bulk.Object[*ent.Member]
	message *bulk.Object[*ent.Message]
	page    *bulk.Object[*model.PageInfo]
}

func newBulkTypes(r *Resolver) *bulkTypes {
	t := &bulkTypes{
		query:   &bulk.Object[*asked]{Name: "Query"},
		user:    &bulk.Object[*ent.User]{Name: "User", Interfaces: []string{"Node"}},
		room:    &bulk.Object[*ent.Room]{Name: "Room", Interfaces: []string{"Node"}},
		member:  &bulk.Object[*ent.Member]{Name: "RoomMember"},
		message: &bulk.Object[*ent.Message]{Name: "Message", Interfaces: []string{"Node"}},
		page:    pageInfoInBulk(),
	}
	t.user.Fields = userInBulk()
	t.member.Fields = r.memberInBulk(t)
	t.room.Fields = r.roomInBulk(t)
	t.message.Fields = r.messageInBulk(t)
	t.query.Fields = r.queryInBulk(t)
	return t
}

// text is a field that holds a string.
func text[T any](of func(T) string) bulk.Field[T] {
	return bulk.Value(func(b []byte, obj T) []byte { return bulk.String(b, of(obj)) })
}

// number is a field that holds a whole number.
func number[T any](of func(T) int64) bulk.Field[T] {
	return bulk.Value(func(b []byte, obj T) []byte { return bulk.Int(b, of(obj)) })
}

// truth is a field that holds a truth value.
func truth[T any](of func(T) bool) bulk.Field[T] {
	return bulk.Value(func(b []byte, obj T) []byte { return bulk.Bool(b, of(obj)) })
}

// optionalText is a field that holds a string or null.
func optionalText[T any](of func(T) *string) bulk.Field[T] {
	return bulk.Value(func(b []byte, obj T) []byte { return bulk.Null(b, of(obj), bulk.String) })
}

// each is a get of a field of whose object there is one in each object.
func each[T, U any](of func(T) U) func(context.Context, bulk.Args, []T) ([]U, error) {
	return func(_ context.Context, _ bulk.Args, objs []T) ([]U, error) {
		values := make([]U, len(objs))
		for i, obj := range objs {
			values[i] = of(obj)
		}
		return values, nil
	}
}

func pageInfoInBulk() *bulk.Object[*model.PageInfo] {
	return &bulk.Object[*model.PageInfo]{Name: "PageInfo", Fields: map[string]bulk.Field[*model.PageInfo]{
		"hasNextPage":     truth(func(p *model.PageInfo) bool { return p.HasNextPage }),
		"hasPreviousPage": truth(func(p *model.PageInfo) bool { return p.HasPreviousPage }),
		"startCursor":     optionalText(func(p *model.PageInfo) *string { return p.StartCursor }),
		"endCursor":       optionalText(func(p *model.PageInfo) *string { return p.EndCursor }),
	}}
}

// somebody is a field that holds a person: of is the person's id. See person.
func somebody[T any](r *Resolver, t *bulkTypes, of func(T) string) bulk.Field[T] {
	id := bulk.One(t.user, each(func(obj T) *ent.User { return &ent.User{ID: of(obj)} }))
	return bulk.Either(onlyID, id, bulk.One(t.user, func(ctx context.Context, _ bulk.Args, objs []T) ([]*ent.User, error) {
		ids := make([]string, len(objs))
		for i, obj := range objs {
			ids[i] = of(obj)
		}
		return r.chat.People(ctx, loadersFrom(ctx).clock(), ids)
	}))
}

// persons is a field that holds people: of are the people's ids.
func persons[T any](r *Resolver, t *bulkTypes, of func(T) []string) bulk.Field[T] {
	return bulk.Many(t.user, func(ctx context.Context, _ bulk.Args, objs []T) ([][]*ent.User, error) {
		var ids []string
		for _, obj := range objs {
			ids = append(ids, of(obj)...)
		}
		all, err := r.chat.People(ctx, loadersFrom(ctx).clock(), ids)
		if err != nil {
			return nil, err
		}
		lists := make([][]*ent.User, len(objs))
		for i, obj := range objs {
			n := len(of(obj))
			lists[i], all = all[:n], all[n:]
		}
		return lists, nil
	})
}

// membershipsOf are the viewer's places in rooms; nil where they are outside.
func membershipsOf(ctx context.Context, rooms []*ent.Room) ([]*chat.Membership, error) {
	memberships := make([]*chat.Membership, len(rooms))
	for i, room := range rooms {
		var err error
		if memberships[i], err = getOwn(ctx, &loadersFrom(ctx).memberships, room.ID); err != nil {
			return nil, err
		}
	}
	return memberships, nil
}

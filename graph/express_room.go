package graph

import (
	"context"

	"parley/ent"
	"parley/graph/bulk"
	"parley/graph/model"
	"parley/internal/chat"
)

func (r *Resolver) queryInBulk(t *bulkTypes) map[string]bulk.Field[*asked] {
	rooms := roomConnectionInBulk(t)
	return map[string]bulk.Field[*asked]{
		"me": bulk.One(t.user, func(ctx context.Context, _ bulk.Args, _ []*asked) ([]*ent.User, error) {
			v, err := viewer(ctx)
			if err != nil {
				return nil, err
			}
			return r.chat.People(ctx, loadersFrom(ctx).clock(), []string{v.ID})
		}),
		"myRooms": bulk.One(rooms, func(ctx context.Context, args bulk.Args, _ []*asked) ([]*model.RoomConnection, error) {
			page, err := pageAsked(args)
			if err != nil {
				return nil, err
			}
			list, err := (&queryResolver{r}).MyRooms(ctx, page.first, page.after)
			return []*model.RoomConnection{list}, err
		}),
		"rooms": bulk.One(rooms, func(ctx context.Context, args bulk.Args, _ []*asked) ([]*model.RoomConnection, error) {
			page, err := pageAsked(args)
			if err != nil {
				return nil, err
			}
			search, err := args.Text("search")
			if err != nil {
				return nil, err
			}
			tag, err := args.Text("tag")
			if err != nil {
				return nil, err
			}
			list, err := (&queryResolver{r}).Rooms(ctx, search, tag, page.first, page.after)
			return []*model.RoomConnection{list}, err
		}),
		"roomInfo": bulk.One(t.room, func(ctx context.Context, args bulk.Args, _ []*asked) ([]*ent.Room, error) {
			id, err := args.Text("roomId")
			if err != nil {
				return nil, err
			}
			room, err := (&queryResolver{r}).RoomInfo(ctx, *id)
			return []*ent.Room{room}, err
		}),
	}
}

// asksPage are the arguments of a list that is read forwards.
type asksPage struct {
	first *int
	after *string
}

func pageAsked(args bulk.Args) (page asksPage, err error) {
	if page.first, err = args.Int("first"); err != nil {
		return page, err
	}
	page.after, err = args.Text("after")
	return page, err
}

func roomConnectionInBulk(t *bulkTypes) *bulk.Object[*model.RoomConnection] {
	edge := &bulk.Object[*model.RoomEdge]{Name: "RoomEdge", Fields: map[string]bulk.Field[*model.RoomEdge]{
		"cursor": text(func(e *model.RoomEdge) string { return e.Cursor }),
		"node":   bulk.One(t.room, each(func(e *model.RoomEdge) *ent.Room { return e.Node })),
	}}
	return &bulk.Object[*model.RoomConnection]{Name: "RoomConnection", Fields: map[string]bulk.Field[*model.RoomConnection]{
		"edges":    bulk.Many(edge, each(func(c *model.RoomConnection) []*model.RoomEdge { return c.Edges })),
		"nodes":    bulk.Many(t.room, each(func(c *model.RoomConnection) []*ent.Room { return c.Nodes })),
		"pageInfo": bulk.One(t.page, each(func(c *model.RoomConnection) *model.PageInfo { return c.PageInfo })),
	}}
}

func (r *Resolver) roomInBulk(t *bulkTypes) map[string]bulk.Field[*ent.Room] {
	collection := &bulk.Object[*ent.Room]{Name: "OpenseaCollection", Fields: map[string]bulk.Field[*ent.Room]{
		"name":  text(func(room *ent.Room) string { return room.OpenseaName }),
		"cover": text(func(room *ent.Room) string { return room.OpenseaCover }),
		"slug":  text(func(room *ent.Room) string { return *room.OpenseaSlug }),
	}}
	return map[string]bulk.Field[*ent.Room]{
		"id":          text(func(room *ent.Room) string { return room.ID.String() }),
		"name":        text(func(room *ent.Room) string { return room.Name }),
		"description": text(func(room *ent.Room) string { return room.Description }),
		"accessType":  text(func(room *ent.Room) string { return string(room.AccessType) }),
		"maxUsers":    number(func(room *ent.Room) int64 { return int64(room.MaxUsers) }),
		"exclusive":   truth(func(room *ent.Room) bool { return room.Exclusive }),
		"is1v1":       truth(func(room *ent.Room) bool { return room.MemberCount == 2 }),
		"memberCount": number(func(room *ent.Room) int64 { return int64(room.MemberCount) }),
		"seq":         number(func(room *ent.Room) int64 { return room.Seq }),
		"createdAt":   bulk.Value(func(b []byte, room *ent.Room) []byte { return bulk.Time(b, room.CreatedAt) }),
		"updatedAt":   bulk.Value(func(b []byte, room *ent.Room) []byte { return bulk.Time(b, room.UpdatedAt) }),
		"creator":     somebody(r, t, func(room *ent.Room) string { return room.CreatorID }),
		"tags": bulk.Loaded(func(ctx context.Context, _ bulk.Args, rooms []*ent.Room) (bulk.Encoder, error) {
			tags, err := r.chat.TagsOf(ctx, rooms)
			return func(b []byte, i int) []byte { return bulk.Strings(b, tags[i]) }, err
		}),
		"openseaCollection": bulk.One(collection, each(func(room *ent.Room) *ent.Room {
			if room.OpenseaSlug == nil {
				return nil
			}
			return room
		})),
		"members": bulk.One(r.membersInBulk(t), func(ctx context.Context, args bulk.Args, rooms []*ent.Room) ([]*membersShown, error) {
			asks, err := pageAsked(args)
			switch {
			case err != nil:
				return nil, err
			case asks.after != nil:
				return nil, bulk.ErrElsewhere
			}
			pages, err := r.chat.MembersOf(ctx, rooms, pageSize(asks.first, 50))
			if err != nil {
				return nil, err
			}
			shown := make([]*membersShown, len(rooms))
			for i, room := range rooms {
				shown[i] = &membersShown{room, pages[i]}
			}
			return shown, nil
		}),
		"viewerRole": ofViewer(func(b []byte, m *chat.Membership) []byte {
			if m == nil {
				return append(b, "null"...)
			}
			return bulk.String(b, string(m.Role))
		}),
		"unreadCount": ofViewer(func(b []byte, m *chat.Membership) []byte {
			if m == nil {
				return append(b, '0')
			}
			return bulk.Int(b, m.Unread)
		}),
		"lastReadSeq": ofViewer(func(b []byte, m *chat.Membership) []byte {
			if m == nil {
				return append(b, '0')
			}
			return bulk.Int(b, m.LastReadSeq)
		}),
		"joinKey": bulk.Loaded(func(ctx context.Context, _ bulk.Args, rooms []*ent.Room) (bulk.Encoder, error) {
			memberships, err := membershipsOf(ctx, rooms)
			return func(b []byte, i int) []byte {
				return bulk.Null(b, r.chat.JoinKey(rooms[i], memberships[i]), bulk.String)
			}, err
		}),
		"latestMessage": bulk.One(t.message, func(ctx context.Context, _ bulk.Args, rooms []*ent.Room) ([]*ent.Message, error) {
			open, places, err := r.readable(ctx, rooms)
			if err != nil {
				return nil, err
			}
			latest, err := r.chat.LatestMessages(ctx, open)
			return placed(latest, places, len(rooms)), err
		}),
		"messages": bulk.One(messagesInBulk(t), func(ctx context.Context, args bulk.Args, rooms []*ent.Room) ([]*model.MessageConnection, error) {
			open, places, err := r.readable(ctx, rooms)
			if err != nil {
				return nil, err
			}
			lists := make([]chat.List, len(open))
			for i, room := range open {
				lists[i] = chat.List{Room: room.ID}
			}
			parts, err := r.partsInBulk(ctx, args, lists, false)
			return placed(parts, places, len(rooms)), err
		}),
	}
}

// ofViewer is a field of a room that is about the viewer's membership.
func ofViewer(write func(b []byte, m *chat.Membership) []byte) bulk.Field[*ent.Room] {
	return bulk.Loaded(func(ctx context.Context, _ bulk.Args, rooms []*ent.Room) (bulk.Encoder, error) {
		memberships, err := membershipsOf(ctx, rooms)
		return func(b []byte, i int) []byte { return write(b, memberships[i]) }, err
	})
}

// readable are those of rooms whose messages the viewer may read, and their places among rooms.
func (r *Resolver) readable(ctx context.Context, rooms []*ent.Room) (open []*ent.Room, places []int, err error) {
	memberships, err := membershipsOf(ctx, rooms)
	for i, m := range memberships {
		if r.chat.MayRead(rooms[i], m) {
			open, places = append(open, rooms[i]), append(places, i)
		}
	}
	return open, places, err
}

// placed puts values in their places among n.
func placed[T any](values []T, places []int, n int) []T {
	if len(values) < len(places) { // there is an error beside them
		return nil
	}
	all := make([]T, n)
	for i, place := range places {
		all[place] = values[i]
	}
	return all
}

// membersShown is a page of a room's members.
type membersShown struct {
	room *ent.Room
	page chat.Page[*ent.Member]
}

func (r *Resolver) membersInBulk(t *bulkTypes) *bulk.Object[*membersShown] {
	edge := &bulk.Object[*ent.Member]{Name: "RoomMemberEdge", Fields: map[string]bulk.Field[*ent.Member]{
		"cursor": text(memberCursor),
		"node":   somebody(r, t, func(m *ent.Member) string { return m.UserID }),
		"member": bulk.One(t.member, each(func(m *ent.Member) *ent.Member { return m })),
	}}
	return &bulk.Object[*membersShown]{Name: "RoomMemberConnection", Fields: map[string]bulk.Field[*membersShown]{
		"totalCount": number(func(c *membersShown) int64 { return int64(c.room.MemberCount) }),
		"edges":      bulk.Many(edge, each(func(c *membersShown) []*ent.Member { return c.page.Items })),
		"nodes": persons(r, t, func(c *membersShown) []string {
			ids := make([]string, len(c.page.Items))
			for i, m := range c.page.Items {
				ids[i] = m.UserID
			}
			return ids
		}),
		"pageInfo": bulk.One(t.page, each(func(c *membersShown) *model.PageInfo {
			return memberConnection(c.room, c.page, nil).PageInfo
		})),
	}}
}

func (r *Resolver) memberInBulk(t *bulkTypes) map[string]bulk.Field[*ent.Member] {
	return map[string]bulk.Field[*ent.Member]{
		"id":       text(func(m *ent.Member) string { return m.ID.String() }),
		"user":     somebody(r, t, func(m *ent.Member) string { return m.UserID }),
		"role":     text(func(m *ent.Member) string { return string(m.Role) }),
		"joinedAt": bulk.Value(func(b []byte, m *ent.Member) []byte { return bulk.Time(b, m.JoinedAt) }),
	}
}

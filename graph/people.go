package graph

import (
	"context"
	"encoding/base64"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"parley/ent"
	"parley/graph/model"
	"parley/internal/chat"
)

// users loads the user of each object. If the field selects only the id, nothing is loaded: users
// are never deleted.
func users[T any](ctx context.Context, objs []T, id func(T) string) ([]*ent.User, error) {
	return usersByID(ctx, mapped(objs, id))
}

func usersByID(ctx context.Context, ids []string) ([]*ent.User, error) {
	if onlyID(graphql.GetFieldContext(ctx).Field.Selections) {
		return mapped(ids, func(id string) *ent.User { return &ent.User{ID: id} }), nil
	}
	return scopeOf(ctx).usersByID(ctx, ids)
}

// userLists loads the users of each object, all of them together.
func userLists[T any](ctx context.Context, objs []T, ids func(T) []string) ([][]*ent.User, error) {
	lists := mapped(objs, ids)
	all, err := usersByID(ctx, slices.Concat(lists...))
	if err != nil {
		return nil, err
	}
	return mapped(lists, func(ids []string) []*ent.User {
		list := all[:len(ids):len(ids)]
		all = all[len(ids):]
		return list
	}), nil
}

// onlyID reports whether a selection has nothing but the id.
func onlyID(set ast.SelectionSet) bool {
	for _, s := range set {
		if f, ok := s.(*ast.Field); !ok || f.Name != "id" && f.Name != "__typename" {
			return false
		}
	}
	return true
}

func banConnection(page chat.Page[*ent.Ban], after *string) *model.BanConnection {
	c := &model.BanConnection{Edges: make([]model.BanEdge, len(page.Items))}
	cursors := make([]string, len(page.Items))
	for i, b := range page.Items {
		cursors[i] = bansByAge.placeCursor(chat.Place{At: b.At, ID: b.ID})
		c.Edges[i] = model.BanEdge{Cursor: cursors[i], UserID: b.UserID, ByID: b.ActorID, At: b.At}
	}
	c.PageInfo = pageInfo(page.More, after, cursors)
	return c
}

func friendConnection(page chat.Page[*ent.Friendship], after *string) *model.FriendConnection {
	c := &model.FriendConnection{Edges: make([]model.FriendEdge, len(page.Items))}
	cursors := make([]string, len(page.Items))
	for i, f := range page.Items {
		cursors[i] = friendsByAge.placeCursor(chat.Place{At: *f.Since, ID: f.ID})
		c.Edges[i] = model.FriendEdge{Cursor: cursors[i], UserID: f.FriendID, Since: *f.Since}
	}
	c.PageInfo = pageInfo(page.More, after, cursors)
	return c
}

func friendRequestConnection(
	page chat.Page[*ent.Friendship], after *string,
) *model.FriendRequestConnection {
	c := &model.FriendRequestConnection{
		Edges: make([]*model.FriendRequestEdge, len(page.Items)),
		Nodes: make([]*model.FriendRequest, len(page.Items)),
	}
	cursors := make([]string, len(page.Items))
	for i, f := range page.Items {
		asked := chat.RequestOf(f)
		cursors[i] = requestsByAge.placeCursor(chat.Place{At: f.RequestedAt, ID: f.ID})
		c.Nodes[i] = &model.FriendRequest{
			ID:        requestID(asked),
			FromID:    asked.From,
			ToID:      asked.To,
			CreatedAt: asked.At,
		}
		c.Edges[i] = &model.FriendRequestEdge{Cursor: cursors[i], Node: c.Nodes[i]}
	}
	c.PageInfo = pageInfo(page.More, after, cursors)
	return c
}

// requestID names a request by its two users, so that both see the same id. Ids of users contain no
// NUL.
func requestID(asked chat.FriendRequest) string {
	return base64.RawURLEncoding.EncodeToString([]byte(asked.From + "\x00" + asked.To))
}

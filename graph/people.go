package graph

import (
	"context"
	"encoding/base64"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"parley/ent"
	"parley/graph/model"
	"parley/internal/chat"
)

// person loads somebody for the field that is resolved. Of whom the id alone is asked for, nothing has to be read: who is
// named is there, for people are never deleted.
func person(ctx context.Context, id string) (*ent.User, error) {
	if onlyID(graphql.GetFieldContext(ctx).Field.Selections) {
		return &ent.User{ID: id}, nil
	}
	return loadersFrom(ctx).users.get(ctx, id)
}

// onlyID tells whether nothing but the id is selected.
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

func friendConnection(ctx context.Context, page chat.Page[*ent.Friendship], after *string) *model.FriendConnection {
	c := &model.FriendConnection{Edges: make([]model.FriendEdge, len(page.Items))}
	cursors, people := make([]string, len(page.Items)), make([]string, len(page.Items))
	for i, f := range page.Items {
		cursors[i], people[i] = friendsByAge.placeCursor(chat.Place{At: *f.Since, ID: f.ID}), f.FriendID
		c.Edges[i] = model.FriendEdge{Cursor: cursors[i], UserID: f.FriendID, Since: *f.Since}
	}
	loadersFrom(ctx).people.add(people)
	c.PageInfo = pageInfo(page.More, after, cursors)
	return c
}

func friendRequestConnection(ctx context.Context, page chat.Page[*ent.Friendship], after *string) *model.FriendRequestConnection {
	c := &model.FriendRequestConnection{
		Edges: make([]*model.FriendRequestEdge, len(page.Items)),
		Nodes: make([]*model.FriendRequest, len(page.Items)),
	}
	cursors := make([]string, len(page.Items))
	var people []string
	for i, f := range page.Items {
		asked := chat.RequestOf(f)
		people = append(people, asked.From, asked.To)
		cursors[i] = requestsByAge.placeCursor(chat.Place{At: f.RequestedAt, ID: f.ID})
		c.Nodes[i] = &model.FriendRequest{ID: requestID(asked), FromID: asked.From, ToID: asked.To, CreatedAt: asked.At}
		c.Edges[i] = &model.FriendRequestEdge{Cursor: cursors[i], Node: c.Nodes[i]}
	}
	loadersFrom(ctx).people.add(people)
	c.PageInfo = pageInfo(page.More, after, cursors)
	return c
}

// requestID names a request by the two people, whoever of them looks at it: ids of people contain no NUL.
func requestID(asked chat.FriendRequest) string {
	return base64.RawURLEncoding.EncodeToString([]byte(asked.From + "\x00" + asked.To))
}

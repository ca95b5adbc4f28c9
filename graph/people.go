package graph

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"parley/ent"
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

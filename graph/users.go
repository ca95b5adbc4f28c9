package graph

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"parley/ent"
)

// loadUsers loads the user of each object. If the field selects only the id, nothing is loaded:
// users are never deleted.
func loadUsers[T any](ctx context.Context, objs []T, id func(T) string) ([]*ent.User, error) {
	return loadUsersByID(ctx, mapSlice(objs, id))
}

func loadUsersByID(ctx context.Context, ids []string) ([]*ent.User, error) {
	if selectsOnlyID(graphql.GetFieldContext(ctx).Field.Selections) {
		return mapSlice(ids, func(id string) *ent.User { return &ent.User{ID: id} }), nil
	}
	return scopeOf(ctx).usersByID(ctx, ids)
}

// loadUserLists loads the users of each object, all of them together.
func loadUserLists[T any](
	ctx context.Context,
	objs []T,
	ids func(T) []string,
) ([][]*ent.User, error) {
	lists := mapSlice(objs, ids)
	all, err := loadUsersByID(ctx, slices.Concat(lists...))
	if err != nil {
		return nil, err
	}
	return mapSlice(lists, func(ids []string) []*ent.User {
		list := all[:len(ids):len(ids)]
		all = all[len(ids):]
		return list
	}), nil
}

// selectsOnlyID reports whether a selection has nothing but the id.
func selectsOnlyID(set ast.SelectionSet) bool {
	for _, s := range set {
		if f, ok := s.(*ast.Field); !ok || f.Name != "id" && f.Name != "__typename" {
			return false
		}
	}
	return true
}

package read

import (
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"

	"parley/ent"
	"parley/ent/friendship"
	"parley/internal/chat/profiles"
	"parley/internal/store"
)

// Users returns users by id, as they are now; those that do not exist are missing from the map.
func (rd *Reader) Users(ctx context.Context, ids []string) (map[string]*ent.User, error) {
	users, err := rd.users.At(ctx, rd.db, profiles.Version{}, ids)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]*ent.User, len(users))
	for _, u := range users {
		if u != nil {
			byID[u.ID] = u
		}
	}
	return byID, nil
}

// UsersAt returns users in the order of ids, as they are at a profile version or later; nil for
// those that do not exist. See [profiles.Users.At].
func (rd *Reader) UsersAt(
	ctx context.Context, at profiles.Version, ids []string,
) ([]*ent.User, error) {
	return rd.users.At(ctx, rd.db, at, ids)
}

// FriendshipsOf returns what a user has with others in some states, ordered by a column with a
// time, the newest first: first of them, after a position if one is given.
func (rd *Reader) FriendshipsOf(
	ctx context.Context,
	userID, by string,
	first int,
	after *RowPosition,
	states ...friendship.State,
) (Page[*ent.Friendship], error) {
	var none Page[*ent.Friendship]
	if err := CheckFirst(first); err != nil {
		return none, err
	}
	q := rd.db.Friendship.Query().Where(friendship.UserID(userID), friendship.StateIn(states...))
	if after != nil {
		q.Where(func(s *entsql.Selector) {
			s.Where(
				entsql.CompositeLT([]string{s.C(by), s.C(friendship.FieldID)}, after.At, after.ID),
			)
		})
	}
	found, err := q.Order(ent.Desc(by, friendship.FieldID)).Limit(first + 1).All(ctx)
	if err != nil {
		return none, fmt.Errorf("list what %q has with others: %w", userID, err)
	}
	return page(found, first), nil
}

// Friendships returns the friendships of each user with each of others, in one statement.
// Pairs without one are missing. Only the user itself may see them.
func (rd *Reader) Friendships(
	ctx context.Context, users, others []string,
) (map[ViewerKey[string]]friendship.State, error) {
	found, err := rd.db.Friendship.Query().
		Where(friendship.UserIDIn(store.Padded(users)...), friendship.FriendIDIn(store.Padded(others)...)).
		All(ctx)
	if err != nil {
		return nil, fmt.Errorf(
			"find the friendships of %d users with %d others: %w", len(users), len(others), err,
		)
	}
	states := make(map[ViewerKey[string]]friendship.State, len(found))
	for _, f := range found {
		states[ViewerKey[string]{f.UserID, f.FriendID}] = f.State
	}
	return states, nil
}

package write

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"parley/ent/friendship"
	"parley/ent/predicate"
	"parley/ent/user"
	"parley/internal/broker"
	"parley/internal/chat/profiles"
	"parley/internal/store"
)

// usersAtOnce is how many people one statement creates: databases limit the parameters of a
// statement.
const usersAtOnce = 250

// SetProfile changes columns of a person, one or more.
func (t *Tx) SetProfile(ctx context.Context, id string, columns map[string]string) error {
	err := t.User.Update().Where(user.ID(id)).Modify(func(u *entsql.UpdateBuilder) {
		for _, column := range slices.Sorted(maps.Keys(columns)) {
			u.Set(column, columns[column])
		}
	}).Exec(ctx)
	if err != nil {
		return fmt.Errorf("update user %q: %w", id, err)
	}
	return nil
}

// UpsertUsers creates and updates people: columns of the profile by the person's id. People are
// locked by id, so that of two calls that name the same ones one waits for the other, never both:
// first all that are new are made in that order, then all others are changed in that order.
func (t *Tx) UpsertUsers(ctx context.Context, profiles map[string]map[string]string) error {
	ids := slices.Sorted(maps.Keys(profiles))
	if len(ids) == 0 {
		return nil
	}
	existing, err := t.User.Query().Where(user.IDIn(store.Padded(ids)...)).IDs(ctx)
	if err != nil {
		return fmt.Errorf("look up %d users: %w", len(ids), err)
	}
	slices.Sort(existing)
	missing := slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		_, found := slices.BinarySearch(existing, id)
		return found
	})
	at := Now()
	for chunk := range slices.Chunk(missing, usersAtOnce) {
		all, err := t.insertUsers(ctx, chunk, profiles, at)
		if err != nil {
			return fmt.Errorf("create %d users: %w", len(chunk), err)
		}
		if !all { // a concurrent call created some of them: all are updated below
			existing = append(existing, chunk...)
		}
	}
	existing = slices.DeleteFunc(existing, func(id string) bool { return len(profiles[id]) == 0 })
	slices.Sort(existing)
	for _, id := range existing {
		if err := t.SetProfile(ctx, id, profiles[id]); err != nil {
			return err
		}
	}
	return t.BumpProfiles(ctx, existing)
}

// insertUsers creates people with their profiles, in one statement. It leaves those alone who
// exist, and then returns false.
func (t *Tx) insertUsers(
	ctx context.Context, ids []string, profiles map[string]map[string]string, at time.Time,
) (all bool, err error) {
	given := make(map[string]bool)
	for _, id := range ids {
		for column := range profiles[id] {
			given[column] = true
		}
	}
	columns := slices.Sorted(maps.Keys(given))
	insert := entsql.Dialect(t.Dialect).
		Insert(user.Table).
		Columns(append([]string{user.FieldID, user.FieldCreatedAt}, columns...)...)
	for _, id := range ids {
		values := []any{id, at}
		for _, column := range columns {
			value, given := profiles[id][column] // "" if not, which is the default of all texts
			if column == user.FieldAddPermission && !given {
				value = string(user.DefaultAddPermission)
			}
			values = append(values, value)
		}
		insert.Values(values...)
	}
	query, args := insert.OnConflict(entsql.ConflictColumns(user.FieldID), entsql.DoNothing()).
		Query()
	result, err := t.ExecContext(ctx, query, args...)
	if err != nil {
		return false, err
	}
	made, err := result.RowsAffected()
	return int(made) == len(ids), err
}

// BumpProfiles raises the versions of users whose profiles the transaction has changed, and
// publishes that. It comes last: see [profiles.Bump].
func (t *Tx) BumpProfiles(ctx context.Context, userIDs []string) error {
	changes, err := profiles.Bump(ctx, t, t.Dialect, userIDs)
	if len(changes) > 0 {
		t.Publish(broker.Publication{Profiles: changes})
	}
	return err
}

// RequestFriend inserts both rows of a friend request.
func (t *Tx) RequestFriend(ctx context.Context, from, to string) error {
	at := Now()
	err := t.Friendship.CreateBulk(
		t.Friendship.Create().
			SetUserID(from).
			SetFriendID(to).
			SetState(friendship.StateREQUESTED).
			SetRequestedAt(at),
		t.Friendship.Create().
			SetUserID(to).
			SetFriendID(from).
			SetState(friendship.StateINVITED).
			SetRequestedAt(at),
	).Exec(ctx)
	if err != nil {
		return fmt.Errorf("write the request: %w", err)
	}
	return nil
}

// Befriend turns a friend request between two users into a friendship.
func (t *Tx) Befriend(ctx context.Context, a, b string) error {
	err := t.Friendship.Update().
		Where(pairOf(a, b)).
		SetState(friendship.StateFRIENDS).
		SetSince(Now()).
		Exec(ctx)
	if err != nil {
		return fmt.Errorf("write the friendship: %w", err)
	}
	return nil
}

// Unfriend deletes a friendship or a friend request between two users.
func (t *Tx) Unfriend(ctx context.Context, a, b string) error {
	if _, err := t.Friendship.Delete().Where(pairOf(a, b)).Exec(ctx); err != nil {
		return fmt.Errorf("delete what is between them: %w", err)
	}
	return nil
}

// pairOf selects both rows of a pair of users.
func pairOf(a, b string) predicate.Friendship {
	return friendship.Or(
		friendship.And(friendship.UserID(a), friendship.FriendID(b)),
		friendship.And(friendship.UserID(b), friendship.FriendID(a)),
	)
}

// Consent is the add permission of a user, and whether another user is a friend.
type Consent struct {
	UserID     string
	Permission user.AddPermission
	IsFriend   bool
}

// Consents returns the add permissions of users, and whether they are friends of another user, in
// one statement. Unknown users are missing.
func (t *Tx) Consents(ctx context.Context, ids []string, other string) ([]Consent, error) {
	var consents []Consent
	err := store.Each(ctx, t, func(rows *sql.Rows) error {
		var c Consent
		err := rows.Scan(&c.UserID, &c.Permission, &c.IsFriend)
		consents = append(consents, c)
		return err
	}, `SELECT u.id, u.add_permission, EXISTS (
	SELECT 1 FROM friendships f WHERE `+store.AnyOf(t.Dialect, "f.user_id", "$1", "text")+`
		AND f.user_id = u.id AND f.friend_id = $2 AND f.state = 'FRIENDS')
FROM users u WHERE `+store.AnyOf(t.Dialect, "u.id", "$1", "text"), store.List(t.Dialect, ids), other)
	if err != nil {
		return nil, fmt.Errorf("look up %d users: %w", len(ids), err)
	}
	return consents, nil
}

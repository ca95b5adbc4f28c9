package chat

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"parley/ent"
	"parley/ent/user"
	"parley/internal/chat/profiles"
	"parley/internal/chat/retry"
	"parley/internal/store"
	"parley/internal/text"
)

// usersAtOnce is how many people one statement creates: databases limit the parameters of a
// statement.
const usersAtOnce = 250

// ProfileInput is what is to be changed of a person. Nil stays as it is; an empty string clears.
type ProfileInput struct {
	NickName         *string
	Avatar           *string
	Status           *string
	EthWalletAddress *string
	EnsName          *string
	Twitter          *SocialProfileInput
	Discord          *SocialProfileInput
	Instagram        *SocialProfileInput
	Facebook         *SocialProfileInput
	Opensea          *SocialProfileInput
	AddPermission    *user.AddPermission
}

// SocialProfileInput is what is to be changed of a person on another platform.
type SocialProfileInput struct {
	Username *string
	Avatar   *string
}

// UserInput is a person to create or update.
type UserInput struct {
	ID      string
	Profile ProfileInput
}

// profileText is one text of a profile: where it comes from, its column and its rule.
type profileText struct {
	field  string
	column string
	value  *string
	rule   text.Rule
}

// texts lists the profile's texts.
func (p *ProfileInput) texts() []profileText {
	list := []profileText{
		{"nickName", user.FieldNickName, p.NickName, nameRule()},
		{"avatar", user.FieldAvatar, p.Avatar, pictureRule()},
		{"status", user.FieldStatus, p.Status, descriptionRule()},
		{"ethWalletAddress", user.FieldEthWalletAddress, p.EthWalletAddress, nameRule()},
		{"ensName", user.FieldEnsName, p.EnsName, nameRule()},
	}
	for _, s := range []struct {
		field    string
		profile  *SocialProfileInput
		username string
		avatar   string
	}{
		{"twitter", p.Twitter, user.FieldTwitterUsername, user.FieldTwitterAvatar},
		{"discord", p.Discord, user.FieldDiscordUsername, user.FieldDiscordAvatar},
		{"instagram", p.Instagram, user.FieldInstagramUsername, user.FieldInstagramAvatar},
		{"facebook", p.Facebook, user.FieldFacebookUsername, user.FieldFacebookAvatar},
		{"opensea", p.Opensea, user.FieldOpenseaUsername, user.FieldOpenseaAvatar},
	} {
		if s.profile != nil {
			list = append(list,
				profileText{s.field + ".username", s.username, s.profile.Username, nameRule()},
				profileText{s.field + ".avatar", s.avatar, s.profile.Avatar, pictureRule()})
		}
	}
	return list
}

// check accepts the profile; prefix goes before the names of its fields in an error.
func (p *ProfileInput) check(prefix string) error {
	for _, t := range p.texts() {
		if err := checkOptional(prefix+t.field, t.value, t.rule); err != nil {
			return err
		}
	}
	return nil
}

// columns are the profile's texts by column, those that were given.
func (p *ProfileInput) columns() map[string]string {
	columns := make(map[string]string)
	for _, t := range p.texts() {
		if t.value != nil {
			columns[t.column] = *t.value
		}
	}
	if p.AddPermission != nil {
		columns[user.FieldAddPermission] = string(*p.AddPermission)
	}
	return columns
}

// setProfile changes columns of a person, one or more.
func (t *tx) setProfile(ctx context.Context, id string, columns map[string]string) error {
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

// Arrive makes sure that the person exists who is asking: a verified token brings them into being
// with the name and the picture it carries. Those never change a person who is there already. What
// of them cannot be stored is left out.
func (c *Chat) Arrive(ctx context.Context, id, name, picture string) error {
	known := knownUser{c.history.Generation(), id}
	if c.known.Contains(known) {
		return nil
	}
	if err := checkID("sub", id); err != nil {
		return &Error{
			Code:    Unauthenticated,
			Message: "The token's sub is not an id: 1 to 128 characters.",
			cause:   err,
		}
	}
	if !text.IsWebAddress(picture, MaxAddress) {
		picture = ""
	}
	// Most have been here before, and a transaction that may write would wait for SQLite's writer.
	there, err := c.db.User.Query().Where(user.ID(id)).Exist(ctx)
	if err == nil && !there {
		err = c.tx(ctx, retry.Idempotent, func(t *tx) error {
			_, err := inserted(t.User.Create().SetID(id).
				SetNickName(text.Fitting(name, MaxName)).SetAvatar(picture).
				SetCreatedAt(now()).
				OnConflictColumns(user.FieldID).DoNothing().Exec(ctx))
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("arrive as %q: %w", id, err)
	}
	c.known.Add(known, struct{}{})
	return nil
}

// SignIn makes sure that a person exists, for a server without an identity provider, and returns
// them. The name is for someone new: it never changes a person who is there already.
func (c *Chat) SignIn(ctx context.Context, id, name string) (*ent.User, error) {
	if err := checkID("userId", id); err != nil {
		return nil, err
	}
	if err := checkText("nickName", name, nameRule()); err != nil {
		return nil, err
	}
	if err := c.Arrive(ctx, id, name, ""); err != nil {
		return nil, err
	}
	return c.User(ctx, id)
}

// UpsertUsers creates and updates people, all of them or none, and returns them in the order given,
// each once. Of a person named twice the later values count. It takes an admin.
func (c *Chat) UpsertUsers(
	ctx context.Context,
	v Viewer,
	people []*UserInput,
) ([]*ent.User, error) {
	if !v.Admin {
		return nil, &Error{
			Code:    Forbidden,
			Message: "Only an admin token may create or update people.",
		}
	}
	if len(people) > maxNamed {
		return nil, badInput(
			"users",
			fmt.Sprintf("users names %d people; at most %d are allowed.", len(people), maxNamed),
		)
	}
	var ids []string
	profiles := make(map[string]map[string]string, len(people))
	for i, p := range people {
		prefix := fmt.Sprintf("users.%d.", i)
		if err := checkID(prefix+"id", p.ID); err != nil {
			return nil, err
		}
		if err := p.Profile.check(prefix + "profile."); err != nil {
			return nil, err
		}
		if profiles[p.ID] == nil {
			ids = append(ids, p.ID)
			profiles[p.ID] = make(map[string]string)
		}
		maps.Copy(profiles[p.ID], p.Profile.columns())
	}
	err := c.tx(ctx, retry.Idempotent, func(t *tx) error { return t.upsert(ctx, profiles) })
	if err != nil {
		return nil, fmt.Errorf("upsert %d users: %w", len(people), err)
	}
	byID, err := c.Users(ctx, ids)
	if err != nil {
		return nil, err
	}
	users := make([]*ent.User, len(ids))
	for i, id := range ids {
		users[i] = byID[id]
	}
	return users, nil
}

// upsert creates and updates people: columns of the profile by the person's id. People are locked
// by id, so that of two calls that name the same ones one waits for the other, never both: first
// all that are new are made in that order, then all others are changed in that order.
func (t *tx) upsert(ctx context.Context, profiles map[string]map[string]string) error {
	ids := slices.Sorted(maps.Keys(profiles))
	if len(ids) == 0 {
		return nil
	}
	there, err := t.User.Query().Where(user.IDIn(store.Padded(ids)...)).IDs(ctx)
	if err != nil {
		return fmt.Errorf("look up %d users: %w", len(ids), err)
	}
	slices.Sort(there)
	missing := slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		_, found := slices.BinarySearch(there, id)
		return found
	})
	at := now()
	for chunk := range slices.Chunk(missing, usersAtOnce) {
		all, err := t.insertUsers(ctx, chunk, profiles, at)
		if err != nil {
			return fmt.Errorf("create %d users: %w", len(chunk), err)
		}
		if !all { // another call has just made some of them: they are all set below
			there = append(there, chunk...)
		}
	}
	there = slices.DeleteFunc(there, func(id string) bool { return len(profiles[id]) == 0 })
	slices.Sort(there)
	for _, id := range there {
		if err := t.setProfile(ctx, id, profiles[id]); err != nil {
			return err
		}
	}
	return t.bumpProfileVersions(ctx, there)
}

// insertUsers creates people with their profiles, in one statement. It leaves those alone who
// exist, and then returns false.
func (t *tx) insertUsers(
	ctx context.Context,
	ids []string,
	profiles map[string]map[string]string,
	at time.Time,
) (all bool, err error) {
	given := make(map[string]bool)
	for _, id := range ids {
		for column := range profiles[id] {
			given[column] = true
		}
	}
	columns := slices.Sorted(maps.Keys(given))
	insert := entsql.Dialect(t.dialect).
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

// UpdateProfile changes the viewer's own profile.
func (c *Chat) UpdateProfile(ctx context.Context, v Viewer, in ProfileInput) (*ent.User, error) {
	if err := in.check(""); err != nil {
		return nil, err
	}
	columns := in.columns()
	if len(columns) > 0 {
		err := c.tx(ctx, retry.Idempotent, func(t *tx) error {
			if err := t.setProfile(ctx, v.ID, columns); err != nil {
				return err
			}
			return t.bumpProfileVersions(ctx, []string{v.ID})
		})
		if err != nil {
			return nil, err
		}
	}
	return c.User(ctx, v.ID)
}

// User returns a person. Everybody may see everybody's profile.
func (c *Chat) User(ctx context.Context, id string) (*ent.User, error) {
	if checkID("id", id) != nil {
		return nil, errNoUser()
	}
	u, err := c.db.User.Get(ctx, id)
	if ent.IsNotFound(err) {
		return nil, errNoUser()
	}
	if err != nil {
		return nil, fmt.Errorf("get user %q: %w", id, err)
	}
	return u, nil
}

// Users returns users by id, as they are now; those that do not exist are missing from the map.
func (c *Chat) Users(ctx context.Context, ids []string) (map[string]*ent.User, error) {
	users, err := c.users.At(ctx, c.db, profiles.Version{}, ids)
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
func (c *Chat) UsersAt(
	ctx context.Context, at profiles.Version, ids []string,
) ([]*ent.User, error) {
	return c.users.At(ctx, c.db, at, ids)
}

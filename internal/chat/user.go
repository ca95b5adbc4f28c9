package chat

import (
	"context"
	"fmt"
	"maps"

	"parley/ent"
	"parley/ent/user"
	"parley/internal/chat/retry"
	"parley/internal/chat/write"
	"parley/internal/text"
)

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

// EnsureUser stores the user of a verified token if it does not exist yet, with the name and the
// picture of the token as far as they are valid. It does not change a user that exists. Returns
// UNAUTHENTICATED if id is not a valid id.
func (c *Chat) EnsureUser(ctx context.Context, id, name, picture string) error {
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
	// Most users exist, and a writing transaction would wait for the writer of SQLite.
	exists, err := c.db.User.Query().Where(user.ID(id)).Exist(ctx)
	if err == nil && !exists {
		err = c.writes.Tx(ctx, retry.Idempotent, func(t *write.Tx) error {
			_, err := write.Inserted(t.User.Create().SetID(id).
				SetNickName(text.Fitting(name, MaxName)).SetAvatar(picture).
				SetCreatedAt(write.Now()).
				OnConflictColumns(user.FieldID).DoNothing().Exec(ctx))
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("ensure the user %q: %w", id, err)
	}
	c.known.Add(known, struct{}{})
	return nil
}

// SignIn returns a user, for a server without an identity provider. It creates the user with the
// name, or with id as its name, if it does not exist. Returns BAD_USER_INPUT if the id or the name
// is not valid.
func (c *Chat) SignIn(ctx context.Context, id string, name *string) (*ent.User, error) {
	if err := checkID("userId", id); err != nil {
		return nil, err
	}
	field := "nickName"
	if name == nil {
		field, name = "userId", &id
	}
	if err := checkText(field, *name, nameRule()); err != nil {
		return nil, err
	}
	if err := c.EnsureUser(ctx, id, *name, ""); err != nil {
		return nil, err
	}
	return c.User(ctx, id)
}

// UpsertUsers creates and updates users, all of them or none, and returns them in the order given,
// each once. If a user is named twice, the later values count.
//
// Returns FORBIDDEN if the viewer is not an admin, and BAD_USER_INPUT if an input is not valid or
// they are too many.
func (c *Chat) UpsertUsers(
	ctx context.Context, v Viewer, inputs []*UserInput,
) ([]*ent.User, error) {
	if !v.Admin {
		return nil, &Error{
			Code: Forbidden, Message: "Only admin tokens can create or update users.",
		}
	}
	if len(inputs) > maxUserIDs {
		return nil, badInput(
			"users", "users lists %d users; at most %d are allowed.", len(inputs), maxUserIDs,
		)
	}
	var ids []string
	profiles := make(map[string]map[string]string, len(inputs))
	for i, p := range inputs {
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
	err := c.writes.Tx(
		ctx, retry.Idempotent, func(t *write.Tx) error { return t.UpsertUsers(ctx, profiles) },
	)
	if err != nil {
		return nil, fmt.Errorf("upsert %d users: %w", len(inputs), err)
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

// UpdateProfile changes the viewer's own profile and returns the viewer. Returns BAD_USER_INPUT if
// a field is not valid.
func (c *Chat) UpdateProfile(ctx context.Context, v Viewer, in ProfileInput) (*ent.User, error) {
	if err := in.check(""); err != nil {
		return nil, err
	}
	columns := in.columns()
	if len(columns) > 0 {
		err := c.writes.Tx(ctx, retry.Idempotent, func(t *write.Tx) error {
			if err := t.SetProfile(ctx, v.ID, columns); err != nil {
				return err
			}
			return t.BumpProfiles(ctx, []string{v.ID})
		})
		if err != nil {
			return nil, err
		}
	}
	return c.User(ctx, v.ID)
}

// User returns a user. All users may see all profiles. Returns NOT_FOUND if the user does not
// exist.
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

package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// User is a person. The application brings them: the id is the `sub` of their token, as given.
type User struct{ ent.Schema }

// Fields of the User.
func (User) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").
			NotEmpty().
			MaxLen(512).
			Immutable().
			Comment("The sub of the person's token, 1 to 128 characters."),
		field.String("nick_name").Default(""),
		field.String("avatar").Default(""),
		field.String("status").Default("").Comment("Free text that the person shows to others."),
		field.String("eth_wallet_address").Default(""),
		field.String("ens_name").Default(""),
		field.String("twitter_username").Default(""),
		field.String("twitter_avatar").Default(""),
		field.String("discord_username").Default(""),
		field.String("discord_avatar").Default(""),
		field.String("instagram_username").Default(""),
		field.String("instagram_avatar").Default(""),
		field.String("facebook_username").Default(""),
		field.String("facebook_avatar").Default(""),
		field.String("opensea_username").Default(""),
		field.String("opensea_avatar").Default(""),
		field.Enum("add_permission").Values("EVERYONE", "FRIENDS", "NOBODY").Default("EVERYONE").
			Comment("The users that may make the user a member of a room."),
		field.Time("created_at").Immutable(),
		field.Int64("changed").
			Default(0).
			Comment("The version of the user's shard after the latest change of the profile; 0 if there was none."),
	}
}

// Indexes of the User.
func (User) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("changed"), // finds the users that have changed since a profile version
	}
}

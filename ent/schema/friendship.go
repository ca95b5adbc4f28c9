package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Friendship is what one person has with another, seen from the first: there are two rows a pair,
// written together, so that each list is read from one index.
type Friendship struct{ ent.Schema }

// Fields of the Friendship.
func (Friendship) Fields() []ent.Field {
	return []ent.Field{
		field.String("user_id").Immutable(),
		field.String("friend_id").Immutable(),
		field.Enum("state").
			Values("REQUESTED", "INVITED", "FRIENDS").
			Comment("REQUESTED: the user asked; INVITED: the friend did."),
		field.Time("requested_at").Immutable(),
		field.Time("since").Optional().Nillable().Comment("When they became friends."),
	}
}

// Edges of the Friendship.
func (Friendship) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("user", User.Type).Field("user_id").Unique().Required().Immutable(),
		edge.To("friend", User.Type).Field("friend_id").Unique().Required().Immutable(),
	}
}

// Indexes of the Friendship.
func (Friendship) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id", "friend_id").Unique(),
		index.Fields("user_id", "state", "since", "id"),
		index.Fields("user_id", "state", "requested_at", "id"),
		index.Fields("friend_id"),
	}
}

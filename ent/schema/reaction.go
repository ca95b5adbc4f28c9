package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Reaction is one person's emoji at one message.
type Reaction struct{ ent.Schema }

// Fields of the Reaction.
func (Reaction) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("room_id", uuid.UUID{}).Immutable(),
		field.Int64("message_seq").Immutable(),
		field.String("user_id").Immutable(),
		field.String("emoji").Immutable(),
	}
}

// Edges of the Reaction.
func (Reaction) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("room", Room.Type).
			Ref("reactions").
			Field("room_id").
			Unique().
			Required().
			Immutable(),
		edge.To("user", User.Type).Field("user_id").Unique().Required().Immutable(),
	}
}

// Indexes of the Reaction.
func (Reaction) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("room_id", "message_seq", "emoji", "user_id").Unique(),
	}
}

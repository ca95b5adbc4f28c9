package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Ban keeps one person out of one room.
type Ban struct{ ent.Schema }

// Fields of the Ban.
func (Ban) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("room_id", uuid.UUID{}).Immutable(),
		field.String("user_id").Immutable(),
		field.String("actor_id").Immutable().Comment("Who banned them."),
		field.Time("at").Immutable(),
	}
}

// Edges of the Ban.
func (Ban) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("room", Room.Type).Ref("bans").Field("room_id").Unique().Required().Immutable(),
		edge.To("user", User.Type).Field("user_id").Unique().Required().Immutable(),
		edge.To("actor", User.Type).Field("actor_id").Unique().Required().Immutable(),
	}
}

// Indexes of the Ban.
func (Ban) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("room_id", "user_id").Unique(),
		index.Fields("room_id", "at", "id"),
		index.Fields("user_id"),
	}
}

package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// EndedMembership records why the last membership that a user had of a room has ended. It outlives
// the room: only users who were in it learn that it was deleted.
type EndedMembership struct{ ent.Schema }

// Fields of the EndedMembership.
func (EndedMembership) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("room_id", uuid.UUID{}).Immutable(),
		field.String("user_id").Immutable(),
		field.Enum("reason").Values("LEFT", "KICKED", "BANNED", "DISCONNECTED", "DELETED").
			Comment("That of the event which ended it; DELETED if the room was deleted."),
		field.Time("at"),
	}
}

// Edges of the EndedMembership.
func (EndedMembership) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("room", Room.Type).
			Ref("ended_memberships").
			Field("room_id").
			Unique().
			Required().
			Immutable(),
	}
}

// Indexes of the EndedMembership.
func (EndedMembership) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("room_id", "user_id").Unique(),
		index.Fields("user_id", "at"),
	}
}

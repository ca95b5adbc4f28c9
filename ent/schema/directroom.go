package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// DirectRoom is the one room kept for two people. It goes when either leaves, so that their next
// one is another room.
type DirectRoom struct{ ent.Schema }

// Fields of the DirectRoom.
func (DirectRoom) Fields() []ent.Field {
	return []ent.Field{
		field.String("lower_id").
			Immutable().
			Comment("The lower of the ids of the two users, by bytes."),
		field.String("higher_id").Immutable(),
		field.UUID("room_id", uuid.UUID{}).
			Unique().
			Immutable().
			Comment("No foreign key: it is written before the room, to decide who makes it."),
	}
}

// Edges of the DirectRoom.
func (DirectRoom) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("lower", User.Type).Field("lower_id").Unique().Required().Immutable(),
		edge.To("higher", User.Type).Field("higher_id").Unique().Required().Immutable(),
	}
}

// Indexes of the DirectRoom.
func (DirectRoom) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("lower_id", "higher_id").Unique(),
		index.Fields("higher_id"),
	}
}

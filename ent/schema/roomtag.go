package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// RoomTag is one tag of one room.
type RoomTag struct{ ent.Schema }

// Fields of the RoomTag.
func (RoomTag) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("room_id", uuid.UUID{}).Immutable(),
		field.Int("position").Immutable().Comment("Its place in the room's list, from 0."),
		field.String("tag").Immutable().Comment("As it was given."),
		field.String("folded").Immutable().Comment("Case-folded, for discovery."),
	}
}

// Edges of the RoomTag.
func (RoomTag) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("room", Room.Type).Ref("tags").Field("room_id").Unique().Required().Immutable(),
	}
}

// Indexes of the RoomTag.
func (RoomTag) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("room_id", "tag").Unique(),
		index.Fields("folded", "room_id"),
	}
}

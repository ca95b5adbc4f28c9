package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// RoomEvent is an entry of a room's log that is not the adding of a message.
type RoomEvent struct{ ent.Schema }

// Fields of the RoomEvent.
func (RoomEvent) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("room_id", uuid.UUID{}).Immutable(),
		field.Int64("seq").Immutable(),
		field.Enum("kind").Values(
			"MESSAGE_EDITED",
			"MESSAGE_DELETED",
			"REACTIONS_CHANGED",
			"MEMBER_JOINED",
			"MEMBER_LEFT",
			"MEMBER_ROLE_CHANGED",
			"ROOM_UPDATED",
			"ROOM_DELETED",
		).Immutable(),
		field.String("actor_id").Immutable().Comment("Who did it."),
		field.String("subject_id").
			Optional().
			Nillable().
			Immutable().
			Comment("The user that the event is about."),
		field.Enum("role").
			Values("OWNER", "MODERATOR", "MEMBER").
			Optional().
			Nillable().
			Immutable().
			Comment("The subject's role from here on."),
		field.Enum("reason").
			Values("LEFT", "KICKED", "BANNED", "DISCONNECTED").
			Optional().
			Nillable().
			Immutable().
			Comment("Why the subject left."),
		field.Int64("message_seq").
			Optional().
			Nillable().
			Immutable().
			Comment("The message it happened to."),
		field.String("emoji").Optional().Immutable().Comment("Of a reaction."),
		field.Bool("on").Optional().Immutable().Comment("Whether the reaction came or went."),
		field.Time("at").Immutable(),
	}
}

// Edges of the RoomEvent.
func (RoomEvent) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("room", Room.Type).Ref("events").Field("room_id").Unique().Required().Immutable(),
	}
}

// Indexes of the RoomEvent.
func (RoomEvent) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("room_id", "seq").Unique(),
	}
}

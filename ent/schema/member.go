package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Member is one person's membership of one room. Its id lasts as long as the membership.
type Member struct{ ent.Schema }

// Fields of the Member.
func (Member) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Immutable().Comment("A UUIDv7."),
		field.UUID("room_id", uuid.UUID{}).Immutable(),
		field.String("user_id").Immutable(),
		field.Enum("role").Values("OWNER", "MODERATOR", "MEMBER"),
		field.Time("joined_at").Immutable(),
		field.Int64("joined_seq").
			Default(0).
			Immutable().
			Comment("The seq before that of the event with which they joined; 0 for a room's first members."),
		field.Int64("last_read_seq").
			Default(0).
			Comment("The seq of the message they read last; 0 before the first."),
		field.Int64("own_sent").
			Default(0).
			Comment("How many messages they have sent since they joined."),
		field.Int64("others_read").
			Default(0).
			Comment("How many of the room's other messages they have read; those from before they joined count as read."),
	}
}

// Edges of the Member.
func (Member) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("room", Room.Type).
			Ref("members").
			Field("room_id").
			Unique().
			Required().
			Immutable(),
		edge.To("user", User.Type).Field("user_id").Unique().Required().Immutable(),
		edge.To("seat", Seat.Type).Unique().Annotations(entsql.OnDelete(entsql.Cascade)),
	}
}

// Indexes of the Member.
func (Member) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("room_id", "user_id").Unique(),
		index.Fields("room_id", "joined_at", "id"),
		index.Fields("user_id"),
	}
}

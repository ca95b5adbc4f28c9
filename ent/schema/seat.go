package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"github.com/google/uuid"
)

// Seat is a person's place in the one exclusive room they are in: the primary key is the person, so
// that there can never be two. It falls with the membership it belongs to.
type Seat struct{ ent.Schema }

// Fields of the Seat.
func (Seat) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").StorageKey("user_id").Immutable().Comment("The person."),
		field.UUID("room_id", uuid.UUID{}).Immutable(),
		field.UUID("member_id", uuid.UUID{}).Immutable(),
	}
}

// Edges of the Seat.
func (Seat) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("member", Member.Type).
			Ref("seat").
			Field("member_id").
			Unique().
			Required().
			Immutable(),
	}
}

package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// RoomRequest remembers, for good, which room a person's idempotencyKey made.
type RoomRequest struct{ ent.Schema }

// Fields of the RoomRequest.
func (RoomRequest) Fields() []ent.Field {
	return []ent.Field{
		field.String("user_id").Immutable(),
		field.String("key").Immutable(),
		field.Bytes("hash").
			Immutable().
			Comment("SHA-256 of the request: another request under the same key is a conflict."),
		field.UUID("room_id", uuid.UUID{}).
			Immutable().
			Comment("No foreign key: it is written before the room, to decide who makes it."),
	}
}

// Indexes of the RoomRequest.
func (RoomRequest) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id", "key").Unique(),
	}
}

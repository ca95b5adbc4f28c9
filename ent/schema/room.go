package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Room is a room and, at the same time, the head of its log: a transaction that changes anything in it
// locks this row.
//
// There is no index on updated_at: every message moves it, and an index would end PostgreSQL's
// in-place updates.
type Room struct{ ent.Schema }

// Annotations of the Room.
func (Room) Annotations() []schema.Annotation {
	return []schema.Annotation{
		entsql.Checks(map[string]string{
			"room_size": "max_users = 0 OR member_count <= max_users",
		}),
	}
}

// Fields of the Room.
func (Room) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Immutable().Comment("A UUIDv7."),
		field.String("name").Default(""),
		field.String("description").Default(""),
		field.Enum("access_type").Values("PUBLIC", "PRIVATE", "FRIEND"),
		field.Int("max_users").Default(0).Comment("The most members it may have; 0 is unlimited."),
		field.Bool("exclusive").Default(false).Immutable(),
		field.Bool("direct").
			Default(false).
			Comment("It is kept for two people: there is a DirectRoom of it."),
		field.String("opensea_slug").
			Optional().
			Nillable().
			Immutable().
			Comment("Null where the room was not made for a collection."),
		field.String("opensea_name").Default("").Immutable(),
		field.String("opensea_cover").Default("").Immutable(),
		field.String("creator_id").Immutable(),
		field.String("owner_id").
			Comment("The member whose role is OWNER; changes with the hand-over, in the same transaction."),
		field.String("key").Sensitive().Comment("What joiners of a private room must give."),
		field.String("search_text").Sensitive().
			Default("").
			Comment("Name, description and tags, case-folded, for the discovery of rooms."),
		field.Int64("seq").Default(0).Comment("The position of the newest event of the log."),
		field.Int64("log_start").
			Default(0).
			Comment("Events up to and including this position have been pruned."),
		field.Int64("timeline").
			Default(0).
			Annotations(Assigned{}).
			Comment("PostgreSQL's timeline of the newest event (store.Timeline); 0 if unknown."),
		field.Int64("policy_version").
			StorageKey("rules").                 // nodes of earlier versions use the column,
			StructTag(`json:"rules,omitempty"`). // and rooms are read from JSON of it
			Default(0).
			Comment("Raised by every change that takes a right away."),
		field.Int("member_count").Default(0),
		field.Int64("message_count").
			Default(0).
			Comment("How many messages were ever added: the ordinal of the newest."),
		field.Int64("latest_seq").
			Default(0).
			Comment("The seq of the newest message; 0 if there is none."),
		field.Time("created_at").Immutable(),
		field.Time("updated_at").Comment("When the newest message came, or the room was made."),
		field.Time("event_at").
			Comment("The time of the newest event: the next one is never before it."),
		field.Time("deleted_at").
			Optional().
			Nillable().
			Comment("The row stays as a tombstone that ends the room's streams."),
	}
}

// Indexes of the Room.
func (Room) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("created_at", "id"), // the newest first, to be found; it never changes
		index.Fields("deleted_at").Annotations(entsql.IndexWhere("deleted_at IS NOT NULL")),
	}
}

// Edges of the Room.
func (Room) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("creator", User.Type).Field("creator_id").Unique().Required().Immutable(),
		edge.To("owner", User.Type).Field("owner_id").Unique().Required(),
		edge.To("members", Member.Type).Annotations(entsql.OnDelete(entsql.Cascade)),
		edge.To("tags", RoomTag.Type).Annotations(entsql.OnDelete(entsql.Cascade)),
		edge.To("bans", Ban.Type).Annotations(entsql.OnDelete(entsql.Cascade)),
		edge.To("messages", Message.Type).Annotations(entsql.OnDelete(entsql.Cascade)),
		edge.To("reactions", Reaction.Type).Annotations(entsql.OnDelete(entsql.Cascade)),
		edge.To("events", RoomEvent.Type).Annotations(entsql.OnDelete(entsql.Cascade)),
		edge.To("ended_memberships", EndedMembership.Type).
			Annotations(entsql.OnDelete(entsql.Cascade)),
	}
}

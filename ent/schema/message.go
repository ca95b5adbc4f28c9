package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Message is a message: the entry of its room's log that says it was added, and what it has become
// since. Other messages of the room are named by their seq.
type Message struct{ ent.Schema }

// OpenseaItem is the NFT that a message shows.
type OpenseaItem struct {
	ContractAddress string `json:"contractAddress"`
	TokenID         string `json:"tokenId"`
	Name            string `json:"name"`
	Description     string `json:"description"`
	ImageURL        string `json:"imageUrl"`
}

// Fields of the Message.
func (Message) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("room_id", uuid.UUID{}).Immutable(),
		field.Int64("seq").Immutable().Annotations(Assigned{}),
		field.String("author_id").Immutable(),
		field.Enum("type").Values("TEXT", "CARD").Immutable(),
		field.Text("contents").Comment("Empty once deleted."),
		field.Int64("reply_to_seq").
			Optional().
			Nillable().
			Immutable().
			Comment("The message this one answers."),
		field.Int64("thread_seq").
			Optional().
			Nillable().
			Immutable().
			Comment("The message whose thread this one belongs to."),
		field.Int64("ordinal").Immutable().Annotations(Assigned{}).
			Comment("Its place among the room's messages, from 1."),
		field.Int64("own_ordinal").
			Immutable().
			Annotations(Assigned{}).
			Comment("Its place among those its author has sent since they joined, from 1."),
		field.Int("reply_count").Default(0).Comment("How many messages belong to its thread."),
		field.JSON("mentions", []string{}).Optional(),
		field.JSON("opensea_item", &OpenseaItem{}).Optional(),
		field.String("idempotency_key").Optional().Nillable().Immutable(),
		field.Bytes("request_hash").
			Sensitive().
			Optional().
			Immutable().
			Comment("SHA-256 of the request, beside its key."),
		field.Time("created_at").Immutable().Annotations(Assigned{}),
		field.Time("edited_at").Optional().Nillable(),
		field.Time("deleted_at").Optional().Nillable(),
	}
}

// Edges of the Message.
func (Message) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("room", Room.Type).
			Ref("messages").
			Field("room_id").
			Unique().
			Required().
			Immutable(),
		edge.To("author", User.Type).Field("author_id").Unique().Required().Immutable(),
	}
}

// Indexes of the Message.
func (Message) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("room_id", "seq").Unique(),
		index.Fields("room_id", "author_id", "idempotency_key").Unique().
			Annotations(entsql.IndexWhere("idempotency_key IS NOT NULL")),
		index.Fields("room_id", "thread_seq", "seq").
			Annotations(entsql.IndexWhere("thread_seq IS NOT NULL")),
	}
}

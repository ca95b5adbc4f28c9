package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/field"
)

// ProfileVersion versions the profiles of one shard of users. A transaction that changes a profile
// raises the version of the user's shard, so that a node can tell which of its cached users are out
// of date. There are 16 shards, by the hash of the user's id (package chat).
type ProfileVersion struct{ ent.Schema }

// Fields of the ProfileVersion.
func (ProfileVersion) Fields() []ent.Field {
	incremental := false
	return []ent.Field{
		field.Int("id").
			StorageKey("shard").
			Immutable().
			Annotations(entsql.Annotation{Incremental: &incremental}).
			Comment("The shard, 0 to 15."),
		field.Int64("version").
			Comment("It begins at (shard << 48) + 1 and rises by one with each change."),
	}
}

// Package tables has the tables that the migrations create: those of ent's schema on SQLite, and the same
// with other keys on PostgreSQL. Ent gives each table an id as its primary key. On PostgreSQL the primary
// key of a table that belongs to rooms begins with the room, and that of a table that belongs to users
// with the user, so that a table can be partitioned or distributed by it.
package tables

import (
	"fmt"
	"slices"

	"ariga.io/atlas/sql/postgres"
	atlas "ariga.io/atlas/sql/schema"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql/schema"

	"parley/ent/migrate"
	"parley/internal/store"
)

// keys returns the primary keys of PostgreSQL's tables whose primary key is not id. Each has the columns of a
// unique index of ent's schema.
func keys() map[string][]string {
	return map[string][]string{
		"bans":              {"room_id", "user_id"},
		"direct_rooms":      {"lower_id", "higher_id"},
		"ended_memberships": {"room_id", "user_id"},
		"friendships":       {"user_id", "friend_id"},
		"members":           {"room_id", "user_id"},
		"messages":          {"room_id", "seq"},
		"reactions":         {"room_id", "message_seq", "emoji", "user_id"},
		"room_events":       {"room_id", "seq"},
		"room_requests":     {"user_id", "key"},
		"room_tags":         {"room_id", "tag"},
	}
}

// Of returns the tables of a database with ent's dialect, and the options of a migration
// that compares them with a database.
func Of(name string) ([]*schema.Table, []schema.MigrateOption, error) {
	options := []schema.MigrateOption{schema.WithDropColumn(true), schema.WithDropIndex(true)}
	tables, err := schema.CopyTables(migrate.Tables)
	if err != nil {
		return nil, nil, fmt.Errorf("copy ent's tables: %w", err)
	}
	if name != dialect.Postgres {
		return tables, options, nil
	}
	for _, table := range tables {
		if key := keys()[table.Name]; key != nil {
			setKey(table, key)
		}
		// A row of a room has foreign keys to its room only, because other rows may be in another partition.
		table.ForeignKeys = slices.DeleteFunc(table.ForeignKeys, func(k *schema.ForeignKey) bool {
			return k.RefTable.Name != "rooms"
		})
		switch table.Name {
		case "members": // by time of joining: see roomlog.Log.Joined
			table.Indexes = append(table.Indexes, &schema.Index{
				Name: "member_id", Columns: []*schema.Column{column(table, "id")},
			})
		case "messages": // a hash replaces two texts: see messageKey
			table.Indexes = slices.DeleteFunc(table.Indexes, func(index *schema.Index) bool {
				return index.Name == "message_room_id_author_id_idempotency_key"
			})
		case "seats":
			column(table, "member_id").Unique = false
		case "direct_rooms":
			column(table, "room_id").Unique = false
		}
	}
	return tables, append(options, schema.WithDiffHook(messageKey)), nil
}

// setKey makes columns the primary key of a table. It removes the unique index of these columns.
func setKey(table *schema.Table, key []string) {
	table.PrimaryKey = nil
	for _, name := range key {
		table.PrimaryKey = append(table.PrimaryKey, column(table, name))
	}
	table.Indexes = slices.DeleteFunc(table.Indexes, func(index *schema.Index) bool {
		return index.Unique && slices.Equal(index.Columns, table.PrimaryKey)
	})
}

// column returns the column of a table.
func column(table *schema.Table, name string) *schema.Column {
	i := slices.IndexFunc(table.Columns, func(c *schema.Column) bool { return c.Name == name })
	return table.Columns[i]
}

// messageKey adds the unique index of idempotency keys to messages. Ent has no indexes of
// expressions. The expression is spelled as PostgreSQL shows it.
func messageKey(next schema.Differ) schema.Differ {
	return schema.DiffFunc(func(current, desired *atlas.Schema) ([]atlas.Change, error) {
		if messages, ok := desired.Table("messages"); ok {
			room, _ := messages.Column("room_id")
			messages.AddIndexes(atlas.NewUniqueIndex("message_room_id_idempotency").
				AddParts(atlas.NewColumnPart(room), atlas.NewExprPart(&atlas.RawExpr{X: store.KeyHash})).
				AddAttrs(&postgres.IndexPredicate{P: "(idempotency_key IS NOT NULL)"}))
		}
		return next.Diff(current, desired)
	})
}

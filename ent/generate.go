// Package ent is Parley's data model: hand-written entities in ent/schema, everything else
// generated from them.
package ent

//go:generate go run entgo.io/ent/cmd/ent generate --feature sql/upsert,sql/lock,sql/modifier,sql/execquery,sql/versioned-migration --template ./template ./schema

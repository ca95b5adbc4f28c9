package store

import (
	"encoding/json"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"parley/internal/store/pqdriver"
)

// AnyOf returns a condition that is true if a column has one of the values of a list. The list is one
// argument, so the statement does not depend on its length. placeholder is that of the argument, and kind
// the type of the column in PostgreSQL.
func AnyOf(name, column, placeholder, kind string) string {
	if name == dialect.Postgres {
		return column + " = ANY(" + placeholder + "::" + kind + "[])"
	}
	return column + " IN (SELECT value FROM json_each(" + placeholder + "))"
}

// List is the argument of [AnyOf]. Texts are valid UTF-8.
func List(name string, texts []string) any {
	if name == dialect.Postgres {
		return pqdriver.StringArray(texts)
	}
	encoded, err := json.Marshal(texts)
	if err != nil {
		panic(err) // texts always encode
	}
	return string(encoded)
}

// IDList is [List] for a column of UUIDs.
func IDList(name string, ids []uuid.UUID) any {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.String()
	}
	return List(name, texts)
}

// Padded repeats the last of values until their number is a power of two, so that ent's queries over
// lists of any length have few different texts and their prepared statements are found again.
func Padded[T any](values []T) []T {
	n := 1
	for n < len(values) {
		n *= 2
	}
	out := make([]T, 0, n)
	out = append(out, values...)
	for len(out) < n && len(values) > 0 {
		out = append(out, values[len(values)-1])
	}
	return out
}

package store

import (
	"encoding/json"

	"entgo.io/ent/dialect"

	"parley/internal/store/pqdriver"
)

// AnyOf is a condition that selects by a column's being one of a list, whose texts are the argument
// that follows it: the statement's text does not depend on how long the list is. placeholder is the
// argument's, and kind the column's type in PostgreSQL.
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

package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
)

// Clock counts changes of one kind of things. Whoever changes one raises it in the same
// transaction, so that what has been read before can be told from what has changed since. There is
// one, of people.
type Clock struct{ ent.Schema }

// Fields of the Clock.
func (Clock) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Immutable().Comment("What it counts the changes of: people."),
		field.Int64("value").Default(0).Comment("How many changes there have been."),
	}
}

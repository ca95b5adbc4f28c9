package schema

// Assigned is the annotation of a field that the statement assigns which inserts the row, so that it
// is no part of the record that is inserted.
type Assigned struct{}

// Name implements ent's Annotation.
func (Assigned) Name() string { return "Assigned" }

package profiles

import (
	entsql "entgo.io/ent/dialect/sql"

	"parley/ent"
)

// WithVersion adds the profile version to a query for rooms.
func WithVersion(q *ent.RoomQuery) *ent.RoomQuery {
	q.Modify(func(s *entsql.Selector) {
		s.AppendSelectExprAs(entsql.Raw(ReadVersion), versionColumn)
	})
	return q
}

// VersionOf returns the profile version that was read with a room.
func VersionOf(r *ent.Room) (v Version, err error) {
	value, err := r.Value(versionColumn)
	if err == nil {
		err = v.Scan(value)
	}
	return v, err
}

// versionColumn is the column that WithVersion adds.
const versionColumn = "profiles"

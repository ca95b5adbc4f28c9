package read

import (
	"context"
	"database/sql"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqlgraph"
	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/ban"
	"parley/ent/member"
	"parley/internal/store"
)

// Membership is the viewer's membership of a room.
type Membership struct {
	*ent.Member
	// Unread is how many messages of others there are that they have not read.
	Unread int64
}

// ViewerKey is the key of data that belongs to one viewer.
type ViewerKey[K comparable] struct {
	UserID string
	Key    K
}

// membershipColumns are the columns of [membershipRow]; unreadMessages is the number of unread messages
// of a member in a room.
const (
	membershipColumns = ent.MemberColumns + `, ` + unreadMessages
	unreadMessages    = `rooms.message_count - members.own_sent - members.others_read`
)

// membershipRow receives a membership; NULL if there is none.
type membershipRow struct {
	member ent.MemberRow
	unread sql.Null[int64]
}

func (row *membershipRow) targets() []any { return append(row.member.Targets(), &row.unread) }

// membership returns what was scanned; nil if there is none.
func (row *membershipRow) membership() (*Membership, error) {
	m, err := row.member.Member()
	if m == nil || err != nil {
		return nil, err
	}
	return &Membership{Member: m, Unread: row.unread.V}, nil
}

// Memberships returns the membership of each user in each of the rooms that they are in, in one
// statement.
func (rd *Reader) Memberships(
	ctx context.Context, users []string, rooms []uuid.UUID,
) (map[ViewerKey[uuid.UUID]]*Membership, error) {
	found := make(map[ViewerKey[uuid.UUID]]*Membership, len(users))
	err := store.Each(ctx, rd.db, func(rows *sql.Rows) error {
		var row membershipRow
		if err := rows.Scan(row.targets()...); err != nil {
			return err
		}
		m, err := row.membership()
		if err == nil {
			found[ViewerKey[uuid.UUID]{m.UserID, m.RoomID}] = m
		}
		return err
	}, `SELECT `+membershipColumns+`
FROM members JOIN rooms ON rooms.id = members.room_id
WHERE `+store.AnyOf(rd.dialect, "members.user_id", "$1", "text")+
		` AND `+store.AnyOf(rd.dialect, "members.room_id", "$2", "uuid"),
		store.List(rd.dialect, users), store.IDList(rd.dialect, rooms))
	if err != nil {
		return nil, fmt.Errorf(
			"find the memberships of %d users in %d rooms: %w", len(users), len(rooms), err,
		)
	}
	return found, nil
}

// Members returns, of each room given, the members that have been in it longest: first of them
// each, after a position if one is given. All of it in one statement. The viewer must be allowed to
// see the rooms.
func (rd *Reader) Members(
	ctx context.Context, rooms []uuid.UUID, first int, after *Position,
) (map[uuid.UUID]Page[*ent.Member], error) {
	if err := CheckFirst(first); err != nil {
		return nil, err
	}
	q := rd.db.Member.Query().Where(member.RoomIDIn(store.Padded(rooms)...))
	if after != nil {
		q.Where(func(s *entsql.Selector) {
			s.Where(
				entsql.CompositeGT(
					[]string{s.C(member.FieldJoinedAt), s.C(member.FieldID)}, after.At, after.ID,
				),
			)
		})
	}
	if len(rooms) == 1 {
		q.Order(member.ByJoinedAt(), member.ByID()).Limit(first + 1)
	} else {
		// In Modify and not in Where: it must come behind the condition on the rooms, which it
		// wraps.
		q.Modify(
			sqlgraph.LimitNeighbors(
				member.FieldRoomID,
				first+1,
				entsql.Expr(member.FieldJoinedAt),
				entsql.Expr(member.FieldID),
			),
		)
		q.Order(member.ByJoinedAt(), member.ByID())
	}
	members, err := q.All(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the members of %d rooms: %w", len(rooms), err)
	}
	lists := make(map[uuid.UUID][]*ent.Member, len(rooms))
	for _, m := range members {
		lists[m.RoomID] = append(lists[m.RoomID], m)
	}
	pages := make(map[uuid.UUID]Page[*ent.Member], len(lists))
	for id, list := range lists {
		pages[id] = page(list, first)
	}
	return pages, nil
}

// Bans returns, of each room given, who is banned from it, those banned longest first: first of
// them each, after a place if one is given. All of it in one statement. The viewer must be allowed
// to see them: see [Chat.MaySeeBans].
func (rd *Reader) Bans(
	ctx context.Context, rooms []uuid.UUID, first int, after *RowPosition,
) (map[uuid.UUID]Page[*ent.Ban], error) {
	if err := CheckFirst(first); err != nil {
		return nil, err
	}
	q := rd.db.Ban.Query().Where(ban.RoomIDIn(store.Padded(rooms)...))
	if after != nil {
		q.Where(func(s *entsql.Selector) {
			s.Where(
				entsql.CompositeGT(
					[]string{s.C(ban.FieldAt), s.C(ban.FieldID)}, after.At, after.ID,
				),
			)
		})
	}
	if len(rooms) == 1 {
		q.Limit(first + 1)
	} else {
		// In Modify and not in Where: it must come behind the condition on the rooms, which it
		// wraps.
		q.Modify(
			sqlgraph.LimitNeighbors(
				ban.FieldRoomID, first+1, entsql.Expr(ban.FieldAt), entsql.Expr(ban.FieldID),
			),
		)
	}
	found, err := q.Order(ban.ByAt(), ban.ByID()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("list who is banned from %d rooms: %w", len(rooms), err)
	}
	lists := make(map[uuid.UUID][]*ent.Ban, len(rooms))
	for _, b := range found {
		lists[b.RoomID] = append(lists[b.RoomID], b)
	}
	pages := make(map[uuid.UUID]Page[*ent.Ban], len(lists))
	for id, list := range lists {
		pages[id] = page(list, first)
	}
	return pages, nil
}

// Joined is a room that a user is in, of which it has what the policy needs, and the seq.
type Joined struct {
	ent.Room
	Role member.Role
	// Since is the seq before that of the event with which the user joined; 0 for first members.
	Since int64
}

// Joined returns rooms that a user is in, in one statement and at most limit of them; only the
// rooms of a list, if only is not nil.
func (rd *Reader) Joined(
	ctx context.Context, userID string, only []uuid.UUID, limit int,
) (joined []Joined, err error) {
	query := `SELECT r.id, r.seq, r.access_type, r.direct, m.role, m.joined_seq
FROM members m JOIN rooms r ON r.id = m.room_id WHERE m.user_id = $1 AND r.deleted_at IS NULL`
	args := []any{userID}
	if only != nil {
		query += ` AND ` + store.AnyOf(rd.dialect, "m.room_id", "$2", "uuid")
		args = append(args, store.IDList(rd.dialect, only))
	}
	args = append(args, limit)
	err = store.Each(ctx, rd.db, func(rows *sql.Rows) error {
		var j Joined
		err := rows.Scan(&j.ID, &j.Seq, &j.AccessType, &j.Direct, &j.Role, &j.Since)
		joined = append(joined, j)
		return err
	}, fmt.Sprintf("%s LIMIT $%d", query, len(args)), args...)
	return joined, err
}

// WriterOf returns what the policy needs to know of a member of a room, and the room's rules. found
// is false if there is no such member.
func (rd *Reader) WriterOf(
	ctx context.Context, userID string, roomID uuid.UUID,
) (member Joined, found bool, err error) {
	err = store.Each(ctx, rd.db, func(rows *sql.Rows) error {
		found = true
		return rows.Scan(&member.PolicyVersion, &member.AccessType, &member.Direct, &member.Role)
	}, `SELECT r.rules, r.access_type, r.direct, m.role FROM rooms r JOIN members m ON m.room_id = r.id
WHERE r.id = $1 AND m.user_id = $2 AND r.deleted_at IS NULL`, roomID, userID)
	return member, found, err
}

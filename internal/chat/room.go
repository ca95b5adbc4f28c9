package chat

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqlgraph"
	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/member"
	"parley/ent/room"
	"parley/ent/roomtag"
	"parley/internal/chat/policy"
	"parley/internal/chat/profiles"
	"parley/internal/store"
	"parley/internal/text"
)

// maxSearchWords bounds how many words one search looks for.
const maxSearchWords = 10

// Seen is a room as somebody sees it.
type Seen struct {
	*ent.Room
	// By is their membership; nil where they are outside.
	By *Membership
	// Profiles is the profile version at that moment.
	Profiles profiles.Version
}

// seeRoom looks at a room and at what a person is to it, in one statement.
const seeRoom = `SELECT rooms.seq, ` + profiles.ReadVersion + `, members.id IS NULL AND EXISTS
	(SELECT 1 FROM bans WHERE bans.room_id = rooms.id AND bans.user_id = $2), ` + membershipColumns + `
FROM rooms LEFT JOIN members ON members.room_id = rooms.id AND members.user_id = $2
WHERE rooms.id = $1 AND rooms.deleted_at IS NULL`

// Room returns a room that the viewer may see; NOT_FOUND otherwise, whether or not it exists.
func (c *Chat) Room(ctx context.Context, v Viewer, id uuid.UUID) (Seen, error) {
	found := false
	var seen Seen
	var seq int64
	var isBanned bool
	err := store.Each(ctx, c.db, func(rows *sql.Rows) (err error) {
		found = true
		var m membershipRow
		if err := rows.Scan(
			append([]any{&seq, &seen.Profiles, &isBanned}, m.targets()...)...); err != nil {
			return err
		}
		seen.By, err = m.membership()
		return err
	}, seeRoom, id, v.ID)
	if err != nil {
		return Seen{}, fmt.Errorf("get room %s: %w", id, err)
	}
	if !found {
		return Seen{}, errNoRoom()
	}
	rooms, err := c.roomsAt(ctx, []uuid.UUID{id}, []int64{seq})
	if err != nil {
		return Seen{}, err
	}
	seen.Room = rooms[0]
	var who policy.Relation
	if seen.By != nil {
		who = policy.OfRole(seen.By.Role)
	} else {
		isFriend, err := isOwnersFriend(ctx, c.db, seen.Room, v.ID)
		if err != nil {
			return Seen{}, err
		}
		who = policy.Outside(isBanned, isFriend)
	}
	if err := permit(policy.See, seen.Room, who); err != nil {
		return Seen{}, err
	}
	return seen, nil
}

// membershipColumns are the columns of [membershipRow]; unreadMessages is the number of messages of
// a room that a member has not read.
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

// PublicRoom returns a room that everybody may see; NOT_FOUND otherwise.
func (c *Chat) PublicRoom(ctx context.Context, id uuid.UUID) (*ent.Room, error) {
	r, err := c.db.Room.Query().
		Where(room.ID(id), room.DeletedAtIsNil(), room.AccessTypeEQ(room.AccessTypePUBLIC)).
		Only(ctx)
	if ent.IsNotFound(err) {
		return nil, errNoRoom()
	}
	if err != nil {
		return nil, fmt.Errorf("get public room %s: %w", id, err)
	}
	return r, nil
}

// MyRoom returns a room that the viewer is in; NOT_FOUND otherwise.
func (c *Chat) MyRoom(ctx context.Context, v Viewer, id uuid.UUID) (*ent.Room, error) {
	r, err := c.db.Room.Query().Where(room.ID(id), policy.Allowed(policy.Read, v.ID)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, errNoRoom()
	}
	if err != nil {
		return nil, fmt.Errorf("get my room %s: %w", id, err)
	}
	return r, nil
}

// MyRoomIDs returns the ids of all rooms that the viewer is in, the latest active first.
func (c *Chat) MyRoomIDs(ctx context.Context, v Viewer) ([]uuid.UUID, error) {
	ids, err := c.db.Room.Query().
		Where(room.DeletedAtIsNil(), policy.HasMember(v.ID)).
		Order(latestActive()...).
		IDs(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the ids of my rooms: %w", err)
	}
	return ids, nil
}

// listRooms looks at the rooms that a person is in, the latest active first.
const (
	listRooms = `SELECT rooms.seq, ` + profiles.ReadVersion + `, ` + membershipColumns + `
FROM members JOIN rooms ON rooms.id = members.room_id
WHERE members.user_id = $1 AND rooms.deleted_at IS NULL`
	listRoomsAfter = ` AND (rooms.updated_at, rooms.id) < ($3, $4)`
	listRoomsOrder = ` ORDER BY rooms.updated_at DESC, rooms.id DESC LIMIT $2`
)

// MyRooms returns the rooms that the viewer is in, the latest active first: first of them, after a
// position if one is given.
func (c *Chat) MyRooms(
	ctx context.Context,
	v Viewer,
	first int,
	after *Position,
) (Page[Seen], error) {
	if err := CheckFirst(first); err != nil {
		return Page[Seen]{}, err
	}
	query, args := listRooms, []any{v.ID, first + 1}
	if after != nil {
		query, args = query+listRoomsAfter, append(args, after.At, after.ID)
	}
	var list []Seen
	var ids []uuid.UUID
	var seqs []int64
	err := store.Each(ctx, c.db, func(rows *sql.Rows) error {
		var seen Seen
		var seq int64
		var m membershipRow
		err := rows.Scan(append([]any{&seq, &seen.Profiles}, m.targets()...)...)
		if err != nil {
			return err
		}
		if seen.By, err = m.membership(); err != nil {
			return err
		}
		list, ids, seqs = append(list, seen), append(ids, seen.By.RoomID), append(seqs, seq)
		return nil
	}, query+listRoomsOrder, args...)
	if err != nil {
		return Page[Seen]{}, fmt.Errorf("list my rooms: %w", err)
	}
	rooms, err := c.roomsAt(ctx, ids, seqs)
	if err != nil {
		return Page[Seen]{}, fmt.Errorf("list my rooms: %w", err)
	}
	for i, r := range rooms {
		list[i].Room = r
	}
	return page(list, first), nil
}

// latestActive orders rooms by when something was last said in them.
func latestActive() []room.OrderOption {
	return []room.OrderOption{room.ByUpdatedAt(entsql.OrderDesc()), room.ByID(entsql.OrderDesc())}
}

// Search is what to look for among the rooms that one could join. Nil asks for nothing.
type Search struct {
	Words *string // all of them in name, description or tags
	Tag   *string // one of the tags
}

// Rooms returns rooms that the viewer could join, the newest first: first of them, after a position
// if one is given.
func (c *Chat) Rooms(
	ctx context.Context,
	v Viewer,
	search Search,
	first int,
	after *Position,
) (Page[*ent.Room], error) {
	var none Page[*ent.Room]
	if err := CheckFirst(first); err != nil {
		return none, err
	}
	if err := checkOptional(
		"search",
		search.Words,
		text.Rule{Kind: text.Prose, Most: maxSearch},
	); err != nil {
		return none, err
	}
	if search.Tag != nil {
		if err := checkText("tag", strings.TrimSpace(*search.Tag), tagRule()); err != nil {
			return none, err
		}
	}
	q := c.db.Room.Query().Where(policy.Allowed(policy.Find, v.ID))
	var words []string
	if search.Words != nil {
		words = strings.Fields(text.Fold(*search.Words))
	}
	if len(words) > maxSearchWords {
		return none, badInput(
			"search",
			fmt.Sprintf(
				"search has %d words; at most %d are looked for.",
				len(words),
				maxSearchWords,
			),
		)
	}
	if len(words) > 0 {
		searching, done, err := c.beginSearch(ctx, v)
		if err != nil {
			return none, err
		}
		defer done()
		ctx = searching
	}
	for _, word := range words {
		q.Where(room.SearchTextContains(word))
	}
	if search.Tag != nil {
		q.Where(room.HasTagsWith(roomtag.Folded(text.TagKey(*search.Tag))))
	}
	if after != nil {
		q.Where(func(s *entsql.Selector) {
			s.Where(
				entsql.CompositeLT(
					[]string{s.C(room.FieldCreatedAt), s.C(room.FieldID)},
					after.At,
					after.ID,
				),
			)
		})
	}
	rooms, err := q.Order(room.ByCreatedAt(entsql.OrderDesc()), room.ByID(entsql.OrderDesc())).
		Limit(first + 1).
		All(ctx)
	if err != nil {
		return none, fmt.Errorf("discover rooms: %w", err)
	}
	return page(rooms, first), nil
}

// Members returns, of each room given, the members that have been in it longest: first of them
// each, after a position if one is given. All of it in one statement. The viewer must be allowed to
// see the rooms.
func (c *Chat) Members(
	ctx context.Context,
	rooms []uuid.UUID,
	first int,
	after *Position,
) (map[uuid.UUID]Page[*ent.Member], error) {
	if err := CheckFirst(first); err != nil {
		return nil, err
	}
	q := c.db.Member.Query().Where(member.RoomIDIn(store.Padded(rooms)...))
	if after != nil {
		q.Where(func(s *entsql.Selector) {
			s.Where(
				entsql.CompositeGT(
					[]string{s.C(member.FieldJoinedAt), s.C(member.FieldID)},
					after.At,
					after.ID,
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

// Membership is the viewer's own place in a room.
type Membership struct {
	*ent.Member
	// Unread is how many messages of others there are that they have not read.
	Unread int64
}

// Own is a key of what a person has for themselves.
type Own[K comparable] struct {
	Person string
	Of     K
}

// Memberships returns the place of each of people in each of the rooms that they are in, in one
// statement.
func (c *Chat) Memberships(
	ctx context.Context,
	people []string,
	rooms []uuid.UUID,
) (map[Own[uuid.UUID]]*Membership, error) {
	found := make(map[Own[uuid.UUID]]*Membership, len(people))
	err := store.Each(ctx, c.db, func(rows *sql.Rows) error {
		var row membershipRow
		if err := rows.Scan(row.targets()...); err != nil {
			return err
		}
		m, err := row.membership()
		if err == nil {
			found[Own[uuid.UUID]{m.UserID, m.RoomID}] = m
		}
		return err
	}, `SELECT `+membershipColumns+`
FROM members JOIN rooms ON rooms.id = members.room_id
WHERE `+store.AnyOf(c.dialect, "members.user_id", "$1", "text")+
		` AND `+store.AnyOf(c.dialect, "members.room_id", "$2", "uuid"),
		store.List(c.dialect, people), store.IDList(c.dialect, rooms))
	if err != nil {
		return nil, fmt.Errorf(
			"find the memberships of %d people in %d rooms: %w",
			len(people),
			len(rooms),
			err,
		)
	}
	return found, nil
}

// RoomsByID returns rooms, in one statement; those that do not exist are missing. The viewer must
// be allowed to see them.
func (c *Chat) RoomsByID(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]*ent.Room, error) {
	generation := c.generation()
	rooms, err := c.db.Room.Query().Where(room.IDIn(store.Padded(ids)...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("get %d rooms: %w", len(ids), err)
	}
	c.rooms.learn(generation, rooms...)
	byID := make(map[uuid.UUID]*ent.Room, len(rooms))
	for _, r := range rooms {
		byID[r.ID] = r
	}
	return byID, nil
}

// JoinKey returns what the joiners of a private room must give; nil for whoever may not know it,
// and where no key is asked for. m is the viewer's membership, or nil.
func (c *Chat) JoinKey(r *ent.Room, m *Membership) *string {
	if r.Key == "" || !may(policy.SeeKey, r, m) {
		return nil
	}
	return &r.Key
}

// Tags returns the tags of each room, in the order they were given, in one statement. The viewer
// must be allowed to see the rooms.
func (c *Chat) Tags(ctx context.Context, rooms []uuid.UUID) (map[uuid.UUID][]string, error) {
	tags, err := c.db.RoomTag.Query().
		Where(roomtag.RoomIDIn(store.Padded(rooms)...)).
		Order(roomtag.ByPosition()).
		All(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the tags of %d rooms: %w", len(rooms), err)
	}
	byRoom := make(map[uuid.UUID][]string)
	for _, t := range tags {
		byRoom[t.RoomID] = append(byRoom[t.RoomID], t.Tag)
	}
	return byRoom, nil
}

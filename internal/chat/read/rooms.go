package read

import (
	"context"
	"database/sql"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/predicate"
	"parley/ent/room"
	"parley/ent/roomtag"
	"parley/internal/chat/policy"
	"parley/internal/chat/profiles"
	"parley/internal/store"
)

// ViewedRoom is a room as a user sees it.
type ViewedRoom struct {
	*ent.Room
	// Membership is the membership of the user; nil if the user is not a member.
	Membership *Membership
	// Profiles is the profile version at that moment.
	Profiles profiles.Version
}

// viewedRoomQuery reads a room and the relation of a user to it, in one statement.
const viewedRoomQuery = `SELECT rooms.seq, ` + profiles.ReadVersion + `, members.id IS NULL AND EXISTS
	(SELECT 1 FROM bans WHERE bans.room_id = $1 AND bans.user_id = $2), ` + membershipColumns + `
FROM rooms LEFT JOIN members ON members.room_id = rooms.id AND members.user_id = $2
WHERE rooms.id = $1 AND rooms.deleted_at IS NULL`

// ViewedBy returns a room and what a user is to it: their membership, or whether they are banned.
// found is false if there is no such room. It takes two statements, one if the room is cached.
func (rd *Reader) ViewedBy(
	ctx context.Context, userID string, id uuid.UUID,
) (viewed ViewedRoom, isBanned, found bool, err error) {
	var seq int64
	err = store.Each(ctx, rd.db, func(rows *sql.Rows) (err error) {
		found = true
		var m membershipRow
		if err := rows.Scan(
			append([]any{&seq, &viewed.Profiles, &isBanned}, m.targets()...)...); err != nil {
			return err
		}
		viewed.Membership, err = m.membership()
		return err
	}, viewedRoomQuery, id, userID)
	if err != nil {
		return ViewedRoom{}, false, false, fmt.Errorf("get room %s: %w", id, err)
	}
	if !found {
		return ViewedRoom{}, false, false, nil
	}
	rooms, err := rd.roomsAt(ctx, []uuid.UUID{id}, []int64{seq})
	if err != nil {
		return ViewedRoom{}, false, false, err
	}
	viewed.Room = rooms[0]
	return viewed, isBanned, true, nil
}

// viewedRoomsQuery reads the rooms that a user is in, the latest active first.
const (
	viewedRoomsQuery = `SELECT rooms.seq, ` + profiles.ReadVersion + `, ` + membershipColumns + `
FROM members JOIN rooms ON rooms.id = members.room_id
WHERE members.user_id = $1 AND rooms.deleted_at IS NULL`
	viewedRoomsAfter = ` AND (rooms.updated_at, rooms.id) < ($3, $4)`
	viewedRoomsOrder = ` ORDER BY rooms.updated_at DESC, rooms.id DESC LIMIT $2`
)

// RoomsOf returns the rooms that a user is in, the latest active first: first of them, after a
// position if one is given.
func (rd *Reader) RoomsOf(
	ctx context.Context, userID string, first int, after *Position,
) (Page[ViewedRoom], error) {
	if err := CheckFirst(first); err != nil {
		return Page[ViewedRoom]{}, err
	}
	query, args := viewedRoomsQuery, []any{userID, first + 1}
	if after != nil {
		query, args = query+viewedRoomsAfter, append(args, after.At, after.ID)
	}
	var list []ViewedRoom
	var ids []uuid.UUID
	var seqs []int64
	err := store.Each(ctx, rd.db, func(rows *sql.Rows) error {
		var viewed ViewedRoom
		var seq int64
		var m membershipRow
		err := rows.Scan(append([]any{&seq, &viewed.Profiles}, m.targets()...)...)
		if err != nil {
			return err
		}
		if viewed.Membership, err = m.membership(); err != nil {
			return err
		}
		list, ids, seqs = append(
			list,
			viewed,
		), append(
			ids,
			viewed.Membership.RoomID,
		), append(
			seqs,
			seq,
		)
		return nil
	}, query+viewedRoomsOrder, args...)
	if err != nil {
		return Page[ViewedRoom]{}, fmt.Errorf("list the rooms of a user: %w", err)
	}
	rooms, err := rd.roomsAt(ctx, ids, seqs)
	if err != nil {
		return Page[ViewedRoom]{}, fmt.Errorf("list the rooms of a user: %w", err)
	}
	for i, r := range rooms {
		list[i].Room = r
	}
	return page(list, first), nil
}

// RoomIDsOf returns the ids of all rooms that a user is in, the latest active first.
func (rd *Reader) RoomIDsOf(ctx context.Context, userID string) ([]uuid.UUID, error) {
	ids, err := rd.db.Room.Query().
		Where(room.DeletedAtIsNil(), policy.HasMember(userID)).
		Order(latestActive()...).
		IDs(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the ids of the rooms of a user: %w", err)
	}
	return ids, nil
}

// latestActive orders rooms by their last activity.
func latestActive() []room.OrderOption {
	return []room.OrderOption{room.ByUpdatedAt(entsql.OrderDesc()), room.ByID(entsql.OrderDesc())}
}

// Find returns rooms that a user may find, the newest first: first of them, after a position if one
// is given. All of words are in their search texts, and tag is the key of one of their tags; "":
// any.
func (rd *Reader) Find(
	ctx context.Context, mayFind predicate.Room, words []string, tag string,
	first int, after *Position,
) (Page[*ent.Room], error) {
	q := rd.db.Room.Query().Where(mayFind)
	for _, word := range words {
		q.Where(room.SearchTextContains(word))
	}
	if tag != "" {
		q.Where(room.HasTagsWith(roomtag.Folded(tag)))
	}
	if after != nil {
		q.Where(func(s *entsql.Selector) {
			s.Where(entsql.CompositeLT(
				[]string{s.C(room.FieldCreatedAt), s.C(room.FieldID)}, after.At, after.ID))
		})
	}
	rooms, err := q.Order(room.ByCreatedAt(entsql.OrderDesc()), room.ByID(entsql.OrderDesc())).
		Limit(first + 1).
		All(ctx)
	if err != nil {
		return Page[*ent.Room]{}, fmt.Errorf("find rooms: %w", err)
	}
	return page(rooms, first), nil
}

// RoomsByID returns rooms, in one statement; those that do not exist are missing. The viewer must
// be allowed to see them.
func (rd *Reader) RoomsByID(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]*ent.Room, error) {
	generation := rd.generation()
	rooms, err := rd.db.Room.Query().Where(room.IDIn(store.Padded(ids)...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("get %d rooms: %w", len(ids), err)
	}
	rd.rooms.putRooms(generation, rooms...)
	byID := make(map[uuid.UUID]*ent.Room, len(rooms))
	for _, r := range rooms {
		byID[r.ID] = r
	}
	return byID, nil
}

// Tags returns the tags of each room, in the order they were given, in one statement. The viewer
// must be allowed to see the rooms.
func (rd *Reader) Tags(ctx context.Context, rooms []uuid.UUID) (map[uuid.UUID][]string, error) {
	tags, err := rd.db.RoomTag.Query().
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

package roomlog

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/member"
	"parley/ent/room"
	"parley/internal/store"
)

// Created is a new room with its first members and whether it is public.
type Created struct {
	Room   uuid.UUID
	Users  []string
	Public bool
}

// maxCreated is how many new rooms one read returns at most.
const maxCreated = 2000

// Created returns the rooms created since a time, the oldest first, without those that are known to
// the caller.
func (l *Log) Created(
	ctx context.Context, since time.Time, known func(uuid.UUID) bool,
) ([]Created, error) {
	rooms, err := l.db.Room.Query().Where(room.IDGTE(firstID(since)), room.DeletedAtIsNil()).
		Order(room.ByID(entsql.OrderDesc())).Limit(maxCreated).
		Select(room.FieldID, room.FieldAccessType).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("find the rooms made since %s: %w", since, err)
	}
	rooms = slices.DeleteFunc(rooms, func(r *ent.Room) bool { return known(r.ID) })
	slices.Reverse(rooms)
	created := make([]Created, len(rooms))
	ids := make([]uuid.UUID, len(rooms))
	for i, r := range rooms {
		ids[i], created[i] = r.ID, Created{
			Room:   r.ID,
			Public: r.AccessType == room.AccessTypePUBLIC,
		}
	}
	founders, err := l.founders(ctx, ids)
	for i := range created {
		created[i].Users = founders[created[i].Room]
	}
	return created, err
}

// founders returns the users who are in rooms since their creation. All others join at a later time
// than the creation, whatever the clocks are: see [write.Room].
func (l *Log) founders(ctx context.Context, rooms []uuid.UUID) (map[uuid.UUID][]string, error) {
	founders := make(map[uuid.UUID][]string)
	for part := range slices.Chunk(rooms, roomsAtOnce) {
		members, err := l.db.Member.Query().
			Where(member.RoomIDIn(store.Padded(part)...), func(s *entsql.Selector) {
				r := entsql.Table(room.Table)
				s.Join(r).On(s.C(member.FieldRoomID), r.C(room.FieldID))
				s.Where(entsql.ColumnsEQ(s.C(member.FieldJoinedAt), r.C(room.FieldCreatedAt)))
			}).
			Select(member.FieldRoomID, member.FieldUserID).
			All(ctx)
		if err != nil {
			return nil, fmt.Errorf("find the first members of %d rooms: %w", len(part), err)
		}
		for _, m := range members {
			founders[m.RoomID] = append(founders[m.RoomID], m.UserID)
		}
	}
	return founders, nil
}

// firstID is the least UUIDv7 of a time (RFC 9562, section 5.7): rooms made since then have ids
// that are not below it.
func firstID(at time.Time) (id uuid.UUID) {
	var millis [8]byte
	binary.BigEndian.PutUint64(millis[:], uint64(at.UnixMilli()))
	copy(id[:6], millis[2:])
	return id
}

// joinedPage is how many memberships one statement of Joined reads.
const joinedPage = 5000

// Joined calls found with each membership that has begun since a time, and continues. It takes one
// statement for each 5,000 of them.
func (l *Log) Joined(
	ctx context.Context, since time.Time, found func(userID string, room uuid.UUID),
) error {
	for after, more := firstID(since), true; more; {
		members, err := l.db.Member.Query().Where(member.IDGT(after)).
			Order(member.ByID()).Limit(joinedPage).
			Select(member.FieldID, member.FieldRoomID, member.FieldUserID).All(ctx)
		if err != nil {
			return fmt.Errorf("find the memberships since %s: %w", since, err)
		}
		for _, m := range members {
			found(m.UserID, m.RoomID)
		}
		if more = len(members) == joinedPage; more {
			after = members[len(members)-1].ID
		}
	}
	return nil
}

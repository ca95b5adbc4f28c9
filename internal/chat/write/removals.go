package write

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/directroom"
	"parley/ent/endedmembership"
	"parley/ent/member"
	"parley/ent/predicate"
	"parley/ent/roomevent"
	"parley/ent/seat"
	"parley/internal/chat/roomlog"
	"parley/internal/store"
)

// RemoveAll ends all memberships, and with them the seats.
func (r *Room) RemoveAll(ctx context.Context) error {
	users, err := r.Tx.Member.Query().
		Where(member.RoomID(r.ID)).
		Select(member.FieldUserID).
		Strings(ctx)
	if err != nil {
		return fmt.Errorf("list the members of room %s: %w", r.ID, err)
	}
	for chunk := range slices.Chunk(users, usersAtOnce) {
		if !r.Exclusive {
			break
		}
		if _, err := r.Tx.Seat.Delete().
			Where(seat.IDIn(store.Padded(chunk)...), seat.RoomID(r.ID)).Exec(ctx); err != nil {
			return fmt.Errorf("delete the seats in room %s: %w", r.ID, err)
		}
	}
	if err := r.recordDeletion(ctx); err != nil {
		return err
	}
	if _, err := r.Tx.Member.Delete().Where(member.RoomID(r.ID)).Exec(ctx); err != nil {
		return fmt.Errorf("end the memberships of room %s: %w", r.ID, err)
	}
	r.MemberCount = 0
	r.Affected = append(r.Affected, users...)
	return nil
}

// Removal is a member who leaves a room.
type Removal struct {
	*Room
	Member *ent.Member
}

// RemoveMembers takes members out of rooms, one of each, and saves the rooms. The membership ends,
// and with it the seat; the log has it; a direct room becomes an ordinary one; an owner hands over,
// and a room without members is deleted. The number of statements does not depend on the number of
// rooms.
func (t *Tx) RemoveMembers(
	ctx context.Context, actor string, reason roomevent.Reason, all ...Removal,
) error {
	rooms := make([]*Room, len(all))
	memberships := make([]uuid.UUID, len(all))
	for i, removal := range all {
		rooms[i], memberships[i] = removal.Room, removal.Member.ID
	}
	if err := t.ReleaseDirectRooms(ctx, rooms...); err != nil {
		return err
	}
	if _, err := t.Member.Delete().
		Where(member.RoomIDIn(store.Padded(IDsOf(rooms))...), member.IDIn(store.Padded(memberships)...)).
		Exec(ctx); err != nil {
		return fmt.Errorf("end %d memberships: %w", len(all), err)
	}
	var seats []*ent.Seat
	for _, removal := range all {
		if removal.Exclusive {
			seats = append(seats, &ent.Seat{ID: removal.Member.UserID, MemberID: removal.Member.ID})
		}
	}
	if err := t.deleteSeats(ctx, seats); err != nil {
		return err
	}
	if err := t.recordRemovals(ctx, reason, all); err != nil {
		return err
	}
	var ownerless []*Room
	for _, removal := range all {
		if removal.Member.Role == member.RoleOWNER && removal.MemberCount > 1 {
			ownerless = append(ownerless, removal.Room)
		}
	}
	newOwners, err := t.transferOwnership(ctx, ownerless)
	if err != nil {
		return err
	}
	var events []*ent.RoomEventCreate
	for _, removal := range all {
		removal.MemberCount--
		removal.PolicyVersion++
		removal.Affected = append(removal.Affected, removal.Member.UserID)
		events = append(events, removal.Event(roomevent.KindMEMBER_LEFT, actor).
			SetSubjectID(removal.Member.UserID).SetReason(reason))
		if newOwner, found := newOwners[removal.ID]; found {
			removal.PolicyVersion++
			removal.OwnerID = newOwner
			events = append(events, removal.Event(roomevent.KindMEMBER_ROLE_CHANGED, actor).
				SetSubjectID(newOwner).SetRole(roomevent.RoleOWNER))
		} else if removal.MemberCount == 0 {
			events = append(events, removal.Tombstone(actor))
		}
	}
	if err := t.RoomEvent.CreateBulk(events...).Exec(ctx); err != nil {
		return fmt.Errorf("log %d departures: %w", len(all), err)
	}
	return t.saveAll(ctx, rooms)
}

// IDsOf returns the ids of rooms.
func IDsOf(rooms []*Room) []uuid.UUID {
	ids := make([]uuid.UUID, len(rooms))
	for i, r := range rooms {
		ids[i] = r.ID
	}
	return ids
}

// ReleaseDirectRooms makes direct rooms ordinary ones: the next that their two users ask for is
// another. The caller ends a membership after that.
func (t *Tx) ReleaseDirectRooms(ctx context.Context, rooms ...*Room) error {
	var direct []*Room
	for _, r := range rooms {
		if r.Direct {
			direct = append(direct, r)
			r.Direct = false
		}
	}
	if len(direct) == 0 {
		return nil
	}
	members, err := t.Member.Query().
		Where(member.RoomIDIn(store.Padded(IDsOf(direct))...)).
		Select(member.FieldRoomID, member.FieldUserID).
		All(ctx)
	if err != nil {
		return fmt.Errorf("find the members of %d direct rooms: %w", len(direct), err)
	}
	pairs := make(map[uuid.UUID][]string, len(direct))
	for _, m := range members {
		pairs[m.RoomID] = append(pairs[m.RoomID], m.UserID)
	}
	var rows []predicate.DirectRoom
	for _, r := range store.Padded(direct) {
		row := directroom.RoomID(r.ID)
		if pair := pairs[r.ID]; len(pair) == 2 { // the key of the row
			row = directroom.And(row, directroom.LowerID(min(pair[0], pair[1])),
				directroom.HigherID(max(pair[0], pair[1])))
		}
		rows = append(rows, row)
	}
	if _, err := t.DirectRoom.Delete().Where(directroom.Or(rows...)).Exec(ctx); err != nil {
		return fmt.Errorf("release %d direct rooms: %w", len(direct), err)
	}
	return nil
}

// transferOwnership makes the longest-serving moderator, else member, the owner of each room, whose
// owner has left, and returns the new owners by room.
func (t *Tx) transferOwnership(ctx context.Context, rooms []*Room) (map[uuid.UUID]string, error) {
	if len(rooms) == 0 {
		return nil, nil
	}
	newOwners := make(map[uuid.UUID]string, len(rooms))
	err := store.Each(ctx, t, func(rows *sql.Rows) error {
		var id uuid.UUID
		var newOwner string
		err := rows.Scan(&id, &newOwner)
		newOwners[id] = newOwner
		return err
	}, `UPDATE members SET role = 'OWNER' WHERE `+
		store.AnyOf(t.Dialect, "room_id", "$1", "uuid")+` AND id IN (
	SELECT id FROM (
		SELECT id, row_number() OVER (
			PARTITION BY room_id ORDER BY CASE role WHEN 'MODERATOR' THEN 0 ELSE 1 END, joined_at, id
		) AS place
		FROM members WHERE `+store.AnyOf(t.Dialect, "room_id", "$1", "uuid")+`
	) AS ranked WHERE place = 1
) RETURNING room_id, user_id`, store.IDList(t.Dialect, IDsOf(rooms)))
	if err != nil {
		return nil, fmt.Errorf("find heirs in %d rooms: %w", len(rooms), err)
	}
	if len(newOwners) != len(rooms) {
		return nil, fmt.Errorf("find heirs in %d rooms: found %d", len(rooms), len(newOwners))
	}
	return newOwners, nil
}

// Tombstone makes the row of the room, which has no members, a tombstone, and returns the event of
// that. The caller releases the room before, and saves it.
func (r *Room) Tombstone(actor string) *ent.RoomEventCreate {
	r.DeletedAt = &r.At
	r.PolicyVersion++
	return r.Event(roomevent.KindROOM_DELETED, actor)
}

// saveAll writes back what RemoveMembers changes of rooms, in one statement.
func (t *Tx) saveAll(ctx context.Context, rooms []*Room) error {
	kinds := []string{
		"uuid",
		"bigint",
		"timestamptz",
		"bigint",
		"bigint",
		"text",
		"bool",
		"timestamptz",
		"bigint",
		"bigint",
	}
	var values []string
	var args []any
	for _, r := range store.Padded(rooms) {
		row := make([]string, len(kinds))
		for i, kind := range kinds {
			row[i] = fmt.Sprintf("$%d", len(args)+i+1)
			if t.Dialect == dialect.Postgres {
				row[i] += "::" + kind
			}
		}
		values = append(values, "("+strings.Join(row, ", ")+")")
		args = append(
			args,
			r.ID,
			r.Seq,
			r.EventAt,
			r.PolicyVersion,
			r.MemberCount,
			r.OwnerID,
			r.Direct,
			r.DeletedAt,
			r.LogStart,
			r.Timeline,
		)
	}
	_, err := t.ExecContext(
		ctx,
		`UPDATE rooms SET seq = column2, event_at = column3, rules = column4,
	member_count = column5, owner_id = column6, direct = column7, deleted_at = column8,
	log_start = column9, timeline = column10
FROM (VALUES `+strings.Join(values, ", ")+`) AS saved WHERE rooms.id = column1`,
		args...)
	if err != nil {
		return fmt.Errorf("save %d rooms: %w", len(rooms), err)
	}
	for _, r := range rooms {
		r.publish()
	}
	return nil
}

// recordRemovals records why memberships of locked rooms end.
func (t *Tx) recordRemovals(ctx context.Context, reason roomevent.Reason, all []Removal) error {
	ended := make([]*ent.EndedMembershipCreate, len(all))
	for i, removal := range all {
		ended[i] = t.EndedMembership.Create().
			SetRoomID(removal.ID).SetUserID(removal.Member.UserID).
			SetReason(endedmembership.Reason(reason)).SetAt(removal.At)
	}
	err := t.EndedMembership.CreateBulk(ended...).
		OnConflictColumns(endedmembership.FieldRoomID, endedmembership.FieldUserID).
		Update(func(u *ent.EndedMembershipUpsert) { u.UpdateReason().UpdateAt() }).
		Exec(ctx)
	if err != nil {
		return fmt.Errorf("record why %d memberships have ended: %w", len(all), err)
	}
	return nil
}

// recordDeletion records that all memberships of the room end because it is deleted.
func (r *Room) recordDeletion(ctx context.Context) error {
	at := "$2"
	if r.Tx.Dialect == dialect.Postgres {
		at += "::timestamptz"
	}
	_, err := r.Tx.ExecContext(ctx, `INSERT INTO ended_memberships (room_id, user_id, reason, at)
SELECT room_id, user_id, $3, `+at+` FROM members WHERE room_id = $1
ON CONFLICT (room_id, user_id) DO UPDATE SET reason = excluded.reason, at = excluded.at`,
		r.ID, r.At, roomlog.ReasonDeleted)
	if err != nil {
		return fmt.Errorf("record the end of the memberships of room %s: %w", r.ID, err)
	}
	return nil
}

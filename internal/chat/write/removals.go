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
func (h *Room) RemoveAll(ctx context.Context) error {
	users, err := h.Tx.Member.Query().
		Where(member.RoomID(h.ID)).
		Select(member.FieldUserID).
		Strings(ctx)
	if err != nil {
		return fmt.Errorf("list the members of room %s: %w", h.ID, err)
	}
	for chunk := range slices.Chunk(users, usersAtOnce) {
		if !h.Exclusive {
			break
		}
		if _, err := h.Tx.Seat.Delete().
			Where(seat.IDIn(store.Padded(chunk)...), seat.RoomID(h.ID)).Exec(ctx); err != nil {
			return fmt.Errorf("delete the seats in room %s: %w", h.ID, err)
		}
	}
	if err := h.recordDeletion(ctx); err != nil {
		return err
	}
	if _, err := h.Tx.Member.Delete().Where(member.RoomID(h.ID)).Exec(ctx); err != nil {
		return fmt.Errorf("end the memberships of room %s: %w", h.ID, err)
	}
	h.MemberCount = 0
	h.Affected = append(h.Affected, users...)
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
	for i, d := range all {
		rooms[i], memberships[i] = d.Room, d.Member.ID
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
	for _, d := range all {
		if d.Exclusive {
			seats = append(seats, &ent.Seat{ID: d.Member.UserID, MemberID: d.Member.ID})
		}
	}
	if err := t.deleteSeats(ctx, seats); err != nil {
		return err
	}
	if err := t.recordRemovals(ctx, reason, all); err != nil {
		return err
	}
	var ownerless []*Room
	for _, d := range all {
		if d.Member.Role == member.RoleOWNER && d.MemberCount > 1 {
			ownerless = append(ownerless, d.Room)
		}
	}
	newOwners, err := t.transferOwnership(ctx, ownerless)
	if err != nil {
		return err
	}
	var events []*ent.RoomEventCreate
	for _, d := range all {
		d.MemberCount--
		d.PolicyVersion++
		d.Affected = append(d.Affected, d.Member.UserID)
		events = append(events, d.Event(roomevent.KindMEMBER_LEFT, actor).
			SetSubjectID(d.Member.UserID).SetReason(reason))
		if newOwner, found := newOwners[d.ID]; found {
			d.PolicyVersion++
			d.OwnerID = newOwner
			events = append(events, d.Event(roomevent.KindMEMBER_ROLE_CHANGED, actor).
				SetSubjectID(newOwner).SetRole(roomevent.RoleOWNER))
		} else if d.MemberCount == 0 {
			events = append(events, d.Tombstone(actor))
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
	for i, h := range rooms {
		ids[i] = h.ID
	}
	return ids
}

// ReleaseDirectRooms makes direct rooms ordinary ones: the next that their two users ask for is
// another. The caller ends a membership after that.
func (t *Tx) ReleaseDirectRooms(ctx context.Context, rooms ...*Room) error {
	var direct []*Room
	for _, h := range rooms {
		if h.Direct {
			direct = append(direct, h)
			h.Direct = false
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
	for _, h := range store.Padded(direct) {
		row := directroom.RoomID(h.ID)
		if pair := pairs[h.ID]; len(pair) == 2 { // the key of the row
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
func (h *Room) Tombstone(actor string) *ent.RoomEventCreate {
	h.DeletedAt = &h.At
	h.PolicyVersion++
	return h.Event(roomevent.KindROOM_DELETED, actor)
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
	for _, h := range store.Padded(rooms) {
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
			h.ID,
			h.Seq,
			h.EventAt,
			h.PolicyVersion,
			h.MemberCount,
			h.OwnerID,
			h.Direct,
			h.DeletedAt,
			h.LogStart,
			h.Timeline,
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
	for _, h := range rooms {
		h.publish()
	}
	return nil
}

// recordRemovals records why memberships of locked rooms end.
func (t *Tx) recordRemovals(ctx context.Context, reason roomevent.Reason, all []Removal) error {
	ended := make([]*ent.EndedMembershipCreate, len(all))
	for i, d := range all {
		ended[i] = t.EndedMembership.Create().
			SetRoomID(d.ID).SetUserID(d.Member.UserID).
			SetReason(endedmembership.Reason(reason)).SetAt(d.At)
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
func (h *Room) recordDeletion(ctx context.Context) error {
	at := "$2"
	if h.Tx.Dialect == dialect.Postgres {
		at += "::timestamptz"
	}
	_, err := h.Tx.ExecContext(ctx, `INSERT INTO ended_memberships (room_id, user_id, reason, at)
SELECT room_id, user_id, $3, `+at+` FROM members WHERE room_id = $1
ON CONFLICT (room_id, user_id) DO UPDATE SET reason = excluded.reason, at = excluded.at`,
		h.ID, h.At, roomlog.ReasonDeleted)
	if err != nil {
		return fmt.Errorf("record the end of the memberships of room %s: %w", h.ID, err)
	}
	return nil
}

package chat

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/directroom"
	"parley/ent/member"
	"parley/ent/roomevent"
	"parley/internal/chat/policy"
	"parley/internal/chat/retry"
	"parley/internal/chat/roomlog"
	"parley/internal/store"
)

// LeaveRoom ends the viewer's membership of a room.
func (c *Chat) LeaveRoom(ctx context.Context, v Viewer, id uuid.UUID) error {
	err := c.tx(ctx, retry.Once, func(t *tx) error {
		h, m, err := t.authorize(ctx, v, id, policy.Leave)
		if err != nil {
			return err
		}
		return t.depart(ctx, v, roomevent.ReasonLEFT, departure{h, m})
	})
	if err != nil {
		return fmt.Errorf("leave room %s: %w", id, err)
	}
	return nil
}

// DeleteRoom ends all memberships of a room. Its row stays as a tombstone that ends its streams.
func (c *Chat) DeleteRoom(ctx context.Context, v Viewer, id uuid.UUID) error {
	err := c.tx(ctx, retry.Once, func(t *tx) error {
		h, _, err := t.authorize(ctx, v, id, policy.Delete)
		if err != nil {
			return err
		}
		if err := h.empty(ctx); err != nil {
			return err
		}
		if err := t.release(ctx, h); err != nil {
			return err
		}
		if err := h.bury(v).Exec(ctx); err != nil {
			return fmt.Errorf("log the end: %w", err)
		}
		return h.save(ctx)
	})
	if err != nil {
		return fmt.Errorf("delete room %s: %w", id, err)
	}
	return nil
}

// Tombstone returns what is left of a deleted room for those who saw it: its name and description are
// empty, and it has no members. It returns nil for nil.
func Tombstone(r *ent.Room) *ent.Room {
	if r == nil {
		return nil
	}
	tombstone := roomlog.PublicRoom(r)
	tombstone.Name, tombstone.Description, tombstone.MemberCount = "", "", 0
	tombstone.OpenseaSlug, tombstone.OpenseaName, tombstone.OpenseaCover = nil, "", ""
	return tombstone
}

// empty ends all memberships, and with them the seats.
func (h *held) empty(ctx context.Context) error {
	people, err := h.tx.Member.Query().
		Where(member.RoomID(h.ID)).
		Select(member.FieldUserID).
		Strings(ctx)
	if err != nil {
		return fmt.Errorf("list the members of room %s: %w", h.ID, err)
	}
	if err := h.recordDeletion(ctx); err != nil {
		return err
	}
	if _, err := h.tx.Member.Delete().Where(member.RoomID(h.ID)).Exec(ctx); err != nil {
		return fmt.Errorf("end the memberships of room %s: %w", h.ID, err)
	}
	h.MemberCount = 0
	h.moved = append(h.moved, people...)
	return nil
}

// departure is a member who leaves a room.
type departure struct {
	*held
	member *ent.Member
}

// depart takes members out of rooms, one of each, and saves the rooms. The membership ends, and
// with it the seat; the log has it; a direct room becomes an ordinary one; an owner hands over, and
// a room without members is deleted. The number of statements does not depend on the number of
// rooms.
func (t *tx) depart(
	ctx context.Context, actor Viewer, reason roomevent.Reason, all ...departure,
) error {
	rooms := make([]*held, len(all))
	memberships := make([]uuid.UUID, len(all))
	for i, d := range all {
		rooms[i], memberships[i] = d.held, d.member.ID
	}
	if _, err := t.Member.Delete().
		Where(member.RoomIDIn(store.Padded(idsOf(rooms))...), member.IDIn(store.Padded(memberships)...)).
		Exec(ctx); err != nil {
		return fmt.Errorf("end %d memberships: %w", len(all), err)
	}
	if err := t.recordDepartures(ctx, reason, all); err != nil {
		return err
	}
	if err := t.release(ctx, rooms...); err != nil {
		return err
	}
	var orphaned []*held
	for _, d := range all {
		if d.member.Role == member.RoleOWNER && d.MemberCount > 1 {
			orphaned = append(orphaned, d.held)
		}
	}
	heirs, err := t.bequeath(ctx, orphaned)
	if err != nil {
		return err
	}
	var events []*ent.RoomEventCreate
	for _, d := range all {
		d.MemberCount--
		d.Rules++
		d.moved = append(d.moved, d.member.UserID)
		events = append(events, d.event(roomevent.KindMEMBER_LEFT, actor.ID).
			SetSubjectID(d.member.UserID).SetReason(reason))
		if heir, found := heirs[d.ID]; found {
			d.Rules++
			d.OwnerID = heir
			events = append(events, d.event(roomevent.KindMEMBER_ROLE_CHANGED, actor.ID).
				SetSubjectID(heir).SetRole(roomevent.RoleOWNER))
		} else if d.MemberCount == 0 {
			events = append(events, d.bury(actor))
		}
	}
	if err := t.RoomEvent.CreateBulk(events...).Exec(ctx); err != nil {
		return fmt.Errorf("log %d departures: %w", len(all), err)
	}
	return t.saveAll(ctx, rooms)
}

func idsOf(rooms []*held) []uuid.UUID {
	ids := make([]uuid.UUID, len(rooms))
	for i, h := range rooms {
		ids[i] = h.ID
	}
	return ids
}

// release makes direct rooms ordinary ones: the next that their two users ask for is another.
func (t *tx) release(ctx context.Context, rooms ...*held) error {
	var direct []*held
	for _, h := range rooms {
		if h.Direct {
			direct = append(direct, h)
			h.Direct = false
		}
	}
	if len(direct) == 0 {
		return nil
	}
	if _, err := t.DirectRoom.Delete().
		Where(directroom.RoomIDIn(store.Padded(idsOf(direct))...)).Exec(ctx); err != nil {
		return fmt.Errorf("release %d direct rooms: %w", len(direct), err)
	}
	return nil
}

// bequeath makes the longest-serving moderator, else member, the owner of each room, whose owner
// has left, and returns the new owners by room.
func (t *tx) bequeath(ctx context.Context, rooms []*held) (map[uuid.UUID]string, error) {
	if len(rooms) == 0 {
		return nil, nil
	}
	heirs := make(map[uuid.UUID]string, len(rooms))
	err := store.Each(ctx, t, func(rows *sql.Rows) error {
		var id uuid.UUID
		var heir string
		err := rows.Scan(&id, &heir)
		heirs[id] = heir
		return err
	}, `UPDATE members SET role = 'OWNER' WHERE `+
		store.AnyOf(t.dialect, "room_id", "$1", "uuid")+` AND id IN (
	SELECT id FROM (
		SELECT id, row_number() OVER (
			PARTITION BY room_id ORDER BY CASE role WHEN 'MODERATOR' THEN 0 ELSE 1 END, joined_at, id
		) AS place
		FROM members WHERE `+store.AnyOf(t.dialect, "room_id", "$1", "uuid")+`
	) AS ranked WHERE place = 1
) RETURNING room_id, user_id`, store.IDList(t.dialect, idsOf(rooms)))
	if err != nil {
		return nil, fmt.Errorf("find heirs in %d rooms: %w", len(rooms), err)
	}
	if len(heirs) != len(rooms) {
		return nil, fmt.Errorf("find heirs in %d rooms: found %d", len(rooms), len(heirs))
	}
	return heirs, nil
}

// bury deletes the room, which has no members, and leaves its row as a tombstone. It returns the
// event of it. The caller releases the room, and saves it.
func (h *held) bury(actor Viewer) *ent.RoomEventCreate {
	h.DeletedAt = &h.at
	h.Rules++
	return h.event(roomevent.KindROOM_DELETED, actor.ID)
}

// saveAll writes back what depart changes of rooms, in one statement.
func (t *tx) saveAll(ctx context.Context, rooms []*held) error {
	kinds := []string{
		"uuid", "bigint", "timestamptz", "bigint", "bigint", "text", "bool", "timestamptz",
	}
	var values []string
	var args []any
	for _, h := range store.Padded(rooms) {
		row := make([]string, len(kinds))
		for i, kind := range kinds {
			row[i] = fmt.Sprintf("$%d", len(args)+i+1)
			if t.dialect == dialect.Postgres {
				row[i] += "::" + kind
			}
		}
		values = append(values, "("+strings.Join(row, ", ")+")")
		args = append(args,
			h.ID, h.Seq, h.EventAt, h.Rules, h.MemberCount, h.OwnerID, h.Direct, h.DeletedAt)
	}
	_, err := t.ExecContext(
		ctx,
		`UPDATE rooms SET seq = column2, event_at = column3, rules = column4,
	member_count = column5, owner_id = column6, direct = column7, deleted_at = column8
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

package write

import (
	"context"
	"fmt"
	"slices"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/ban"
	"parley/ent/member"
	"parley/ent/roomevent"
	"parley/ent/seat"
	"parley/internal/chat/retry"
	"parley/internal/chat/roomlog"
	"parley/internal/store"
)

// Admit makes users members of the room, with an event for each, and saves it. In an exclusive room
// they take their seats, which have been cleared. No message that was sent before is unread to
// them.
func (r *Room) Admit(ctx context.Context, actor string, users []string) ([]*ent.Member, error) {
	members, err := r.Tx.insertMembers(ctx, users, func(m *ent.MemberCreate, i int) {
		m.SetRoomID(r.ID).
			SetRole(member.RoleMEMBER).
			SetJoinedAt(r.At).
			SetJoinedSeq(r.Seq + int64(i)). // their MemberJoined follows it
			SetOthersRead(r.MessageCount)
	})
	if err != nil {
		return nil, err
	}
	if r.Exclusive {
		if err := r.Tx.TakeSeats(ctx, members); err != nil {
			return nil, err
		}
	}
	r.MemberCount += len(users)
	r.Affected = append(r.Affected, users...)
	err = r.LogEach(
		ctx,
		roomevent.KindMEMBER_JOINED,
		actor,
		len(users),
		func(e *ent.RoomEventCreate, i int) {
			e.SetSubjectID(users[i]).SetRole(roomevent.RoleMEMBER)
		},
	)
	if err != nil {
		return nil, err
	}
	joined := r.Events[len(r.Events)-len(members):]
	for i, m := range members {
		joined[i].Member = roomlog.PublicMember(m)
	}
	return members, r.Save(ctx)
}

// insertMembers writes the memberships of people; each sets what is not the same for all rooms, of
// the i-th of them.
func (t *Tx) insertMembers(
	ctx context.Context, users []string, each func(m *ent.MemberCreate, i int),
) ([]*ent.Member, error) {
	ids := make([]uuid.UUID, len(users))
	for i := range ids {
		var err error
		if ids[i], err = uuid.NewV7(); err != nil {
			return nil, fmt.Errorf("make an id: %w", err)
		}
	}
	members, err := t.Member.MapCreateBulk(users, func(m *ent.MemberCreate, i int) {
		m.SetID(ids[i]).SetUserID(users[i])
		each(m, i)
	}).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("insert %d members: %w", len(users), err)
	}
	return members, nil
}

// SetRole changes a member's role and appends the event. A room has one owner: the caller changes
// the role of the former owner first.
func (r *Room) SetRole(ctx context.Context, actor string, m *ent.Member, role member.Role) error {
	if err := r.Tx.Member.Update().
		Where(member.RoomID(r.ID), member.ID(m.ID)).
		SetRole(role).
		Exec(ctx); err != nil {
		return fmt.Errorf("make %q %s of room %s: %w", m.UserID, role, r.ID, err)
	}
	m.Role = role
	r.PolicyVersion++
	if role == member.RoleOWNER {
		r.OwnerID = m.UserID
	}
	err := r.Log(ctx, roomevent.KindMEMBER_ROLE_CHANGED, actor, func(e *ent.RoomEventCreate) {
		e.SetSubjectID(m.UserID).SetRole(roomevent.Role(role))
	})
	if err != nil {
		return err
	}
	r.Events[len(r.Events)-1].Member = roomlog.PublicMember(m)
	return nil
}

// Member returns the membership of a user in the room.
func (r *Room) Member(ctx context.Context, userID string) (*ent.Member, error) {
	m, err := r.Tx.Member.Query().Where(member.RoomID(r.ID), member.UserID(userID)).Only(ctx)
	if err != nil {
		return nil, fmt.Errorf("find %q in room %s: %w", userID, r.ID, err)
	}
	return m, nil
}

// Seats returns the seats of users, by user. A seat whose membership has ended does not count, and
// is deleted: nodes of the version before do not delete it.
func (t *Tx) Seats(ctx context.Context, users ...string) ([]*ent.Seat, error) {
	seats, err := t.Seat.Query().
		Where(seat.IDIn(store.Padded(users)...)).
		Order(seat.ByID()).
		All(ctx)
	if err != nil {
		return nil, fmt.Errorf("find the seats of %d users: %w", len(users), err)
	}
	if len(seats) == 0 {
		return nil, nil
	}
	rooms, memberships := make([]uuid.UUID, len(seats)), make([]uuid.UUID, len(seats))
	for i, s := range seats {
		rooms[i], memberships[i] = s.RoomID, s.MemberID
	}
	present, err := t.Member.Query().
		Where(member.RoomIDIn(store.Padded(rooms)...), member.IDIn(store.Padded(memberships)...)).
		IDs(ctx)
	if err != nil {
		return nil, fmt.Errorf("find the memberships of %d seats: %w", len(seats), err)
	}
	var ended []*ent.Seat
	seats = slices.DeleteFunc(seats, func(s *ent.Seat) bool {
		if slices.Contains(present, s.MemberID) {
			return false
		}
		ended = append(ended, s)
		return true
	})
	return seats, t.deleteSeats(ctx, ended)
}

// deleteSeats deletes seats, unless their users have taken others since.
func (t *Tx) deleteSeats(ctx context.Context, seats []*ent.Seat) error {
	if len(seats) == 0 {
		return nil
	}
	users, memberships := make([]string, len(seats)), make([]uuid.UUID, len(seats))
	for i, s := range seats {
		users[i], memberships[i] = s.ID, s.MemberID
	}
	if _, err := t.Seat.Delete().
		Where(seat.IDIn(store.Padded(users)...), seat.MemberIDIn(store.Padded(memberships)...)).
		Exec(ctx); err != nil {
		return fmt.Errorf("delete %d seats: %w", len(seats), err)
	}
	return nil
}

// SeatOf returns a person's seat; nil where they have none.
func (t *Tx) SeatOf(ctx context.Context, userID string) (*ent.Seat, error) {
	seats, err := t.Seats(ctx, userID)
	if len(seats) == 0 || err != nil {
		return nil, err
	}
	return seats[0], nil
}

// TakeSeats gives each member of one exclusive room their seat in it. Their seats have been
// cleared. Returns [retry.ErrStale] if one has been taken since.
func (t *Tx) TakeSeats(ctx context.Context, members []*ent.Member) error {
	insert := entsql.Dialect(t.Dialect).
		Insert(seat.Table).
		Columns(seat.FieldID, seat.FieldRoomID, seat.FieldMemberID)
	for _, m := range members {
		insert.Values(m.UserID, m.RoomID, m.ID)
	}
	query, args := insert.OnConflict(entsql.ConflictColumns(seat.FieldID), entsql.DoNothing()).
		Query()
	result, err := t.ExecContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("take %d seats: %w", len(members), err)
	}
	taken, err := result.RowsAffected()
	if err != nil {
		return fmt.Errorf("count the seats taken: %w", err)
	}
	if int(taken) != len(members) {
		return retry.ErrStale
	}
	return nil
}

// Ban bans a user from the room. It does nothing if the user is banned.
func (r *Room) Ban(ctx context.Context, actor string, userID string) error {
	banned, err := Inserted(
		r.Tx.Ban.Create().SetRoomID(r.ID).SetUserID(userID).SetActorID(actor).SetAt(r.At).
			OnConflictColumns(ban.FieldRoomID, ban.FieldUserID).DoNothing().Exec(ctx),
	)
	if err != nil {
		return fmt.Errorf("ban %q from room %s: %w", userID, r.ID, err)
	}
	if banned {
		r.PolicyVersion++
	}
	return nil
}

package write

import (
	"context"
	"errors"
	"fmt"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/room"
	"parley/ent/roomevent"
	"parley/ent/roomtag"
	"parley/ent/user"
	"parley/internal/broker"
	"parley/internal/chat/profiles"
	"parley/internal/chat/roomlog"
	"parley/internal/store"
	"parley/internal/text"
)

// ErrNoRoom is the error of locking a room that does not exist, or is deleted.
var ErrNoRoom = errors.New("there is no such room")

// ErrRoomFull is the error of saving a room with more members than it may have.
var ErrRoomFull = errors.New("the room is full")

// Room is a room whose row this transaction has locked until its end, so that no other transaction
// changes anything in the room. A use case changes its fields and rows, appends events, and saves
// it.
type Room struct {
	*ent.Room
	Tx *Tx
	// At is the time of the events of the room in this transaction: never before the newest event,
	// and always after the creation of the room, because the time of joining shows whether a user
	// is a member from the start (see [roomlog.Log.Created]).
	At time.Time
	// Affected are the users who have joined or left in this transaction.
	Affected []string
	// Events are those that this transaction has appended to the log since the room was last saved.
	Events []*roomlog.Event
	// profiles is the profile version when the room was locked.
	profiles profiles.Version
	// present is the timeline of the database, as rooms.timeline has it: see nextSeq.
	present int64
}

// Lock locks a room. Returns [ErrNoRoom] if there is none, or only a tombstone.
func (t *Tx) Lock(ctx context.Context, id uuid.UUID) (*Room, error) {
	rooms, err := t.LockAll(ctx, id)
	if err != nil {
		return nil, err
	}
	if len(rooms) == 0 {
		return nil, ErrNoRoom
	}
	return rooms[0], nil
}

// LockAll locks rooms, in the order of their ids. It leaves out those that do not exist and
// tombstones.
func (t *Tx) LockAll(ctx context.Context, ids ...uuid.UUID) ([]*Room, error) {
	q := profiles.WithVersion(t.Room.Query().
		Where(room.IDIn(store.Padded(ids)...), room.DeletedAtIsNil()).
		Order(room.ByID()))
	if t.Dialect == dialect.Postgres {
		withTimeline(q).ForUpdate() // SQLite's transactions are alone from their beginning
	}
	found, err := q.All(ctx)
	if err != nil {
		return nil, fmt.Errorf("lock rooms %s: %w", ids, err)
	}
	rooms := make([]*Room, len(found))
	for i, r := range found {
		rooms[i] = &Room{Room: r, Tx: t, At: eventTime(r.EventAt, r.CreatedAt)}
		if rooms[i].profiles, err = profiles.VersionOf(r); err != nil {
			return nil, fmt.Errorf("lock room %s: %w", r.ID, err)
		}
		if t.Dialect == dialect.Postgres {
			if rooms[i].present, err = presentTimeline(r); err != nil {
				return nil, fmt.Errorf("lock room %s: %w", r.ID, err)
			}
		}
	}
	return rooms, nil
}

// eventTime is the time of a change in a locked room: now, not before the last one and after it
// was made.
func eventTime(last, created time.Time) time.Time {
	at := Now()
	if at.Before(last) {
		at = last
	}
	if !at.After(created) {
		at = created.Add(time.Microsecond)
	}
	return at
}

// LockUsers locks users, in the order of their ids, so that no other transaction seats or changes
// any of them until this one ends. It does not delay those that refer to them (a member, a
// message).
func (t *Tx) LockUsers(ctx context.Context, ids []string) error {
	if t.Dialect != dialect.Postgres {
		return nil // SQLite's transactions are alone from their beginning
	}
	_, err := t.User.Query().Where(user.IDIn(store.Padded(ids)...)).Unique(false).
		Modify(func(s *entsql.Selector) {
			// By bytes, whatever the database's own order: as the program sorts.
			s.OrderExpr(
				entsql.ExprFunc(
					func(b *entsql.Builder) { b.Ident(s.C(user.FieldID)).WriteString(` COLLATE "C"`) },
				),
			)
			s.For(entsql.LockNoKeyUpdate)
		}).Select(user.FieldID).Strings(ctx)
	if err != nil {
		return fmt.Errorf("lock %d users: %w", len(ids), err)
	}
	return nil
}

// Event returns the next event of the room's log, which the caller inserts. The head moves with it
// in the row: see [Room.Save].
func (r *Room) Event(kind roomevent.Kind, actor string) *ent.RoomEventCreate {
	r.EventAt = r.At
	create := r.Tx.RoomEvent.Create().
		SetRoomID(r.ID).
		SetSeq(r.nextSeq()).
		SetKind(kind).
		SetActorID(actor).
		SetAt(r.At)
	r.Events = append(r.Events, roomlog.Appended(create))
	return create
}

// publish publishes what the transaction has appended to the room's log.
func (r *Room) publish() {
	p := broker.Publication{Room: r.ID, Seq: r.Seq, Users: r.Affected}
	if len(r.Events) > 0 {
		p.Commit = roomlog.NewCommit(r.Room, r.profiles, r.Events)
		r.Events = nil
	}
	r.Tx.Publish(p)
}

// Log appends an event of the kind given to the room's log.
func (r *Room) Log(
	ctx context.Context, kind roomevent.Kind, actor string, more func(*ent.RoomEventCreate),
) error {
	event := r.Event(kind, actor)
	if more != nil {
		more(event)
	}
	if err := event.Exec(ctx); err != nil {
		return fmt.Errorf("log %s in room %s: %w", kind, r.ID, err)
	}
	return nil
}

// LogEach appends n events of the kind given to the room's log, in one statement.
func (r *Room) LogEach(
	ctx context.Context,
	kind roomevent.Kind,
	actor string,
	n int,
	each func(e *ent.RoomEventCreate, i int),
) error {
	events := make([]*ent.RoomEventCreate, n)
	for i := range events {
		events[i] = r.Event(kind, actor)
		each(events[i], i)
	}
	if err := r.Tx.RoomEvent.CreateBulk(events...).Exec(ctx); err != nil {
		return fmt.Errorf("log %d × %s in room %s: %w", n, kind, r.ID, err)
	}
	return nil
}

// Save writes the row's own columns back as they are now in r, and publishes the events. Returns
// [ErrRoomFull] if there would be too many members.
func (r *Room) Save(ctx context.Context) error {
	saved, err := r.Tx.Room.Update().
		Where(room.ID(r.ID), room.Or(room.MaxUsers(0), room.MaxUsersGTE(r.MemberCount))).
		SetSeq(r.Seq).SetLogStart(r.LogStart).SetTimeline(r.Timeline).
		SetEventAt(r.EventAt).SetPolicyVersion(r.PolicyVersion).
		SetMemberCount(r.MemberCount).SetOwnerID(r.OwnerID).
		SetMessageCount(r.MessageCount).SetLatestSeq(r.LatestSeq).SetUpdatedAt(r.UpdatedAt).
		SetDirect(r.Direct).SetNillableDeletedAt(r.DeletedAt).
		Save(ctx)
	if err != nil {
		return fmt.Errorf("save room %s: %w", r.ID, err)
	}
	if saved == 0 {
		return ErrRoomFull
	}
	r.publish()
	return nil
}

// LogUpdate appends the event that the room itself has changed, and saves the room.
func (r *Room) LogUpdate(ctx context.Context, actor string) error {
	if err := r.Log(ctx, roomevent.KindROOM_UPDATED, actor, nil); err != nil {
		return err
	}
	return r.Save(ctx)
}

// LogMessage appends an event about a message and saves the room.
func (r *Room) LogMessage(
	ctx context.Context,
	kind roomevent.Kind,
	actor string,
	m *ent.Message,
	more func(*ent.RoomEventCreate),
) error {
	err := r.Log(ctx, kind, actor, func(e *ent.RoomEventCreate) {
		e.SetMessageSeq(m.Seq)
		if more != nil {
			more(e)
		}
	})
	if err != nil {
		return err
	}
	r.Events[len(r.Events)-1].Message = roomlog.PublicMessage(m)
	return r.Save(ctx)
}

// SetTags replaces the room's tags.
func (r *Room) SetTags(ctx context.Context, tags []string) error {
	if _, err := r.Tx.RoomTag.Delete().Where(roomtag.RoomID(r.ID)).Exec(ctx); err != nil {
		return fmt.Errorf("delete the tags: %w", err)
	}
	err := r.Tx.RoomTag.MapCreateBulk(tags, func(tag *ent.RoomTagCreate, i int) {
		tag.SetRoomID(r.ID).SetPosition(i).SetTag(tags[i]).SetFolded(text.TagKey(tags[i]))
	}).Exec(ctx)
	if err != nil {
		return fmt.Errorf("insert %d tags: %w", len(tags), err)
	}
	return nil
}

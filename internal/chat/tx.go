package chat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/room"
	"parley/ent/roomevent"
	"parley/ent/user"
	"parley/internal/broker"
	"parley/internal/chat/profiles"
	"parley/internal/chat/retry"
	"parley/internal/chat/roomlog"
	"parley/internal/panics"
	"parley/internal/store"
)

// tx is one run of a transaction, and what it publishes after its commit.
type tx struct {
	*ent.Tx
	dialect      string
	publications []broker.Publication
}

// tx runs do in a transaction and then publishes what it has committed. Every write of the domain
// happens in here.
//
// It runs do again from the start when the database says that it lost against another transaction,
// so do must not change anything outside. Locks are taken in one order everywhere: rooms by id,
// then people by id, then shards of profiles; what was found before a lock is read again behind it.
func (c *Chat) tx(ctx context.Context, again retry.Policy, do func(*tx) error) error {
	return c.write(ctx, again, func() ([]broker.Publication, error) { return c.try(ctx, do) })
}

// write calls run, which writes something, and publishes what it returns. It retries as tx does; run
// is a transaction, or a single statement, which is one by itself. If it is not known whether a
// commit has happened, run returns its publications beside the error.
//
// A panic of run is an error, and run is not repeated: INTERNAL if nothing was written, UNAVAILABLE
// with OutcomeUnknown if that is not known.
func (c *Chat) write(
	ctx context.Context, again retry.Policy, run func() ([]broker.Publication, error),
) error {
	// publications also has those of attempts whose commit may have happened, without their
	// commits: a later attempt then finds what they did, and has nothing of its own to publish.
	var publications []broker.Publication
	err := c.retrier.Do(ctx, again, func() error {
		// The timeline of the commit, or an earlier one.
		timeline := c.history.Timeline()
		committed, err := c.attempt(ctx, run)
		for i := range committed {
			committed[i].Timeline = timeline
		}
		switch {
		case err == nil:
			publications = append(publications, committed...)
		case retry.IsUnknown(err):
			for _, p := range committed {
				p.Commit, p.Profiles = nil, nil
				publications = append(publications, p)
			}
		}
		return err
	})
	c.publish(ctx, publications)
	if _, unknown := errors.AsType[*retry.UnknownError](err); unknown {
		return errUncertain(err)
	}
	return err
}

// attempt calls run. If run panics, what it has written is unknown.
func (c *Chat) attempt(
	ctx context.Context, run func() ([]broker.Publication, error),
) (committed []broker.Publication, err error) {
	returned := false
	err = c.panics.Run(ctx, panics.Write, func() (err error) {
		committed, err = run()
		returned = true
		return err
	})
	if !returned {
		err = &retry.UnknownError{Cause: err}
	}
	return committed, err
}

// errUncertain is the error of a write that may or may not have happened.
func errUncertain(cause error) error {
	return &Error{
		Code:           Unavailable,
		Message:        "Saving this was interrupted: it may or may not have happened.",
		OutcomeUnknown: true,
		cause:          cause,
	}
}

// isUncertain reports whether err is that of a write that may or may not have happened.
func isUncertain(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.OutcomeUnknown
}

// publish publishes what was committed. A publisher that panics delays the deliveries, and does not
// fail the change.
func (c *Chat) publish(ctx context.Context, publications []broker.Publication) {
	for _, p := range publications {
		_ = c.panics.Run(ctx, panics.Publication, func() error {
			c.publisher.Publish(p)
			return nil
		})
	}
}

// try runs do in a transaction once and returns what it publishes, also if the commit failed.
// A panic of do is an error, and the transaction is rolled back.
func (c *Chat) try(ctx context.Context, do func(*tx) error) ([]broker.Publication, error) {
	var t *tx
	committed := false
	defer func() {
		if t != nil && !committed {
			// Its own failure changes nothing: the database rolls back what is not committed.
			_ = t.Rollback()
		}
	}()
	err := c.panics.Run(ctx, panics.Write, func() error {
		etx, err := c.db.Tx(ctx)
		if err != nil {
			return fmt.Errorf("begin: %w", err)
		}
		t = &tx{Tx: etx, dialect: c.dialect}
		return do(t)
	})
	if err != nil {
		return nil, err
	}
	committed = true
	if err := t.Commit(); err != nil {
		return t.publications, fmt.Errorf("commit: %w", err)
	}
	for _, p := range t.publications {
		c.users.Apply(p.Profiles)
	}
	return t.publications, nil
}

// publish publishes what was written, after the commit.
func (t *tx) publish(written ...broker.Publication) {
	t.publications = append(t.publications, written...)
}

// inserted tells whether an insert with ON CONFLICT DO NOTHING made a row: ent reports the missing
// one as no rows.
func inserted(err error) (bool, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// held is a room whose row this transaction holds until its end, so that nobody else can change
// anything in the room.
type held struct {
	*ent.Room
	tx *tx
	// at is the time of whatever happens to the room in this transaction: never before the newest
	// event, and always after the room was made, since the time at which somebody joined tells
	// whether they have been there from the start (see [roomlog.Log.Created]).
	at time.Time
	// moved are those who came or went in this transaction.
	moved []string
	// profiles is the profile version when the room was locked, and events are those that this
	// transaction has appended to the log since the room was last saved.
	profiles profiles.Version
	events   []*roomlog.Event
}

// hold locks a room. Returns NOT_FOUND if there is none, or only a tombstone.
func (t *tx) hold(ctx context.Context, id uuid.UUID) (*held, error) {
	rooms, err := t.holdAll(ctx, id)
	if err != nil {
		return nil, err
	}
	if len(rooms) == 0 {
		return nil, errNoRoom()
	}
	return rooms[0], nil
}

// holdAll locks rooms, in the order of their ids. It leaves out those that do not exist and
// tombstones.
func (t *tx) holdAll(ctx context.Context, ids ...uuid.UUID) ([]*held, error) {
	q := withProfiles(t.Room.Query().
		Where(room.IDIn(store.Padded(ids)...), room.DeletedAtIsNil()).
		Order(room.ByID()))
	if t.dialect == dialect.Postgres {
		q.ForUpdate() // SQLite's transactions are alone from their beginning
	}
	found, err := q.All(ctx)
	if err != nil {
		return nil, fmt.Errorf("lock rooms %s: %w", ids, err)
	}
	rooms := make([]*held, len(found))
	for i, r := range found {
		rooms[i] = &held{Room: r, tx: t, at: timeOf(r.EventAt, r.CreatedAt)}
		if rooms[i].profiles, err = profilesOf(r); err != nil {
			return nil, fmt.Errorf("lock room %s: %w", r.ID, err)
		}
	}
	return rooms, nil
}

// timeOf is the time of a change in a room that is held: now, not before the last one and after it
// was made.
func timeOf(last, made time.Time) time.Time {
	at := now()
	if at.Before(last) {
		at = last
	}
	if !at.After(made) {
		at = made.Add(time.Microsecond)
	}
	return at
}

// holdPeople takes people's rows, in the order of their ids, so that nobody else seats or changes
// any of them until this transaction ends. Whoever refers to them (a member, a message) is not held
// up.
func (t *tx) holdPeople(ctx context.Context, ids []string) error {
	if t.dialect != dialect.Postgres {
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
		return fmt.Errorf("hold %d people: %w", len(ids), err)
	}
	return nil
}

// event returns the next event of the room's log, which the caller inserts. The head moves with it
// in the row: see save.
func (h *held) event(kind roomevent.Kind, actor string) *ent.RoomEventCreate {
	h.Seq++
	h.EventAt = h.at
	create := h.tx.RoomEvent.Create().
		SetRoomID(h.ID).
		SetSeq(h.Seq).
		SetKind(kind).
		SetActorID(actor).
		SetAt(h.at)
	h.events = append(h.events, roomlog.Appended(create))
	return create
}

// publish publishes what the transaction has appended to the room's log.
func (h *held) publish() {
	p := broker.Publication{Room: h.ID, Seq: h.Seq, Users: h.moved}
	if len(h.events) > 0 {
		p.Commit = roomlog.NewCommit(h.Room, h.profiles, h.events)
		h.events = nil
	}
	h.tx.publish(p)
}

// log appends an event of the kind given to the room's log.
func (h *held) log(
	ctx context.Context,
	kind roomevent.Kind,
	actor string,
	more func(*ent.RoomEventCreate),
) error {
	event := h.event(kind, actor)
	if more != nil {
		more(event)
	}
	if err := event.Exec(ctx); err != nil {
		return fmt.Errorf("log %s in room %s: %w", kind, h.ID, err)
	}
	return nil
}

// logEach appends n events of the kind given to the room's log, in one statement.
func (h *held) logEach(
	ctx context.Context,
	kind roomevent.Kind,
	actor string,
	n int,
	each func(e *ent.RoomEventCreate, i int),
) error {
	events := make([]*ent.RoomEventCreate, n)
	for i := range events {
		events[i] = h.event(kind, actor)
		each(events[i], i)
	}
	if err := h.tx.RoomEvent.CreateBulk(events...).Exec(ctx); err != nil {
		return fmt.Errorf("log %d × %s in room %s: %w", n, kind, h.ID, err)
	}
	return nil
}

// save writes the row's own columns back as they are now in h: ROOM_FULL where there would be too
// many people.
func (h *held) save(ctx context.Context) error {
	saved, err := h.tx.Room.Update().
		Where(room.ID(h.ID), room.Or(room.MaxUsers(0), room.MaxUsersGTE(h.MemberCount))).
		SetSeq(h.Seq).SetEventAt(h.EventAt).SetRules(h.Rules).
		SetMemberCount(h.MemberCount).SetOwnerID(h.OwnerID).
		SetMessageCount(h.MessageCount).SetLatestSeq(h.LatestSeq).SetUpdatedAt(h.UpdatedAt).
		SetDirect(h.Direct).SetNillableDeletedAt(h.DeletedAt).
		Save(ctx)
	if err != nil {
		return fmt.Errorf("save room %s: %w", h.ID, err)
	}
	if saved == 0 {
		return errRoomFull()
	}
	h.publish()
	return nil
}

// bumpProfileVersions raises the versions of users whose profiles the transaction has changed, and
// publishes that. It comes last: see [profiles.Bump].
func (t *tx) bumpProfileVersions(ctx context.Context, userIDs []string) error {
	changes, err := profiles.Bump(ctx, t, t.dialect, userIDs)
	if len(changes) > 0 {
		t.publish(broker.Publication{Profiles: changes})
	}
	return err
}

// runner is [store.Each] or [store.EachWritten].
type runner func(
	ctx context.Context, q store.Querier, scan func(*sql.Rows) error, query string, args ...any,
) error

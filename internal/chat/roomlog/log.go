package chat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/member"
	"parley/ent/room"
	"parley/ent/roomevent"
	"parley/internal/chat/policy"
	"parley/internal/chat/profiles"
	"parley/internal/store"
)

// KindMessageAdded is the kind of the events that are messages; the others are the kinds of ent's
// RoomEvent.
const KindMessageAdded roomevent.Kind = "MESSAGE_ADDED"

// Event is one entry of a room's log.
type Event struct {
	Room uuid.UUID      `json:"-"`
	Seq  int64          `json:"seq"`
	Kind roomevent.Kind `json:"kind"`
	At   time.Time      `json:"at"`
	// Message is the one that was added, or that the event is about, as it was when the event was
	// published or read; nil with other kinds.
	Message *ent.Message `json:"message,omitempty"`
	// Subject is the user it happened to; with a reaction, its user.
	Subject string `json:"subject,omitempty"`
	// Member is the subject's membership of a published event, as they joined or changed their role.
	Member *ent.Member `json:"member,omitempty"`
	// Role is the subject's from here on; Reason is why they left.
	Role   member.Role      `json:"role,omitempty"`
	Reason roomevent.Reason `json:"reason,omitempty"`
	// Emoji and On are of a reaction.
	Emoji string `json:"emoji,omitempty"`
	On    bool   `json:"on,omitempty"`
	// About is the room as it was when the event was published or read. A published one has no key.
	About *ent.Room `json:"-"`
	// Who is the subject, or the message's author if there is none, as they were when the event was
	// read; nil of a published event. Profiles is the profile version of that one's transaction.
	Who      *ent.User        `json:"-"`
	Profiles profiles.Version `json:"-"`

	create *ent.RoomEventCreate // of one that a transaction appends

	once   sync.Once
	shared any
}

// complete sets what the transaction has written of the event.
func (e *Event) complete() {
	if e.create == nil {
		return
	}
	m := e.create.Mutation()
	e.Seq, _ = m.Seq()
	e.Kind, _ = m.Kind()
	e.At, _ = m.At()
	e.Subject, _ = m.SubjectID()
	role, _ := m.Role()
	e.Role = member.Role(role)
	e.Reason, _ = m.Reason()
	e.Emoji, _ = m.Emoji()
	e.On, _ = m.On()
	e.create = nil
}

// Share returns what those who show the event share of it, as the first one who asks makes it. It
// lives as long as the event.
func (e *Event) Share(with func() any) any {
	e.once.Do(func() { e.shared = with() })
	return e.shared
}

// logQuery reads a part of a room's log: both halves in one statement, so that they are of one
// moment, and with each event whom and what it is about. Since a log has no holes, the bound on seq
// is the bound on the number of entries.
const logQuery = `
SELECT messages.seq AS seq, 'MESSAGE_ADDED' AS kind, messages.created_at AS happened_at,
	NULL AS subject_id, NULL AS role, NULL AS reason, NULL AS emoji, NULL AS turned_on,
	` + logEntities + `
FROM messages
JOIN rooms ON rooms.id = messages.room_id
JOIN users ON users.id = messages.author_id
WHERE messages.room_id = $1 AND messages.seq > $2 AND messages.seq <= $3
UNION ALL
SELECT e.seq, e.kind, e.at, e.subject_id, e.role, e.reason, e.emoji, e."on", ` + logEntities + `
FROM room_events e
JOIN rooms ON rooms.id = e.room_id
LEFT JOIN messages ON messages.room_id = e.room_id AND messages.seq = e.message_seq
LEFT JOIN users ON users.id = COALESCE(e.subject_id, messages.author_id)
WHERE e.room_id = $1 AND e.seq > $2 AND e.seq <= $3
ORDER BY 1`

// logEntities are the columns of what an event is about.
const logEntities = ent.MessageColumns + ", " + ent.UserColumns + ", " + ent.RoomColumns

// Log reads the events of a room that follow the one at after, at most limit of them, in order and
// without a hole: where one is missing it ends before it. pruned tells that the log no longer goes
// back to after.
//
// Whoever reads a room's log has been authorised: see [Chat.Follow].
func (c *Chat) Log(
	ctx context.Context,
	roomID uuid.UUID,
	after int64,
	limit int,
) (events []*Event, pruned bool, err error) {
	rows, err := c.db.QueryContext(ctx, logQuery, roomID, after, after+int64(limit))
	if err != nil {
		return nil, false, fmt.Errorf("read the log of room %s after %d: %w", roomID, after, err)
	}
	defer func() { _ = rows.Close() }() // what failed is in rows.Err
	for rows.Next() {
		e, err := scanEvent(rows, roomID)
		if err != nil {
			return nil, false, fmt.Errorf(
				"read the log of room %s after %d: %w",
				roomID,
				after,
				err,
			)
		}
		if e.Seq != after+int64(len(events))+1 {
			break
		}
		events = append(events, e)
	}
	if err := rows.Err(); err != nil {
		return nil, false, fmt.Errorf("read the log of room %s after %d: %w", roomID, after, err)
	}
	if len(events) > 0 {
		return events, false, nil
	}
	// Nothing new, or nothing kept: the row tells.
	r, err := c.db.Room.Query().Where(room.ID(roomID)).Select(room.FieldLogStart).Only(ctx)
	if err != nil {
		return nil, false, fmt.Errorf("read where the log of room %s begins: %w", roomID, err)
	}
	return nil, r.LogStart > after, nil
}

// Position is the event's seq.
func (e *Event) Position() int64 { return e.Seq }

// Final reports whether the event is the last one of its log.
func (e *Event) Final() bool { return e.Kind == roomevent.KindROOM_DELETED }

// Erases reports whether the event empties a message: events and payloads from before it must not be
// delivered any more.
func (e *Event) Erases() bool { return e.Kind == roomevent.KindMESSAGE_DELETED }

// EndsMembership reports whether the event ends a membership: see [Event.Ends].
func (e *Event) EndsMembership() bool {
	return e.Kind == roomevent.KindROOM_DELETED || e.Kind == roomevent.KindMEMBER_LEFT
}

// scanEvent reads a row of logQuery.
func scanEvent(rows *sql.Rows, roomID uuid.UUID) (*Event, error) {
	e := &Event{Room: roomID}
	var at instant
	var subject, role, reason, emoji sql.Null[string]
	var on sql.Null[bool]
	var m ent.MessageRow
	var u ent.UserRow
	var r ent.RoomRow
	err := rows.Scan(slices.Concat(
		[]any{&e.Seq, &e.Kind, &at, &subject, &role, &reason, &emoji, &on},
		m.Targets(), u.Targets(), r.Targets(),
	)...)
	if err != nil {
		return nil, err
	}
	e.At, e.Subject, e.Emoji, e.On = at.Time, subject.V, emoji.V, on.V
	e.Role, e.Reason = member.Role(role.V), roomevent.Reason(reason.V)
	var errs [3]error
	e.Message, errs[0] = m.Message()
	e.Who, errs[1] = u.User()
	e.About, errs[2] = r.Room()
	return e, errors.Join(errs[:]...)
}

// instant reads a time that may be null. SQLite forgets a column's type in a union and gives the
// text.
type instant struct{ time.Time }

// sqliteTime is how the driver writes times.
const sqliteTime = "2006-01-02 15:04:05.999999999-07:00"

// Scan implements [sql.Scanner].
func (i *instant) Scan(src any) error {
	switch src := src.(type) {
	case nil:
		return nil
	case time.Time:
		i.Time = src.UTC()
	case string:
		t, err := time.Parse(sqliteTime, src)
		if err != nil {
			return fmt.Errorf("read a time: %w", err)
		}
		i.Time = t.UTC()
	default:
		return fmt.Errorf("read a time: it is a %T", src)
	}
	return nil
}

// Follow authorises the viewer to follow a room's log and returns its head at that moment: from an
// event above it on, the log itself tells when the viewer is no longer in the room. Membership and
// head are read in one statement.
func (c *Chat) Follow(ctx context.Context, v Viewer, roomID uuid.UUID) (head int64, err error) {
	r, err := c.db.Room.Query().
		Where(room.ID(roomID), policy.Allowed(policy.Read, v.ID)).
		Select(room.FieldSeq).
		Only(ctx)
	if ent.IsNotFound(err) {
		return 0, refused(ctx, c.db, v, roomID, policy.Read)
	}
	if err != nil {
		return 0, fmt.Errorf("follow room %s: %w", roomID, err)
	}
	return r.Seq, nil
}

// MembershipEnds returns the events of a room's log above after that end memberships, in order.
func (c *Chat) MembershipEnds(
	ctx context.Context,
	roomID uuid.UUID,
	after int64,
) ([]*Event, error) {
	found, err := c.db.RoomEvent.Query().Where(
		roomevent.RoomID(roomID), roomevent.SeqGT(after),
		roomevent.KindIn(roomevent.KindMEMBER_LEFT, roomevent.KindROOM_DELETED),
	).Order(roomevent.BySeq()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("find who has left room %s after %d: %w", roomID, after, err)
	}
	events := make([]*Event, len(found))
	for i, e := range found {
		events[i] = &Event{Room: roomID, Seq: e.Seq, Kind: e.Kind, At: e.At}
		if e.SubjectID != nil {
			events[i].Subject = *e.SubjectID
		}
		if e.Reason != nil {
			events[i].Reason = *e.Reason
		}
	}
	return events, nil
}

// ReasonDeleted is the reason of MEMBERSHIP_ENDED if the room was deleted; the others are those of a
// MEMBER_LEFT event.
const ReasonDeleted = "DELETED"

// Ends returns MEMBERSHIP_ENDED if the event ends a user's membership of the room: it ends their
// subscriptions, unless they were authorized at a later head.
func (e *Event) Ends(userID string) error {
	switch {
	case e.Kind == roomevent.KindROOM_DELETED:
		return &Error{
			Code:    MembershipEnded,
			Message: "The room has been deleted.",
			Reason:  ReasonDeleted,
		}
	case e.Kind == roomevent.KindMEMBER_LEFT && e.Subject == userID:
		return &Error{
			Code:    MembershipEnded,
			Message: "You are no longer in the room.",
			Reason:  string(e.Reason),
		}
	}
	return nil
}

// Heads returns the seqs of rooms, in one statement a thousand rooms. Rooms that do not exist are
// missing.
func (c *Chat) Heads(ctx context.Context, rooms []uuid.UUID) (map[uuid.UUID]int64, error) {
	heads := make(map[uuid.UUID]int64, len(rooms))
	for start := 0; start < len(rooms); start += maxHeads {
		part := rooms[start:min(start+maxHeads, len(rooms))]
		found, err := c.db.Room.Query().
			Where(room.IDIn(store.Padded(part)...)).
			Select(room.FieldID, room.FieldSeq).
			All(ctx)
		if err != nil {
			return nil, fmt.Errorf("read the heads of %d rooms: %w", len(part), err)
		}
		for _, r := range found {
			heads[r.ID] = r.Seq
		}
	}
	return heads, nil
}

// maxHeads is how many rooms' heads are read in one statement.
const maxHeads = 1024

// Standing is how a room stands in someone's list: the seq of its newest event, and the seq they
// have read up to.
type Standing struct{ Seq, Read int64 }

// Standings returns how the rooms stand that a person is in, in one statement.
func (c *Chat) Standings(ctx context.Context, userID string) (map[uuid.UUID]Standing, error) {
	rows, err := c.db.QueryContext(
		ctx,
		`SELECT r.id, r.seq, m.last_read_seq FROM members m JOIN rooms r ON r.id = m.room_id WHERE m.user_id = $1`,
		userID,
	)
	if err != nil {
		return nil, fmt.Errorf("read the rooms of %q: %w", userID, err)
	}
	defer func() { _ = rows.Close() }() // what failed is in rows.Err
	standings := make(map[uuid.UUID]Standing)
	for rows.Next() {
		var id uuid.UUID
		var s Standing
		if err := rows.Scan(&id, &s.Seq, &s.Read); err != nil {
			return nil, fmt.Errorf("read the rooms of %q: %w", userID, err)
		}
		standings[id] = s
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the rooms of %q: %w", userID, err)
	}
	return standings, nil
}

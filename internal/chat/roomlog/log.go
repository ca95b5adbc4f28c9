package roomlog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/member"
	"parley/ent/room"
	"parley/ent/roomevent"
	"parley/internal/store"
)

// logQuery reads a part of a room's log: both halves in one statement and so in one snapshot, with
// the user and the object of each event. Since a log has no holes, the bound on seq is the bound on
// the number of entries.
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

// Log reads the logs of rooms. It is safe for concurrent use.
type Log struct {
	db      *ent.Client
	dialect string
}

// New returns the log in a database with ent's dialect of the name.
func New(db *ent.Client, dialect string) *Log { return &Log{db, dialect} }

// Read returns the events of a room that follow the one at after, at most limit of them, in order
// and without a hole: if one is missing, the result ends before it. pruned reports that the log no
// longer goes back to after, or that one of the events is about a message that was pruned.
func (l *Log) Read(
	ctx context.Context, roomID uuid.UUID, after int64, limit int,
) (events []*Event, pruned bool, err error) {
	next, hole := after+1, false
	err = store.Each(ctx, l.db, func(rows *sql.Rows) error {
		e, err := scanEvent(rows, roomID)
		switch {
		case err != nil:
		case e.Seq != next:
			hole = true
		case e.lacksMessage():
			pruned = true
		default:
			events = append(events, e)
			next++
		}
		return err
	}, logQuery, roomID, after, after+int64(limit))
	if err != nil {
		return nil, false, fmt.Errorf("read the log of room %s after %d: %w", roomID, after, err)
	}
	if pruned {
		return nil, true, nil
	}
	if len(events) > 0 && !hole {
		return events, false, nil
	}
	// Nothing is new, or something is missing: the row tells.
	r, err := l.db.Room.Query().Where(room.ID(roomID)).Select(room.FieldLogStart).Only(ctx)
	if err != nil {
		return nil, false, fmt.Errorf("read where the log of room %s begins: %w", roomID, err)
	}
	if r.LogStart >= next {
		return nil, true, nil
	}
	return events, false, nil
}

// scanEvent reads a row of logQuery.
func scanEvent(rows *sql.Rows, roomID uuid.UUID) (*Event, error) {
	e := &Event{Room: roomID}
	var at sql.NullTime
	var subject, role, reason, emoji sql.Null[string]
	var on sql.Null[bool]
	var m ent.MessageRow
	var u ent.UserRow
	var r ent.RoomRow
	err := rows.Scan(slices.Concat(
		[]any{
			&e.Seq,
			&e.Kind,
			ent.TimeTarget{NullTime: &at},
			&subject,
			&role,
			&reason,
			&emoji,
			&on,
		},
		m.Targets(),
		u.Targets(),
		r.Targets(),
	)...)
	if err != nil {
		return nil, err
	}
	e.At, e.Subject, e.Emoji, e.On = at.Time, subject.V, emoji.V, on.V
	e.Role, e.Reason = member.Role(role.V), roomevent.Reason(reason.V)
	var errs [3]error
	e.Message, errs[0] = m.Message()
	e.User, errs[1] = u.User()
	e.room, errs[2] = r.Room()
	return e, errors.Join(errs[:]...)
}

// MembershipEnds returns the events of a room's log above after that end memberships, in order.
func (l *Log) MembershipEnds(ctx context.Context, roomID uuid.UUID, after int64) ([]*Event, error) {
	found, err := l.db.RoomEvent.Query().Where(
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

// Heads returns the seqs of rooms, in one statement a thousand rooms. Rooms that do not exist are
// missing.
func (l *Log) Heads(ctx context.Context, rooms []uuid.UUID) (map[uuid.UUID]int64, error) {
	heads := make(map[uuid.UUID]int64, len(rooms))
	for part := range slices.Chunk(rooms, roomsAtOnce) {
		found, err := l.db.Room.Query().
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

// roomsAtOnce is how many rooms one statement reads something of.
const roomsAtOnce = 1024

// ReadState is a member's state in a room: the seq of the room's newest event, and the seq the
// member has read up to.
type ReadState struct{ Seq, Read int64 }

// ReadStates returns the state of a user in each of their rooms; and, by the room, the ends of the
// user's memberships since a time: see [Log.Ends]. It takes one statement.
func (l *Log) ReadStates(
	ctx context.Context, userID string, endedSince time.Time,
) (states map[uuid.UUID]ReadState, ends map[uuid.UUID]string, err error) {
	states, ends = make(map[uuid.UUID]ReadState), make(map[uuid.UUID]string)
	err = store.Each(ctx, l.db, func(rows *sql.Rows) error {
		var id uuid.UUID
		var s ReadState
		var end string
		err := rows.Scan(&id, &s.Seq, &s.Read, &end)
		if end == "" {
			states[id] = s
		} else {
			ends[id] = end
		}
		return err
	}, `SELECT r.id, r.seq, m.last_read_seq, '' FROM members m JOIN rooms r ON r.id = m.room_id WHERE m.user_id = $1
UNION ALL
SELECT room_id, 0, 0, `+endOf+` FROM ended_memberships WHERE user_id = $1 AND at >= $2`,
		userID, endedSince)
	if err != nil {
		return nil, nil, fmt.Errorf("read the rooms of %q: %w", userID, err)
	}
	return states, ends, nil
}

package chat

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/member"
	"parley/ent/message"
	"parley/ent/room"
	"parley/ent/roomevent"
)

// KindMessageAdded is the kind of the events that are messages; the others are the kinds of ent's RoomEvent.
const KindMessageAdded roomevent.Kind = "MESSAGE_ADDED"

// Event is one entry of a room's log.
type Event struct {
	Room uuid.UUID
	Seq  int64
	Kind roomevent.Kind
	At   time.Time
	// Message is the one that was added, or that it happened to, as it is now; nil with other kinds.
	Message *ent.Message
	// Subject is whom it happened to; with a reaction, whose it is.
	Subject string
	// Role is the subject's from here on; Reason is why they left.
	Role   member.Role
	Reason roomevent.Reason
	// Emoji and On are of a reaction.
	Emoji string
	On    bool
}

// logQuery reads a part of a room's log: both halves in one statement, so that they are of one moment. Since a log has no
// holes, the bound on seq is the bound on the number of entries.
const logQuery = `
SELECT m.seq AS seq, 'MESSAGE_ADDED' AS kind, m.created_at AS happened_at,
       NULL AS subject_id, NULL AS role, NULL AS reason, NULL AS emoji, NULL AS turned_on,
       m.id, m.seq, m.author_id, m.type, m.contents, m.reply_to_seq, m.thread_seq, m.ordinal, m.own_ordinal, m.reply_count,
       m.mentions, m.opensea_item, m.idempotency_key, m.created_at, m.edited_at, m.deleted_at
FROM messages m
WHERE m.room_id = $1 AND m.seq > $2 AND m.seq <= $3
UNION ALL
SELECT e.seq, e.kind, e.at,
       e.subject_id, e.role, e.reason, e.emoji, e."on",
       m.id, m.seq, m.author_id, m.type, m.contents, m.reply_to_seq, m.thread_seq, m.ordinal, m.own_ordinal, m.reply_count,
       m.mentions, m.opensea_item, m.idempotency_key, m.created_at, m.edited_at, m.deleted_at
FROM room_events e
LEFT JOIN messages m ON m.room_id = e.room_id AND m.seq = e.message_seq
WHERE e.room_id = $1 AND e.seq > $2 AND e.seq <= $3
ORDER BY 1`

// Log reads the events of a room that follow the one at after, at most limit of them, in order and without a hole: where
// one is missing it ends before it. pruned tells that the log no longer goes back to after.
//
// Whoever reads a room's log has been authorised: see [Chat.Follow].
func (c *Chat) Log(ctx context.Context, roomID uuid.UUID, after int64, limit int) (events []*Event, pruned bool, err error) {
	rows, err := c.db.QueryContext(ctx, logQuery, roomID, after, after+int64(limit))
	if err != nil {
		return nil, false, fmt.Errorf("read the log of room %s after %d: %w", roomID, after, err)
	}
	defer func() { _ = rows.Close() }() // what failed is in rows.Err
	for rows.Next() {
		e, err := scanEvent(rows, roomID)
		if err != nil {
			return nil, false, fmt.Errorf("read the log of room %s after %d: %w", roomID, after, err)
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

// scanEvent reads a row of logQuery.
func scanEvent(rows *sql.Rows, roomID uuid.UUID) (*Event, error) {
	var (
		e                            = &Event{Room: roomID}
		at                           instant
		subject, role, reason, emoji sql.Null[string]
		on                           sql.Null[bool]
		m                            = &ent.Message{RoomID: roomID}
		id, seq, ordinal, own        sql.Null[int64]
		replies                      sql.Null[int]
		author, kind, contents       sql.Null[string]
		mentions, item               []byte
		created, edited, deleted     instant
	)
	err := rows.Scan(&e.Seq, &e.Kind, &at, &subject, &role, &reason, &emoji, &on,
		&id, &seq, &author, &kind, &contents, &m.ReplyToSeq, &m.ThreadSeq, &ordinal, &own, &replies,
		&mentions, &item, &m.IdempotencyKey, &created, &edited, &deleted)
	if err != nil {
		return nil, err
	}
	e.At, e.Subject, e.Emoji, e.On = at.Time, subject.V, emoji.V, on.V
	e.Role, e.Reason = member.Role(role.V), roomevent.Reason(reason.V)
	if !id.Valid {
		return e, nil
	}
	m.ID, m.Seq, m.Ordinal, m.OwnOrdinal, m.ReplyCount = int(id.V), seq.V, ordinal.V, own.V, replies.V
	m.AuthorID, m.Type, m.Contents = author.V, message.Type(kind.V), contents.V
	m.CreatedAt, m.EditedAt, m.DeletedAt = created.Time, edited.pointer(), deleted.pointer()
	for column, into := range map[*[]byte]any{&mentions: &m.Mentions, &item: &m.OpenseaItem} {
		if *column == nil {
			continue
		}
		if err := json.Unmarshal(*column, into); err != nil {
			return nil, fmt.Errorf("decode message %d: %w", m.Seq, err)
		}
	}
	e.Message = m
	return e, nil
}

// instant reads a time that may be null. SQLite forgets a column's type in a union and gives the text.
type instant struct {
	time.Time
	valid bool
}

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
	i.valid = true
	return nil
}

func (i *instant) pointer() *time.Time {
	if !i.valid {
		return nil
	}
	return &i.Time
}

// Follow authorises the viewer to follow a room's log and returns its head at that moment: from an event above it on, the
// log itself tells when the viewer is no longer in the room. Membership and head are read in one statement.
func (c *Chat) Follow(ctx context.Context, v Viewer, roomID uuid.UUID) (head int64, err error) {
	r, err := c.db.Room.Query().Where(room.ID(roomID), allowed(toRead, v.ID)).Select(room.FieldSeq).Only(ctx)
	if ent.IsNotFound(err) {
		return 0, refused(ctx, c.db, v, roomID, toRead)
	}
	if err != nil {
		return 0, fmt.Errorf("follow room %s: %w", roomID, err)
	}
	return r.Seq, nil
}

// Endings returns the events of a room's log above after that may end somebody's stream, in order.
func (c *Chat) Endings(ctx context.Context, roomID uuid.UUID, after int64) ([]*Event, error) {
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

// Ends tells whether an event above the head at which a viewer was authorised ends their streams of the room.
func (e *Event) Ends(v Viewer) error {
	switch {
	case e.Kind == roomevent.KindROOM_DELETED:
		return &Error{Code: MembershipEnded, Message: "The room has been deleted.", Reason: "DELETED"}
	case e.Kind == roomevent.KindMEMBER_LEFT && e.Subject == v.ID:
		return &Error{Code: MembershipEnded, Message: "You are no longer in the room.", Reason: string(e.Reason)}
	}
	return nil
}

// Heads returns the seqs of rooms, in one statement a thousand rooms. Rooms that do not exist are missing.
func (c *Chat) Heads(ctx context.Context, rooms []uuid.UUID) (map[uuid.UUID]int64, error) {
	heads := make(map[uuid.UUID]int64, len(rooms))
	for start := 0; start < len(rooms); start += maxHeads {
		part := rooms[start:min(start+maxHeads, len(rooms))]
		found, err := c.db.Room.Query().Where(room.IDIn(padded(part)...)).Select(room.FieldID, room.FieldSeq).All(ctx)
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

// Standing is how a room stands in someone's list: the seq of its newest event, and the seq they have read up to.
type Standing struct{ Seq, Read int64 }

// Standings returns how the rooms stand that a person is in, in one statement.
func (c *Chat) Standings(ctx context.Context, userID string) (map[uuid.UUID]Standing, error) {
	rows, err := c.db.QueryContext(ctx,
		`SELECT r.id, r.seq, m.last_read_seq FROM members m JOIN rooms r ON r.id = m.room_id WHERE m.user_id = $1`, userID)
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

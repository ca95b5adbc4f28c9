package chat

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/member"
	"parley/ent/message"
	"parley/ent/room"
	"parley/ent/roomevent"
	"parley/ent/user"
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
	Who      *ent.User      `json:"-"`
	Profiles ProfileVersion `json:"-"`

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

// messageColumns, userColumns and roomColumns are what logQuery reads of each, in the order of
// messageFields, userFields and roomFields.
const (
	messageColumns = `m.id, m.seq, m.author_id, m.type, m.contents, m.reply_to_seq, m.thread_seq, m.ordinal, m.own_ordinal,
	m.reply_count, m.mentions, m.opensea_item, m.idempotency_key, m.created_at, m.edited_at, m.deleted_at`
	userColumns = `u.id, u.nick_name, u.avatar, u.status, u.eth_wallet_address, u.ens_name, u.twitter_username, u.twitter_avatar,
	u.discord_username, u.discord_avatar, u.instagram_username, u.instagram_avatar, u.facebook_username, u.facebook_avatar,
	u.opensea_username, u.opensea_avatar, u.add_permission, u.created_at`
	roomColumns = `r.id, r.name, r.description, r.access_type, r.max_users, r.exclusive, r.direct, r.opensea_slug, r.opensea_name,
	r.opensea_cover, r.creator_id, r.owner_id, r."key", r.search_text, r.seq, r.log_start, r.rules, r.member_count, r.message_count,
	r.latest_seq,
	r.created_at, r.updated_at, r.event_at, r.deleted_at`
)

// logQuery reads a part of a room's log: both halves in one statement, so that they are of one
// moment, and with each event whom and what it is about. Since a log has no holes, the bound on seq
// is the bound on the number of entries.
const logQuery = `
SELECT m.seq AS seq, 'MESSAGE_ADDED' AS kind, m.created_at AS happened_at,
	NULL AS subject_id, NULL AS role, NULL AS reason, NULL AS emoji, NULL AS turned_on,
	` + messageColumns + `, ` + userColumns + `, ` + roomColumns + `
FROM messages m
JOIN rooms r ON r.id = m.room_id
JOIN users u ON u.id = m.author_id
WHERE m.room_id = $1 AND m.seq > $2 AND m.seq <= $3
UNION ALL
SELECT e.seq, e.kind, e.at,
	e.subject_id, e.role, e.reason, e.emoji, e."on",
	` + messageColumns + `, ` + userColumns + `, ` + roomColumns + `
FROM room_events e
JOIN rooms r ON r.id = e.room_id
LEFT JOIN messages m ON m.room_id = e.room_id AND m.seq = e.message_seq
LEFT JOIN users u ON u.id = COALESCE(e.subject_id, m.author_id)
WHERE e.room_id = $1 AND e.seq > $2 AND e.seq <= $3
ORDER BY 1`

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

// eventRow is a row of logQuery as it is read: what may be missing may be null.
type eventRow struct {
	at                           instant
	subject, role, reason, emoji sql.Null[string]
	on                           sql.Null[bool]

	messageID, messageSeq, ordinal, own sql.Null[int64]
	replies                             sql.Null[int]
	author, messageType, contents       sql.Null[string]
	mentions, item                      []byte
	sent, edited, removed               instant

	user [userTexts]sql.Null[string]
	come instant

	made, updated, happened, deleted instant
}

// userTexts is how many of userColumns are texts: all but the last.
const userTexts = 17

// scanEvent reads a row of logQuery.
func scanEvent(rows *sql.Rows, roomID uuid.UUID) (*Event, error) {
	var row eventRow
	e := &Event{Room: roomID}
	m, r := &ent.Message{RoomID: roomID}, &ent.Room{}
	fields := []any{
		&e.Seq,
		&e.Kind,
		&row.at,
		&row.subject,
		&row.role,
		&row.reason,
		&row.emoji,
		&row.on,
	}
	fields = append(fields, row.messageFields(m)...)
	fields = append(fields, row.userFields()...)
	fields = append(fields, row.roomFields(r)...)
	if err := rows.Scan(fields...); err != nil {
		return nil, err
	}
	e.At, e.Subject, e.Emoji, e.On = row.at.Time, row.subject.V, row.emoji.V, row.on.V
	e.Role, e.Reason = member.Role(row.role.V), roomevent.Reason(row.reason.V)
	e.Who = row.who()
	row.setTimes(r)
	e.About = r
	var err error
	e.Message, err = row.message(m)
	return e, err
}

func (row *eventRow) messageFields(m *ent.Message) []any {
	return []any{
		&row.messageID,
		&row.messageSeq,
		&row.author,
		&row.messageType,
		&row.contents,
		&m.ReplyToSeq,
		&m.ThreadSeq,
		&row.ordinal,
		&row.own,
		&row.replies,
		&row.mentions,
		&row.item,
		&m.IdempotencyKey,
		&row.sent,
		&row.edited,
		&row.removed,
	}
}

func (row *eventRow) userFields() []any {
	fields := make([]any, 0, userTexts+1)
	for i := range row.user {
		fields = append(fields, &row.user[i])
	}
	return append(fields, &row.come)
}

func (row *eventRow) roomFields(r *ent.Room) []any {
	return []any{
		&r.ID,
		&r.Name,
		&r.Description,
		&r.AccessType,
		&r.MaxUsers,
		&r.Exclusive,
		&r.Direct,
		&r.OpenseaSlug,
		&r.OpenseaName,
		&r.OpenseaCover,
		&r.CreatorID,
		&r.OwnerID,
		&r.Key,
		&r.SearchText,
		&r.Seq,
		&r.LogStart,
		&r.Rules,
		&r.MemberCount,
		&r.MessageCount,
		&r.LatestSeq,
		&row.made,
		&row.updated,
		&row.happened,
		&row.deleted,
	}
}

// setTimes sets the room's times.
func (row *eventRow) setTimes(r *ent.Room) {
	r.CreatedAt, r.UpdatedAt = row.made.Time, row.updated.Time
	r.EventAt, r.DeletedAt = row.happened.Time, row.deleted.pointer()
}

// who is the person of the row; nil where there is none.
func (row *eventRow) who() *ent.User {
	t := row.user
	if !t[0].Valid {
		return nil
	}
	return &ent.User{
		ID:                t[0].V,
		NickName:          t[1].V,
		Avatar:            t[2].V,
		Status:            t[3].V,
		EthWalletAddress:  t[4].V,
		EnsName:           t[5].V,
		TwitterUsername:   t[6].V,
		TwitterAvatar:     t[7].V,
		DiscordUsername:   t[8].V,
		DiscordAvatar:     t[9].V,
		InstagramUsername: t[10].V,
		InstagramAvatar:   t[11].V,
		FacebookUsername:  t[12].V,
		FacebookAvatar:    t[13].V,
		OpenseaUsername:   t[14].V,
		OpenseaAvatar:     t[15].V,
		AddPermission:     user.AddPermission(t[16].V),
		CreatedAt:         row.come.Time,
	}
}

// message is m, completed; nil where the row has none.
func (row *eventRow) message(m *ent.Message) (*ent.Message, error) {
	if !row.messageID.Valid {
		return nil, nil
	}
	m.ID, m.Seq, m.Ordinal, m.OwnOrdinal, m.ReplyCount = int(
		row.messageID.V,
	), row.messageSeq.V, row.ordinal.V, row.own.V, row.replies.V
	m.AuthorID, m.Type, m.Contents = row.author.V, message.Type(row.messageType.V), row.contents.V
	m.CreatedAt, m.EditedAt, m.DeletedAt = row.sent.Time, row.edited.pointer(), row.removed.pointer()
	for column, into := range map[*[]byte]any{&row.mentions: &m.Mentions, &row.item: &m.OpenseaItem} {
		if *column == nil {
			continue
		}
		if err := json.Unmarshal(*column, into); err != nil {
			return nil, fmt.Errorf("decode message %d: %w", m.Seq, err)
		}
	}
	return m, nil
}

// instant reads a time that may be null. SQLite forgets a column's type in a union and gives the
// text.
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

// Follow authorises the viewer to follow a room's log and returns its head at that moment: from an
// event above it on, the log itself tells when the viewer is no longer in the room. Membership and
// head are read in one statement.
func (c *Chat) Follow(ctx context.Context, v Viewer, roomID uuid.UUID) (head int64, err error) {
	r, err := c.db.Room.Query().
		Where(room.ID(roomID), allowed(toRead, v.ID)).
		Select(room.FieldSeq).
		Only(ctx)
	if ent.IsNotFound(err) {
		return 0, refused(ctx, c.db, v, roomID, toRead)
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

// Ends returns MEMBERSHIP_ENDED if the event ends a user's membership of the room: it ends their
// subscriptions, unless they were authorized at a later head.
func (e *Event) Ends(userID string) error {
	switch {
	case e.Kind == roomevent.KindROOM_DELETED:
		return &Error{
			Code:    MembershipEnded,
			Message: "The room has been deleted.",
			Reason:  "DELETED",
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
			Where(room.IDIn(padded(part)...)).
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

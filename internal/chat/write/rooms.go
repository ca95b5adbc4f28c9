package write

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/room"
	"parley/internal/broker"
	"parley/internal/chat/profiles"
	"parley/internal/chat/retry"
	"parley/internal/chat/roomlog"
	"parley/internal/store"
)

// NewRoom is a room to insert with what is in it from its start, and what has become of it.
type NewRoom struct {
	*ent.Room
	// Members begin with the owner.
	Members []*ent.Member
	Tags    []*ent.RoomTag
	// Service: the members need not let the creator add them.
	Service bool
	// Request is inserted together with the room; nil if there is none, or it has been inserted.
	Request *ent.RoomRequest

	// Inserted is false if a member does not exist or may not be added, or the request was made
	// before.
	Inserted bool
	// Profiles is the profile version at which it was inserted.
	Profiles profiles.Version
}

// publication publishes the room.
func (n *NewRoom) publication() broker.Publication {
	commit := &roomlog.RoomCommit{
		Room:     roomlog.PublicRoom(n.Room),
		Profiles: n.Profiles,
		Tags:     []string{},
	}
	for _, tag := range n.Tags {
		commit.Tags = append(commit.Tags, tag.Tag)
	}
	if len(n.Members) <= roomlog.MaxMembers {
		commit.Members = n.Members
	}
	return broker.Publication{
		Room: n.ID, Created: true, Users: n.userIDs(), Commit: commit,
		Public: n.AccessType == room.AccessTypePUBLIC,
	}
}

// userIDs returns the users in the room, the owner first.
func (n *NewRoom) userIDs() []string {
	ids := make([]string, len(n.Members))
	for i, m := range n.Members {
		ids[i] = m.UserID
	}
	return ids
}

// InsertRooms inserts the rooms that can be, with what is in them from their start, and sets what
// has become of each. It publishes them. Every room is inserted here.
func (t *Tx) InsertRooms(ctx context.Context, rooms []*NewRoom) error {
	if t.Dialect == dialect.Postgres {
		publications, err := insertRooms(ctx, t, store.Each, rooms)
		t.Publish(publications...)
		return err
	}
	for _, n := range rooms {
		if err := t.insertRoom(ctx, n); err != nil {
			return fmt.Errorf("insert a room: %w", err)
		}
		if n.Inserted {
			t.Publish(n.publication())
		}
	}
	return nil
}

// InsertRooms is [Tx.InsertRooms] in a transaction of its own: a statement on PostgreSQL.
func (db *DB) InsertRooms(ctx context.Context, retries retry.Policy, rooms []*NewRoom) error {
	if db.dialect != dialect.Postgres {
		return db.Tx(ctx, retries, func(t *Tx) error { return t.InsertRooms(ctx, rooms) })
	}
	return db.write(ctx, retries, func() ([]broker.Publication, error) {
		return insertRooms(ctx, db.client, store.EachWritten, rooms)
	})
}

// insertRoomsStatement inserts the rooms whose members all exist and may be added, and whose request
// is not a retry. Rooms travel as records, of which the limit is the number, so
// that PostgreSQL estimates that the indexes are worth it. Members and tags travel as arrays: as
// records they take a third more time.
const insertRoomsStatement = `WITH given AS MATERIALIZED (
	SELECT i.*, i.unnest AS service, $12::bigint AS timeline FROM ROWS FROM (
		jsonb_to_recordset($1::jsonb) AS (` + ent.RoomRecord + `), unnest($2::bool[])
	) AS i LIMIT $3
), people AS MATERIALIZED (
	SELECT * FROM unnest($4::uuid[], $5::uuid[], $6::text[]) AS p (id, room_id, user_id)
), there AS MATERIALIZED (
	SELECT p.room_id
	FROM people p JOIN given g ON g.id = p.room_id
	LEFT JOIN users u ON u.id = p.user_id AND (g.service OR ` + mayAddCondition + `)
	GROUP BY p.room_id HAVING count(*) = count(u.id)
), requests AS MATERIALIZED (
	SELECT * FROM jsonb_to_recordset($7::jsonb) AS r (` + ent.RoomRequestRecord + `)
), requested AS (
	INSERT INTO room_requests (` + ent.NewRoomRequestColumns + `)
	SELECT ` + ent.NewRoomRequestValues + ` FROM requests AS room_requests JOIN there ON there.room_id = room_requests.room_id
	ORDER BY room_requests.user_id, room_requests.key
	ON CONFLICT (user_id, key) DO NOTHING
	RETURNING room_id
), made AS (
	INSERT INTO rooms (` + ent.NewRoomColumns + `)
	SELECT ` + ent.NewRoomValues + ` FROM given AS rooms JOIN there ON there.room_id = rooms.id
	WHERE NOT EXISTS (SELECT 1 FROM requests r WHERE r.room_id = rooms.id)
		OR EXISTS (SELECT 1 FROM requested r WHERE r.room_id = rooms.id)
	RETURNING id, owner_id, created_at
), tagged AS (
	INSERT INTO room_tags (room_id, position, tag, folded)
	SELECT t.* FROM unnest($8::uuid[], $9::bigint[], $10::text[], $11::text[]) AS t (room_id, position, tag, folded)
	JOIN made ON made.id = t.room_id
), joined AS (
	INSERT INTO members (id, room_id, user_id, role, joined_at)
	SELECT p.id, p.room_id, p.user_id, CASE p.user_id WHEN made.owner_id THEN 'OWNER' ELSE 'MEMBER' END, made.created_at
	FROM people p JOIN made ON made.id = p.room_id
)
SELECT id, ` + profiles.ReadVersion + ` FROM made`

// insertRooms inserts rooms on PostgreSQL in one statement, which may be a transaction by itself:
// then run is [store.EachWritten]. It returns what is to be published after the commit, also if it
// fails: if the outcome is unknown, a later run finds nothing to publish.
func insertRooms(
	ctx context.Context, q store.Querier, run runner, rooms []*NewRoom,
) (publications []broker.Publication, err error) {
	byID := make(map[uuid.UUID]*NewRoom, len(rooms))
	var records, requests []json.RawMessage
	var service []string
	var members [3][]string
	var tags [4][]string
	for _, n := range rooms {
		n.Inserted, byID[n.ID] = false, n
		records = append(records, n.Record())
		service = append(service, strconv.FormatBool(n.Service))
		id := n.ID.String()
		for _, m := range n.Members {
			appendRow(members[:], m.ID.String(), id, m.UserID)
		}
		for _, tag := range n.Tags {
			appendRow(tags[:], id, strconv.Itoa(tag.Position), tag.Tag, tag.Folded)
		}
		if n.Request != nil {
			requests = append(requests, n.Request.Record())
		}
	}
	list := func(texts []string) any { return store.List(dialect.Postgres, texts) }
	err = run(ctx, q, func(rows *sql.Rows) error {
		var id uuid.UUID
		var version profiles.Version
		err := rows.Scan(&id, &version)
		if n := byID[id]; n != nil {
			n.Inserted, n.Profiles = true, version
		}
		return err
	}, insertRoomsStatement, document(records), list(service), len(rooms),
		list(members[0]), list(members[1]), list(members[2]), document(requests),
		list(tags[0]), list(tags[1]), list(tags[2]), list(tags[3]), store.TimelineArg{})
	for _, n := range rooms {
		if n.Inserted || err != nil {
			publications = append(publications, n.publication())
		}
	}
	if err != nil {
		return publications, fmt.Errorf("insert %d rooms: %w", len(rooms), err)
	}
	return publications, nil
}

// insertRoom inserts a room on SQLite, with a statement for each table.
func (t *Tx) insertRoom(ctx context.Context, n *NewRoom) error {
	n.Inserted = false
	members := 0
	err := store.Each(
		ctx,
		t,
		func(rows *sql.Rows) error { return rows.Scan(&members, &n.Profiles) },
		`SELECT count(*), `+profiles.ReadVersion+` FROM users u, (SELECT $3 AS creator_id) g
WHERE `+store.AnyOf(t.Dialect, "u.id", "$1", "text")+` AND ($2 OR `+mayAddCondition+`)`,
		store.List(t.Dialect, n.userIDs()),
		n.Service,
		n.CreatorID,
	)
	if err != nil || members < len(n.Members) {
		return err
	}
	if n.Request != nil {
		requested, err := t.ExecContext(
			ctx,
			`INSERT INTO room_requests (`+ent.NewRoomRequestColumns+`)
SELECT `+ent.NewRoomRequestElements+` FROM json_each($1) WHERE true ON CONFLICT (user_id, key) DO NOTHING`,
			document([]json.RawMessage{n.Request.Record()}),
		)
		if err != nil {
			return err
		}
		if first, err := requested.RowsAffected(); err != nil || first == 0 {
			return err
		}
	}
	for _, insert := range []struct {
		statement string
		records   []json.RawMessage
	}{
		{insertRoomOnSQLite, []json.RawMessage{n.Record()}},
		{insertTagsOnSQLite, recordsOf(n.Tags)},
		{insertMembersOnSQLite, recordsOf(n.Members)},
	} {
		if len(insert.records) == 0 {
			continue
		}
		_, err := t.ExecContext(ctx, insert.statement, document(insert.records))
		if err != nil {
			return err
		}
	}
	n.Inserted = true
	return nil
}

const (
	insertRoomOnSQLite = `INSERT INTO rooms (` + ent.NewRoomColumns + `)
SELECT ` + ent.NewRoomElements + ` FROM json_each($1)`
	insertTagsOnSQLite = `INSERT INTO room_tags (` + ent.NewRoomTagColumns + `)
SELECT ` + ent.NewRoomTagElements + ` FROM json_each($1)`
	insertMembersOnSQLite = `INSERT INTO members (` + ent.NewMemberColumns + `)
SELECT ` + ent.NewMemberElements + ` FROM json_each($1)`
)

// appendRow appends a row to columns.
func appendRow(columns [][]string, row ...string) {
	for i, value := range row {
		columns[i] = append(columns[i], value)
	}
}

// recordsOf returns entities as records.
func recordsOf[E interface{ Record() json.RawMessage }](entities []E) []json.RawMessage {
	records := make([]json.RawMessage, len(entities))
	for i, entity := range entities {
		records[i] = entity.Record()
	}
	return records
}

// document returns records as a JSON document.
func document(records []json.RawMessage) string {
	size := 2
	for _, record := range records {
		size += len(record) + 1
	}
	array := append(make([]byte, 0, size), '[')
	for i, record := range records {
		if i > 0 {
			array = append(array, ',')
		}
		array = append(array, record...)
	}
	return string(append(array, ']'))
}

// mayAddCondition is the condition in SQL under which the user g.creator_id may make the user u a
// member of a room that is not exclusive. The domain checks the same condition for users that are
// added later. It is part of the statement that creates a room, so that it needs no own statement.
const mayAddCondition = `(u.id = g.creator_id OR u.add_permission = 'EVERYONE'
	OR u.add_permission = 'FRIENDS' AND EXISTS (
		SELECT 1 FROM friendships f WHERE f.user_id = u.id AND f.friend_id = g.creator_id AND f.state = 'FRIENDS'))`

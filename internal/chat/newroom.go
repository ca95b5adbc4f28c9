package chat

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/room"
	"parley/internal/broker"
	"parley/internal/store"
)

// newRoom is a room with everything that is in it from its start.
type newRoom struct {
	*ent.Room
	people       []string      // their ids, the owner's first
	members      []*ent.Member // their memberships, as far as they are not the same for all
	tags, folded []string
	created      broker.Hint
	// key is the idempotencyKey that is to be taken together with it, and hash that of the request; "" where there is none,
	// or it has been taken.
	key  string
	hash []byte
}

// room is the room to make, under an id.
func (in CreateRoomInput) room(v Viewer, id uuid.UUID) (*newRoom, error) {
	n := &newRoom{people: append([]string{v.ID}, in.MemberIds...), tags: in.Tags, hash: []byte{}}
	for _, person := range n.people {
		member, err := uuid.NewV7()
		if err != nil {
			return nil, fmt.Errorf("make an id: %w", err)
		}
		n.members = append(n.members, &ent.Member{ID: member, RoomID: id, UserID: person})
	}
	for _, tag := range in.Tags {
		n.folded = append(n.folded, fold(tag))
	}
	at := now()
	n.Room = &ent.Room{
		ID: id, Name: in.Name, Description: in.Description, AccessType: *in.AccessType, MaxUsers: in.MaxUsers,
		Exclusive: in.Exclusive, Direct: in.direct, SearchText: searchText(in.Name, in.Description, in.Tags), Key: rand.Text(),
		CreatorID: v.ID, OwnerID: v.ID, MemberCount: len(n.people), CreatedAt: at, UpdatedAt: at, EventAt: at,
	}
	if o := in.OpenseaCollection; o != nil {
		n.OpenseaSlug, n.OpenseaName, n.OpenseaCover = &o.Slug, o.Name, o.Cover
	}
	n.created = broker.Hint{Room: id, Created: true, Users: n.people, Public: n.AccessType == room.AccessTypePUBLIC}
	return n, nil
}

// createAtOnce makes a room in as few statements as there can be, where no seats have to be taken for it. It returns nil
// where that cannot be, since somebody in it does not exist or the same request has been made before, and nothing was done.
func (c *Chat) createAtOnce(ctx context.Context, v Viewer, in CreateRoomInput, again rerun) (*ent.Room, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("make an id: %w", err)
	}
	n, err := in.room(v, id)
	if err != nil {
		return nil, err
	}
	if in.IdempotencyKey != nil {
		n.key, n.hash = *in.IdempotencyKey, in.hash()
	}
	made := false
	if c.dialect == dialect.Postgres {
		err = c.write(ctx, again, func() (said []broker.Hint, err error) {
			if made, err = n.insertAtOnce(ctx, c.db, written); err == nil && !made {
				return nil, nil
			}
			return []broker.Hint{n.created}, err // also where it is unknown: a later run has nothing to say then
		})
	} else {
		err = c.tx(ctx, again, func(t *tx) (err error) {
			if made, err = t.insertRoom(ctx, n); made {
				t.publish(n.created)
			}
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("create room: %w", err)
	}
	if !made {
		return nil, nil
	}
	return n.Room, nil
}

// ids are those of the memberships.
func (n *newRoom) ids() []string {
	ids := make([]string, len(n.members))
	for i, m := range n.members {
		ids[i] = m.ID.String()
	}
	return ids
}

// createRoomAtOnce makes a room in one statement, if all of its people are there, and the request has not been made before.
const createRoomAtOnce = `WITH there AS MATERIALIZED (
	SELECT count(*) = cardinality($14::text[]) AS ok FROM users WHERE id = ANY($14::text[])
), asked AS (
	INSERT INTO room_requests (user_id, key, hash, room_id)
	SELECT $8, $15::varchar, $16, $1 FROM there WHERE ok AND $15::varchar <> ''
	ON CONFLICT (user_id, key) DO NOTHING
	RETURNING room_id
), made AS (
	INSERT INTO rooms (id, name, description, access_type, max_users, search_text, key, creator_id, owner_id, member_count,
		opensea_slug, opensea_name, opensea_cover, created_at, updated_at, event_at, exclusive, direct)
	SELECT $1, $2, $3, $4, $5, $6, $7, $8, $8, cardinality($14::text[]), $9, $10, $11, $12, $12, $12, $19, $20
	FROM there WHERE ok AND ($15::varchar = '' OR EXISTS (SELECT 1 FROM asked))
	RETURNING id
), tagged AS (
	INSERT INTO room_tags (room_id, position, tag, folded)
	SELECT made.id, t.n - 1, t.tag, t.folded
	FROM made, unnest($17::text[], $18::text[]) WITH ORDINALITY AS t (tag, folded, n)
), joined AS (
	INSERT INTO members (id, room_id, user_id, role, joined_at)
	SELECT m.id, made.id, m.user_id, CASE WHEN m.n = 1 THEN 'OWNER' ELSE 'MEMBER' END, $12
	FROM made, unnest($13::uuid[], $14::text[]) WITH ORDINALITY AS m (id, user_id, n)
)
SELECT 1 FROM made`

// insertAtOnce makes the room in one statement, if that can be: of PostgreSQL, by itself (run is written) or in a transaction
// (each).
func (n *newRoom) insertAtOnce(ctx context.Context, q querier, run func(context.Context, querier, func(*sql.Rows) error, string, ...any) error) (made bool, err error) {
	list := func(texts []string) any { return store.List(dialect.Postgres, texts) }
	err = run(ctx, q, func(*sql.Rows) error {
		made = true
		return nil
	}, createRoomAtOnce,
		n.ID, n.Name, n.Description, string(n.AccessType), n.MaxUsers, n.SearchText, n.Key, n.CreatorID,
		n.OpenseaSlug, n.OpenseaName, n.OpenseaCover, n.CreatedAt, list(n.ids()), list(n.people), n.key, n.hash,
		list(n.tags), list(n.folded), n.Exclusive, n.Direct)
	return made, err
}

// insertRoom makes the room, if that can be. SQLite takes a statement for each table; lists go into each as one argument.
func (t *tx) insertRoom(ctx context.Context, n *newRoom) (made bool, err error) {
	if t.dialect == dialect.Postgres {
		return n.insertAtOnce(ctx, t, each)
	}
	list := func(texts []string) any { return store.List(t.dialect, texts) }
	there := 0
	err = each(ctx, t, func(rows *sql.Rows) error { return rows.Scan(&there) },
		`SELECT count(*) FROM users WHERE `+store.AnyOf(t.dialect, "id", "$1", "text"), list(n.people))
	if err != nil || there < len(n.people) {
		return false, err
	}
	if n.key != "" {
		asked, err := t.ExecContext(ctx, `INSERT INTO room_requests (user_id, key, hash, room_id) VALUES ($1, $2, $3, $4)
ON CONFLICT (user_id, key) DO NOTHING`, n.CreatorID, n.key, n.hash, n.ID)
		if err != nil {
			return false, err
		}
		if first, err := asked.RowsAffected(); err != nil || first == 0 {
			return false, err
		}
	}
	_, err = t.ExecContext(ctx, `INSERT INTO rooms (id, name, description, access_type, max_users, search_text, key, creator_id,
	owner_id, member_count, opensea_slug, opensea_name, opensea_cover, created_at, updated_at, event_at, exclusive, direct)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11, $12, $13, $13, $13, $14, $15)`,
		n.ID, n.Name, n.Description, string(n.AccessType), n.MaxUsers, n.SearchText, n.Key, n.CreatorID,
		n.MemberCount, n.OpenseaSlug, n.OpenseaName, n.OpenseaCover, n.CreatedAt, n.Exclusive, n.Direct)
	if err != nil {
		return false, fmt.Errorf("insert the room: %w", err)
	}
	if len(n.tags) > 0 {
		_, err = t.ExecContext(ctx, `INSERT INTO room_tags (room_id, position, tag, folded)
SELECT $1, tag.key, tag.value, folded.value FROM json_each($2) AS tag JOIN json_each($3) AS folded ON folded.key = tag.key`,
			n.ID, list(n.tags), list(n.folded))
		if err != nil {
			return false, fmt.Errorf("insert %d tags: %w", len(n.tags), err)
		}
	}
	_, err = t.ExecContext(ctx, `INSERT INTO members (id, room_id, user_id, role, joined_at)
SELECT member.value, $1, person.value, CASE WHEN member.key = 0 THEN 'OWNER' ELSE 'MEMBER' END, $4
FROM json_each($2) AS member JOIN json_each($3) AS person ON person.key = member.key`,
		n.ID, list(n.ids()), list(n.people), n.CreatedAt)
	if err != nil {
		return false, fmt.Errorf("insert %d members: %w", len(n.people), err)
	}
	return true, nil
}

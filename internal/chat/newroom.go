package chat

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"parley/ent"
	"parley/internal/broker"
	"parley/internal/store"
)

// newRoom is a room with everything that is in it from its start, where no seat has to be taken for it.
type newRoom struct {
	*ent.Room
	people, members []string // their ids, the owner's first, and those of their memberships
	tags, folded    []string
	key             string // the idempotencyKey; "" where there is none
	hash            []byte
	created         broker.Hint
}

func (in CreateRoomInput) room(v Viewer) (*newRoom, error) {
	n := &newRoom{people: in.people(v), tags: in.Tags, hash: []byte{}}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("make an id: %w", err)
	}
	for range n.people {
		member, err := uuid.NewV7()
		if err != nil {
			return nil, fmt.Errorf("make an id: %w", err)
		}
		n.members = append(n.members, member.String())
	}
	for _, tag := range in.Tags {
		n.folded = append(n.folded, fold(tag))
	}
	if in.IdempotencyKey != nil {
		n.key, n.hash = *in.IdempotencyKey, in.hash()
	}
	at := now()
	n.Room = &ent.Room{
		ID: id, Name: in.Name, Description: in.Description, AccessType: *in.AccessType, MaxUsers: in.MaxUsers,
		SearchText: searchText(in.Name, in.Description, in.Tags), Key: rand.Text(), CreatorID: v.ID, OwnerID: v.ID,
		MemberCount: len(n.people), CreatedAt: at, UpdatedAt: at, EventAt: at,
	}
	if o := in.OpenseaCollection; o != nil {
		n.OpenseaSlug, n.OpenseaName, n.OpenseaCover = &o.Slug, o.Name, o.Cover
	}
	n.created = in.created(id, v)
	return n, nil
}

// createAtOnce makes a room in as few statements as there can be. It returns nil where that cannot be, since somebody in it
// does not exist or the same request has been made before, and nothing was done.
func (c *Chat) createAtOnce(ctx context.Context, v Viewer, in CreateRoomInput, again rerun) (*ent.Room, error) {
	n, err := in.room(v)
	if err != nil {
		return nil, err
	}
	made := false
	if c.dialect == dialect.Postgres {
		err = c.write(ctx, again, func() (said []broker.Hint, err error) {
			if made, err = c.insertAtOnce(ctx, n); err == nil && !made {
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
		opensea_slug, opensea_name, opensea_cover, created_at, updated_at, event_at)
	SELECT $1, $2, $3, $4, $5, $6, $7, $8, $8, cardinality($14::text[]), $9, $10, $11, $12, $12, $12
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

// insertAtOnce makes the room in one statement, if that can be.
func (c *Chat) insertAtOnce(ctx context.Context, n *newRoom) (made bool, err error) {
	list := func(texts []string) any { return store.List(c.dialect, texts) }
	err = each(ctx, c.db, func(*sql.Rows) error {
		made = true
		return nil
	}, createRoomAtOnce,
		n.ID, n.Name, n.Description, string(n.AccessType), n.MaxUsers, n.SearchText, n.Key, n.CreatorID,
		n.OpenseaSlug, n.OpenseaName, n.OpenseaCover, n.CreatedAt, list(n.members), list(n.people), n.key, n.hash, list(n.tags), list(n.folded))
	return made, err
}

// insertRoom makes the room in a statement for each table, if that can be. Lists go into each as one argument.
func (t *tx) insertRoom(ctx context.Context, n *newRoom) (made bool, err error) {
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
	owner_id, member_count, opensea_slug, opensea_name, opensea_cover, created_at, updated_at, event_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11, $12, $13, $13, $13)`,
		n.ID, n.Name, n.Description, string(n.AccessType), n.MaxUsers, n.SearchText, n.Key, n.CreatorID,
		n.MemberCount, n.OpenseaSlug, n.OpenseaName, n.OpenseaCover, n.CreatedAt)
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
		n.ID, list(n.members), list(n.people), n.CreatedAt)
	if err != nil {
		return false, fmt.Errorf("insert %d members: %w", len(n.people), err)
	}
	return true, nil
}

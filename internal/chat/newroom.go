package chat

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"parley/internal/chat/retry"

	"parley/internal/chat/writequeue"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/room"
	"parley/internal/broker"
	"parley/internal/store"
	"parley/internal/text"
)

// newRoom is a room with everything that is in it from its start.
type newRoom struct {
	*ent.Room
	people       []string      // their ids, the owner's first
	members      []*ent.Member // their memberships
	tags, folded []string
	// service: its members need not let the creator add them.
	service bool
	// key is the idempotencyKey that is to be taken together with it, and hash that of the request;
	// "" where there is none, or it has been taken.
	key  string
	hash []byte
}

// room is the room to make, under an id.
func (in CreateRoomInput) room(v Viewer, id uuid.UUID) (*newRoom, error) {
	n := &newRoom{
		people:  append([]string{v.ID}, in.MemberIds...),
		tags:    in.Tags,
		hash:    []byte{},
		service: v.Admin,
	}
	at := now()
	for i, person := range n.people {
		member, err := uuid.NewV7()
		if err != nil {
			return nil, fmt.Errorf("make an id: %w", err)
		}
		n.members = append(n.members, founder(i, member, id, person, at))
	}
	for _, tag := range in.Tags {
		n.folded = append(n.folded, text.TagKey(tag))
	}
	n.Room = &ent.Room{
		ID:          id,
		Name:        in.Name,
		Description: in.Description,
		AccessType:  *in.AccessType,
		MaxUsers:    in.MaxUsers,
		Exclusive:   in.Exclusive,
		Direct:      in.direct,
		SearchText:  text.SearchText(in.Name, in.Description, in.Tags),
		Key:         rand.Text(),
		CreatorID:   v.ID,
		OwnerID:     v.ID,
		MemberCount: len(n.people),
		CreatedAt:   at,
		UpdatedAt:   at,
		EventAt:     at,
	}
	if o := in.OpenseaCollection; o != nil {
		n.OpenseaSlug, n.OpenseaName, n.OpenseaCover = &o.Slug, o.Name, o.Cover
	}
	return n, nil
}

// publication publishes the room, which a transaction at a profile version has created.
func (n *newRoom) publication(profiles ProfileVersion) broker.Publication {
	commit := &RoomCommit{Room: publicRoom(n.Room), Profiles: profiles, Tags: n.tags}
	if len(n.members) <= maxPage {
		commit.Members = n.members
	}
	return broker.Publication{
		Room: n.ID, Created: true, Users: n.people,
		Public: n.AccessType == room.AccessTypePUBLIC, Commit: commit,
	}
}

const (
	// createdTogether is how many rooms are made in one transaction at most, and createdPeople how
	// many people are in them. A room for more is made by itself.
	createdTogether = 64
	createdPeople   = 500
)

// creation is a room on its way.
type creation struct {
	writequeue.Write
	room  *newRoom
	again retry.Policy

	// made is false where it is to be made alone, or has failed. profiles is the profile version
	// at which it was made.
	made     bool
	profiles ProfileVersion
}

func (c *Chat) newCreations() *writequeue.Queue[*creation] {
	return writequeue.New(writequeue.Options[*creation]{
		Take: func(waiting []*creation) (batch, rest []*creation) {
			people, n := 0, 0
			for ; n < len(waiting) && n < createdTogether; n++ {
				if people += len(waiting[n].room.people); n > 0 && people > createdPeople {
					break
				}
			}
			return waiting[:n:n], waiting[n:]
		},
		Do: c.createBatch, Panics: c.panics, Unknown: errUncertain,
	})
}

// createAtOnce makes a room together with others that are made at the moment, in as few statements
// as there can be, where no seats have to be taken for it. It returns nil where that cannot be,
// since a user in it does not exist or may not be added, the same request has been made before, or
// another of them was refused: then it is to be made alone.
func (c *Chat) createAtOnce(
	ctx context.Context,
	v Viewer,
	in CreateRoomInput,
	again retry.Policy,
) (*ent.Room, error) {
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
	w := &creation{Write: writequeue.NewWrite(ctx), room: n, again: again}
	if len(n.people) > createdPeople {
		c.create(ctx, []*creation{w})
	} else if err := c.creations.Do(ctx, w); err != nil {
		return nil, fmt.Errorf("wait to create a room: %w", err)
	}
	if w.Err != nil {
		return nil, fmt.Errorf("create room: %w", w.Err)
	}
	if !w.made {
		return nil, nil
	}
	return n.Room, nil
}

// createBatch makes the rooms of a batch.
func (c *Chat) createBatch(batch []*creation) {
	ctx, cancel := context.WithTimeout(batch[0].Context, batchTime)
	defer cancel()
	c.create(ctx, batch)
	c.creations.Settle(batch)
}

// create makes the rooms of a batch in one transaction, those of them that can be, and notes the
// outcomes.
func (c *Chat) create(ctx context.Context, batch []*creation) {
	again := retry.Idempotent
	byID := make(map[uuid.UUID]*creation, len(batch))
	rooms := make([]*newRoom, len(batch))
	for i, w := range batch {
		if w.again == retry.Once {
			again = retry.Once
		}
		rooms[i], byID[w.room.ID] = w.room, w
	}
	begin := func() {
		for _, w := range batch {
			w.made = false
		}
	}
	var err error
	if c.dialect == dialect.Postgres {
		err = c.write(ctx, again, func() (committed []broker.Publication, err error) {
			begin()
			err = insertRooms(
				ctx,
				c.db,
				written,
				rooms,
				func(id uuid.UUID, at ProfileVersion) { byID[id].made, byID[id].profiles = true, at },
			)
			for _, w := range batch {
				if w.made || err != nil { // where it is unknown, a later run has nothing to say
					committed = append(committed, w.room.publication(w.profiles))
				}
			}
			return committed, err
		})
	} else {
		err = c.tx(ctx, again, func(t *tx) (err error) {
			begin()
			for _, w := range batch {
				if w.made, err = t.insertRoom(ctx, w.room); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err == nil {
		return
	}
	for _, w := range batch {
		w.made, w.Err = false, err
		if worthAlone(err, w.again, len(batch)) {
			w.Err = nil
		}
	}
}

// insertRoomsAtOnce makes rooms in one statement, each if all of its people are there and may be
// added, and the request has not been made before.
const insertRoomsAtOnce = `WITH given AS MATERIALIZED (
	SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[],
		$10::text[], $11::text[], $12::timestamptz[], $13::bool[], $14::bool[],
		$15::text[], $16::text[], $24::bool[])
		AS g (id, name, description, access_type, max_users, search_text, key, creator_id, opensea_slug,
			opensea_name, opensea_cover, created_at, exclusive, direct,
			request, hash, service)
), people AS MATERIALIZED (
	SELECT p.* FROM unnest($17::uuid[], $18::uuid[], $19::text[]) WITH ORDINALITY AS p (id, room_id, user_id, n)
), there AS MATERIALIZED (
	SELECT p.room_id, count(*) AS members, min(p.n) AS owner
	FROM people p JOIN given g ON g.id = p.room_id
	LEFT JOIN users u ON u.id = p.user_id AND (g.service OR ` + mayAdd + `)
	GROUP BY p.room_id HAVING count(*) = count(u.id)
), asked AS (
	INSERT INTO room_requests (user_id, key, hash, room_id)
	SELECT g.creator_id, g.request, decode(g.hash, 'hex'), g.id
	FROM given g JOIN there ON there.room_id = g.id WHERE g.request <> '' ORDER BY g.creator_id, g.request
	ON CONFLICT (user_id, key) DO NOTHING
	RETURNING room_id
), made AS (
	INSERT INTO rooms (
		id, name, description, access_type, max_users, search_text, key, creator_id, owner_id, member_count,
		opensea_slug, opensea_name, opensea_cover, created_at, updated_at, event_at,
		exclusive, direct)
	SELECT g.id, g.name, g.description, g.access_type, g.max_users, g.search_text, g.key, g.creator_id, g.creator_id, there.members,
		NULLIF(g.opensea_slug, ''), g.opensea_name, g.opensea_cover, g.created_at, g.created_at, g.created_at,
		g.exclusive, g.direct
	FROM given g JOIN there ON there.room_id = g.id
	WHERE g.request = '' OR EXISTS (SELECT 1 FROM asked WHERE asked.room_id = g.id)
	RETURNING id, created_at
), tagged AS (
	INSERT INTO room_tags (room_id, position, tag, folded)
	SELECT t.room_id, t.position, t.tag, t.folded
	FROM unnest($20::uuid[], $21::bigint[], $22::text[], $23::text[]) AS t (room_id, position, tag, folded) JOIN made ON made.id = t.room_id
), joined AS (
	INSERT INTO members (id, room_id, user_id, role, joined_at)
	SELECT p.id, p.room_id, p.user_id, CASE WHEN p.n = there.owner THEN 'OWNER' ELSE 'MEMBER' END, made.created_at
	FROM people p JOIN made ON made.id = p.room_id JOIN there ON there.room_id = p.room_id
)
SELECT id, ` + readProfileVersion + ` FROM made`

// insertRooms makes rooms in one statement, those of them that can be: of PostgreSQL, by itself
// (run is written) or in a transaction (each). made is called with each that was, and the profile
// version of the statement.
func insertRooms(
	ctx context.Context,
	q querier,
	run func(context.Context, querier, func(*sql.Rows) error, string, ...any) error,
	rooms []*newRoom,
	made func(uuid.UUID, ProfileVersion),
) error {
	var args [24][]string
	add := func(to int, texts ...string) {
		for i, text := range texts {
			args[to-1+i] = append(args[to-1+i], text)
		}
	}
	for _, n := range rooms {
		id, slug := n.ID.String(), ""
		if n.OpenseaSlug != nil {
			slug = *n.OpenseaSlug
		}
		add(
			1,
			id,
			n.Name,
			n.Description,
			string(n.AccessType),
			strconv.Itoa(n.MaxUsers),
			n.SearchText,
			n.Key,
			n.CreatorID,
			slug,
			n.OpenseaName,
			n.OpenseaCover,
			n.CreatedAt.Format(time.RFC3339Nano),
			strconv.FormatBool(n.Exclusive),
			strconv.FormatBool(n.Direct),
			n.key,
			hex.EncodeToString(n.hash),
		)
		add(24, strconv.FormatBool(n.service))
		for _, m := range n.members {
			add(17, m.ID.String(), id, m.UserID)
		}
		for i, tag := range n.tags {
			add(20, id, strconv.Itoa(i), tag, n.folded[i])
		}
	}
	lists := make([]any, len(args))
	for i, texts := range args {
		lists[i] = store.List(dialect.Postgres, texts)
	}
	return run(ctx, q, func(rows *sql.Rows) error {
		var id uuid.UUID
		var profiles ProfileVersion
		if err := rows.Scan(&id, &profiles); err != nil {
			return err
		}
		made(id, profiles)
		return nil
	}, insertRoomsAtOnce, lists...)
}

// insertOneRoom makes a room on SQLite.
const insertOneRoom = `INSERT INTO rooms (
	id, name, description, access_type, max_users, search_text, key, creator_id, owner_id, member_count,
	opensea_slug, opensea_name, opensea_cover, created_at, updated_at, event_at,
	exclusive, direct)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9,
	$10, $11, $12, $13, $13, $13,
	$14, $15)`

// ids are those of the memberships.
func (n *newRoom) ids() []string {
	ids := make([]string, len(n.members))
	for i, m := range n.members {
		ids[i] = m.ID.String()
	}
	return ids
}

// insertRoom makes the room, if that can be, and publishes it.
func (t *tx) insertRoom(ctx context.Context, n *newRoom) (made bool, err error) {
	var profiles ProfileVersion
	if t.dialect == dialect.Postgres {
		err = insertRooms(ctx, t, each, []*newRoom{n}, func(_ uuid.UUID, at ProfileVersion) {
			made, profiles = true, at
		})
	} else {
		made, profiles, err = t.insertRoomOnSQLite(ctx, n)
	}
	if made && err == nil {
		t.publish(n.publication(profiles))
	}
	return made, err
}

// insertRoomOnSQLite is insertRoom with a statement for each table; lists go into each as one
// argument. It returns the profile version of the transaction.
func (t *tx) insertRoomOnSQLite(
	ctx context.Context, n *newRoom,
) (made bool, profiles ProfileVersion, err error) {
	list := func(texts []string) any { return store.List(t.dialect, texts) }
	there := 0
	err = each(ctx, t, func(rows *sql.Rows) error { return rows.Scan(&there, &profiles) },
		`SELECT count(*), `+readProfileVersion+` FROM users u, (SELECT $3 AS creator_id) g
WHERE `+store.AnyOf(t.dialect, "u.id", "$1", "text")+` AND ($2 OR `+mayAdd+`)`,
		list(n.people), n.service, n.CreatorID)
	if err != nil || there < len(n.people) {
		return false, profiles, err
	}
	if n.key != "" {
		asked, err := t.ExecContext(
			ctx,
			`INSERT INTO room_requests (user_id, key, hash, room_id) VALUES ($1, $2, $3, $4)
ON CONFLICT (user_id, key) DO NOTHING`,
			n.CreatorID,
			n.key,
			n.hash,
			n.ID,
		)
		if err != nil {
			return false, profiles, err
		}
		if first, err := asked.RowsAffected(); err != nil || first == 0 {
			return false, profiles, err
		}
	}
	_, err = t.ExecContext(
		ctx,
		insertOneRoom,
		n.ID,
		n.Name,
		n.Description,
		string(n.AccessType),
		n.MaxUsers,
		n.SearchText,
		n.Key,
		n.CreatorID,
		n.MemberCount,
		n.OpenseaSlug,
		n.OpenseaName,
		n.OpenseaCover,
		n.CreatedAt,
		n.Exclusive,
		n.Direct,
	)
	if err != nil {
		return false, profiles, fmt.Errorf("insert the room: %w", err)
	}
	if len(n.tags) > 0 {
		_, err = t.ExecContext(ctx, `INSERT INTO room_tags (room_id, position, tag, folded)
SELECT $1, tag.key, tag.value, folded.value FROM json_each($2) AS tag JOIN json_each($3) AS folded ON folded.key = tag.key`,
			n.ID, list(n.tags), list(n.folded))
		if err != nil {
			return false, profiles, fmt.Errorf("insert %d tags: %w", len(n.tags), err)
		}
	}
	_, err = t.ExecContext(ctx, `INSERT INTO members (id, room_id, user_id, role, joined_at)
SELECT member.value, $1, person.value, CASE WHEN member.key = 0 THEN 'OWNER' ELSE 'MEMBER' END, $4
FROM json_each($2) AS member JOIN json_each($3) AS person ON person.key = member.key`,
		n.ID, list(n.ids()), list(n.people), n.CreatedAt)
	if err != nil {
		return false, profiles, fmt.Errorf("insert %d members: %w", len(n.people), err)
	}
	return true, profiles, nil
}

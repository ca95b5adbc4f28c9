package chat

import (
	"context"
	"database/sql"
	"fmt"
	"sync"

	"parley/ent"
	"parley/internal/store"
)

// Clock is how many times people's profiles had been changed when something was read. Whoever was
// told something at one must never be shown a profile of before it.
type Clock int64

// unasked is the clock of a reading that has not looked at it.
const unasked Clock = -1

// readClock is an expression for what the clock of people shows, at the moment of the statement
// that it stands in.
const readClock = `(SELECT value FROM clocks WHERE id = 'people')`

// people remembers people as they were at a tick of the clock, or later. Each change of a profile
// raises the clock in its own transaction, so one look at it tells whether anything that is
// remembered may be out of date, and another who has changed. What other nodes change shows in it
// just as well.
type people struct {
	mu   sync.Mutex
	at   Clock
	kept *kept[string, *ent.User]
}

func newPeople(bytes int) *people {
	return &people{at: unasked, kept: newKept[string, *ent.User](bytes)}
}

// bytes returns the estimated size of what is cached.
func (p *people) bytes() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.kept.bytes
}

// find puts those of ids who are remembered as of a tick into users, and returns the others. It
// returns false where nobody is remembered as late as that: see advance.
func (p *people) find(at Clock, ids []string, users []*ent.User) (missing []string, known bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at < at {
		return ids, false
	}
	for i, id := range ids {
		var ok bool
		if users[i], ok = p.kept.get(id); !ok {
			missing = append(missing, id)
		}
	}
	return missing, true
}

// since is the tick as of which people are remembered.
func (p *people) since() Clock {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at
}

// advance forgets who has changed between a tick as of which people were remembered and a later
// one, as of which the others are remembered then.
func (p *people) advance(to Clock, changed []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range changed {
		p.kept.remove(id)
	}
	p.at = max(p.at, to)
}

// learn remembers people who were read at a tick.
func (p *people) learn(at Clock, users []*ent.User) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kept.values.Len() == 0 {
		p.at = max(p.at, at) // of nobody it is easily told that they have not changed
	}
	if at < p.at { // they may have changed since
		return
	}
	for _, u := range users {
		p.kept.put(u.ID, u, sizeOfUser(u))
	}
}

// sizeOfUser is about how many bytes a person takes.
func sizeOfUser(u *ent.User) int {
	const fixed = 600 // the struct, and its place in the list and the map
	return fixed + 2*len(
		u.ID,
	) + len(
		u.NickName,
	) + len(
		u.Avatar,
	) + len(
		u.Status,
	) + len(
		u.EthWalletAddress,
	) + len(
		u.EnsName,
	) +
		len(
			u.TwitterUsername,
		) + len(
		u.TwitterAvatar,
	) + len(
		u.DiscordUsername,
	) + len(
		u.DiscordAvatar,
	) +
		len(
			u.InstagramUsername,
		) + len(
		u.InstagramAvatar,
	) + len(
		u.FacebookUsername,
	) + len(
		u.FacebookAvatar,
	) +
		len(
			u.OpenseaUsername,
		) + len(
		u.OpenseaAvatar,
	)
}

// People returns people by id, each in the place of their id, and nil for those who do not exist:
// as they are at a tick of the clock or later. Who is remembered is not read again.
func (c *Chat) People(ctx context.Context, at Clock, ids []string) ([]*ent.User, error) {
	users := make([]*ent.User, len(ids))
	if at == unasked {
		var err error
		if at, err = c.clock(ctx); err != nil {
			return nil, err
		}
	}
	missing, known := c.people.find(at, ids, users)
	if !known && c.people.since() != unasked {
		if err := c.catchUp(ctx); err != nil {
			return nil, err
		}
		missing, _ = c.people.find(at, ids, users)
	}
	c.counts.found.Add(int64(len(ids) - len(missing)))
	if len(missing) == 0 {
		return users, nil
	}
	c.counts.read.Add(int64(len(missing)))
	read, err := c.readUsers(ctx, missing)
	if err != nil {
		return nil, err
	}
	for i, id := range ids {
		if users[i] == nil {
			users[i] = read[id]
		}
	}
	return users, nil
}

// clock looks at the clock of people.
func (c *Chat) clock(ctx context.Context) (at Clock, err error) {
	err = each(
		ctx,
		c.db,
		func(rows *sql.Rows) error { return rows.Scan(&at) },
		`SELECT value FROM clocks WHERE id = 'people'`,
	)
	if err != nil {
		return 0, fmt.Errorf("look at the clock of people: %w", err)
	}
	return at, nil
}

// catchUp forgets whoever has changed since the people were read that are remembered.
func (c *Chat) catchUp(ctx context.Context) error {
	from, to := c.people.since(), unasked
	var changed []string
	err := each(ctx, c.db, func(rows *sql.Rows) error {
		var id sql.Null[string]
		if err := rows.Scan(&to, &id); err != nil {
			return err
		}
		if id.Valid {
			changed = append(changed, id.V)
		}
		return nil
	}, `SELECT c.value, u.id FROM clocks c LEFT JOIN users u ON u.changed > $1 WHERE c.id = 'people'`, int64(from))
	if err != nil {
		return fmt.Errorf("look who has changed since %d: %w", from, err)
	}
	c.people.advance(to, changed)
	return nil
}

// readUsers reads people and remembers them; those who do not exist are missing.
func (c *Chat) readUsers(ctx context.Context, ids []string) (map[string]*ent.User, error) {
	byID := make(map[string]*ent.User, len(ids))
	users := make([]*ent.User, 0, len(ids))
	var at Clock
	err := each(ctx, c.db, func(rows *sql.Rows) error {
		var row eventRow
		if err := rows.Scan(append([]any{&at}, row.userFields()...)...); err != nil {
			return err
		}
		u := row.who()
		byID[u.ID] = u
		users = append(users, u)
		return nil
	}, `SELECT `+readClock+`, `+userColumns+` FROM users u WHERE `+store.AnyOf(c.dialect, "u.id", "$1", "text"), store.List(c.dialect, ids))
	if err != nil {
		return nil, fmt.Errorf("get %d users: %w", len(ids), err)
	}
	c.people.learn(at, users)
	return byID, nil
}

// querier is a database, or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// each calls scan with each row of a query's result.
func each(
	ctx context.Context,
	q querier,
	scan func(*sql.Rows) error,
	query string,
	args ...any,
) error {
	_, err := eachSent(ctx, q, scan, query, args...)
	return err
}

// written is each of a statement that writes and is no part of a transaction: where its answer was
// not read to its end, it may have taken effect.
func written(
	ctx context.Context,
	q querier,
	scan func(*sql.Rows) error,
	query string,
	args ...any,
) error {
	sent, err := eachSent(ctx, q, scan, query, args...)
	if sent {
		return store.Unanswered(err)
	}
	return err
}

// eachSent is each, and tells whether an answer had begun.
func eachSent(
	ctx context.Context,
	q querier,
	scan func(*sql.Rows) error,
	query string,
	args ...any,
) (sent bool, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return false, err
	}
	defer func() { _ = rows.Close() }() // what failed is in rows.Err
	for rows.Next() {
		if err := scan(rows); err != nil {
			return true, err
		}
	}
	return true, rows.Err()
}

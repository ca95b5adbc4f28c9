package hostile_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"entgo.io/ent/dialect"

	"parley/internal/testkit"
)

func domainAttacks() []attack {
	return []attack{
		{
			// A search has the cost of reading many rooms, and the cost of a user's queries has a
			// rate limit.
			name: "searches", repeats: true, budget: reservedBudget(16 * mib),
			prepare: func(a *attackRun) func() {
				a.seedRooms(size(5000, 200_000))
				attacker := a.attacker(1)
				attacker.createUser(a.ctx)
				var query strings.Builder
				query.WriteString("{")
				for i := range 50 {
					fmt.Fprintf(&query, `a%d:rooms(search:"zz%d",first:1){nodes{id}}`, i, i)
				}
				query.WriteString("}")
				return func() {
					each(size(20, 60), 20, func(int) {
						a.outcomes.add(attacker.execute(a.ctx, query.String(), nil).outcome())
					})
					each(100, 20, func(i int) {
						r := attacker.execute(
							a.ctx,
							`query($s:String){rooms(search:$s,first:1){nodes{id}}}`,
							vars{"s": "zz" + strconv.Itoa(i)},
						)
						a.outcomes.add(r.outcome())
					})
					a.expect(ok, "200 TOO_COMPLEX", "429 RATE_LIMITED", "200 UNAVAILABLE")
					a.expectRefused(1, "200 TOO_COMPLEX", "429 RATE_LIMITED")
				}
			},
		},
		{
			// Each member that a room is made with counts as a change.
			name: "rooms with many members", repeats: true, budget: reservedBudget(32 * mib),
			prepare: func(a *attackRun) func() {
				crowd := createUsers(a.ctx, a.server, "crowd", 1000)
				attacker := a.attacker(1)
				attacker.createUser(a.ctx)
				return func() {
					each(size(12, 40), 4, func(int) {
						r := attacker.execute(
							a.ctx,
							`mutation($u: [ID!]!) { createRoom(input: {memberIds: $u}) { room { id
								} } }`,
							vars{"u": crowd},
						)
						a.outcomes.add(r.outcome())
					})
					a.expect(ok, "429 RATE_LIMITED", "200 TOO_COMPLEX")
					a.expectRefused(size(6, 30), "429 RATE_LIMITED", "200 TOO_COMPLEX")
				}
			},
		},
		{
			// The rate limit bounds the rooms of a stranger, and the chat list loads one page.
			name: "rooms full of strangers", budget: reservedBudget(16 * mib),
			prepare: func(a *attackRun) func() {
				attackers := []*client{a.attacker(1), a.attacker(2)}
				for _, attacker := range attackers {
					attacker.createUser(a.ctx)
				}
				return func() {
					each(size(600, 4000), 16, func(i int) {
						r := attackers[i%2].execute(
							a.ctx,
							`mutation { createRoom(input: {memberIds: ["victim"]}) { room { id } }
								}`,
							nil,
						)
						a.outcomes.add(r.outcome())
					})
					a.expect(ok, "429 RATE_LIMITED")
					a.escape(attackers[0])
				}
			},
		},
		{
			// Wrong keys of some users do not block the right key.
			name: "wrong room keys", budget: reservedBudget(16 * mib),
			prepare: func(a *attackRun) func() { return a.wrongKeys(size(120, 150)) },
		},
		{
			// A membership in the exclusive room of a stranger does not block another one.
			name: "seats in exclusive rooms", budget: noBudget,
			prepare: func(a *attackRun) func() {
				attacker := a.attacker(1)
				attacker.createUser(a.ctx)
				return func() {
					for range 5 {
						r := attacker.execute(
							a.ctx,
							`mutation { createRoom(input: {exclusive: true, disconnect: true,
								memberIds: ["victim"]}) { room { id } } }`,
							nil,
						)
						a.outcomes.add(r.outcome())
					}
					r := a.victim.execute(
						a.ctx,
						`mutation { createRoom(input: {exclusive: true}) { room { id } } }`,
						nil,
					)
					if r.outcome() != ok {
						a.t.Errorf("the victim's own exclusive room: %s", r)
					}
				}
			},
		},
		{
			// Two attackers together use two quotas.
			name:         "two attackers at once",
			repeats:      true,
			onlyDatabase: dialect.Postgres,
			budget:       reservedBudget(userRequests + anonymousRequests + 32*mib),
			// As for the heavy events alone: the rate would refuse the messages that cause them.
			settings: environment{"PARLEY_RATE_MUTATIONS": "off"},
			prepare: func(a *attackRun) func() {
				heavy := a.heavyEvents(size(40, 500), size(6, 20))
				bodies := bombBodies()
				bomber, stranger := a.attacker(2), a.anonymous(1)
				bomber.createUser(a.ctx)
				return func() {
					var both sync.WaitGroup
					both.Go(heavy)
					both.Go(func() {
						each(size(2, 8)*len(bodies), 16, func(i int) {
							c := []*client{bomber, stranger}[i%2]
							if outcome := c.post(
								a.ctx,
								bodies[i%len(bodies)],
							).outcome(); outcome == ok {
								a.outcomes.add(ok)
							}
						})
					})
					both.Wait()
				}
			},
		},
	}
}

// escape makes the victim forbid strangers to add it, and leave their rooms.
func (a *attackRun) escape(attacker *client) {
	a.t.Helper()
	a.victim.must(
		a.ctx,
		nil,
		`mutation { updateProfile(input: {addPermission: FRIENDS}) { user { addPermission } } }`,
		nil,
	)
	refused := func() bool {
		r := attacker.execute(
			a.ctx,
			`mutation { createRoom(input: {memberIds: ["victim"]}) { room { id } } }`,
			nil,
		)
		return r.code() == "FORBIDDEN"
	}
	if !a.settle(refused) { // the attacker may have to wait for its rate
		a.t.Error("strangers can still add the victim")
	}
	var mine struct {
		MyRooms struct {
			Nodes []struct {
				ID      string
				Creator struct{ ID string }
			}
		}
	}
	a.victim.must(a.ctx, &mine, `{ myRooms(first: 50) { nodes { id creator { id } } } }`, nil)
	var theirs []string
	for _, room := range mine.MyRooms.Nodes {
		if room.Creator.ID != "victim" {
			theirs = append(theirs, room.ID)
		}
	}
	a.victim.must(
		a.ctx,
		nil,
		`mutation($r: [ID!]!) { leaveRooms(roomIds: $r) { roomIds } }`,
		vars{"r": theirs},
	)
}

// wrongKeys returns an attack: many users try wrong keys of one room, up to the rate limit, while
// others join with the right one.
func (a *attackRun) wrongKeys(attackers int) func() {
	owner := a.user("owner", "198.51.100.8")
	owner.createUser(a.ctx)
	var made struct {
		CreateRoom struct{ Room struct{ ID, JoinKey string } }
	}
	owner.must(
		a.ctx,
		&made,
		`mutation { createRoom(input: {accessType: PRIVATE}) { room { id joinKey } } }`,
		nil,
	)
	room := made.CreateRoom.Room
	createUsers(a.ctx, a.server, "attacker", attackers)
	createUsers(a.ctx, a.server, "guest", 40)
	all := make([]*client, attackers)
	for i := range all {
		all[i] = a.user("attacker-"+strconv.Itoa(i), fmt.Sprintf("203.0.113.%d", i%250+1))
	}
	const join = `mutation($r: ID!, $k: String) { joinRoom(roomId: $r, key: $k) { room { id } } }`
	return func() {
		each(attackers*12, 16, func(i int) {
			r := all[i%attackers].execute(
				a.ctx,
				join,
				vars{"r": room.ID, "k": "wrong-" + strconv.Itoa(i)},
			)
			a.outcomes.add(r.outcome())
		})
		for i := range 40 {
			all[i%6].execute(a.ctx, join, vars{"r": room.ID, "k": "wrong"})
			guest := a.user("guest-"+strconv.Itoa(i), "198.51.100.9")
			if r := guest.execute(
				a.ctx,
				join,
				vars{"r": room.ID, "k": room.JoinKey},
			); r.outcome() != ok {
				a.t.Errorf("the right key: %s", r)
				break
			}
		}
		a.expect("200 WRONG_KEY", "200 RATE_LIMITED", "429 RATE_LIMITED")
		a.expectRefused(attackers, "200 RATE_LIMITED", "429 RATE_LIMITED")
	}
}

// seedRooms fills the database with copies of a public room that a search must read.
func (a *attackRun) seedRooms(n int) {
	a.t.Helper()
	owner := a.user("owner", "198.51.100.8")
	owner.createUser(a.ctx)
	owner.must(
		a.ctx,
		nil,
		`mutation($d: String!) { createRoom(input: {name: "template", description: $d, accessType:
			PUBLIC}) { room { id } } }`,
		vars{"d": strings.Repeat("lorem ipsum ", 20)},
	)
	db := testkit.Ent(a.t, a.server.source)
	rows, err := db.QueryContext(a.ctx, `SELECT * FROM rooms LIMIT 0`)
	if err != nil {
		a.t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err := errors.Join(err, rows.Err(), rows.Close()); err != nil {
		a.t.Fatal(err)
	}
	numbers, id := `generate_series(1, $1) AS n`, `gen_random_uuid()`
	if a.server.database == dialect.SQLite {
		numbers = `(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
			SELECT i FROM n) AS n`
		id = `lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' ||
			substr(hex(randomblob(2)), 2) || '-a' ||
			substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))`
	}
	values := slices.Clone(columns)
	for i, column := range values {
		values[i] = "rooms." + column
		if column == "id" {
			values[i] = id
		}
	}
	// Column names come from the database.
	insert := `INSERT INTO rooms (` + strings.Join(
		columns,
		", ",
	) + `) SELECT ` + strings.Join(
		values,
		", ",
	) +
		` FROM rooms, ` + numbers + ` WHERE rooms.name = 'template'`
	if _, err := db.ExecContext(a.ctx, insert, n); err != nil {
		a.t.Fatalf("make %d rooms: %v", n, err)
	}
}

package hostile_test

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"entgo.io/ent/dialect"
)

// budget is a row of the table of the operations page: what one part of a node takes at the worst.
type budget struct {
	name    string
	setting string // "" where there is none
	bytes   int64  // at the reduced size, which setting is set to
}

// budgets are the rows of the table, with small settings. The garbage collector lets what is in use
// double.
func budgets() []budget {
	return []budget{
		{"requests", "PARLEY_MAX_REQUEST_MEMORY", 32 * mib},
		{"connections and messages", "PARLEY_MAX_SOCKET_BYTES", 64 * mib},
		{"responses and events", "PARLEY_MAX_ANSWER_BYTES", 64 * mib},
		{"documents and plans", "", 44 * mib},
		{"rooms and users", "", 32 * mib}, // the test has few
		{"replay", "", 16 * mib},          // few streams are behind
	}
}

// collected is how much memory there is for a byte in use, at the worst.
const collected = 2

// testWorstCase has many users and addresses take all there is of each budget at the same time. The
// memory of the process stays within the sum of the table.
func testWorstCase(t *testing.T, program string) {
	settings := environment{
		"PARLEY_RATE_MUTATIONS": "off", "PARLEY_RATE_CONNECTIONS": "off",
		"PARLEY_RATE_SUBSCRIPTIONS": "off", "PARLEY_RATE_QUERIES": "off",
	}
	var sum int64
	for _, b := range budgets() {
		sum += collected * b.bytes
		if b.setting != "" {
			settings[b.setting] = strconv.FormatInt(b.bytes, 10)
		}
	}
	row := run(t, program, dialect.SQLite, attack{
		name: "worst case", settings: settings, budget: sum, lossy: true, prepare: worstCase,
	})
	t.Log(row)
}

// worstCase returns the attack of [testWorstCase].
func worstCase(a *arena) func() {
	const users = 16
	names := enterAll(a.ctx, a.server, "attacker", users)
	attackers, strangers := make([]*client, users), make([]*client, users)
	for i, name := range names {
		attackers[i] = a.user(name, fmt.Sprintf("203.0.113.%d", i+1))
		strangers[i] = a.stranger(i)
	}
	// A user follows one room with 20 different documents or variables at most.
	rooms := make([]string, 5)
	for i := range rooms {
		rooms[i] = attackers[0].room(a.ctx, names[1:]...)
	}
	room := rooms[0]
	for range 4 {
		var mutation strings.Builder
		mutation.WriteString("mutation($c: String!) {")
		for i := range 25 {
			fmt.Fprintf(&mutation, ` m%d: sendMessage(input: {roomId: %q, contents: $c}) { message { id } }`, i, room)
		}
		mutation.WriteString("}")
		attackers[0].must(a.ctx, nil, mutation.String(), vars{"c": strings.Repeat("long ", 3000)})
	}
	bodies := bombBodies()
	anyone := func(i int) *client { return append(attackers, strangers...)[i%(2*users)] }
	parts := []func(){
		func() { // bodies
			each(size(4, 20)*len(bodies), 32, func(i int) { anyone(i).post(a.ctx, bodies[i%len(bodies)]) })
		},
		func() { // messages that are coming
			var open party
			defer open.leave()
			half := make([]byte, 512<<10)
			each(128, 32, func(i int) {
				s, err := anyone(i).open(a.ctx, 0)
				if err != nil {
					return
				}
				go s.listen() // ends with the connection
				open.add(s)
				_ = s.begin(int64(len(half)+32), half) // what is refused takes nothing
			})
		},
		func() { // subscriptions
			var open party
			defer open.leave()
			kept := strings.Repeat("x", 7<<10) // 8 KiB at most are accepted
			each(users, 8, func(i int) {
				a.subscribeAll(&open, attackers[i], 100, func(n int) any {
					return vars{
						"query": `subscription($r: ID!, $s: String) { roomEvents(roomId: $r) { seq
							room { members(first: 1, after: $s) { nodes { id } } }
							... on MessageAdded { room { messages(last: 50) { nodes { contents } } } } } }`,
						"variables": vars{"r": rooms[n%len(rooms)], "s": strconv.Itoa(i*100+n) + kept},
					}
				})
			})
			if a.answers.of(ok) == 0 {
				a.t.Errorf("no subscription was accepted, which proves nothing: %v", a.answers.copy())
			}
			for range 3 { // rendered for each
				attackers[0].ask(a.ctx, `mutation($r: ID!) { sendMessage(input: {roomId: $r, contents: "x"}) { message { id } } }`,
					vars{"r": room})
			}
		},
		func() { // documents
			each(size(600, 3000), 8, func(i int) { strangers[i%users].ask(a.ctx, largeDocument(i), nil) })
		},
		func() { // responses
			var query strings.Builder
			query.WriteString("query($r: ID!) {")
			for i := range 40 {
				fmt.Fprintf(&query, " a%d: roomInfo(roomId: $r) { messages(last: 100) { nodes { contents } } }", i)
			}
			query.WriteString("}")
			each(size(64, 300), 16, func(i int) {
				attackers[i%users].ask(a.ctx, query.String(), vars{"r": room})
			})
		},
	}
	return func() {
		var all sync.WaitGroup
		for _, part := range parts {
			all.Go(part)
		}
		all.Wait()
	}
}

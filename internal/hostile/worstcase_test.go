package hostile_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"entgo.io/ent/dialect"
)

// memoryBudget is a row of the table of memory budgets on the operations page.
type memoryBudget struct {
	name    string // as the metrics have it; "" where they have none
	setting string // "" where there is none
	share   int64  // the percentage of the setting
	bytes   int64  // the setting, or what the test can fill
}

// budgets are the rows of the table, with small settings.
func budgets() []memoryBudget {
	return []memoryBudget{
		{"requests", "PARLEY_MAX_REQUEST_MEMORY", 100, 64 * mib},
		{"messages", "PARLEY_MAX_SOCKET_MEMORY", 25, 64 * mib},
		{"connections", "PARLEY_MAX_SOCKET_MEMORY", 75, 64 * mib},
		{"responses", "PARLEY_MAX_RESPONSE_MEMORY", 75, 64 * mib},
		{"events", "PARLEY_MAX_RESPONSE_MEMORY", 25, 64 * mib},
		{"streams", "PARLEY_MAX_SOCKET_MEMORY", 25, 64 * mib},
		{"", "", 100, documents},
		{"", "", 100, 16 * mib}, // rooms and users in the cache: the test has few
		{"", "", 100, 16 * mib}, // payloads for streams that are behind: few are
	}
}

// testWorstCase fills every budget at the same time, by many users and addresses. The memory of the
// process must stay within twice the sum of the table.
func testWorstCase(t *testing.T, program string) {
	settings := environment{
		"PARLEY_RATE_MUTATIONS": "off", "PARLEY_RATE_CONNECTIONS": "off",
		"PARLEY_RATE_SUBSCRIPTIONS": "off", "PARLEY_RATE_QUERIES": "off",
	}
	var sum int64
	for _, b := range budgets() {
		sum += b.bytes * b.share / 100
		if b.setting != "" {
			settings[b.setting] = strconv.FormatInt(b.bytes, 10)
		}
	}
	// The operations page recommends a limit of nine tenths of the node's memory. Without it the
	// garbage of oversized responses, which eight users may have at once beyond the sum, exceeds
	// twice the sum on a busy machine.
	settings["GOMEMLIMIT"] = strconv.FormatInt(reservedBudget(sum)*9/10, 10)
	row := run(t, program, dialect.SQLite, attack{
		name:          "worst case",
		settings:      settings,
		budget:        reservedBudget(sum),
		victimMayFail: true,
		prepare:       worstCase,
	})
	t.Log(row)
}

// worstCase returns the attack of [testWorstCase].
func worstCase(a *attackRun) func() {
	const users = 16
	names := createUsers(a.ctx, a.server, "attacker", users)
	attackers, anonymousClients := make([]*client, users), make([]*client, users)
	for i, name := range names {
		attackers[i] = a.user(name, fmt.Sprintf("203.0.113.%d", i+1))
		anonymousClients[i] = a.anonymous(i)
	}
	room := attackers[0].room(a.ctx, names[1:]...)
	for range 4 {
		var mutation strings.Builder
		mutation.WriteString("mutation($c: String!) {")
		for i := range 25 {
			fmt.Fprintf(&mutation, ` m%d: %s`, i, sendTo(room))
		}
		mutation.WriteString("}")
		attackers[0].must(a.ctx, nil, mutation.String(), vars{"c": strings.Repeat("long ", 3000)})
	}
	load := &load{
		attackRun:        a,
		attackers:        attackers,
		anonymousClients: anonymousClients,
		room:             room,
		bodies:           bombBodies(),
	}
	for range followed {
		load.followedRooms = append(load.followedRooms, attackers[0].room(a.ctx, names[1:]...))
	}
	return func() {
		stopWatching := a.watchBudgets()
		var all sync.WaitGroup
		following := load.streams()
		subscribed := load.connections()
		for _, part := range []func(){
			load.requests, load.messages, load.events, load.documents, load.responses,
		} {
			all.Go(part)
		}
		all.Wait()
		subscribed.close()
		following.close()
		peaks := stopWatching()
		for _, b := range budgets() {
			if b.name == "" {
				continue
			}
			limit := b.bytes * b.share / 100
			a.note("%s: %d of %d MiB reserved", b.name, peaks[b.name]/mib, limit/mib)
			// Users of one topic share a quota of the budget for events.
			minimum := limit / 3
			if b.name == "events" {
				minimum = limit / 8
			}
			if peaks[b.name] < minimum {
				a.t.Errorf(
					"the test has driven the budget %s to %d of %d bytes only",
					b.name,
					peaks[b.name],
					limit,
				)
			}
			if peaks[b.name] > limit {
				a.t.Errorf(
					"the budget %s has %d bytes reserved, of %d",
					b.name,
					peaks[b.name],
					limit,
				)
			}
		}
	}
}

// sendTo is the field of a mutation that sends $c to a room.
func sendTo(room string) string {
	return fmt.Sprintf(`sendMessage(input: {roomId: %q, contents: $c}) { message { id } }`, room)
}

// watchBudgets samples the reserved bytes of each memory budget until the caller calls the returned
// function, which returns the highest values.
func (a *attackRun) watchBudgets() func() map[string]int64 {
	ctx, cancel := context.WithCancel(a.ctx)
	peaks := map[string]int64{}
	var watching sync.WaitGroup
	watching.Go(func() { // ends with ctx
		for pause(ctx, settleInterval) {
			series, err := a.server.series(ctx, "parley_memory_reserved_bytes")
			if err != nil {
				continue // the health of /metrics is asserted elsewhere
			}
			for labels, value := range series {
				name := strings.TrimSuffix(strings.TrimPrefix(labels, `budget="`), `"`)
				peaks[name] = max(peaks[name], int64(value))
			}
		}
	})
	return func() map[string]int64 {
		cancel()
		watching.Wait()
		return peaks
	}
}

// load are the parts of the worst case.
type load struct {
	*attackRun
	attackers, anonymousClients []*client
	room                        string
	// followedRooms are rooms of all attackers, besides room.
	followedRooms []string
	bodies        [][]byte
}

// client returns one of all clients.
func (l *load) client(i int) *client {
	all := slices.Concat(l.attackers, l.anonymousClients)
	return all[i%len(all)]
}

func (l *load) requests() {
	each(size(6, 20)*len(l.bodies), 48, func(i int) {
		l.client(i).post(l.ctx, l.bodies[i%len(l.bodies)])
	})
}

func (l *load) messages() {
	var open socketGroup
	defer open.close()
	half := make([]byte, bodySize-1<<10)
	each(64, 16, func(i int) {
		s, err := l.attackers[i%len(l.attackers)].connect(l.ctx, nil)
		if err != nil {
			return
		}
		open.add(s)
		_ = s.begin(bodySize, half) // what is refused takes nothing
	})
}

func (l *load) connections() *socketGroup {
	var open socketGroup
	each(len(l.attackers), 8, func(user int) {
		l.subscribeAll(&open, l.attackers[user], perTopic, func(i int) any {
			var query strings.Builder
			query.WriteString(
				"subscription($r: ID!) { roomEvents(roomId: $r) { seq ... on MessageAdded { room {",
			)
			for alias := range 10 {
				fmt.Fprintf(&query, " a%d_%d_%d_%s: messages(last: 30) { nodes { contents } }",
					user, i, alias, strings.Repeat("x", 80))
			}
			query.WriteString(" } } } }")
			comment := "#" + strings.Repeat("x", 16<<10)
			return vars{"query": query.String() + comment, "variables": vars{"r": l.room}}
		})
	})
	return &open
}

// followed is how many rooms each of perTopic streams of each attacker follows.
const followed = 50

// streams opens streams over many rooms. They do not name the room of the others, in which all keys
// of the attackers are used.
func (l *load) streams() *socketGroup {
	var open socketGroup
	each(len(l.attackers), 8, func(user int) {
		l.subscribeAll(&open, l.attackers[user], perTopic, func(int) any {
			return vars{
				"query":     `subscription($rooms: [ID!]) { myEvents(rooms: $rooms) { kind } }`,
				"variables": vars{"rooms": l.followedRooms},
			}
		})
	})
	return &open
}

// events are rendered for each subscription.
func (l *load) events() {
	for range 2 {
		l.attackers[0].execute(
			l.ctx,
			`mutation($c: String!) { `+sendTo(l.room)+` }`,
			vars{"c": "x"},
		)
	}
}

func (l *load) documents() {
	each(size(600, 3000), 8, func(i int) { l.client(i).execute(l.ctx, largeDocument(i), nil) })
}

func (l *load) responses() {
	var query strings.Builder
	query.WriteString("query($r: ID!) {")
	for i := range 15 {
		fmt.Fprintf(
			&query,
			" a%d: roomInfo(roomId: $r) { messages(last: 100) { nodes { contents } } }",
			i,
		)
	}
	query.WriteString("}")
	each(size(32, 300), 16, func(i int) {
		r := l.attackers[i%len(l.attackers)].execute(l.ctx, query.String(), vars{"r": l.room})
		l.outcomes.add("response " + r.outcome())
	})
}

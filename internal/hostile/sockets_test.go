package hostile_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"entgo.io/ent/dialect"
)

const (
	// socketMemory is the PARLEY_MAX_SOCKET_MEMORY of attacks at reduced size, and fullSocketMemory
	// the default.
	socketMemory     = 32 * mib
	fullSocketMemory = 1 << 30
)

// smallSockets returns settings with little memory for sockets.
func smallSockets() environment {
	return environment{
		"PARLEY_MAX_SOCKET_MEMORY": strconv.Itoa(size(socketMemory, fullSocketMemory)),
	}
}

// socketGroup holds the sockets of an attack until its end.
type socketGroup struct {
	mu      sync.Mutex
	sockets []*socket
}

func (p *socketGroup) add(s *socket) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sockets = append(p.sockets, s)
}

// open returns how many sockets the server has not closed.
func (p *socketGroup) open() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, s := range p.sockets {
		if s.closeCode() == 0 {
			n++
		}
	}
	return n
}

// close closes all sockets and waits for their listen to return.
func (p *socketGroup) close() {
	for _, s := range p.sockets {
		s.close()
		<-s.closed
	}
}

func socketAttacks() []attack {
	return []attack{
		{
			// Unused bytes of a payload are not charged for long, and each user has a quota.
			name:         "subscriptions with junk",
			repeats:      true,
			onlyDatabase: dialect.SQLite,
			settings:     smallSockets(),
			budget:       reservedBudget(int64(size(socketMemory, fullSocketMemory/8))),
			prepare: func(a *attackRun) func() {
				junk := strings.Repeat("x", size(64<<10, mib-1024))
				return a.subscriptions(size(6, 8), size(80, 96), func(room string, _ int) any {
					return vars{
						"query":     `subscription($r: ID!) { roomEvents(roomId: $r) { seq } }`,
						"variables": vars{"r": room}, "junk": junk,
					}
				}, ok, "error RATE_LIMITED", "error UNAVAILABLE", "close 1009", "close 1013",
					"close 4400",
					"error BAD_USER_INPUT")
			},
		},
		{
			name:         "subscriptions with stored bytes",
			repeats:      true,
			onlyDatabase: dialect.SQLite,
			settings:     smallSockets(),
			budget:       reservedBudget(int64(size(socketMemory, fullSocketMemory/8))),
			prepare: func(a *attackRun) func() {
				stored := strings.Repeat("<", size(64<<10, mib-4096))
				return a.subscriptions(size(6, 8), size(80, 96), func(room string, i int) any {
					return vars{
						"query": `subscription($r: ID!, $s: String) { roomEvents(roomId: $r) { seq
							room { members(first: 1, after: $s) { nodes { id } } } } }`,
						"variables": vars{"r": room, "s": strconv.Itoa(i) + stored},
					}
				}, ok, "error RATE_LIMITED", "error UNAVAILABLE", "error BAD_USER_INPUT",
					"error TOO_COMPLEX", "close 1009", "close 1013")
			},
		},
		{
			// The server stores the id of an operation. Clients send a UUID or a number.
			name:         "subscriptions with long ids",
			repeats:      true,
			onlyDatabase: dialect.SQLite,
			settings:     smallSockets(),
			budget:       reservedBudget(int64(size(socketMemory, fullSocketMemory/8))),
			prepare:      func(a *attackRun) func() { return a.longIDs(size(4, 8), size(20, 96)) },
		},
		{
			// A quarter of all sockets may be anonymous. Each holds what the operations page says: up
			// to 17 KiB, and 8 KiB for its HTTP connection.
			name:         "idle anonymous sockets",
			repeats:      true,
			onlyDatabase: dialect.SQLite,
			budget:       reservedBudget(int64(size(120, 1500)/4) * 25 << 10),
			settings:     environment{"PARLEY_MAX_SOCKETS": strconv.Itoa(size(120, 1500))},
			prepare: func(a *attackRun) func() {
				anonymousClients := make([]*client, 8)
				for i := range anonymousClients {
					anonymousClients[i] = a.anonymous(i)
				}
				return func() {
					var sockets socketGroup
					defer sockets.close()
					each(size(240, 3000), 16, func(i int) {
						s, err := anonymousClients[i%len(anonymousClients)].connect(a.ctx, nil)
						a.outcomes.add(outcomeOf(err))
						if err == nil {
							sockets.add(s)
						}
					})
					a.reconnect()
					a.expect(ok, "429 RATE_LIMITED", "503 UNAVAILABLE", "close 1013")
					// The server evicts the oldest.
					maximum := size(120, 1500) / 4
					if !a.settle(func() bool { return sockets.open() <= maximum }) {
						a.t.Errorf(
							"%d anonymous sockets are open, want at most %d",
							sockets.open(),
							maximum,
						)
					}
				}
			},
		},
		{
			// An unfinished message holds the bytes received so far, few without a token.
			name:         "unfinished messages",
			repeats:      true,
			onlyDatabase: dialect.SQLite,
			budget:       noBudget,
			settings:     smallSockets(),
			prepare: func(a *attackRun) func() {
				stranger := a.anonymous(1)
				return func() {
					var sockets socketGroup
					defer sockets.close()
					half := make([]byte, size(256<<10, mib-64))
					each(size(80, 270), 16, func(int) {
						s, err := stranger.open(a.ctx, 0)
						if err != nil {
							a.outcomes.add(outcomeOf(err))
							return
						}
						go s.listen() // ends with the connection
						sockets.add(s)
						if s.begin(int64(len(half)+32), half) != nil {
							a.outcomes.add("close " + strconv.Itoa(s.closeCode()))
							return
						}
						a.outcomes.add(ok)
					})
					for range 3 {
						a.reconnect()
					}
					for _, s := range sockets.sockets {
						if code := s.closeCode(); code != 0 {
							a.outcomes.add("close " + strconv.Itoa(code))
						}
					}
					a.expect(ok, "429 RATE_LIMITED", "503 UNAVAILABLE", "close 1009", "close 1013",
						"close 1006", "close 0")
				}
			},
		},
		{
			// Each field of each event is loaded once for all subscriptions.
			name: "aliases of an event's member", budget: reservedBudget(32 * mib),
			prepare: func(a *attackRun) func() { return a.members(size(50, 300), 49) },
		},
		{
			// A user's expensive events wait for each other. Events of others do not. Besides what
			// renders them, the server keeps payloads for subscribers that are late.
			name:     "heavy events of one user",
			repeats:  true,
			budget:   reservedBudget(32*mib + replayBuffer),
			settings: environment{"PARLEY_RATE_MUTATIONS": "off"},
			prepare:  func(a *attackRun) func() { return a.heavyEvents(size(300, 1000), size(5, 30)) },
		},
		{
			name:         "subscription churn",
			repeats:      true,
			onlyDatabase: dialect.SQLite,
			budget:       noBudget,
			prepare:      func(a *attackRun) func() { return a.churn(size(400, 5000)) },
		},
		{
			// Without free file descriptors the log names the limit, and probes succeed.
			name: "file descriptors", onlyDatabase: dialect.SQLite, budget: noBudget,
			settings: environment{descriptors: "400"},
			prepare:  func(a *attackRun) func() { return a.descriptors(900) },
		},
	}
}

// longIDs returns an attack: one user opens sockets, with subscriptions that have an id as long as a
// message.
func (a *attackRun) longIDs(sockets, operations int) func() {
	attacker := a.attacker(1)
	attacker.createUser(a.ctx)
	room := attacker.room(a.ctx)
	return func() {
		var open socketGroup
		defer open.close()
		each(sockets, 4, func(int) {
			s, err := attacker.connect(a.ctx, nil)
			if err != nil {
				a.outcomes.add(outcomeOf(err))
				return
			}
			open.add(s)
			payload := vars{
				"query":     `subscription($r: ID!) { roomEvents(roomId: $r) { seq } }`,
				"variables": vars{"r": room},
			}
			long := strings.Repeat("x", bodySize-1<<10)
			for i := range operations {
				id := strconv.Itoa(i) + long
				if s.subscribe(id, payload) != nil {
					break
				}
			}
			s.await(a.ctx, func() bool { return s.seen["next"]+s.seen["error"] >= operations })
			a.count(s, operations)
		})
		a.reconnect()
		a.expect(
			"close 4400",
			"error BAD_USER_INPUT",
			"error UNAVAILABLE",
			"error RATE_LIMITED",
			"close 1009",
			"close 1013",
			"429 RATE_LIMITED", // the rate of connections, when the attack is repeated
		)
	}
}

// descriptors returns an attack that opens n connections: a third sends nothing, a third are anonymous
// sockets, and a third are sockets of one user, which have no time limit.
func (a *attackRun) descriptors(n int) func() {
	user := a.attacker(1)
	user.createUser(a.ctx)
	return func() {
		var silent connections
		var open socketGroup
		defer silent.close()
		defer open.close()
		ctx, cancel := context.WithTimeout(
			a.ctx,
			testTimeout/3,
		) // a server that accepts no connection does not respond
		defer cancel()
		each(n, 16, func(i int) {
			from := a.anonymous(i)
			switch i % 3 {
			case 0:
				silent.dial(a, func(net.Conn) error { return nil })
				return
			case 1:
				from = user
			}
			s, err := from.connect(ctx, nil)
			a.outcomes.add(outcomeOf(err))
			if err == nil {
				open.add(s)
			}
		})
		for range 3 {
			for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
				if status, _, err := a.server.Get(
					a.ctx,
					a.server.URL+path,
				); status != http.StatusOK {
					a.t.Errorf("%s with all file descriptors in use: %d %v", path, status, err)
					return
				}
			}
		}
		a.expect(
			ok,
			noResponse,
			"429 RATE_LIMITED",
			"503 UNAVAILABLE",
			"close 1013",
			"close 4429",
			"close 1006",
		)
		log := a.server.Log.String()
		if !strings.Contains(log, "descriptor") && !strings.Contains(log, "RLIMIT_NOFILE") {
			a.t.Errorf(
				"the log does not name the limit of file descriptors:\n%s",
				a.server.Log.Tail(),
			)
		}
		a.note("%d descriptors open", a.server.OpenFiles())
	}
}

// subscriptions returns an attack: one user opens sockets with subscriptions whose payloads come from
// payload. allowed are the outcomes.
func (a *attackRun) subscriptions(
	sockets, operations int, payload func(room string, i int) any, allowed ...string,
) func() {
	attacker := a.attacker(1)
	attacker.createUser(a.ctx)
	room := attacker.room(a.ctx)
	return func() {
		var open socketGroup
		defer open.close()
		each(sockets, 4, func(n int) {
			a.subscribeAll(
				&open,
				attacker,
				operations,
				func(i int) any { return payload(room, n*operations+i) },
			)
		})
		a.reconnect()
		a.expect(allowed...)
	}
}

// perTopic is how many different subscriptions one user may have on one room.
const perTopic = 20

// members returns an attack: users subscribe to a room and select the member of MemberJoined by many
// aliases, different in each subscription, while guests join. The SQL statements of a join must not
// depend on the number of subscriptions or aliases.
func (a *attackRun) members(cohorts, aliases int) func() {
	owner := a.user("owner", "198.51.100.8")
	owner.createUser(a.ctx)
	names := createUsers(a.ctx, a.server, "attacker", cohorts/perTopic)
	room := owner.room(a.ctx, names...)
	guests := createUsers(a.ctx, a.server, "guest", size(3, 5))
	return func() {
		var open socketGroup
		defer open.close()
		for i, name := range names {
			attacker := a.user(name, fmt.Sprintf("203.0.113.%d", i+1))
			a.subscribeAll(&open, attacker, perTopic, func(n int) any {
				var document strings.Builder
				document.WriteString(
					`subscription($r: ID!) { roomEvents(roomId: $r) { seq ... on MemberJoined {`,
				)
				for alias := range aliases {
					fmt.Fprintf(&document, " a%d_%d: member { id }", i*perTopic+n, alias)
				}
				document.WriteString(` } } }`)
				return vars{"query": document.String(), "variables": vars{"r": room}}
			})
		}
		resumeVictim := a.pauseVictim()
		before := a.server.statements()
		for _, guest := range guests {
			owner.must(a.ctx, nil, `mutation($r: ID!, $u: [ID!]!) {
				addMembers(roomId: $r, userIds: $u) { members { user { id } } } }`,
				vars{"r": room, "u": []string{guest}})
		}
		for _, s := range open.sockets {
			s.await(a.ctx, func() bool { return s.seen["next"] >= perTopic*(1+len(guests)) })
		}
		perJoin := (a.server.statements() - before) / len(guests)
		resumeVictim()
		a.note(
			"%d statements a join with %d subscriptions of %d aliases",
			perJoin,
			cohorts,
			aliases,
		)
		const most = 60 // the join, its events, and what polls run meanwhile
		if perJoin > most {
			a.t.Errorf(
				"%d SQL statements a join with %d subscriptions, want at most %d",
				perJoin,
				cohorts,
				most,
			)
		}
		a.expect(ok)
	}
}

// subscribeAll opens a socket with n subscriptions of a user, and counts their outcomes.
func (a *attackRun) subscribeAll(open *socketGroup, user *client, n int, payload func(i int) any) {
	s, err := user.connect(a.ctx, nil)
	if err != nil {
		a.outcomes.add(outcomeOf(err))
		return
	}
	open.add(s)
	for i := range n {
		if err := s.subscribe(strconv.Itoa(i), payload(i)); err != nil {
			a.outcomes.add(noResponse)
			return
		}
	}
	s.await(a.ctx, func() bool { return s.seen["next"]+s.seen["error"] >= n })
	a.count(s, n)
}

// count counts the outcomes of a socket with n subscriptions: events, errors and the close code.
func (a *attackRun) count(s *socket, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range min(n, s.seen["next"]) {
		a.outcomes.add(ok)
	}
	for code, count := range s.errors {
		for range count {
			a.outcomes.add("error " + code)
		}
	}
	if s.code != 0 {
		a.outcomes.add("close " + strconv.Itoa(s.code))
	}
}

// pauseVictim pauses the victim, so that the metrics count the attack alone. The returned function resumes
// the victim.
func (a *attackRun) pauseVictim() func() {
	a.victim.paused.Lock()
	return a.victim.paused.Unlock
}

// heavyEvents returns an attack: one user subscribes to expensive events of its own rooms and sends to
// all of them at once, several times.
func (a *attackRun) heavyEvents(subscriptions, times int) func() {
	attacker := a.attacker(1)
	attacker.createUser(a.ctx)
	rooms := make([]string, subscriptions/perTopic)
	for i := range rooms {
		rooms[i] = attacker.room(a.ctx)
	}
	// A mutation has tokens for 20 rooms.
	send := func(perRoom int, contents string) {
		for chunk := range slices.Chunk(rooms, 20) {
			var mutation strings.Builder
			mutation.WriteString("mutation($c: String!) {")
			for i, room := range chunk {
				for n := range perRoom {
					fmt.Fprintf(&mutation, " m%d_%d: %s", i, n, sendTo(room))
				}
			}
			mutation.WriteString("}")
			r := attacker.execute(a.ctx, mutation.String(), vars{"c": contents})
			a.outcomes.add(r.outcome())
		}
	}
	for range 50 {
		send(2, strings.Repeat("long ", 200))
	}
	return func() {
		var open socketGroup
		defer open.close()
		for _, room := range rooms {
			a.subscribeAll(&open, attacker, perTopic, func(i int) any {
				query := fmt.Sprintf(
					`subscription($r: ID!) { roomEvents(roomId: $r) { s%d: seq ... on MessageAdded {
					room { messages(last: 100) {
						nodes { id seq contents createdAt from { nickName } } } } } } }`,
					i,
				)
				return vars{"query": query, "variables": vars{"r": room}}
			})
		}
		var waits []int
		for i := range times {
			before := delivered(&open)
			send(1, "event "+strconv.Itoa(i))
			if !a.settle(func() bool { return delivered(&open) > before }) {
				a.t.Errorf("no event of the attack arrives: %v", a.outcomes.copy())
				return
			}
			waits = append(waits, a.rendersBeforeDelivery(fmt.Sprintf("in between %d", i)))
		}
		a.expect(ok, "429 RATE_LIMITED", "error RATE_LIMITED")
		slices.Sort(waits)
		a.note("renderings while a message of the victim was on its way: %v", waits)
		// With one queue for all each message of the victim would wait for each of the attacker's
		// subscriptions.
		if wait := waits[len(waits)/2]; wait > subscriptions/2 {
			a.t.Errorf(
				"a message of the victim waits for %d renderings of one user's %d subscriptions",
				wait,
				subscriptions,
			)
		}
	}
}

// delivered returns how many events the sockets of a group have received.
func delivered(p *socketGroup) int {
	n := 0
	for _, s := range p.sockets {
		n += s.count("next")
	}
	return n
}

// rendersBeforeDelivery makes the victim send a message and returns how many events the server rendered between
// the response and the delivery.
func (a *attackRun) rendersBeforeDelivery(contents string) int {
	executions := func() int { return int(a.server.metric("parley_executions_total")) }
	a.victim.deliver(contents)
	if a.victim.delivered(contents) {
		return 0
	}
	before := executions()
	a.victim.stream.await(a.ctx, func() bool { return a.victim.delivered(contents) })
	return executions() - before
}

// churn returns an attack: a user subscribes and completes n times without waiting.
func (a *attackRun) churn(n int) func() {
	attacker := a.attacker(1)
	attacker.createUser(a.ctx)
	room := attacker.room(a.ctx)
	return func() {
		var unexplained tally
		s, err := attacker.connect(a.ctx, func(f frame) {
			var errs []replyError
			if f.Type == "error" && (json.Unmarshal(f.Payload, &errs) != nil || len(errs) == 0 ||
				errs[0].Extensions.RetryAfterMs == 0) {
				unexplained.add(string(f.Payload))
			}
		})
		if err != nil {
			a.t.Error(err)
			return
		}
		defer func() {
			s.close()
			<-s.closed
		}()
		for i := range n {
			id := strconv.Itoa(i)
			query := `subscription($r: ID!) { roomEvents(roomId: $r) { seq } }`
			if s.subscribe(id, vars{"query": query, "variables": vars{"r": room}}) != nil ||
				s.send(frame{ID: id, Type: "complete"}) != nil {
				break
			}
		}
		if s.send(frame{Type: "ping"}) == nil {
			s.await(a.ctx, func() bool { return s.seen["pong"] > 0 })
		}
		s.mu.Lock()
		for code, count := range s.errors {
			for range count {
				a.outcomes.add("error " + code)
			}
		}
		for range n - s.seen["error"] {
			a.outcomes.add(ok)
		}
		s.mu.Unlock()
		a.expect(ok, "error RATE_LIMITED")
		// The rate alone refuses, and says when to retry: the client never has more than one.
		if n, _ := unexplained.all(); n > 0 {
			a.t.Errorf("%d subscriptions were refused without a rate: %v", n, unexplained.copy())
		}
		const burst = 500 // of PARLEY_RATE_SUBSCRIPTIONS
		if done := a.outcomes.of(ok); done < min(n, burst) {
			a.t.Errorf("%d subscriptions were accepted, want %d at least", done, min(n, burst))
		}
		left := func() bool { return a.server.metric("parley_cohorts") <= 2 } // the victim's
		if !a.settle(left) {
			a.t.Errorf("%v cohorts are left", a.server.metric("parley_cohorts"))
		}
	}
}

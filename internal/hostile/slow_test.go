package hostile_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"entgo.io/ent/dialect"
)

// slowTime is after how long the server has closed each connection that sends too slowly: the time
// for a request's headers or body, and what a busy machine adds.
const slowTime = 40 * time.Second

func slowAttacks() []attack {
	return []attack{
		{
			// Headers and bodies have a timeout, and the server reserves memory before it reads a body.
			name: "slow requests", onlyDatabase: dialect.SQLite, budget: reservedBudget(64 * mib),
			prepare: func(a *attackRun) func() {
				request := func(i int, rest string) func(net.Conn) error {
					return func(c net.Conn) error {
						_, err := fmt.Fprintf(c, "POST /graphql HTTP/1.1\r\nHost: x\r\n"+
							"X-Forwarded-For: 192.0.2.%d\r\n%s", i%4+1, rest)
						return err
					}
				}
				const contentType = "Content-Type: application/json\r\n"
				body := contentType + "Content-Length: 300000\r\n\r\n" + strings.Repeat(
					"x",
					200<<10,
				)
				const chunks = contentType + "Transfer-Encoding: chunked\r\n\r\n" +
					"10\r\n0123456789abcdef\r\n"
				return func() {
					var conns connections
					defer conns.close()
					each(size(300, 3000), 16, func(i int) { conns.dial(a, request(i, "")) })
					each(size(100, 2000), 16, func(i int) { conns.dial(a, request(i, body)) })
					each(size(100, 500), 16, func(i int) { conns.dial(a, request(i, chunks)) })
					each(size(200, 8000), 16, func(int) {
						conns.dial(a, func(net.Conn) error { return nil })
					})
					left := conns.awaitClosed(slowTime)
					if left > 0 {
						a.t.Errorf(
							"the server has not closed %d of %d connections that send too slowly",
							left,
							len(conns.all),
						)
					}
				}
			},
		},
		{
			// The connections of one address that send their requests slowly are closed before the
			// connections of others, and before others are refused.
			name: "slow bodies", budget: noBudget,
			settings: environment{descriptors: "256"},
			prepare: func(a *attackRun) func() {
				const head = "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
				starts := []string{
					head + "Content-Length: 7000\r\n\r\nx",
					head + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
					head,
					"P",
				}
				return func() {
					conns := connections{from: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
					defer conns.close()
					each(size(400, 4000), 16, func(i int) {
						conns.dial(a, func(c net.Conn) error {
							_, err := io.WriteString(c, starts[i%len(starts)])
							return err
						})
					})
					pause(a.ctx, time.Second) // the victim goes on
					a.expect(ok, noResponse)
					if evicted := a.server.metric(
						"parley_http_connections_evicted_total",
					); evicted == 0 {
						a.t.Error("no connection was evicted, which proves nothing")
					}
				}
			},
		},
		{
			// The server closes a socket that does not read, and others of its room do not wait for it.
			name:         "slow readers",
			onlyDatabase: dialect.SQLite,
			budget:       reservedBudget(32 * mib),
			settings: environment{
				"PARLEY_RATE_MUTATIONS": "off",
			}, // each message counts as eight changes
			prepare: func(a *attackRun) func() { return a.slowReaders(size(20, 95), size(90, 120)) },
		},
		{
			// An event that waits to be sent is charged to its user's quota for connections, even if
			// it is large and no other user receives it. The budget is that quota and one execution,
			// which may exceed its quota if it runs alone: 80 MiB by estimate.
			name:         "unread large events",
			onlyDatabase: dialect.SQLite,
			budget:       reservedBudget(userConnections + 80*mib),
			settings:     environment{"PARLEY_RATE_MUTATIONS": "off"},
			prepare:      func(a *attackRun) func() { return a.unreadEvents(size(1, 5)) },
		},
	}
}

// connections holds the TCP connections of an attack until its end.
type connections struct {
	from net.Addr // the address of the attacker; nil is any
	mu   sync.Mutex
	all  []net.Conn
}

func (p *connections) dial(a *attackRun, begin func(net.Conn) error) {
	dialer := net.Dialer{LocalAddr: p.from}
	conn, err := dialer.DialContext(a.ctx, "tcp", a.server.URL[len("http://"):])
	if err == nil {
		p.mu.Lock()
		p.all = append(p.all, conn)
		p.mu.Unlock()
		_ = conn.SetWriteDeadline(time.Now().Add(testTimeout))
		err = begin(conn)
	}
	if err != nil {
		a.outcomes.add(noResponse)
		return
	}
	a.outcomes.add(ok)
}

// awaitClosed waits until the server has closed all connections, and returns how many are still open
// after the given time.
func (p *connections) awaitClosed(within time.Duration) int {
	deadline := time.Now().Add(within)
	open := 0
	scratch := make([]byte, 1<<10)
	for _, c := range p.all {
		_ = c.SetReadDeadline(deadline)
		for {
			if _, err := c.Read(scratch); err != nil {
				var wait net.Error
				if errors.As(err, &wait) && wait.Timeout() {
					open++
				}
				break
			}
		}
	}
	return open
}

func (p *connections) close() {
	for _, c := range p.all {
		_ = c.Close()
	}
}

// slowReaders returns an attack: members of the victim's room subscribe and never read.
func (a *attackRun) slowReaders(readers, messages int) func() {
	names := createUsers(a.ctx, a.server, "reader", readers)
	owner := a.user("owner", "198.51.100.8")
	owner.createUser(a.ctx)
	room := owner.room(a.ctx, names...)
	return func() {
		var open socketGroup
		defer func() {
			for _, s := range open.sockets {
				s.close()
			}
		}()
		each(readers, 8, func(i int) {
			c := a.user(names[i], fmt.Sprintf("203.0.113.%d", i%250+1))
			s, err := c.open(a.ctx, 4<<10)
			if err != nil {
				a.outcomes.add(outcomeOf(err))
				return
			}
			open.add(s)
			init := frame{
				Type:    "connection_init",
				Payload: encode(vars{"authorization": "Bearer " + c.token}),
			}
			query := `subscription($r: ID!) { roomEvents(roomId: $r) { seq ... on MessageAdded {
				message { contents } } } }`
			if s.send(init) != nil ||
				s.subscribe("s", vars{"query": query, "variables": vars{"r": room}}) != nil {
				a.outcomes.add(noResponse)
				return
			}
			a.outcomes.add(ok)
		})
		if !a.settle(
			func() bool { return a.server.metric("parley_subscriptions") >= float64(readers+1) },
		) {
			a.t.Errorf("%v subscriptions of %d", a.server.metric("parley_subscriptions"), readers+1)
		}
		long := strings.Repeat("😀", 15_000) // 60 KB
		for i := range messages {
			r := owner.execute(
				a.ctx,
				`mutation($i: SendMessageInput!) { sendMessage(input: $i) { message { id } } }`,
				vars{"i": vars{"roomId": room, "contents": strconv.Itoa(i) + long}},
			)
			if r.outcome() != ok {
				a.t.Errorf("message %d: %s", i, r)
				return
			}
		}
		closed := func() float64 { return a.server.metric("parley_sockets_too_slow_total") }
		if !a.settle(func() bool { return closed() >= float64(readers) }) ||
			int(closed()) != readers {
			a.t.Errorf("%v of %d sockets that do not read were closed", closed(), readers)
		}
	}
}

// unreadEvents returns an attack: one user opens sockets and never reads from them. Each has its own
// subscription to events of 17 MB.
func (a *attackRun) unreadEvents(rooms int) func() {
	attacker := a.attacker(1)
	attacker.createUser(a.ctx)
	ids := make([]string, rooms)
	for i := range ids {
		ids[i] = attacker.room(a.ctx)
		for range 30 {
			attacker.must(a.ctx, nil, `mutation($c: String!) { `+sendTo(ids[i])+` }`,
				vars{"c": strings.Repeat("😀", 16_000)}) // 64 KB
		}
	}
	return func() {
		var open socketGroup
		defer func() {
			for _, s := range open.sockets {
				s.close()
			}
		}()
		for _, room := range ids {
			for i := range perTopic {
				s, err := attacker.open(a.ctx, 4<<10)
				if err != nil {
					a.outcomes.add(outcomeOf(err))
					continue
				}
				open.add(s)
				var query strings.Builder
				query.WriteString(
					"subscription($r: ID!) { roomEvents(roomId: $r) { seq ... on MessageAdded {",
				)
				for n := range 9 {
					fmt.Fprintf(
						&query,
						" a%d_%d: room { messages(last: 30) { nodes { contents } } }",
						i,
						n,
					)
				}
				query.WriteString(" } } }")
				init := frame{
					Type:    "connection_init",
					Payload: encode(vars{"authorization": "Bearer " + attacker.token}),
				}
				payload := vars{"query": query.String(), "variables": vars{"r": room}}
				if s.send(init) != nil || s.subscribe("s", payload) != nil {
					a.outcomes.add(noResponse)
					continue
				}
				a.outcomes.add(ok)
			}
		}
		subscribed := func() bool {
			return a.server.metric("parley_subscriptions") >= float64(len(open.sockets)+1)
		}
		if !a.settle(subscribed) {
			a.t.Error("the attack has not subscribed")
		}
		for _, room := range ids {
			attacker.must(a.ctx, nil, `mutation($c: String!) { `+sendTo(room)+` }`, vars{"c": "x"})
		}
		// The server has closed all of them in the end.
		if !a.settle(func() bool { return a.server.metric("parley_subscriptions") <= 1 }) {
			a.t.Errorf("%v subscriptions are left", a.server.metric("parley_subscriptions"))
		}
	}
}

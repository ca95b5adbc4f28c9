package hostile_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"entgo.io/ent/dialect"
)

// noBudget is for attacks that the server refuses before it reserves memory. It is the garbage of all
// requests: the collector runs when the heap has doubled, from 32 MiB at least.
const noBudget = 64 * mib

// reservedBudget is the memory budget of an attack that may reserve the bytes. The heap may double them.
func reservedBudget(bytes int64) int64 { return noBudget + 2*bytes }

// The quotas of the memory budgets on the operations page, with the default settings.
const (
	userRequests      = 256 * mib / 8
	anonymousRequests = 256 * mib / 16 // of one address
	userConnections   = 768 * mib / 8
	documents         = 44 * mib // users, anonymous clients, and persisted queries
	replayBuffer      = 64 * mib // payloads for late subscribers, of a node
)

// bodySize is just below the largest body and message that the default settings allow.
const bodySize = mib - 1<<10

// bomb is a small text that becomes large when it is decoded.
type bomb struct {
	name  string
	value func(size int) string // JSON of about so many bytes
}

// list returns a JSON list of so many bytes that repeats an element.
func list(bytes int, element string) string {
	return "[" + strings.Repeat(element+",", bytes/(len(element)+1)) + "0]"
}

// bombs returns values of which a generic decoder makes 10 to 100 times their size.
func bombs() []bomb {
	return []bomb{
		{"objects", func(n int) string { return list(n, `{"":0}`) }},
		{"arrays", func(n int) string { return list(n, `[]`) }},
		{"nested arrays", func(n int) string { return list(n, `[[[[0]]]]`) }},
		{"numbers", func(n int) string { return list(n, `1`) }},
		{"depth", func(n int) string {
			deep := min(n/2, 9000) // what encoding/json takes
			return strings.Repeat("[", deep) + strings.Repeat("]", deep)
		}},
		{"deep objects", func(n int) string {
			deep := min(n/6, 9000)
			return strings.Repeat(`{"a":`, deep) + "0" + strings.Repeat("}", deep)
		}},
		{"members", func(n int) string {
			var text strings.Builder
			text.WriteByte('{')
			for i := 0; text.Len() < n-16; i++ {
				text.WriteString(`"` + strconv.FormatInt(int64(i), 36) + `":0,`)
			}
			return text.String() + `"":0}`
		}},
	}
}

// places returns the members of a request that can contain a bomb.
func places() []func(value string) string {
	return []func(string) string{
		func(v string) string { return `{"query":"{__typename}","variables":{"x":` + v + `}}` },
		func(v string) string { return `{"query":"{__typename}","extensions":{"x":` + v + `}}` },
		func(v string) string { return `{"query":"{__typename}","anything":` + v + `}` },
		func(v string) string {
			return `{"query":"query($ids:[ID!]!){__typename @include(if:false)}",` +
				`"variables":{"ids":` + v + `}}`
		},
	}
}

// refusedBody returns the outcomes of a request whose body is too large, has no memory left, or does
// not match the declared variables.
func refusedBody() []string {
	return []string{
		"413 BAD_USER_INPUT", "429 RATE_LIMITED", "503 UNAVAILABLE",
		"400 BAD_USER_INPUT", "400 TOO_COMPLEX", "400 GRAPHQL_VALIDATION_FAILED",
		// With the media type application/json a rejected operation has the status 200, with errors.
		"200 BAD_USER_INPUT", "200 TOO_COMPLEX", "200 GRAPHQL_VALIDATION_FAILED", "200 UNAVAILABLE",
		"200 UNAUTHENTICATED",
	}
}

func bodyAttacks() []attack {
	return []attack{
		{
			// The server charges a body to its address before it reads it. Bodies without a token are
			// small.
			name: "JSON bombs, anonymous", repeats: true, onlyDatabase: dialect.SQLite,
			budget: reservedBudget(anonymousRequests),
			prepare: func(a *attackRun) func() {
				bodies := bombBodies()
				attacker := a.anonymous(1)
				return func() {
					each(size(4, 16)*len(bodies), size(16, 64), func(i int) {
						a.outcomes.add(attacker.post(a.ctx, bodies[i%len(bodies)]).outcome())
					})
					a.expect(append(refusedBody(), ok, noResponse)...)
					// Deep values are short enough for a client without a token.
					a.expectRefused(size(4, 16)*len(bodies)/2, "413 BAD_USER_INPUT", noResponse)
				}
			},
		},
		{
			// With a token bodies may have the configured size, and the server decodes only declared
			// variables.
			name: "JSON bombs, one user", repeats: true, onlyDatabase: dialect.SQLite,
			budget: reservedBudget(userRequests),
			prepare: func(a *attackRun) func() {
				bodies := bombBodies()
				attacker := a.attacker(1)
				attacker.createUser(a.ctx)
				return func() {
					each(size(4, 16)*len(bodies), size(16, 64), func(i int) {
						a.outcomes.add(attacker.post(a.ctx, bodies[i%len(bodies)]).outcome())
						a.outcomes.add(attacker.sendLegacyBomb(a.ctx, i).outcome())
					})
					a.expect(
						append(refusedBody(), ok, noResponse, "400 ", "413 ", "429 ", "503 ")...)
				}
			},
		},
		{
			name:         "JSON bombs, anonymous sockets",
			repeats:      true,
			onlyDatabase: dialect.SQLite,
			budget:       noBudget,
			prepare: func(a *attackRun) func() {
				return func() {
					each(size(24, 96), 24, func(i int) { a.bombSocket(i) })
					a.expect(
						ok,
						"close 1006",
						"close 1009",
						"close 1013",
						"429 RATE_LIMITED",
						noResponse,
					)
					a.expectRefused(
						size(12, 48),
						"close 1009",
						"close 1006",
					) // all but the deep values
				}
			},
		},
		{
			name:         "distinct documents",
			onlyDatabase: dialect.SQLite,
			budget:       reservedBudget(documents),
			prepare: func(a *attackRun) func() {
				anonymousClients := make([]*client, 8)
				for i := range anonymousClients {
					anonymousClients[i] = a.anonymous(i)
				}
				return func() {
					each(size(600, 1800), 8, func(i int) {
						a.outcomes.add(
							anonymousClients[i%8].execute(a.ctx, largeDocument(i), nil).outcome(),
						)
					})
					a.expect(
						"200 UNAUTHENTICATED",
						"429 RATE_LIMITED",
						"503 UNAVAILABLE",
						"200 UNAVAILABLE",
						"413 BAD_USER_INPUT",
						"200 TOO_COMPLEX",
					)
				}
			},
		},
		{
			// Nested lists of types double with each level.
			name:         "introspection bombs",
			repeats:      true,
			onlyDatabase: dialect.SQLite,
			budget:       noBudget,
			settings:     environment{"PARLEY_INTROSPECTION": "on"},
			prepare: func(a *attackRun) func() {
				attacker := a.anonymous(1)
				var query strings.Builder
				query.WriteString("{")
				for i := range 40 {
					fmt.Fprintf(&query, "a%d:__schema{types{...F}}", i)
				}
				query.WriteString(
					"}fragment F on __Type{name fields{name " +
						"args{name type{name kind ofType{name kind ofType{name}}}}" +
						"type{name kind ofType{name kind fields{name type{name ofType{name}}}}}}}",
				)
				return func() {
					each(size(8, 24), size(8, 12), func(int) {
						a.outcomes.add(attacker.execute(a.ctx, query.String(), nil).outcome())
					})
					a.expect("200 TOO_COMPLEX", "400 TOO_COMPLEX", "429 RATE_LIMITED")
					// The server answers the introspection query of tools.
					tools := a.anonymous(2)
					if r := tools.execute(a.ctx, standardIntrospection, nil); r.outcome() != ok {
						a.t.Errorf("the standard introspection query: %s", r)
					}
				}
			},
		},
	}
}

// standardIntrospection is the usual query of tools.
const standardIntrospection = `query IntrospectionQuery { __schema {
	queryType { name } mutationType { name } subscriptionType { name }
	types { ...FullType }
	directives { name description locations args { ...InputValue } } } }
fragment FullType on __Type { kind name description
	fields(includeDeprecated: true) { name description args { ...InputValue } type { ...TypeRef }
		isDeprecated deprecationReason }
	inputFields { ...InputValue } interfaces { ...TypeRef }
	enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
		possibleTypes { ...TypeRef } }
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name
	ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } }`

// largeDocument returns a unique document near the maximum length and number of tokens.
func largeDocument(i int) string {
	return fmt.Sprintf(`mutation Q%d { addMembers(roomId: "x", userIds: [%s]) { room { id } } }`, i,
		strings.Repeat(`"a-user-id-that-has-forty-characters-in-it" `, 1400))
}

// bombBodies are requests of [bodySize], each bomb in each place.
func bombBodies() [][]byte {
	var bodies [][]byte
	for _, b := range bombs() {
		value := b.value(bodySize - 200)
		for _, place := range places() {
			bodies = append(bodies, []byte(place(value)))
		}
	}
	return bodies
}

// sendLegacyBomb sends a bomb to a legacy interface, whose responses have no error codes.
func (c *client) sendLegacyBomb(ctx context.Context, n int) reply {
	all := bombs()
	value := all[n%len(all)].value(bodySize - 100)
	path, body := "/my_chats", `{"page":1,"size":1,"x":`+value+`}`
	if n%2 == 0 {
		path, body = "/rooms", `{"user_ids":`+value+`}`
	}
	header := http.Header{"Content-Type": {"application/json"}}
	return c.request(ctx, path, strings.NewReader(body), header)
}

// bombSocket opens an anonymous socket and sends bombs: as the payload of connection_init, or of
// pings.
func (a *attackRun) bombSocket(n int) {
	attacker := a.anonymous(n % 4)
	all := bombs()
	value := all[n%len(all)].value(bodySize - 100)
	s, err := attacker.open(a.ctx, 0)
	if err != nil {
		a.outcomes.add(outcomeOf(err))
		return
	}
	go s.listen() // ends with the connection
	defer func() {
		s.close()
		<-s.closed
	}()
	messages := []string{`{"type":"connection_init","payload":{"x":` + value + `}}`}
	if n%2 == 0 {
		ping := `{"type":"ping","payload":{"x":` + value + `}}`
		messages = []string{`{"type":"connection_init"}`, ping, ping, ping}
	}
	for _, message := range messages {
		if s.write(1, []byte(message)) != nil {
			break
		}
	}
	s.await(
		a.ctx,
		func() bool { return s.seen["pong"] == 3 || n%2 == 1 && s.seen["connection_ack"] == 1 },
	)
	switch code := s.closeCode(); code {
	case 0:
		a.outcomes.add(ok)
	default:
		a.outcomes.add("close " + strconv.Itoa(code))
	}
}

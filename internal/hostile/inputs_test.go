package hostile_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/golang-jwt/jwt/v5"
)

// input is an operation with a value that the schema does not allow.
type input struct {
	name  string
	query string // %s is a room of the user's
	vars  vars
	// raw, if set, is sent instead, as the whole payload.
	raw string
	// codes are the allowed error codes.
	codes []string
}

const (
	validation = "GRAPHQL_VALIDATION_FAILED"
	parse      = "GRAPHQL_PARSE_FAILED"
	badInput   = "BAD_USER_INPUT"
)

// badOperations are queries and mutations that must be refused before anything is executed.
func badOperations() []input {
	return []input{
		{
			name:  "null for a directive",
			query: `query($v:Boolean=false){__typename @include(if:$v)}`,
			vars:  vars{"v": nil},
		},
		{
			name:  "null for a directive, nested",
			query: `query($v:Boolean=false){rooms{nodes{id @include(if:$v)}}}`,
			vars:  vars{"v": nil},
		},
		{
			name:  "null for @skip on a fragment",
			query: `query($v:Boolean=false){me{...on User @skip(if:$v){id}}}`,
			vars:  vars{"v": nil},
		},
		{name: "an object for a directive", query: `{me{id @include(if:{})}}`},
		{name: "an object for a string", query: `{rooms(search:{}){nodes{id}}}`},
		{name: "an object for an id", query: `{user(id:{}){id}}`},
		{name: "an object for the id of a node", query: `{node(id:{}){id}}`},
		{
			name:  "an object for a member of an input",
			query: `mutation{createRoom(input:{name:{}}){room{id}}}`,
		},
		{
			name:  "an object for an enum",
			query: `mutation{sendMessage(input:{roomId:"%s",contents:"x",type:{}}){message{id}}}`,
		},
		{name: "an object for the name of a type", query: `{__type(name:{}){name}}`},
		{
			name:  "an enum in lower case",
			query: `mutation($a:RoomAccessType){createRoom(input:{accessType:$a}){room{id}}}`,
			vars:  vars{"a": "public"},
		},
		{
			name: "another enum in lower case",
			query: `mutation($t:MessageType!){sendMessage(input:{roomId:"%s",
				contents:"{",type:$t}){message{id}}}`,
			vars: vars{"t": "card"},
		},
		{
			name:  "an enum within an input in mixed case",
			query: `mutation($i:CreateRoomInput!){createRoom(input:$i){room{id}}}`,
			vars:  vars{"i": vars{"accessType": "Private"}},
		},
		{
			name: "a role in lower case",
			query: `mutation($r:RoomRole!){setMemberRole(roomId:"%s",userId:"bob",role:$r){member{
				role}}}`,
			vars: vars{"r": "moderator"},
		},
		{
			name:  "an empty enum",
			query: `mutation($a:RoomAccessType){createRoom(input:{accessType:$a}){room{id}}}`,
			vars:  vars{"a": ""},
		},
		{
			name:  "null for an argument with a default",
			query: `mutation($b:Boolean){removeMember(roomId:"%s",userId:"bob",ban:$b){userId}}`,
			vars:  vars{"b": nil},
		},
		{
			name:  "null for an input with a default",
			query: `mutation($i:CreateRoomInput={name:"d"}){createRoom(input:$i){room{id}}}`,
			vars:  vars{"i": nil},
		},
		{
			name:  "null for an argument of a field",
			query: `query($t:Boolean){roomInfo(roomId:"%s"){messages(inThreads:$t){nodes{seq}}}}`,
			vars:  vars{"t": nil},
		},
		{
			name:  "null for a reaction",
			query: `mutation($o:Boolean){react(messageId:"x",emoji:"x",on:$o){message{id}}}`,
			vars:  vars{"o": nil},
		},
		{
			name: "a number as a string",
			query: `mutation($i:CreateRoomInput!){sendMessage(input:{roomId:"%s",contents:"sent"}){
				message{seq}} createRoom(input:$i){room{id}}}`,
			vars: vars{"i": vars{"maxUsers": "3"}},
		},
		{
			name: "a number out of range",
			query: `mutation($i:CreateRoomInput!){sendMessage(input:{roomId:"%s",contents:"sent"}){
				message{seq}} createRoom(input:$i){room{id}}}`,
			vars: vars{"i": vars{"maxUsers": 2147483648}},
		},
		{
			name:  "half a surrogate pair",
			query: `mutation{sendMessage(input:{roomId:"%s",contents:"a\uD83D b"}){message{id}}}`,
			codes: []string{parse, validation},
		},
		{
			name:  "half a surrogate pair, in braces",
			query: `mutation{sendMessage(input:{roomId:"%s",contents:"a\u{D83D} b"}){message{id}}}`,
			codes: []string{parse, validation},
		},
		{
			name: "half a surrogate pair in a variable",
			raw: `{"query":"query($s:String){rooms(search:$s){nodes{id}}}","variables":{
				"s":"a\ud83d"}}`,
			codes: []string{badInput, validation},
		},
		{
			name:  "a javascript: URL",
			query: `mutation{updateProfile(input:{avatar:"javascript:alert(1)"}){user{id}}}`,
			codes: []string{badInput},
		},
		{
			name:  "an address that is data",
			query: `mutation{updateProfile(input:{avatar:"data:text/html,x"}){user{id}}}`,
			codes: []string{badInput},
		},
		{
			name:  "an address with spaces before it",
			query: `mutation{updateProfile(input:{avatar:" \tjavascript:alert(1)"}){user{id}}}`,
			codes: []string{badInput},
		},
		{
			name: "an address of a profile elsewhere",
			query: `mutation{updateProfile(input:{twitter:{avatar:"JavaScript:alert(1)"}}){user{
				id}}}`,
			codes: []string{badInput},
		},
		{
			name: "an address of a file",
			query: `mutation{updateProfile(input:{discord:{avatar:"file:///etc/passwd"}}){user{
				id}}}`,
			codes: []string{badInput},
		},
		{
			name: "an address of a cover",
			query: `mutation{createRoom(input:{openseaCollection:{
				name:"x",slug:"x",cover:"javascript:alert(1)"}}){room{id}}}`,
			codes: []string{badInput},
		},
		{
			name: "an address of an item's image",
			query: `mutation{sendMessage(input:{roomId:"%s",contents:"x",openseaItem:{
				contractAddress:"x",imageUrl:"vbscript:x"}}){message{id}}}`,
			codes: []string{badInput},
		},
	}
}

// badSubscriptions are subscriptions that must be refused: an event that is rendered with them
// would fail.
func badSubscriptions() []input {
	return []input{
		{
			name:  "null for a directive",
			query: `subscription($v:Boolean=false){roomCreated{id @include(if:$v)}}`,
			vars:  vars{"v": nil},
		},
		{name: "an object for a directive", query: `subscription{roomCreated{id @include(if:{})}}`},
		{
			name:  "null for @skip",
			query: `subscription($v:Boolean=false){messageAdded(roomId:"%s"){id @skip(if:$v)}}`,
			vars:  vars{"v": nil},
		},
		{
			name: "null for a fragment",
			query: `subscription($v:Boolean=false){messageAdded(roomId:"%s"){...F
				@include(if:$v)}}fragment F on Message{id}`,
			vars: vars{"v": nil},
		},
		{
			name: "null within a type",
			query: `subscription($v:Boolean=false){roomEvents(roomId:"%s"){__typename ...on
				MessageAdded{seq @include(if:$v)}}}`,
			vars: vars{"v": nil},
		},
		{
			name: "null within an object",
			query: `subscription($v:Boolean=false){roomEvents(roomId:"%s"){...on MessageAdded{
				message{id @skip(if:$v)}}}}`,
			vars: vars{"v": nil},
		},
		{
			name:  "null within a chat list",
			query: `subscription($v:Boolean=false){myRoomsChanged{room{id @include(if:$v)}}}`,
			vars:  vars{"v": nil},
		},
		{name: "an object for a scope", query: `subscription{roomCreated(scope:{}){id}}`},
		{
			name:  "a scope in lower case",
			query: `subscription($s:RoomScope!){roomCreated(scope:$s){id}}`,
			vars:  vars{"s": "public"},
		},
		{
			name:  "null for a scope",
			query: `subscription($s:RoomScope){roomCreated(scope:$s){id}}`,
			vars:  vars{"s": nil},
		},
		{
			name:  "an object for a cursor",
			query: `subscription{roomCreated{id members(after:{}){nodes{id}}}}`,
		},
	}
}

// testInputs sends inputs that the schema does not allow. The server must reject them with the right
// code and execute nothing, and the streams of other users must continue.
func testInputs(t *testing.T, program string) {
	for _, database := range []string{dialect.SQLite, dialect.Postgres} {
		t.Run(database, func(t *testing.T) {
			t.Parallel()
			p := start(t, program, database, environment{"PARLEY_INTROSPECTION": "on"})
			ctx := t.Context()
			alice, bob := newClient(p, "alice", ""), newClient(p, "bob", "")
			defer alice.close()
			defer bob.close()
			alice.createUser(ctx)
			bob.createUser(ctx)
			room := alice.room(ctx, "bob")
			other, err := bob.connect(ctx, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				other.close()
				<-other.closed
			}()
			query := `subscription($r: ID!) { roomEvents(roomId: $r, after: 0) { seq } }`
			if err := other.subscribe(
				"other",
				vars{"query": query, "variables": vars{"r": room}},
			); err != nil {
				t.Fatal(err)
			}
			other.await(ctx, func() bool { return other.seen["next"] > 0 })
			before := stateOf(ctx, t, alice, room)
			for _, in := range badOperations() {
				t.Run(in.name, func(t *testing.T) {
					r := alice.post(ctx, in.body(room))
					in.checkRefusal(t, r)
					if in.codes == nil && len(r.Data) > 0 {
						t.Errorf("something was executed: %s", r.Data)
					}
				})
				p.mustRespond(ctx, t)
			}
			for _, in := range badSubscriptions() {
				t.Run(
					"subscription/"+in.name,
					func(t *testing.T) { in.checkSubscription(ctx, t, alice, room) },
				)
				p.mustRespond(ctx, t)
			}
			if after := stateOf(ctx, t, alice, room); after != before {
				t.Errorf("refused operations have changed %s to %s", before, after)
			}
			alice.must(
				ctx,
				nil,
				`mutation($i: SendMessageInput!) { sendMessage(input: $i) { message { id } } }`,
				vars{"i": vars{"roomId": room, "contents": "the end"}},
			)
			events := other.count("next")
			if !other.await(ctx, func() bool { return other.seen["next"] >= events }) ||
				other.closeCode() != 0 {
				t.Errorf("the stream of another user has ended: %d", other.closeCode())
			}
		})
	}
}

// body is the request.
func (in input) body(room string) []byte {
	if in.raw != "" {
		return []byte(in.raw)
	}
	query := in.query
	if strings.Contains(query, "%s") {
		query = fmt.Sprintf(query, room)
	}
	return encode(vars{"query": query, "variables": in.vars})
}

// checkRefusal asserts the error code of the response.
func (in input) checkRefusal(t *testing.T, r reply) {
	t.Helper()
	codes := in.codes
	if codes == nil {
		codes = []string{validation}
	}
	if !slices.Contains(codes, r.code()) {
		t.Errorf("%s: want %q, got %s", in.body(""), codes, r)
	}
}

// checkSubscription asserts the rejection over a WebSocket and over server-sent events, and causes the
// events that a subscription that was accepted would receive.
func (in input) checkSubscription(ctx context.Context, t *testing.T, alice *client, room string) {
	s, err := alice.connect(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		s.close()
		<-s.closed
	}()
	if err := s.send(frame{ID: "s", Type: "subscribe", Payload: in.body(room)}); err != nil {
		t.Fatal(err)
	}
	if err := s.send(frame{Type: "ping"}); err != nil {
		t.Fatal(err)
	}
	events, cancel := context.WithCancel(ctx)
	defer cancel()
	eventStream := make(chan reply, 1)
	go func() { // ends with the response or with events
		header := http.Header{"Content-Type": {"application/json"}, "Accept": {"text/event-stream"}}
		eventStream <- alice.request(events, "/graphql", bytes.NewReader(in.body(room)), header)
	}()
	const cause = `mutation($r: ID!) {
		createRoom(input: {}) { room { id } }
		sendMessage(input: {roomId: $r, contents: "event"}) { message { id } } }`
	if err := alice.do(ctx, nil, cause, vars{"r": room}); err != nil {
		t.Error(err)
	}
	s.await(
		ctx,
		func() bool { return s.seen["error"] > 0 || s.seen["next"] > 0 && s.seen["pong"] > 0 },
	)
	s.mu.Lock()
	if s.errors[validation] != 1 {
		t.Errorf(
			"over a WebSocket: want %s, got %v, %v, closed with %d",
			validation,
			s.errors,
			s.seen,
			s.code,
		)
	}
	s.mu.Unlock()
	select {
	case r := <-eventStream:
		in.checkRefusal(t, r)
	case <-s.closed:
		t.Errorf(
			"over server-sent events: no response, and the socket was closed with %d",
			s.closeCode(),
		)
	}
}

// stateOf returns the state that [badOperations] would change.
func stateOf(ctx context.Context, t *testing.T, alice *client, room string) string {
	t.Helper()
	var state struct {
		Me       json.RawMessage
		RoomInfo struct {
			Members  json.RawMessage
			Messages struct{ Nodes []struct{ Contents string } }
		}
	}
	const query = `query($r: ID!) {
		me { avatar twitter { avatar } discord { avatar } }
		roomInfo(roomId: $r) {
			members { nodes { id } }
			messages(last: 100) { nodes { contents } } } }`
	if err := alice.do(ctx, &state, query, vars{"r": room}); err != nil {
		t.Fatal(err)
	}
	var contents []string
	for _, message := range state.RoomInfo.Messages.Nodes {
		if message.Contents != "event" { // checkSubscription sends these
			contents = append(contents, message.Contents)
		}
	}
	return fmt.Sprintf("%s %s %q", state.Me, state.RoomInfo.Members, contents)
}

// mustRespond ends the test if the server does not respond.
func (p *process) mustRespond(ctx context.Context, t *testing.T) {
	t.Helper()
	if _, _, err := p.Get(ctx, p.URL+"/healthz"); err != nil {
		t.Fatalf("the server has ended:\n%s", p.Log.Tail())
	}
}

// testInvalidSurrogate sends half of a surrogate pair over a WebSocket. The operation must fail, and the
// socket must stay open.
func testInvalidSurrogate(t *testing.T, program string) {
	t.Parallel()
	p := start(t, program, dialect.SQLite, nil)
	alice := newClient(p, "alice", "")
	defer alice.close()
	s, err := alice.connect(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		s.close()
		<-s.closed
	}()
	half := `{"id":"1","type":"subscribe","payload":{` +
		`"query":"query($s:String){rooms(search:$s){nodes{id}}}",` +
		`"variables":{"s":"party \ud83c"}}}`
	if err := s.write(1, []byte(half)); err != nil {
		t.Fatal(err)
	}
	if err := s.subscribe("2", vars{"query": "{ me { id } }"}); err != nil {
		t.Fatal(err)
	}
	s.await(t.Context(), func() bool { return s.seen["error"] > 0 && s.seen["next"] > 0 })
	if s.count("error") != 1 || s.count("next") != 1 || s.closeCode() != 0 {
		t.Errorf("want an error and a response, got %v, closed with %d", s.seen, s.closeCode())
	}
}

// testTokenPicture uses a token whose picture is a javascript: URL. The server must ignore it.
func testTokenPicture(t *testing.T, program string) {
	t.Parallel()
	p := start(t, program, dialect.SQLite, nil)
	alice := newClient(p, "alice", "")
	defer alice.close()
	alice.token = sign(
		p,
		jwt.MapClaims{"sub": "alice", "name": "Alice", "picture": "javascript:alert(1)"},
	)
	var me struct {
		Me struct{ NickName, Avatar string }
	}
	alice.must(t.Context(), &me, `{ me { nickName avatar } }`, nil)
	if me.Me.NickName != "Alice" || me.Me.Avatar != "" {
		t.Errorf("the profile of the token: %+v", me.Me)
	}
}

// testForwardedInDevelopment: a server in development mode, where any client signs in as any user,
// refuses requests that a proxy has forwarded.
func testForwardedInDevelopment(t *testing.T, program string) {
	t.Parallel()
	p := start(t, program, dialect.SQLite, environment{"PARLEY_JWT_SECRET": ""})
	c := newClient(p, "", "")
	defer c.close()
	body := encode(vars{"query": `mutation { signIn(userId: "alice") { token } }`})
	for _, header := range []http.Header{
		{"X-Forwarded-For": {"203.0.113.9"}},
		{"X-Forwarded-Host": {"chat.example.com"}},
		{"X-Real-Ip": {"203.0.113.9"}},
		{"Forwarded": {"for=203.0.113.9"}},
		{"Via": {"1.1 proxy"}},
	} {
		header.Set("Content-Type", "application/json")
		r := c.request(t.Context(), "/graphql", bytes.NewReader(body), header)
		if r.status != http.StatusForbidden || r.code() != "FORBIDDEN" {
			t.Errorf("%v: want 403 FORBIDDEN, got %s", header, r)
		}
	}
	for _, header := range []http.Header{
		{},
		// A frontend's development server sends these.
		{"X-Forwarded-For": {"127.0.0.1"}, "X-Forwarded-Proto": {"http"}},
	} {
		header.Set("Content-Type", "application/json")
		r := c.request(t.Context(), "/graphql", bytes.NewReader(body), header)
		if r.outcome() != ok {
			t.Errorf("%v: %s", header, r)
		}
	}
}

// testLoopbackIsLimited: a proxy on the same machine that sends no forwarding header does not
// switch the rate limits of a production server off.
func testLoopbackIsLimited(t *testing.T, program string) {
	t.Parallel()
	for _, test := range []struct{ name, address string }{
		{"no header", ""},
		// A header of the client, forwarded unchanged.
		{"a loopback address in the header", "127.0.0.1"},
		{"an IPv6 loopback address in the header", "::1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := start(t, program, dialect.SQLite, nil)
			alice := newClient(p, "alice", test.address)
			defer alice.close()
			alice.createUser(t.Context())
			room := alice.room(t.Context())
			var mutation strings.Builder
			mutation.WriteString("mutation($r: ID!) {")
			for i := range 50 {
				fmt.Fprintf(&mutation, " a%d: markRead(roomId: $r, seq: 0) { room { id } }", i)
			}
			mutation.WriteString("}")
			var outcomes tally
			each(20, 4, func(int) {
				outcomes.add(
					alice.execute(t.Context(), mutation.String(), vars{"r": room}).outcome(),
				)
			})
			if outcomes.of("429 RATE_LIMITED", "200 RATE_LIMITED") == 0 {
				t.Errorf("1,000 changes of one user at once: %v", outcomes.copy())
			}
		})
	}
}

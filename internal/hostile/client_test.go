package hostile_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// testTimeout is the timeout of requests and waits. It is longer than the server's own timeouts.
const testTimeout = 45 * time.Second

// Outcomes of a request or an operation without an error code.
const (
	ok         = "ok"
	noResponse = "no response" // the connection broke, or the request timed out
)

type vars = map[string]any

// client is a user or an anonymous client on another machine. It sends its requests as a trusted
// proxy on the loopback interface does. It is safe for concurrent use.
type client struct {
	server  *process
	http    *http.Client
	name    string // "" is anonymous
	token   string
	address string // as X-Forwarded-For has it; "" sends none
}

// newClient returns a client with its own connections, which close closes.
func newClient(p *process, name, address string) *client {
	c := &client{server: p, name: name, address: address}
	c.http = &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: 64},
		Timeout:   testTimeout,
	}
	if name != "" {
		c.token = sign(p, jwt.MapClaims{"sub": name})
	}
	return c
}

// sign returns a token with the claims. It expires after an hour unless they have exp.
func sign(p *process, claims jwt.MapClaims) string {
	p.t.Helper()
	all := jwt.MapClaims{"exp": time.Now().Add(time.Hour).Unix()}
	maps.Copy(all, claims)
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, all).SignedString([]byte(secret))
	if err != nil {
		p.t.Fatalf("sign a token: %v", err)
	}
	return token
}

func (c *client) close() { c.http.CloseIdleConnections() }

// reply is a response.
type reply struct {
	status int
	Data   json.RawMessage
	Errors []replyError
	err    error // of the connection
}

type replyError struct {
	Message    string
	Extensions struct {
		Code         string
		Field        string
		RetryAfterMs int64
	}
}

// code is the code of the first error; "" without one.
func (r reply) code() string {
	if len(r.Errors) == 0 {
		return ""
	}
	return r.Errors[0].Extensions.Code
}

// outcome returns ok, [noAnswer], or the status and the code of a refusal.
func (r reply) outcome() string {
	switch {
	case r.err != nil:
		return noResponse
	case r.status == http.StatusOK && len(r.Errors) == 0:
		return ok
	default:
		return strconv.Itoa(r.status) + " " + r.code()
	}
}

func (r reply) String() string {
	if r.err != nil {
		return r.err.Error()
	}
	return fmt.Sprintf("%d %+v %.200s", r.status, r.Errors, r.Data)
}

// request sends a POST request.
func (c *client) request(
	ctx context.Context, path string, body io.Reader, header http.Header,
) reply {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.server.URL+path, body)
	if err != nil {
		return reply{err: err}
	}
	maps.Copy(req.Header, header)
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.address != "" {
		req.Header.Set("X-Forwarded-For", c.address)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return reply{err: err}
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	r := reply{status: res.StatusCode, err: err}
	if err == nil && json.Unmarshal(raw, &r) != nil { // a response that is not JSON has no code
		r.Data = raw
	}
	return r
}

// post sends a body of JSON.
func (c *client) post(ctx context.Context, body []byte) reply {
	header := http.Header{
		"Content-Type": {"application/json"},
		// net/http does not send an empty key, but retries the request, as browsers do, if the
		// server closed an idle connection.
		"X-Idempotency-Key": {},
	}
	return c.request(ctx, "/graphql", bytes.NewReader(body), header)
}

// execute sends an operation.
func (c *client) execute(ctx context.Context, query string, variables vars) reply {
	return c.post(ctx, encode(vars{"query": query, "variables": variables}))
}

// do sends an operation that must succeed and decodes its data into result unless result is nil.
func (c *client) do(ctx context.Context, result any, query string, variables vars) error {
	r := c.execute(ctx, query, variables)
	if r.outcome() != ok {
		return fmt.Errorf("%.80s: %s", query, r)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(r.Data, result)
}

// must is do in the preparation of a test.
func (c *client) must(ctx context.Context, result any, query string, variables vars) {
	c.server.t.Helper()
	if err := c.do(ctx, result, query, variables); err != nil {
		c.server.t.Fatal(err)
	}
}

// room creates a room and returns its id.
func (c *client) room(ctx context.Context, members ...string) string {
	c.server.t.Helper()
	var made struct {
		CreateRoom struct{ Room struct{ ID string } }
	}
	c.must(
		ctx,
		&made,
		`mutation($ids: [ID!]!) { createRoom(input: {memberIds: $ids}) { room { id } } }`,
		vars{"ids": append([]string{}, members...)},
	)
	return made.CreateRoom.Room.ID
}

// createUser creates the user. Others can then add it to rooms.
func (c *client) createUser(ctx context.Context) {
	c.server.t.Helper()
	c.must(ctx, nil, `{ me { id } }`, nil)
}

// createUsers creates users with the ids "prefix-0", "prefix-1" and so on, and returns the ids.
func createUsers(ctx context.Context, p *process, prefix string, n int) []string {
	p.t.Helper()
	admin := newClient(p, "", "")
	defer admin.close()
	admin.token = sign(p, jwt.MapClaims{"sub": "back-end", "admin": true})
	ids := make([]string, n)
	var users []vars
	for i := range ids {
		ids[i] = prefix + "-" + strconv.Itoa(i)
		users = append(users, vars{"id": ids[i], "profile": vars{"nickName": ids[i]}})
	}
	for len(users) > 0 {
		chunk := users[:min(len(users), 1000)]
		admin.must(
			ctx,
			nil,
			`mutation($u: [UserInput!]!) { upsertUsers(users: $u) { users { id } } }`,
			vars{"u": chunk},
		)
		users = users[len(chunk):]
	}
	return ids
}

// encode returns v as JSON without escaping HTML, which would make the text longer.
func encode(v any) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err) // a bug of the test
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n"))
}

// tally counts outcomes. It is safe for concurrent use.
type tally struct {
	mu       sync.Mutex
	outcomes map[string]int
}

func (t *tally) add(outcome string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.outcomes == nil {
		t.outcomes = map[string]int{}
	}
	t.outcomes[outcome]++
}

// of returns how often one of the outcomes was counted.
func (t *tally) of(outcomes ...string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for _, outcome := range outcomes {
		n += t.outcomes[outcome]
	}
	return n
}

// all returns the number of outcomes, and how many of them are not ok.
func (t *tally) all() (n, refused int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, count := range t.outcomes {
		n += count
	}
	return n, n - t.outcomes[ok]
}

func (t *tally) copy() map[string]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.outcomes)
}

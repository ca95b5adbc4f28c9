package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"go.uber.org/goleak"

	"parley/graph/guard"
	"parley/internal/auth"
	"parley/internal/live"
	"parley/internal/reqid"
	"parley/internal/web"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

const testSDL = `
type Query {
	"The id of the caller."
	me: String
	echo(text: String, n: Int, id: ID, flag: Boolean, list: [Int!]): String
	requestId: String
	fails: String
	failsHard: String!
	panics: String
	"Returns when the operation's context has ended."
	waits: String
	nested: Query
}
type Mutation { touch: Boolean }
type Subscription {
	"Counts up to n, or without end. Each item has size bytes."
	count(n: Int, size: Int): String
	"Sends nothing until it is cancelled, and takes a moment to end."
	silent: String
}
`

// testSchema is a small graphql.ExecutableSchema written by hand.
type testSchema struct {
	schema *ast.Schema
	// started receives a value for each subscription that starts, and ended for each whose context
	// ends.
	started, ended chan struct{}
	// running counts the subscriptions that have not been closed.
	running atomic.Int64
}

func newTestSchema() *testSchema {
	return &testSchema{
		schema:  gqlparser.MustLoadSchema(&ast.Source{Input: testSDL}),
		started: make(chan struct{}, 1000),
		ended:   make(chan struct{}, 1000),
	}
}

func (s *testSchema) Schema() *ast.Schema { return s.schema }

func (s *testSchema) Complexity(
	_ context.Context,
	_, _ string,
	children int,
	_ map[string]any,
) (int, bool) {
	return children + 1, true
}

func (s *testSchema) Exec(ctx context.Context) graphql.ResponseHandler {
	op := graphql.GetOperationContext(ctx)
	if op.Operation.Operation == ast.Subscription {
		return s.subscribe(ctx, op)
	}
	done := false
	return func(ctx context.Context) *graphql.Response {
		if done {
			return nil
		}
		done = true
		return &graphql.Response{Data: object(ctx, op, op.Operation.SelectionSet)}
	}
}

// object executes selections and returns null where a field that may not be null has failed.
func object(
	ctx context.Context,
	op *graphql.OperationContext,
	selections ast.SelectionSet,
) json.RawMessage {
	members := []string{}
	for _, field := range graphql.CollectFields(op, selections, nil) {
		value, err := resolve(ctx, op, field)
		if err != nil {
			graphql.AddError(ctx, err)
			if field.Definition.Type.NonNull {
				return json.RawMessage("null")
			}
		}
		raw, _ := json.Marshal(value)
		members = append(members, fmt.Sprintf("%q:%s", field.Alias, raw))
	}
	return json.RawMessage("{" + strings.Join(members, ",") + "}")
}

func resolve(
	ctx context.Context,
	op *graphql.OperationContext,
	field graphql.CollectedField,
) (any, error) {
	switch field.Name {
	case "__typename":
		return field.ObjectDefinition.Name, nil
	case "me":
		if identity, ok := auth.FromContext(ctx); ok {
			return identity.ID, nil
		}
		return nil, nil
	case "echo":
		n := field.ArgumentMap(op.Variables)["n"]
		return fmt.Sprintf("%T %v", n, n), nil
	case "requestId":
		return reqid.FromContext(ctx), nil
	case "fails", "failsHard":
		return nil, errors.New("failed as asked")
	case "panics":
		panic("secret inside of the server")
	case "waits":
		<-ctx.Done()
		return nil, ctx.Err()
	case "nested":
		return object(ctx, op, field.Selections), nil
	case "touch":
		return true, nil
	default: // __type and __schema: no introspection
		return nil, nil
	}
}

func (s *testSchema) subscribe(
	ctx context.Context,
	op *graphql.OperationContext,
) graphql.ResponseHandler {
	field := graphql.CollectFields(op, op.Operation.SelectionSet, nil)[0]
	args := field.ArgumentMap(op.Variables)
	limit, limited := args["n"].(int64)
	size, _ := args["size"].(int64)
	var i int64
	context.AfterFunc(ctx, func() { s.ended <- struct{}{} })
	return func(ctx context.Context) *graphql.Response {
		if field.Name == "silent" {
			if ctx.Err() == nil {
				<-ctx.Done()
				time.Sleep(20 * time.Millisecond)
			}
			return nil
		}
		if limited && i == limit {
			return nil
		}
		i++
		return &graphql.Response{
			Data: json.RawMessage(
				fmt.Sprintf(`{"count":"%d%s"}`, i, strings.Repeat("x", int(size))),
			),
		}
	}
}

// testVerifier accepts the tokens ann, bob and those that begin with user. Other tokens are
// invalid, expire soon or cannot be verified.
type testVerifier struct{}

func (testVerifier) Known(token string) (auth.Identity, bool) {
	return auth.Identity{ID: token}, token == "known"
}

func (testVerifier) Verify(_ context.Context, token string) (auth.Identity, error) {
	if strings.HasPrefix(token, "user") {
		return auth.Identity{ID: token, ExpiresAt: time.Now().Add(time.Hour)}, nil
	}
	switch token {
	case "ann", "bob":
		return auth.Identity{ID: token, ExpiresAt: time.Now().Add(time.Hour)}, nil
	case "brief":
		return auth.Identity{ID: "brief", ExpiresAt: time.Now().Add(50 * time.Millisecond)}, nil
	case "unavailable":
		return auth.Identity{}, &auth.Error{Reason: auth.KeysUnavailable, Message: "no keys"}
	case "toosoon":
		return auth.Identity{}, &auth.Error{
			Reason:     auth.KeysUnavailable,
			Message:    "not now",
			RetryAfter: 7 * time.Second,
		}
	case "long":
		return auth.Identity{}, &auth.Error{
			Reason: auth.Malformed, Message: strings.Repeat("é", 100),
		}
	default:
		return auth.Identity{}, &auth.Error{
			Reason:  auth.BadSignature,
			Message: "The token's signature is wrong.",
		}
	}
}

type testServer struct {
	*httptest.Server
	web    *web.Server
	schema *testSchema
}

// newServer serves testSchema, with persisted queries and a complexity limit.
func newServer(t *testing.T, cfg web.Config) *testServer {
	t.Helper()
	return newServerWith(t, nil, testVerifier{}, cfg)
}

// newServerWith is newServer with a verifier and, unless it is nil, a Subscribe function.
func newServerWith(
	t *testing.T, subscribe web.Subscribe, verifier web.Verifier, cfg web.Config,
) *testServer {
	t.Helper()
	schema := newTestSchema()
	if subscribe == nil {
		subscribe = schema.start
	}
	cfg.Proxies.Trusted = append(cfg.Proxies.Trusted, netip.MustParsePrefix("127.0.0.0/8"))
	server := web.New(newGraphQL(schema), subscribe, verifier, cfg)
	ts := &testServer{Server: httptest.NewServer(server), web: server, schema: schema}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Errorf("shut down: %v", err)
		}
		ts.Close()
	})
	return ts
}

func newGraphQL(schema graphql.ExecutableSchema) *guard.Server {
	gql := guard.New(schema, guard.Options{})
	gql.Use(extension.FixedComplexityLimit(100))
	return gql
}

// response is an HTTP response with its body.
type response struct {
	*http.Response
	body []byte
	// errors and data are those of the body's GraphQL response. isData is whether it has data,
	// which may be null.
	errors []graphQLError
	data   map[string]any
	isData bool
}

type graphQLError struct {
	Message    string
	Extensions map[string]any
}

func (a response) code() string {
	if len(a.errors) == 0 {
		return ""
	}
	code, _ := a.errors[0].Extensions["code"].(string)
	return code
}

// do sends a request. Header lines are "Name: value".
func (ts *testServer) do(t *testing.T, method, path, body string, header ...string) response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, ts.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Host" {
			r.Host = value
		}
		r.Header.Add(name, value)
	}
	res, err := ts.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	a := response{Response: res}
	if a.body, err = io.ReadAll(res.Body); err != nil {
		t.Fatal(err)
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(a.body, &members) == nil {
		_, a.isData = members["data"]
		_ = json.Unmarshal(members["data"], &a.data)
		_ = json.Unmarshal(members["errors"], &a.errors)
	}
	return a
}

const jsonBody = "Content-Type: application/json"

// post sends a query as JSON.
func (ts *testServer) post(t *testing.T, query string, header ...string) response {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	return ts.do(
		t,
		http.MethodPost,
		"/graphql",
		string(body),
		append([]string{jsonBody}, header...)...)
}

// resolverSubscriber is a subscriber that reads the events of a resolver. It is never parked.
type resolverSubscriber struct {
	ctx       context.Context
	cancel    context.CancelFunc
	responses graphql.ResponseHandler
	close     func()
}

// start starts a subscription.
func (s *testSchema) start(
	ctx context.Context, op *graphql.OperationContext, _ string,
) (live.Subscriber, gqlerror.List) {
	running, cancel := context.WithCancel(
		graphql.WithOperationContext(context.WithoutCancel(ctx), op))
	s.running.Add(1)
	s.started <- struct{}{}
	return &resolverSubscriber{
		running, cancel, s.Exec(running), sync.OnceFunc(func() { s.running.Add(-1) }),
	}, nil
}

func (p *resolverSubscriber) Next(ctx context.Context) ([][]byte, error) {
	defer context.AfterFunc(ctx, p.cancel)()
	response := p.responses(p.ctx)
	if response == nil {
		return nil, io.EOF
	}
	payload, err := json.Marshal(response)
	return [][]byte{payload}, err
}

func (p *resolverSubscriber) Park(live.Sink) bool { return false }

func (p *resolverSubscriber) Close() {
	p.cancel()
	p.close()
}

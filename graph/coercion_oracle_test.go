package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/graph"
	"parley/graph/generated"
	"parley/graph/guard"
	"parley/internal/live"
	"parley/internal/testkit/opgen"
	"parley/internal/testkit/scale"
	"parley/internal/web"
)

// verdict says whether an operation may be executed, before anything is executed.
type verdict struct {
	Accepted bool
	// Code and Reason are those of the refusal.
	Code, Reason string
}

func (v verdict) String() string {
	if v.Accepted {
		return "accepted"
	}
	return fmt.Sprintf("refused: %s: %s", v.Code, v.Reason)
}

// exception is a class of operations about which graphql-js and Parley may disagree.
type exception struct {
	name, reason string
	applies      func(o opgen.Operation, js, parley verdict) bool
}

// exceptions are all classes of operations about which graphql-js and Parley may disagree.
func exceptions() []exception {
	refusedFor := func(code, reason string) func(opgen.Operation, verdict, verdict) bool {
		return func(_ opgen.Operation, js, parley verdict) bool {
			return js.Accepted && parley.Code == code && strings.Contains(parley.Reason, reason)
		}
	}
	return []exception{
		{
			name:    "limits",
			reason:  "Parley bounds depth, fields, aliases and the work of validation; graphql-js does not.",
			applies: refusedFor("TOO_COMPLEX", ""),
		},
		{
			name: "surrogates",
			reason: "Half of a surrogate pair in the JSON of the variables is not a character, and no " +
				"database stores it. JavaScript's strings may contain it.",
			applies: refusedFor("BAD_USER_INPUT", "surrogate"),
		},
		{
			name: "directives at the root of a subscription",
			reason: "The specification of September 2025 forbids them. graphql-js 16 refuses those with " +
				"variables only.",
			applies: refusedFor(
				"GRAPHQL_VALIDATION_FAILED",
				"root field of a subscription cannot have",
			),
		},
		{
			name: "control characters",
			reason: "gqlparser refuses unescaped control characters, as the specification did before " +
				"September 2025. Clients write them as escapes.",
			applies: func(o opgen.Operation, js, parley verdict) bool {
				control := func(r rune) bool { return r < ' ' && r != '\t' && r != '\n' && r != '\r' }
				return js.Accepted && parley.Code == "GRAPHQL_PARSE_FAILED" &&
					strings.ContainsFunc(o.Query, control)
			},
		},
		{
			name: "integers beyond 64 bits",
			reason: "gqlparser holds integers in 64 bits, also those that stand for an ID. Clients write " +
				"such an ID as a string, or in a variable.",
			applies: func(o opgen.Operation, js, parley verdict) bool {
				return js.Accepted && refusedID.MatchString(parley.Reason) &&
					longInteger.MatchString(o.Query)
			},
		},
		{
			name: "quotation marks behind a block string",
			reason: `"""a""""" is a block string and an empty string. gqlparser reads one string, so Parley ` +
				"refuses it. Clients separate them.",
			applies: refusedFor("GRAPHQL_PARSE_FAILED", "follows a block string"),
		},
	}
}

// longInteger is an integer that may need more than 64 bits.
var longInteger = regexp.MustCompile(`[0-9]{19}`)

// refusedID is how gqlparser refuses an ID, also one that stands for a list of one.
var refusedID = regexp.MustCompile(`^(ID cannot represent|Expected value of type "\[ID)`)

// oracleOperations is how many generated operations are compared at full size.
// PARLEY_ORACLE_OPERATIONS sets another number.
const oracleOperations = 3000

// TestOracle compares the decision to execute an operation with that of graphql-js. Parley's
// decision is taken as a client meets it: with the decoding of the request, and without executing
// anything.
func TestOracle(t *testing.T) {
	t.Parallel()
	t.Run("cases", func(t *testing.T) {
		cases := oracleCases()
		operations := make([]opgen.Operation, len(cases))
		for i, c := range cases {
			operations[i] = c.operation()
		}
		for i, js := range compare(t, operations) {
			if js.Accepted != cases[i].valid {
				t.Errorf("%s\nvariables %s\ngraphql-js: %v", cases[i].query, cases[i].variables, js)
			}
		}
	})
	t.Run("generated", func(t *testing.T) {
		seed := uint64(time.Now().UnixNano())
		n := scale.Or[uint64](oracleOperations, oracleOperations/4)
		setting(t, "PARLEY_ORACLE_SEED", &seed)
		setting(t, "PARLEY_ORACLE_OPERATIONS", &n)
		t.Logf("PARLEY_ORACLE_SEED=%d", seed)
		schema := generated.NewExecutableSchema(generated.Config{}).Schema()
		g := opgen.New(schema, rand.New(rand.NewPCG(seed, 0)), opgen.Options{
			Wrong: 0.75, Introspection: true,
		})
		operations := make([]opgen.Operation, n)
		for i := range operations {
			operations[i] = g.Next()
		}
		compare(t, operations)
	})
}

// setting overwrites a number if the environment has one by that name.
func setting(t *testing.T, name string, value *uint64) {
	t.Helper()
	given := os.Getenv(name)
	if given == "" {
		return
	}
	var err error
	if *value, err = strconv.ParseUint(given, 10, 64); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// compare reports the operations about which graphql-js and Parley disagree, up to ten of them. It
// returns the verdicts of graphql-js.
func compare(t *testing.T, operations []opgen.Operation) []verdict {
	t.Helper()
	reference := graphqlJS(t, operations)
	decide := newDecider(t)
	accepted, disagreements, excepted := 0, 0, map[string]int{}
	for i, o := range operations {
		js, parley := reference[i], decide(t, o)
		if js.Accepted {
			accepted++
		}
		if js.Accepted == parley.Accepted {
			continue
		}
		if name := excepting(o, js, parley); name != "" {
			excepted[name]++
			continue
		}
		if disagreements++; disagreements <= 10 {
			t.Errorf("%s\nvariables %s\noperation %q, mistakes %q\ngraphql-js: %v\nParley: %v",
				o.Query, o.Variables, o.OperationName, o.Mistakes, js, parley)
		}
	}
	t.Logf("%d operations, %d of them valid; %d disagreements; exceptions: %v",
		len(operations), accepted, disagreements, excepted)
	return reference
}

// excepting returns the name of the exception that covers a disagreement; "" if none does.
func excepting(o opgen.Operation, js, parley verdict) string {
	for _, e := range exceptions() {
		if e.applies(o, js, parley) {
			return e.name
		}
	}
	return ""
}

// newDecider returns Parley's decision about an operation. It executes nothing.
func newDecider(tb testing.TB) func(testing.TB, opgen.Operation) verdict {
	tb.Helper()
	gql := graph.New(nil, nil, graph.Options{
		Introspection: true,
		Limits:        guard.Limits{Depth: 15, Cost: math.MaxInt32, Aliases: 50},
	})
	accepted := false
	gql.AroundOperations(func(context.Context, graphql.OperationHandler) graphql.ResponseHandler {
		accepted = true
		return graphql.OneShot(&graphql.Response{Data: []byte("null")})
	})
	subscribe := func(
		context.Context, *graphql.OperationContext, string,
	) (live.Subscriber, gqlerror.List) {
		accepted = true
		return nil, gqlerror.List{{Message: "accepted"}}
	}
	server := web.New(gql.Server, subscribe, nil, web.Config{})
	return func(tb testing.TB, o opgen.Operation) verdict {
		tb.Helper()
		accepted = false
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(tb.Context(), http.MethodPost, "/graphql",
			bytes.NewReader(encodeRequest(tb, o)))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "text/event-stream, application/json")
		server.ServeHTTP(w, r)
		if accepted {
			return verdict{Accepted: true}
		}
		var response struct {
			Errors []struct {
				Message    string
				Extensions struct{ Code string }
			}
		}
		if err := json.Unmarshal(
			w.Body.Bytes(),
			&response,
		); err != nil ||
			len(response.Errors) == 0 {
			tb.Fatalf("neither accepted nor refused: %d %s\n%s", w.Code, w.Body, o.Query)
		}
		refused := response.Errors[0]
		return verdict{Code: refused.Extensions.Code, Reason: refused.Message}
	}
}

// encodeRequest returns an operation as the body of a request.
func encodeRequest(tb testing.TB, o opgen.Operation) []byte {
	tb.Helper()
	body, err := json.Marshal(map[string]any{
		"query": o.Query, "operationName": o.OperationName, "variables": o.Variables,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return body
}

// graphqlJS returns the decisions of graphql-js. It skips the test if graphql-js is not installed.
func graphqlJS(t *testing.T, operations []opgen.Operation) []verdict {
	t.Helper()
	node, err := exec.LookPath("node")
	missing := ""
	if err != nil {
		missing = "Node is not installed"
	} else if _, err := os.Stat("../clients/node_modules/graphql"); err != nil {
		missing = "graphql-js is not installed: npm --prefix clients ci"
	}
	switch {
	case missing != "" && os.Getenv("CI") == "true":
		t.Fatalf("validation and coercion are not compared with graphql-js: %s", missing)
	case missing != "":
		t.Skipf("validation and coercion are not compared with graphql-js: %s", missing)
	}
	var input bytes.Buffer
	if err := json.NewEncoder(&input).Encode(map[string]string{"schema": graph.SDL()}); err != nil {
		t.Fatal(err)
	}
	for _, o := range operations {
		input.Write(encodeRequest(t, o))
		input.WriteByte('\n')
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, node, "../clients/oracle.js")
	var said bytes.Buffer
	cmd.Stdin, cmd.Stderr = &input, &said
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("clients/oracle.js: %v\n%s", err, said.Bytes())
	}
	var verdicts []verdict
	for decoder := json.NewDecoder(bytes.NewReader(output)); decoder.More(); {
		var refusal struct{ Stage, Reason string }
		if err := decoder.Decode(&refusal); err != nil {
			t.Fatal(err)
		}
		verdicts = append(verdicts, verdict{refusal.Stage == "", refusal.Stage, refusal.Reason})
	}
	if len(verdicts) != len(operations) {
		t.Fatalf("clients/oracle.js: %d decisions on %d operations", len(verdicts), len(operations))
	}
	return verdicts
}

// FuzzDecide: the decision about any document and any variables is made without a panic.
func FuzzDecide(f *testing.F) {
	for _, c := range oracleCases() {
		f.Add(c.query, c.variables)
	}
	decide := newDecider(f)
	f.Fuzz(func(t *testing.T, query, variables string) {
		if query == "" || !json.Valid([]byte(variables)) {
			return
		}
		v := decide(t, opgen.Operation{Query: query, Variables: json.RawMessage(variables)})
		if v.Code == "INTERNAL" {
			t.Errorf("%v", v)
		}
	})
}

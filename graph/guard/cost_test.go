package guard

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/graph/generated"
	"parley/internal/chat"
)

// TestSchemaIsMeasurable: the schema declares the length of every list, and lengths has that of
// every text that may exceed a unit.
func TestSchemaIsMeasurable(t *testing.T) {
	t.Parallel()
	short := []string{"roomId", "myRoomIds", "joinKey", "token"}
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	c, err := newCosts(schema)
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range contradictions(c) {
		t.Error(wrong)
	}
	for _, of := range schema.Types {
		if of.Kind != ast.Object && of.Kind != ast.Interface || of.BuiltIn {
			continue
		}
		for _, f := range of.Fields {
			declared := c.fields[fieldKey{of.Name, f.Name}]
			if f.Type.Elem != nil && !declared.sized && declared.listSize == nil {
				t.Errorf(
					"%s.%s has neither @listSize nor a parent with sizedFields",
					of.Name,
					f.Name,
				)
			}
			if list := declared.listSize; list != nil && list.assumed == 0 {
				for _, name := range list.slicing {
					if !f.Arguments.ForName(name).Type.NonNull {
						t.Errorf("%s.%s has no assumedSize for a null %s", of.Name, f.Name, name)
					}
				}
			}
			kind := schema.Types[f.Type.Name()]
			known := slices.Contains([]string{"Int", "Boolean", "Float", "Time"}, kind.Name)
			if kind.Kind == ast.Scalar && !known && lengths[f.Name] == 0 &&
				!slices.Contains(short, f.Name) {
				t.Errorf("lengths lacks %s.%s", of.Name, f.Name)
			}
			if list := declared.listSize; list != nil && len(list.slicing) > 0 {
				byDefault := f.Arguments.ForName(list.slicing[0]).DefaultValue
				if byDefault != nil && byDefault.Raw != fmt.Sprint(list.assumed) {
					t.Errorf(
						"%s.%s: assumedSize %d, default %s",
						of.Name,
						f.Name,
						list.assumed,
						byDefault.Raw,
					)
				}
			}
		}
	}
}

// measured prepares an operation and returns it with what it costs.
func measured(
	t *testing.T, query string, variables map[string]any,
) (op *graphql.OperationContext, cost int) {
	t.Helper()
	schema := generated.NewExecutableSchema(generated.Config{})
	cost = -1
	server := New(schema, Options{})
	ctx := graphql.StartOperationTrace(t.Context())
	given := map[string]any{}
	for name, value := range variables {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		given[name] = json.RawMessage(text)
	}
	for range 2 { // the second time the estimate is cached
		before := cost
		var errs gqlerror.List
		op, errs = server.Prepare(ctx, &graphql.RawParams{Query: query, Variables: given})
		if errs != nil {
			t.Fatalf("%s: %v", query, errs)
		}
		found, err := server.limit(op, OperationOf(op))
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		if cost = found.cost; before >= 0 && before != cost {
			t.Errorf("%s: it costs %d, and then %d", query, before, cost)
		}
	}
	return op, cost
}

// TestCost has the costs of operations, each computed by hand as docs/limits.md explains.
func TestCost(t *testing.T) {
	t.Parallel()
	first := func(n any) map[string]any { return map[string]any{"n": n} }
	const byVariable = `query($n: Int) { myRooms(first: $n) { nodes { id name } } }`
	const defaulted = `query($n: Int = 7) { myRooms(first: $n) { nodes { id name } } }`
	const add = `mutation($n: [ID!]!) {
		addMembers(roomId: "r", userIds: $n) { room { id } members { id role } } }`
	for _, test := range []struct {
		query     string
		variables map[string]any
		cost      int
	}{
		{`{ me { id nickName } }`, nil, 3},
		{`{ me { id again: id } __typename }`, nil, 4},
		{`{ myRoomIds }`, nil, 1},
		{`{ roomInfo(roomId: "r") { tags } }`, nil, 2},
		// The page is a value, each room is one, and pageInfo does not multiply.
		{`{ myRooms { nodes { id name } } }`, nil, 1 + 20*3},
		{`{ myRooms(first: 100) { nodes { id name } pageInfo { endCursor } } }`, nil, 1 + 100*3 + 2},
		// A page is loaded even if nothing of its elements is selected.
		{`{ myRooms(first: 100) { __typename } }`, nil, 1 + 100 + 1},
		{`{ myRooms(first: 100) { pageInfo { hasNextPage } } }`, nil, 1 + 100 + 2},
		{`{ myRooms(first: 0) { nodes { id name } } }`, nil, 1 + 3},
		{`{ myRooms(first: -5) { nodes { id name } } }`, nil, 1 + 3},
		{`{ myRooms(first: 2147483647) { nodes { id name } } }`, nil, 1 + 1000*3},
		{`{ myRooms(first: null) { nodes { id name } } }`, nil, 1 + 20*3},
		{byVariable, first(3), 1 + 3*3},
		{byVariable, first(nil), 1 + 20*3},
		{byVariable, nil, 1 + 20*3},
		{defaulted, nil, 1 + 7*3},
		{defaulted, first(nil), 1 + 20*3},
		{
			`{ myRooms(first: 2) { edges { cursor node {
				members(first: 3) { nodes { id } totalCount } } } } }`,
			nil, 1 + 2*(1+1+(1+(1+3*2+1))),
		},
		// The sizes reach through fragments, which are measured once for all of their uses.
		{`{ a: myRooms(first: 2) { ...P } b: myRooms(first: 5) { ...P ...P } }
			fragment P on RoomConnection { ...Q pageInfo { hasNextPage } }
			fragment Q on RoomConnection { ... { nodes { id } } }`, nil, 1 + 2*2 + 2 + 1 + 2*(5*2+2)},
		// A field that is left out counts.
		{`query($n: Boolean = false) { me { id @include(if: $n) nickName @skip(if: true) } }`, nil, 3},
		// Both directions, and the larger one if both are given.
		{`{ node(id: "m") { ... on Message { replies(last: 4) { nodes { id } } } } }`, nil, 1 + 1 + 4*2},
		{
			`{ node(id: "m") { ... on Message { replies(first: 2, last: 4) { nodes { id } } } } }`,
			nil, 1 + 1 + 4*2,
		},
		{`{ node(id: "m") { ... on Message { replies { nodes { id } } } } }`, nil, 1 + 1 + 50*2},
		{
			`{ node(id: "m") { ... on Message {
				contents mentions { id } reactions { emoji count } viewerReactions } } }`,
			nil, 1 + 10 + 25*2 + (1 + 25*2) + 1,
		},
		{`{ rooms(first: 1) { nodes { id } } }`, nil, 1 + 2},
		{`{ rooms(first: 1, search: null) { nodes { id } } }`, nil, 500 + 1 + 2},
		{`query($n: String) { rooms(first: 1, search: $n) { nodes { id } } }`, nil, 500 + 1 + 2},
		{add, first([]string{"a", "b", "c"}), 1 + 2 + 3*3},
		{add, first("a"), 1 + 2 + 3},
		{
			`mutation { addMembers(roomId: "r", userIds: ["a", "b"]) { members { id role } } }`,
			nil, 1 + 2*3,
		},
		{`mutation { addMembers(roomId: "r", userIds: "a") { members { id role } } }`, nil, 1 + 3},
	} {
		if _, cost := measured(t, test.query, test.variables); cost != test.cost {
			t.Errorf("%s %v costs %d, want %d", test.query, test.variables, cost, test.cost)
		}
	}
}

// repeat returns a field n times, with aliases.
func repeat(n int, field string) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, " a%d: %s", i, field)
	}
	return text.String()
}

// TestDocumentedExample: docs/limits.md has the right cost.
func TestDocumentedExample(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/limits.md")
	if err != nil {
		t.Fatal(err)
	}
	expression := regexp.MustCompile("(?s)```graphql\n(.*?)```.*The cost is \\*\\*(\\d+)\\*\\*")
	example := expression.FindSubmatch(page)
	if example == nil {
		t.Fatal("there is no example")
	}
	if _, cost := measured(t, string(example[1]), nil); strconv.Itoa(cost) != string(example[2]) {
		t.Errorf("it costs %d, documented is %s", cost, example[2])
	}
}

// TestEstimatedEventBytes: what a stream begins with does not count for the events after it.
func TestEstimatedEventBytes(t *testing.T) {
	t.Parallel()
	const page = `messages(last: 50) { nodes { contents } }`
	added := `... on MessageAdded { message { ` + repeat(20, "contents") + ` } }`
	for name, test := range map[string]struct {
		query        string
		whole, event float64 // contents
	}{
		"both": {`subscription { roomEvents(roomId: "x") { ... on StreamOpened { ` + page + ` } ` +
			added + ` } }`, 70, 20},
		"fragment": {`subscription { roomEvents(roomId: "x") { ...f } } fragment f on RoomEvent {
			... on StreamOpened { ` + page + ` } seq }`, 50, 0},
		"neither": {`subscription { roomEvents(roomId: "x") { seq } }`, 0, 0},
		"query":   {`{ roomInfo(roomId: "x") { ` + page + ` } }`, 50, 0},
	} {
		op, _ := measured(t, test.query, nil)
		for what, of := range map[string]struct {
			got  int64
			want float64
		}{
			"operation": {EstimatedBytes(op), test.whole},
			"event":     {EstimatedEventBytes(op), test.event},
		} {
			contents := of.want * responseCopies * chat.MaxContents * charBytes
			if got := float64(of.got); got < contents || got > 1.2*contents {
				t.Errorf("%s: the estimate of the %s is %.0f, want about %.0f",
					name, what, got, contents)
			}
		}
	}
}

// TestEstimatedBytes: all possible reactions count, and long aliases, which a response repeats for
// each element of a list. A screen of messages is below a user's default quota, so that a node can
// compute several at a time.
func TestEstimatedBytes(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", maxAlias)
	op, _ := measured(t, "{ "+repeat(5, "myRoomIds")+" }", nil)
	ids := 5 * 5000 * int64(len(`"00000000-0000-0000-0000-000000000000",`))
	if got := EstimatedBytes(op); got < responseCopies*ids {
		t.Errorf("five times 5,000 ids take %d bytes", got)
	}
	for _, test := range []struct {
		fields      string
		least, most int64
	}{
		{"reactions { " + long + ": count }", 50 * chat.MaxEmojis * (maxAlias + 2), 48 << 20},
		{"contents mentions { id nickName } reactions { emoji count } from { nickName } " +
			"replyTo { contents from { nickName } }", 50 * 2 * chat.MaxContents * charBytes, 48 << 20},
		{"id", 0, 0},
	} {
		op, _ := measured(t,
			`{ roomInfo(roomId: "x") { messages(first: 50) { nodes { `+test.fields+` } } } }`, nil)
		got := EstimatedBytes(op)
		if got < responseCopies*test.least || got > test.most {
			t.Errorf(
				"%s: %d bytes, want %d to %d",
				test.fields,
				got,
				responseCopies*test.least,
				test.most,
			)
		}
	}
}

// TestEstimatesAreBounded: the variables of an operation cannot fill the memory.
func TestEstimatesAreBounded(t *testing.T) {
	t.Parallel()
	var e estimates
	for n := range int64(1000) {
		variables := map[string]any{"n": n}
		e.put([]string{"n"}, variables, estimate{cost: int(n)})
		if found, ok := e.get(variables); !ok || found.cost != int(n) {
			t.Fatalf("%d: %v %v", n, found, ok)
		}
	}
	if len(e.byValues) > maxEstimates {
		t.Errorf("%d estimates are cached", len(e.byValues))
	}
}

// contradictions are the fields whose cost depends on the way by which an operation selects them,
// and the costs that are not counted.
func contradictions(c *costs) (wrong []string) {
	for _, object := range c.schema.Types {
		for _, f := range object.Fields {
			say := func(format string, args ...any) {
				wrong = append(wrong, object.Name+"."+f.Name+": "+fmt.Sprintf(format, args...))
			}
			if object.Kind == ast.InputObject && f.Directives.ForName("cost") != nil {
				say("the cost of an input field is not counted: declare it at the argument")
			}
			own := c.fields[fieldKey{object.Name, f.Name}]
			for _, name := range object.Interfaces {
				above := c.fields[fieldKey{name, f.Name}]
				if above != nil && !reflect.DeepEqual(own, above) {
					say("it costs something else as a field of %s", name)
				}
			}
			def := c.schema.Types[f.Type.Name()]
			if def == nil {
				continue
			}
			for _, below := range def.Fields {
				sized := c.fields[fieldKey{def.Name, below.Name}].sized
				if sized &&
					(own.listSize == nil || !slices.Contains(own.listSize.fields, below.Name)) {
					say("@listSize must have %s in sizedFields, as other fields of the type %s do",
						below.Name, def.Name)
				}
			}
		}
	}
	return wrong
}

// TestContradictions: schemas with mistakes are refused, or fail TestSchemaIsMeasurable.
func TestContradictions(t *testing.T) {
	t.Parallel()
	const declarations = `
		directive @cost(weight: String!) on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
		directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!],
			requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION
		type C { nodes: [Int!] } `
	for says, sdl := range map[string]string{
		"":                          `type Query { c: C @listSize(assumedSize: 1, sizedFields: ["nodes"], requireOneSlicingArgument: false) }`,
		"weight":                    `type Query { f: Int @cost(weight: "NaN") }`,
		"no argument":               `type Query { f: [Int] @listSize(slicingArguments: ["n"], requireOneSlicingArgument: false) }`,
		"no field":                  `type Query { c: C @listSize(sizedFields: ["n"], requireOneSlicingArgument: false) }`,
		"requireOneSlicingArgument": `type Query { f(n: Int): [Int] @listSize(slicingArguments: ["n"]) }`,
		"sizedFields":               `type Query { c: C @listSize(assumedSize: 1, sizedFields: ["nodes"], requireOneSlicingArgument: false) d: C }`,
		"field of I":                `interface I { f: Int } type Query implements I { f: Int @cost(weight: "2") }`,
		"input field":               `input I { a: Int @cost(weight: "2") } type Query { f(i: I): Int }`,
	} {
		c, err := newCosts(gqlparser.MustLoadSchema(&ast.Source{Input: declarations + sdl}))
		found := fmt.Sprint(err)
		if err == nil {
			found = strings.Join(contradictions(c), ", ")
		}
		if (found == "") != (says == "") || !strings.Contains(found, says) {
			t.Errorf("%s: %s", sdl, found)
		}
	}
}

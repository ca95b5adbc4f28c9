package exec_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/graph/exec"
)

type vars = map[string]any

// TestSelections: which fields a response has, in which order, and what they are.
func TestSelections(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		query     string
		variables vars
		want      string
	}{
		"alias": {
			`{ x: person { name other: name } }`, nil,
			`{"x":{"name":"Ann","other":"Ann"}}`,
		},
		"fields merge across fragments, in the place of the first": {
			`{ person { pets { name } name ...F } ... on Query { person { nick pets { friend { name } } } } }
			fragment F on Person { pets { __typename } name }`, nil,
			`{"person":{"pets":[{"name":"Tom","__typename":"Cat","friend":{"name":"Rex"}},` +
				`{"name":"Rex","__typename":"Dog","friend":{"name":"Tom"}}],"name":"Ann","nick":null}}`,
		},
		"conditions of types": {
			`{ animals { ... on Cat { lives } ... on Animal { name } ... on Dog { barks } ...F ... { __typename } } }
			fragment F on Dog { t: __typename }`, nil,
			`{"animals":[{"lives":9,"name":"Tom","__typename":"Cat"},` +
				`{"name":"Rex","barks":true,"t":"Dog","__typename":"Dog"},` +
				`{"lives":3,"name":"Ida","__typename":"Cat"}]}`,
		},
		"a fragment that applies to nothing": {
			`{ animal { ... on Dog { barks } } }`, nil,
			`{"animal":{}}`,
		},
		"constants": {
			`{ person { name @skip(if: true) nick @include(if: false) a: name @skip(if: false) b: name @include(if: true) } }`, nil,
			`{"person":{"a":"Ann","b":"Ann"}}`,
		},
		"both directives": {
			`query($yes: Boolean!, $no: Boolean!) { person {
				a: name @skip(if: $no) @include(if: $yes) b: name @skip(if: $yes) @include(if: $yes)
				c: name @skip(if: $no) @include(if: $no) d: name @skip(if: $yes) @include(if: $no) } }`,
			vars{"yes": true, "no": false},
			`{"person":{"a":"Ann"}}`,
		},
		"fragments with directives": {
			`query($no: Boolean!) { person { ...F @include(if: $no) ... @skip(if: $no) { nick } } }
			fragment F on Person { name }`,
			vars{"no": false},
			`{"person":{"nick":null}}`,
		},
		"one of two equal fields is left out": {
			`{ person { name @skip(if: true) name } ...F @skip(if: true) ...F } fragment F on Query { person { nick } }`, nil,
			`{"person":{"name":"Ann","nick":null}}`,
		},
		"nothing is left": {
			`query($no: Boolean!) { person { name @include(if: $no) } animals @include(if: $no) { name } }`,
			vars{"no": false},
			`{"person":{}}`,
		},
		"nothing at all": {
			`{ person @skip(if: true) { name } }`, nil,
			`{}`,
		},
		"typename of a root": {`{ __typename q: __typename }`, nil, `{"__typename":"Query","q":"Query"}`},
		"arguments and variables": {
			`query($g: String) { a: animal { ... on Cat { owner { name } } }
				b: animal { ... on Cat { owner(greeting: $g) { name } } } }`,
			vars{"g": "hey"},
			`{"a":{"owner":{"name":"hi Tom"}},"b":{"owner":{"name":"hey Tom"}}}`,
		},
		"lists of lists": {
			`{ people { grid { name } tight { lives } } }`, nil,
			`{"people":[{"grid":[[{"name":"Tom"}],null,[{"name":"Ida"},{"name":"Tom"}]],"tight":[[{"lives":3}]]},` +
				`{"grid":null,"tight":[]}]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := newWorld().do(t, c.query, c.variables); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestOneCallALevel: a resolver is called once for the objects of one place in the operation.
func TestOneCallALevel(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.people[1].pets = []animal{w.animals[2]}
	w.do(
		t,
		`{ people { pets { ... on Cat { owner { strict } } ... on Dog { owner { name } } } } }`,
		nil,
	)
	if want := []string{"Cat.owner 2", "strict 1", "Dog.owner 1"}; !slices.Equal(w.calls, want) {
		t.Errorf("called %v, want %v", w.calls, want)
	}
}

// TestNulls: an error is where it happened, and its null moves up to the nearest parent that may be
// null.
func TestNulls(t *testing.T) {
	t.Parallel()
	nothing := func(w *world) {}
	for name, c := range map[string]struct {
		change func(w *world)
		query  string
		want   string
	}{
		"all objects fail": {
			func(w *world) {
				w.strict = func(context.Context, []*person) ([]string, error) { return nil, errMade }
			},
			`{ people { name strict } }`,
			`{"people":[null,null]}` + "\npeople[0].strict: made to fail\npeople[1].strict: made to fail",
		},
		"one object fails": {
			func(w *world) {
				w.strict = func(context.Context, []*person) ([]string, error) {
					return []string{"", "fine"}, graphql.BatchErrorList{errMade, nil}
				}
			},
			`{ people { strict name } }`,
			`{"people":[null,{"strict":"fine","name":"Bob"}]}` + "\npeople[0].strict: made to fail",
		},
		"in a list without nulls": {
			func(w *world) {
				w.strict = func(context.Context, []*person) ([]string, error) {
					return []string{"fine", ""}, graphql.BatchErrorList{nil, errMade}
				}
			},
			`{ strict { strict } people { name } }`,
			`{"strict":null,"people":[{"name":"Ann"},{"name":"Bob"}]}` + "\nstrict[1].strict: made to fail",
		},
		"up to the root": {
			func(w *world) {
				w.strict = func(context.Context, []*person) ([]string, error) { return nil, errMade }
			},
			`{ person { name } me { strict } }`,
			"null\nme.strict: made to fail",
		},
		"an aliased path": {
			func(w *world) {
				w.strict = func(context.Context, []*person) ([]string, error) { return nil, errMade }
			},
			`{ x: person { y: strict } }`,
			`{"x":null}` + "\nx.y: made to fail",
		},
		"a nullable field, and its neighbours": {
			func(w *world) {
				w.owner = func(_ context.Context, names []string, _ string) ([]*person, error) {
					return make([]*person, len(names)), graphql.BatchErrorList{errMade, nil}
				}
			},
			`{ animals { ... on Cat { owner { name } lives } } }`,
			`{"animals":[{"owner":null,"lives":9},{},{"owner":null,"lives":3}]}` + "\nanimals[0].owner: made to fail",
		},
		"null where there is no null": {
			func(w *world) { w.people = nil },
			`{ me { name } }`,
			"null\nme: null where the schema has no null",
		},
		"null in a list that has none": {
			func(w *world) { w.people[0] = nil },
			`{ strict { name } people { name } }`,
			`{"strict":null,"people":[null,{"name":"Bob"}]}` + "\nstrict[0]: null where the schema has no null",
		},
		"null in a list of lists": {
			func(w *world) { w.people[0].grid[2][1] = nil },
			`{ people { grid { name } } }`,
			`{"people":[{"grid":[[{"name":"Tom"}],null,null]},{"grid":null}]}` +
				"\npeople[0].grid[2][1]: null where the schema has no null",
		},
		"null in a list of lists that has none": {
			func(w *world) { w.people[0].tight[0][0] = nil },
			`{ people { name tight { name } } }`,
			`{"people":[null,{"name":"Bob","tight":[]}]}` +
				"\npeople[0].tight[0][0]: null where the schema has no null",
		},
		"a null pointer in an interface": {
			func(w *world) { w.animals[0] = (*cat)(nil) },
			`{ animal { name } }`,
			`{"animal":null}` + "\nanimal: a value is nil or of none of the types that its interface can be: *exec_test.cat",
		},
		"an unknown type": {
			func(w *world) { w.animals[1] = bird{} },
			`{ animals { name } }`,
			"null\nanimals[1]: a value is nil or of none of the types that its interface can be: exec_test.bird",
		},
		"arguments that fail": {
			nothing,
			`{ animal { name ... on Cat { owner(greeting: "no") { name } } } }`,
			`{"animal":{"name":"Tom","owner":null}}` + "\nanimal.owner: made to fail",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			c.change(w)
			if got := w.do(t, c.query, nil); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestLocations: an error has the place of its field in the document.
func TestLocations(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.strict = func(context.Context, []*person) ([]string, error) { return nil, errMade }
	plan := w.plan(t, "{\n  me {\n    name strict\n  }\n}", nil)
	_, errs := plan.Execute(t.Context(), w.request(nil))
	if want := []gqlerror.Location{{Line: 3, Column: 10}}; !slices.Equal(errs[0].Locations, want) {
		t.Errorf("the field's error is at %v", errs[0].Locations)
	}
	w.people = nil
	_, errs = plan.Execute(t.Context(), w.request(nil))
	if want := []gqlerror.Location{{Line: 2, Column: 3}}; !slices.Equal(errs[0].Locations, want) {
		t.Errorf("the null's error is at %v", errs[0].Locations)
	}
}

// TestPanics: a resolver that panics fails its field and nothing else; a panic outside of resolvers
// fails the operation.
func TestPanics(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.owner = func(context.Context, []string, string) ([]*person, error) { panic("boom") }
	got := w.do(t, `{ animals { name ... on Cat { owner { name } lives } } person { name } }`, nil)
	want := `{"animals":[{"name":"Tom","owner":null,"lives":9},{"name":"Rex"},{"name":"Ida","owner":null,"lives":3}],` +
		`"person":{"name":"Ann"}}` + "\nanimals[0].owner: recovered: boom\nanimals[2].owner: recovered: boom"
	if got != want || w.recovered != 1 || w.presented != 1 {
		t.Errorf(
			"got  %s\nwant %s\nrecovered %d, presented %d",
			got,
			want,
			w.recovered,
			w.presented,
		)
	}

	got = newWorld().do(t, `{ animal { name } person { name broken } }`, nil)
	if want := "null\n: recovered: broken"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	plan := w.plan(t, `subscription { maybe { broken } }`, nil)
	_, err := plan.ExecuteEvents(t.Context(), w.request(nil), w.people)
	if err == nil || err.Error() != "recovered: broken" {
		t.Errorf("events: %v", err)
	}
}

// TestWrongLength: a resolver that returns another number of values, or of errors, fails for all
// objects, with one error presented.
func TestWrongLength(t *testing.T) {
	t.Parallel()
	const wrong = "a resolver returned another number of values or errors than there are objects"
	for name, strict := range map[string]func() ([]string, error){
		"too few":        func() ([]string, error) { return []string{"a"}, nil },
		"too many":       func() ([]string, error) { return []string{"a", "b", "c"}, nil },
		"none":           func() ([]string, error) { return nil, nil },
		"too few errors": func() ([]string, error) { return []string{"a", "b"}, graphql.BatchErrorList{errMade} },
		"too many errors": func() ([]string, error) {
			return []string{"a", "b"}, graphql.BatchErrorList{nil, nil, errMade}
		},
		"errors without values": func() ([]string, error) { return nil, graphql.BatchErrorList{errMade, nil} },
	} {
		w := newWorld()
		w.strict = func(context.Context, []*person) ([]string, error) { return strict() }
		got := w.do(t, `{ people { strict } person { name } }`, nil)
		want := `{"people":[null,null],"person":{"name":"Ann"}}` +
			"\npeople[0].strict: " + wrong + "\npeople[1].strict: " + wrong
		if got != want || w.presented != 1 {
			t.Errorf("%s: presented %d\ngot  %s\nwant %s", name, w.presented, got, want)
		}
	}
}

// TestPresentedOnce: an error that several objects share is presented once.
func TestPresentedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld()
	other := errors.New("other")
	w.people = append(w.people, w.people[0], w.people[0])
	w.strict = func(context.Context, []*person) ([]string, error) {
		return make([]string, 4), graphql.BatchErrorList{errMade, errMade, nil, other}
	}
	w.do(t, `{ people { strict } }`, nil)
	if w.presented != 2 {
		t.Errorf("2 errors are presented %d times", w.presented)
	}
}

// TestSerialMutations: the fields of a mutation are executed one after the other, each with all
// below it, also after one that fails.
func TestSerialMutations(t *testing.T) {
	t.Parallel()
	w := newWorld()
	got := w.do(
		t,
		`mutation { a: add(n: 1) { strict } fail { strict } b: add(n: 2) { strict } a: add(n: 1) { name } }`,
		nil,
	)
	want := `{"a":{"strict":"strict 1","name":"1"},"fail":null,"b":{"strict":"strict 2"}}` + "\nfail: made to fail"
	calls := []string{"add(1) 1", "strict 1", "fail 1", "add(2) 1", "strict 1"}
	if got != want || !slices.Equal(w.calls, calls) {
		t.Errorf("got  %s\nwant %s\ncalled %v", got, want, w.calls)
	}
}

// TestRootFieldContext: each root field has a context of its own, and so has what is below it.
func TestRootFieldContext(t *testing.T) {
	t.Parallel()
	type key struct{}
	w := newWorld()
	var seen []any
	w.strict = func(ctx context.Context, people []*person) ([]string, error) {
		seen = append(seen, ctx.Value(key{}))
		return make([]string, len(people)), nil
	}
	request, n := w.request(nil), 0
	request.MutationField = func(ctx context.Context) context.Context {
		n++
		return context.WithValue(ctx, key{}, n)
	}
	plan := w.plan(t, `mutation { a: add(n: 1) { strict } b: add(n: 2) { strict } }`, nil)
	_, errs := plan.Execute(t.Context(), request)
	if len(errs) > 0 || !slices.Equal(seen, []any{1, 2}) {
		t.Errorf("the contexts are %v", seen)
	}
}

// TestCancelled: no resolver is called after the context is cancelled; what is missing is an error.
func TestCancelled(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"query", "mutation"} {
		ctx, cancel := context.WithCancel(t.Context())
		w := newWorld()
		w.strict = func(_ context.Context, people []*person) ([]string, error) {
			cancel()
			return make([]string, len(people)), nil
		}
		query := `{ person { strict } me { name } }`
		if kind == "mutation" {
			query = `mutation { a: add(n: 1) { strict } b: add(n: 2) { name } }`
		}
		_, errs := w.plan(t, query, nil).Execute(ctx, w.request(nil))
		if len(w.calls) != 2 || len(errs) != 1 || !errors.Is(errs[0], context.Canceled) {
			t.Errorf("%s: called %v, errors %v", kind, w.calls, errs)
		}
	}
}

// TestEvents: each event has its own response, and the resolvers run once for all of them.
func TestEvents(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.owner = func(_ context.Context, names []string, _ string) ([]*person, error) {
		owners := make([]*person, len(names))
		for i, name := range names {
			owners[i] = &person{name: name}
		}
		return owners, nil
	}
	w.strict = func(_ context.Context, people []*person) ([]string, error) {
		return []string{"one", ""}, graphql.BatchErrorList{nil, errMade}
	}
	plan := w.plan(
		t,
		`subscription { x: seen { __typename ... on Cat { owner { strict } } } }`,
		nil,
	)
	events := []animal{w.animals[0], w.animals[1], nil, w.animals[2]}
	responses, err := plan.ExecuteEvents(t.Context(), w.request(nil), events)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`{"x":{"__typename":"Cat","owner":{"strict":"one"}}}`,
		`{"x":{"__typename":"Dog"}}`,
		"null\nx: null where the schema has no null",
		`{"x":{"__typename":"Cat","owner":null}}` + "\nx.owner.strict: made to fail",
	}
	for i, response := range responses {
		if got := answer(response.Data, response.Errors); got != want[i] {
			t.Errorf("event %d: got %s\nwant %s", i, got, want[i])
		}
	}
	if len(responses) != len(want) || !slices.Equal(w.calls, []string{"Cat.owner 2", "strict 2"}) {
		t.Errorf("%d responses; called %v", len(responses), w.calls)
	}

	responses, err = plan.ExecuteEvents(t.Context(), w.request(nil), []animal{})
	if err != nil || len(responses) != 0 {
		t.Errorf("no events: %v, %v", responses, err)
	}
	if _, err := plan.ExecuteEvents(t.Context(), w.request(nil), []*dog{}); err == nil {
		t.Error("events of another type are executed")
	}
	maybe := w.plan(t, `subscription { maybe { name } }`, nil)
	responses, err = maybe.ExecuteEvents(t.Context(), w.request(nil), []*person{nil})
	if err != nil || string(responses[0].Data) != `{"maybe":null}` {
		t.Errorf("an event that is null: %v, %v", responses, err)
	}
}

// TestPlansAreShared: concurrent executions of one plan do not disturb one another.
func TestPlansAreShared(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.strict = func(_ context.Context, people []*person) ([]string, error) {
		return make([]string, len(people)), graphql.BatchErrorList{nil, errMade}
	}
	plan := w.plan(t, `{ animals { name ... on Cat { owner { name } } } people { strict } }`, nil)
	want := answer(plan.Execute(t.Context(), w.request(nil)))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				if got := answer(plan.Execute(t.Context(), newWorld().request(nil))); got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			}
		})
	}
	all.Wait()
}

// TestNoPlan: operations that ask for the schema have no plan.
func TestNoPlan(t *testing.T) {
	t.Parallel()
	for query, is := range map[string]bool{
		`{ __schema { queryType { name } } }`:                                                     false,
		`{ person { name } ...F } fragment F on Query { __type(name: "Cat") { name } }`:           false,
		`{ __schema @skip(if: true) { queryType { name } } person { name } }`:                     true,
		`query($v: Boolean!) { ... @include(if: $v) { __schema { types { name } } } __typename }`: true,
	} {
		if got := newWorld().plan(t, query, vars{"v": false}) != nil; got != is {
			t.Errorf("%s has a plan: %v", query, got)
		}
	}
}

// TestConditions names the variables that decide what an operation selects.
func TestConditions(t *testing.T) {
	t.Parallel()
	op := parse(t, `query($a: Boolean!, $b: Boolean!, $c: Boolean!, $d: Boolean!, $e: String) {
		person @include(if: $a) { ...F @skip(if: $b) ... @skip(if: $a) { name } }
		animal { ... on Cat { owner(greeting: $e) { ...F } } }
	}
	fragment F on Person { name @include(if: $c) nick @skip(if: $d) }`)
	if got := strings.Join(exec.Conditions(op), ""); got != "abcd" {
		t.Errorf("the conditions are %q", got)
	}
}

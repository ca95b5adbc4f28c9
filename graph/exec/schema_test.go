package exec_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/graph/exec"
)

var sdl = gqlparser.MustLoadSchema(&ast.Source{Input: `
interface Animal { name: String! friend: Animal }
type Cat implements Animal { name: String! friend: Animal lives: Int! owner(greeting: String = "hi"): Person }
type Dog implements Animal { name: String! friend: Animal barks: Boolean! owner(greeting: String = "hi"): Person }
type Person { name: String! nick: String strict: String! broken: String pets: [Animal!]! grid: [[Cat!]] tight: [[Cat!]!]! }
type Query { animals: [Animal!]! animal: Animal person: Person me: Person! people: [Person] strict: [Person!] }
type Mutation { add(n: Int!): Person fail: Person }
type Subscription { seen: Animal! maybe: Person }
`})

type animal interface{ called() string }

type (
	cat struct {
		name   string
		friend animal
		lives  int
	}
	dog struct {
		name   string
		friend animal
		barks  bool
	}
	// bird is an animal that the schema does not know.
	bird   struct{}
	person struct {
		name        string
		nick        *string
		pets        []animal
		grid, tight [][]*cat
	}
)

func (c *cat) called() string { return c.name }
func (d *dog) called() string { return d.name }
func (bird) called() string   { return "bird" }

// world is what the schema of tests shows, and what its resolvers do.
type world struct {
	animals []animal
	people  []*person
	// strict resolves Person.strict, owner Cat.owner and Dog.owner.
	strict func(ctx context.Context, people []*person) ([]string, error)
	owner  func(ctx context.Context, names []string, greeting string) ([]*person, error)
	mu     sync.Mutex
	// calls are the resolvers that were called, in order.
	calls []string
	// presented and recovered count calls.
	presented, recovered int
}

func (w *world) called(name string, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, fmt.Sprintf("%s %d", name, n))
}

var errMade = errors.New("made to fail")

func noAnimal(v animal) bool { return v == nil }

func (w *world) schema() *exec.Schema {
	cats := &exec.Object[*cat]{Name: "Cat", Interfaces: []string{"Animal"}}
	dogs := &exec.Object[*dog]{Name: "Dog", Interfaces: []string{"Animal"}}
	people := &exec.Object[*person]{Name: "Person"}
	animals := &exec.Abstract[animal]{}
	animals.Add(exec.CaseOf[animal](cats))
	animals.Add(exec.CaseOf[animal](dogs))
	maybeAnimal := exec.Nullable(noAnimal, animals.Of())
	manyAnimals := exec.List(exec.Required(noAnimal, animals.Of()))
	maybePerson := exec.Nullable(exec.NoPointer, people.Of())
	onePerson := exec.Required(exec.NoPointer, people.Of())
	oneCat := exec.Required(exec.NoPointer, cats.Of())
	text := exec.Leaf(exec.String[string])
	greeting := func(_ context.Context, raw map[string]any) (exec.Args, error) {
		if raw["greeting"] == "no" {
			return nil, errMade
		}
		return raw, nil
	}
	ownerOf := func(ctx context.Context, kind string, args exec.Args, names []string) ([]*person, error) {
		w.called(kind+".owner", len(names))
		said, _ := args["greeting"].(string)
		return w.owner(ctx, names, said)
	}

	cats.Fields = map[string]exec.Field[*cat]{
		"name":   exec.Plain(func(b []byte, c *cat) []byte { return exec.String(b, c.name) }),
		"lives":  exec.Plain(func(b []byte, c *cat) []byte { return exec.Int(b, c.lives) }),
		"friend": exec.Part(maybeAnimal, func(c *cat) animal { return c.friend }),
		"owner": exec.Resolved(maybePerson, true, greeting,
			func(ctx context.Context, args exec.Args, objs []*cat) ([]*person, error) {
				return ownerOf(ctx, "Cat", args, namesOf(objs))
			}),
	}
	dogs.Fields = map[string]exec.Field[*dog]{
		"name":   exec.Plain(func(b []byte, d *dog) []byte { return exec.String(b, d.name) }),
		"barks":  exec.Plain(func(b []byte, d *dog) []byte { return exec.Bool(b, d.barks) }),
		"friend": exec.Part(maybeAnimal, func(d *dog) animal { return d.friend }),
		"owner": exec.Resolved(maybePerson, true, greeting,
			func(ctx context.Context, args exec.Args, objs []*dog) ([]*person, error) {
				return ownerOf(ctx, "Dog", args, namesOf(objs))
			}),
	}
	people.Fields = map[string]exec.Field[*person]{
		"name": exec.Plain(func(b []byte, p *person) []byte { return exec.String(b, p.name) }),
		"nick": exec.Plain(
			func(b []byte, p *person) []byte { return exec.Or(exec.String[string])(b, p.nick) },
		),
		"broken": exec.Plain(func([]byte, *person) []byte { panic("broken") }),
		"strict": exec.Resolved(text, false, nil,
			func(ctx context.Context, _ exec.Args, objs []*person) ([]string, error) {
				w.called("strict", len(objs))
				return w.strict(ctx, objs)
			}),
		"pets": exec.Part(manyAnimals, func(p *person) []animal { return p.pets }),
		"grid": exec.Part(
			exec.Nullable(exec.NoSlice, exec.List(exec.Nullable(exec.NoSlice, exec.List(oneCat)))),
			func(p *person) [][]*cat { return p.grid },
		),
		"tight": exec.Part(
			exec.List(exec.List(oneCat)),
			func(p *person) [][]*cat { return p.tight },
		),
	}
	first := func(name string) func(context.Context, exec.Args) (*person, error) {
		return func(context.Context, exec.Args) (*person, error) {
			w.called(name, 1)
			if len(w.people) == 0 {
				return nil, nil
			}
			return w.people[0], nil
		}
	}
	all := func(context.Context, exec.Args) ([]*person, error) { return w.people, nil }
	return &exec.Schema{
		Query: &exec.Object[exec.Root]{Name: "Query", Fields: map[string]exec.Field[exec.Root]{
			"animals": exec.RootField(manyAnimals, false, nil,
				func(context.Context, exec.Args) ([]animal, error) { return w.animals, nil }),
			"animal": exec.RootField(maybeAnimal, true, nil,
				func(context.Context, exec.Args) (animal, error) { return w.animals[0], nil }),
			"person": exec.RootField(maybePerson, true, nil, first("person")),
			"me":     exec.RootField(onePerson, false, nil, first("me")),
			"people": exec.RootField(
				exec.Nullable(exec.NoSlice, exec.List(maybePerson)),
				true,
				nil,
				all,
			),
			"strict": exec.RootField(
				exec.Nullable(exec.NoSlice, exec.List(onePerson)),
				true,
				nil,
				all,
			),
		}},
		Mutation: &exec.Object[exec.Root]{
			Name: "Mutation",
			Fields: map[string]exec.Field[exec.Root]{
				"add": exec.RootField(
					maybePerson,
					true,
					func(_ context.Context, raw map[string]any) (exec.Args, error) { return raw, nil },
					func(_ context.Context, args exec.Args) (*person, error) {
						w.called(fmt.Sprintf("add(%v)", args["n"]), 1)
						return &person{name: fmt.Sprint(args["n"])}, nil
					},
				),
				"fail": exec.RootField(maybePerson, true, nil,
					func(context.Context, exec.Args) (*person, error) {
						w.called("fail", 1)
						return nil, errMade
					}),
			},
		},
		Events: map[string]exec.Event{
			"seen":  exec.EventOf(exec.Required(noAnimal, animals.Of())),
			"maybe": exec.EventOf(maybePerson),
		},
	}
}

func namesOf[A animal](objs []A) []string {
	names := make([]string, len(objs))
	for i, obj := range objs {
		names[i] = obj.called()
	}
	return names
}

func (w *world) request(variables map[string]any) *exec.Request {
	return &exec.Request{
		Variables:     variables,
		MutationField: func(ctx context.Context) context.Context { return ctx },
		Present: func(_ context.Context, path ast.Path, err error) *gqlerror.Error {
			w.presented++
			return gqlerror.WrapPath(path, err)
		},
		Recover: func(_ context.Context, what any) error {
			w.recovered++
			return fmt.Errorf("recovered: %v", what)
		},
	}
}

// plan compiles a document's only operation.
func (w *world) plan(t *testing.T, query string, variables map[string]any) *exec.Plan {
	t.Helper()
	return w.schema().Plan(parse(t, query), variables)
}

// parse returns a document's only operation.
func parse(t *testing.T, query string) *ast.OperationDefinition {
	t.Helper()
	doc, errs := gqlparser.LoadQueryWithRules(sdl, query, nil)
	if errs != nil {
		t.Fatalf("%v\n%s", errs, query)
	}
	return doc.Operations[0]
}

// answer is a response as text: the data, and a line for each error.
func answer(data []byte, errs gqlerror.List) string {
	lines := []string{string(data)}
	for _, err := range errs {
		lines = append(lines, fmt.Sprintf("%s: %s", err.Path, err.Message))
	}
	slices.Sort(lines[1:])
	return strings.Join(lines, "\n")
}

// do executes an operation.
func (w *world) do(t *testing.T, query string, variables map[string]any) string {
	t.Helper()
	return answer(w.plan(t, query, variables).Execute(t.Context(), w.request(variables)))
}

// newWorld returns two cats and a dog, which are two persons' pets.
func newWorld() *world {
	tom, ida := &cat{name: "Tom", lives: 9}, &cat{name: "Ida", lives: 3}
	rex := &dog{name: "Rex", barks: true, friend: tom}
	tom.friend = rex
	ann := &person{
		name:  "Ann",
		pets:  []animal{tom, rex},
		grid:  [][]*cat{{tom}, nil, {ida, tom}},
		tight: [][]*cat{{ida}},
	}
	bob := &person{name: "Bob"}
	w := &world{animals: []animal{tom, rex, ida}, people: []*person{ann, bob}}
	w.strict = func(_ context.Context, people []*person) ([]string, error) {
		names := make([]string, len(people))
		for i, p := range people {
			names[i] = "strict " + p.name
		}
		return names, nil
	}
	w.owner = func(_ context.Context, names []string, greeting string) ([]*person, error) {
		owners := make([]*person, len(names))
		for i, name := range names {
			if name != "Ida" {
				owners[i] = &person{name: greeting + " " + name}
			}
		}
		return owners, nil
	}
	return w
}

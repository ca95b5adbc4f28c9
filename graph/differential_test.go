package graph_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"parley/ent"
	"parley/graph"
	"parley/graph/model"
	"parley/internal/chat/roomlog"
	"parley/internal/testkit"
	"parley/internal/testkit/opgen"
	"parley/internal/testkit/scale"
)

// executorFault is a known fault of gqlgen's executor, in which the specification agrees with
// graph/exec.
type executorFault struct {
	name string
	// repair makes of gqlgen's response what it would be without the fault.
	repair func(op *graphql.OperationContext, response *graphql.Response)
}

func executorFaults() []executorFault {
	return []executorFault{
		{
			name: "paths of errors in an event lack the subscription's field, and its null stays below it",
			repair: func(op *graphql.OperationContext, response *graphql.Response) {
				if op.Operation.Operation != ast.Subscription || len(response.Errors) == 0 {
					return
				}
				alias := rootFieldOf(op).Alias
				for i, err := range response.Errors {
					whole := *err
					whole.Path = append(ast.Path{ast.PathName(alias)}, err.Path...)
					response.Errors[i] = &whole
				}
				if string(response.Data) == fmt.Sprintf(`{%q:null}`, alias) {
					response.Data = []byte("null")
				}
			},
		},
		{
			name: "paths of errors in arguments go on into the argument, which is no part of the response",
			repair: func(op *graphql.OperationContext, response *graphql.Response) {
				for i, err := range response.Errors {
					if field, ok := err.Path[0].(ast.PathName); ok &&
						op.Operation.Operation == ast.Mutation &&
						err.Extensions["code"] == "GRAPHQL_VALIDATION_FAILED" {
						whole := *err
						whole.Path = ast.Path{field}
						response.Errors[i] = &whole
					}
				}
			},
		},
	}
}

func rootFieldOf(op *graphql.OperationContext) graphql.CollectedField {
	return graphql.CollectFields(op, op.Operation.SelectionSet, []string{"Subscription"})[0]
}

// tally counts what a comparison has seen.
type tally struct {
	tb                          testing.TB
	operations, invalid, differ int
	codes, excepted             map[string]int
	nulls, moved                int // errors that made null of all data, and of a parent
}

func newTally(tb testing.TB) *tally {
	return &tally{tb: tb, codes: map[string]int{}, excepted: map[string]int{}}
}

// compare reports the first ten disagreements about an operation.
func (c *tally) compare(
	o opgen.Operation, op *graphql.OperationContext, user string,
	byExec, byGqlgen *graphql.Response, same func(a, b any) bool,
) {
	c.tb.Helper()
	c.operations++
	for _, err := range byExec.Errors {
		c.codes[fmt.Sprint(err.Extensions["code"])]++
		if n := parse(c.tb, byExec.Data).nulled(err.Path); n == 0 {
			c.nulls++
		} else if n < len(err.Path) {
			c.moved++
		}
	}
	found := disagreement(c.tb, byExec, byGqlgen, same)
	if found == "" {
		return
	}
	for _, fault := range executorFaults() {
		repaired := *byGqlgen
		repaired.Errors = slices.Clone(byGqlgen.Errors)
		fault.repair(op, &repaired)
		if disagreement(c.tb, byExec, &repaired, same) == "" {
			c.excepted[fault.name]++
			return
		}
	}
	if c.differ++; c.differ <= 10 {
		c.tb.Errorf("%s\nas %q: %s\nvariables %s\ngraph/exec: %s\ngqlgen: %s",
			found, user, o.Query, o.Variables, show(byExec), show(byGqlgen))
	}
}

func (c *tally) String() string {
	return fmt.Sprintf(
		"%d operations (%d invalid); %d disagreements, excepted %v; errors %v, %d null, %d moved up",
		c.operations,
		c.invalid,
		c.differ,
		c.excepted,
		c.codes,
		c.nulls,
		c.moved,
	)
}

// loadSchema returns the schema that operations are generated from.
func loadSchema() *ast.Schema {
	return gqlparser.MustLoadSchema(&ast.Source{Input: graph.SDL()})
}

// TestExecutorsAgree: graph/exec and gqlgen's executor give the same response to the same
// operation. PARLEY_DIFFERENTIAL_SEED and PARLEY_DIFFERENTIAL_OPERATIONS change which operations,
// and how many.
func TestExecutorsAgree(t *testing.T) {
	t.Parallel()
	seed, operations := uint64(18), scale.Or[uint64](1500, 400)
	setting(t, "PARLEY_DIFFERENTIAL_SEED", &seed)
	setting(t, "PARLEY_DIFFERENTIAL_OPERATIONS", &operations)
	for _, name := range []string{dialect.SQLite, dialect.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, count := "sqlite::memory:", operations
			if name == dialect.Postgres {
				url, count = testkit.MigratedPostgresURL(t), operations/6
			}
			l := openLab(t, url, nil).filled(t, seed)
			t.Log(l)
			t.Run("queries", func(t *testing.T) { l.compareQueries(t, seed, count) })
			t.Run("events", func(t *testing.T) { l.compareEvents(t, seed, count/4) })
		})
	}
	t.Run("mutations", func(t *testing.T) {
		t.Parallel()
		compareMutations(t, seed, operations/6)
	})
}

func (l *lab) compareQueries(t *testing.T, seed, count uint64) {
	rng := rand.New(rand.NewPCG(seed, 2))
	generator := l.generator(rng, loadSchema(), opgen.Options{Kinds: []ast.Operation{ast.Query}})
	c := newTally(t)
	for range count {
		user := labViewers[rng.IntN(len(labViewers))]
		l.compareQuery(as(t.Context(), user), c, user, generator.Next())
	}
	t.Log(c)
	if c.codes["INTERNAL"] > 0 || c.invalid > 0 {
		t.Error("there are faults, or invalid operations")
	}
	for _, code := range []string{"NOT_FOUND", "BAD_USER_INPUT", "UNAUTHENTICATED"} {
		if count >= 1000 && (c.codes[code] == 0 || c.nulls == 0 || c.moved == 0) {
			t.Errorf("too few operations failed, for example with %s", code)
		}
	}
}

func (l *lab) compareQuery(ctx context.Context, c *tally, user string, o opgen.Operation) {
	c.tb.Helper()
	op, err := l.prepare(ctx, c.tb, o)
	if err != nil {
		c.invalid++
		return
	}
	if !l.HasPlan(op) {
		if !asksForSchema.MatchString(o.Query) {
			c.tb.Errorf("no plan for %s", o.Query)
		}
		return
	}
	byExec := l.Execute(ctx, graph.ByExec, op)
	byGqlgen := l.Execute(ctx, graph.ByGqlgen, op)
	c.compare(o, op, user, byExec, byGqlgen, equalLeaves)
}

// asksForSchema finds the operations that gqlgen executes.
var asksForSchema = regexp.MustCompile(`__schema|__type\b`)

func (l *lab) compareEvents(t *testing.T, seed, count uint64) {
	rng := rand.New(rand.NewPCG(seed, 3))
	generator := l.generator(
		rng,
		loadSchema(),
		opgen.Options{Kinds: []ast.Operation{ast.Subscription}},
	)
	c := newTally(t)
	events := l.events(t)
	for range count {
		user := labViewers[rng.IntN(len(labViewers))]
		ctx, o := as(t.Context(), user), generator.Next()
		op := l.prepared(ctx, t, o)
		switch rootFieldOf(op).Name {
		case "messageAdded":
			compareRendered(ctx, c, l, o, op, user, some(rng, events.messages))
		case "roomEvents":
			compareRendered(ctx, c, l, o, op, user, some(rng, events.ofRooms))
		case "myEvents":
			compareRendered(ctx, c, l, o, op, user, some(rng, events.mine))
		case "myRoomsChanged":
			compareRendered(ctx, c, l, o, op, user, some(rng, events.changes))
		case "roomCreated":
			compareRendered(ctx, c, l, o, op, user, some(rng, events.created))
		default:
			t.Fatalf("an unknown subscription: %s", o.Query)
		}
	}
	t.Log(c)
}

// some returns a few of values.
func some[T any](rng *rand.Rand, values []T) []T {
	list := make([]T, rng.IntN(5))
	for i := range list {
		list[i] = values[rng.IntN(len(values))]
	}
	return list
}

func compareRendered[T any](
	ctx context.Context, c *tally, l *lab, o opgen.Operation, op *graphql.OperationContext,
	user string, events []T,
) {
	c.tb.Helper()
	var of [2][]*graphql.Response
	for i, by := range []graph.Executor{graph.ByExec, graph.ByGqlgen} {
		var err error
		if of[i], err = graph.RenderEvents(ctx, l.Server, by, op, events); err != nil {
			c.tb.Fatalf("%v\n%s", err, o.Query)
		}
	}
	if len(of[0]) != len(events) {
		c.tb.Fatalf("%d responses to %d events", len(of[0]), len(events))
	}
	for i := range events {
		c.compare(o, op, user, of[0][i], of[1][i], equalLeaves)
	}
}

// labEvents are the values of the subscriptions' fields.
type labEvents struct {
	messages []*ent.Message
	ofRooms  []model.RoomEvent
	mine     []*model.MyEvent
	changes  []*model.MyRoomsChange
	created  []*ent.Room
}

// events returns events of what is in the lab.
func (l *lab) events(t *testing.T) labEvents {
	t.Helper()
	var events labEvents
	for _, id := range l.data.rooms {
		room := uuid.MustParse(id)
		log, _, err := l.log.Read(t.Context(), room, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		found, err := l.chat.RoomsByID(t.Context(), []uuid.UUID{room})
		if err != nil {
			t.Fatal(err)
		}
		at := model.Event{RoomID: room, Seq: 7, At: found[room].CreatedAt}
		events.ofRooms = append(
			events.ofRooms,
			&model.StreamOpened{Event: at},
			&model.Resync{Event: at},
			&model.RoomDeleted{Event: at},
		)
		for _, e := range log {
			events.ofRooms = append(events.ofRooms, graph.RoomEventOf(e))
			if e.Kind == roomlog.KindMessageAdded {
				events.messages = append(events.messages, e.Message)
			}
		}
		events.created = append(events.created, found[room])
		events.changes = append(
			events.changes,
			&model.MyRoomsChange{Kind: model.MyRoomsChangeKindOpened},
			&model.MyRoomsChange{Kind: model.MyRoomsChangeKindRemoved, RoomID: &id},
			&model.MyRoomsChange{
				Kind:   model.MyRoomsChangeKindChanged,
				RoomID: &id,
				Room:   found[room],
			},
		)
	}
	kinds := map[string]bool{}
	room, reason := l.data.rooms[0], model.RoomEndReasonKicked
	events.mine = []*model.MyEvent{
		{Kind: model.MyEventKindReady},
		{Kind: model.MyEventKindEnded, RoomID: &room, Reason: &reason},
	}
	for _, e := range events.ofRooms {
		kinds[fmt.Sprintf("%T", e)] = true
		events.mine = append(
			events.mine, &model.MyEvent{Kind: model.MyEventKindEvent, RoomID: &room, Event: e})
	}
	if len(kinds) != len(loadSchema().GetPossibleTypes(loadSchema().Types["RoomEvent"])) {
		t.Errorf("there are no events but of %v", kinds)
	}
	return events
}

// compareMutations executes the same mutations on two copies of a database.
func compareMutations(t *testing.T, seed, count uint64) {
	dir := t.TempDir()
	original := filepath.Join(dir, "original.db")
	data := openLab(t, "sqlite:"+original, nil).filled(t, seed).data
	var labs [2]*lab
	for i := range labs {
		copied := filepath.Join(dir, fmt.Sprintf("copy%d.db", i))
		_, err := testkit.Ent(t, "sqlite:"+original).
			ExecContext(t.Context(), "VACUUM INTO '"+copied+"'")
		if err != nil {
			t.Fatal(err)
		}
		labs[i] = openLab(t, "sqlite:"+copied, data)
	}
	rng := rand.New(rand.NewPCG(seed, 4))
	sparing := labs[0].generator(rng, loadSchema(), opgen.Options{
		Kinds: []ast.Operation{ast.Mutation},
		Exclude: func(_ *ast.Definition, field *ast.FieldDefinition) bool {
			return field.Name == "deleteRoom" || field.Name == "leaveRoom"
		},
	})
	all := labs[0].generator(rng, loadSchema(), opgen.Options{Kinds: []ast.Operation{ast.Mutation}})
	c, w := newTally(t), newTwins(data)
	for i := range count {
		generator := sparing
		if i >= count*2/3 {
			generator = all
		}
		user, o := labViewers[rng.IntN(len(labViewers))], generator.Next()
		ctx := as(t.Context(), user)
		var responses [2]*graphql.Response
		var op *graphql.OperationContext
		for k, by := range []graph.Executor{graph.ByExec, graph.ByGqlgen} {
			op = labs[k].prepared(ctx, t, o)
			responses[k] = labs[k].Execute(ctx, by, op)
		}
		c.compare(o, op, user, responses[0], responses[1], w.same)
	}
	t.Log(c)
}

// twins compares the values that two servers have made up for the same thing.
type twins struct {
	known  map[string]bool // by both servers from the beginning
	others map[string]string
}

func newTwins(data *labData) *twins {
	w := &twins{known: map[string]bool{}, others: map[string]string{}}
	for _, id := range slices.Concat(data.users, data.rooms, data.messages) {
		w.known[id] = true
	}
	return w
}

var (
	madeID = regexp.MustCompile(
		`^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[A-Za-z0-9_-]{16,32})$`,
	)
	madeTime   = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$`)
	madeCursor = regexp.MustCompile(`^[A-Za-z0-9_-]{34}$`)
)

// same reports whether two scalars are equal, or stand for the same thing on their servers.
func (w *twins) same(a, b any) bool {
	one, ok := a.(string)
	other, also := b.(string)
	if a == b || !ok || !also {
		return a == b
	}
	switch {
	case len(one) != len(other) || w.known[one] || w.known[other]:
		return false
	case madeTime.MatchString(one):
		return madeTime.MatchString(other)
	case madeCursor.MatchString(one):
		return madeCursor.MatchString(other) && one[0] == other[0]
	case !madeID.MatchString(one) || !madeID.MatchString(other):
		return false
	}
	if was, ok := w.others[one]; ok {
		return was == other
	}
	w.others[one] = other
	return true
}

// TestPanicOfResolver: a resolver that panics fails its field with INTERNAL, and nothing else.
// There is one line in the log.
func TestPanicOfResolver(t *testing.T) {
	t.Parallel()
	var m panicTrigger
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	l := openObserved(t, "sqlite::memory:", nil, logger, m.observe).filled(t, 1)
	log.Reset()
	ctx := as(t.Context(), labOwner)
	op := l.prepared(ctx, t, opgen.Operation{
		Query: `{ myRooms { nodes { id bans { nodes { id } } name } } me { id } }`,
	})
	whole := l.Execute(ctx, graph.ByExec, op)
	m.arm("FROM `bans`")
	failed := l.Execute(ctx, graph.ByExec, op)
	for _, err := range failed.Errors {
		if err.Extensions["code"] != "INTERNAL" || !strings.HasSuffix(err.Path.String(), ".bans") {
			t.Errorf("an error is %v", err)
		}
	}
	if lines := strings.Count(log.String(), "\n"); lines != 1 || len(failed.Errors) < 2 {
		t.Errorf("%d errors, and %d lines in the log:\n%s", len(failed.Errors), lines, log.String())
	}
	withoutBans := regexp.MustCompile(`"bans":\{"nodes":\[[^]]*\]\}`).
		ReplaceAll(whole.Data, []byte(`"bans":null`))
	if len(whole.Errors) > 0 || !bytes.Equal(withoutBans, failed.Data) {
		t.Errorf("got  %s\nwant %s", failed.Data, withoutBans)
	}
}

// TestErrorOfArgument: an argument that only its Go type refuses fails its field with what is
// wrong, and without the path that gqlgen's errors have in their text.
func TestErrorOfArgument(t *testing.T) {
	t.Parallel()
	l := openLab(t, "sqlite::memory:", nil).filled(t, 1)
	ctx := as(t.Context(), labOwner)
	op := l.prepared(ctx, t, opgen.Operation{
		Query:     `mutation($n: Int!) { createRoom(input: { maxUsers: $n }) { room { id } } }`,
		Variables: json.RawMessage(`{"n": 1}`),
	})
	op.Variables["n"] = int64(1) << 40 // as if coercion had let it pass
	response := l.Execute(ctx, graph.ByExec, op)
	const want = "1099511627776 is not an Int: a whole number of 32 bits"
	if len(response.Errors) != 1 || response.Errors[0].Message != want ||
		response.Errors[0].Path.String() != "createRoom" ||
		response.Errors[0].Extensions["code"] != "GRAPHQL_VALIDATION_FAILED" {
		t.Errorf("%s", show(response))
	}
}

// FuzzExecutors is [TestExecutorsAgree] for queries that the bytes choose.
func FuzzExecutors(f *testing.F) {
	for _, text := range []string{"", "queries", strings.Repeat("\x00", 64), strings.Repeat("\xff", 64)} {
		f.Add([]byte(text))
	}
	l := openLab(f, "sqlite::memory:", nil).filled(f, 1)
	schema := loadSchema()
	f.Fuzz(func(t *testing.T, choices []byte) {
		rng := rand.New(newChoices(choices))
		kinds := []ast.Operation{ast.Query}
		generator := l.generator(rng, schema, opgen.Options{Kinds: kinds, Wrong: 0.1})
		user := labViewers[rng.IntN(len(labViewers))]
		l.compareQuery(as(t.Context(), user), newTally(t), user, generator.Next())
	})
}

// choices is a random source of given bytes; after those it depends on all of them.
type choices struct {
	left []byte
	then *rand.PCG
}

func newChoices(given []byte) *choices {
	sum := fnv.New64a()
	sum.Write(given)
	return &choices{left: given, then: rand.NewPCG(sum.Sum64(), 0)}
}

func (c *choices) Uint64() uint64 {
	if len(c.left) < 8 {
		return c.then.Uint64()
	}
	n := binary.LittleEndian.Uint64(c.left)
	c.left = c.left[8:]
	return n
}

package graph

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/complexity"
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/graph/generated"
	"parley/graph/guard"
	"parley/internal/chat"
)

// Limits bound what one operation may ask for. They are checked before anything is resolved.
type Limits struct {
	// Depth is how many fields may be nested; introspection does not count.
	Depth int
	// Complexity is how many values may be asked for: a field counts one, a list its fields times its page's size.
	Complexity int
	// Aliases is how many fields may be given another name, counting a fragment each time it is used.
	Aliases int

	schema graphql.ExecutableSchema
	// charge, if set, takes the cost of an operation within the limits from what the caller may spend.
	charge func(ctx context.Context, op *graphql.OperationContext, cost int) *gqlerror.Error
}

// estimate is what an operation asks for: its cost, and the memory for its answer (see weigh).
type estimate struct {
	cost   int
	weight int64
}

// estimatesKey is where a prepared operation has its estimates.
type estimatesKey struct{}

// estimates are those of an operation that is within the limits, by the variables that its cost
// depends on.
type estimates struct {
	mu          sync.Mutex
	byVariables map[string]estimate
}

// maxEstimates bounds the estimates of one operation: pages come in few sizes.
const maxEstimates = 8

func (e *estimates) get(variables string) (estimate, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	found, ok := e.byVariables[variables]
	return found, ok
}

func (e *estimates) put(variables string, found estimate) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.byVariables) >= maxEstimates {
		clear(e.byVariables)
	}
	e.byVariables[variables] = found
}

// maxFields is how many fields an operation may have, counting a fragment each time it is used: what is above it is
// a bomb of nested fragments and is refused before anything else looks at it.
const maxFields = 5000

// maxAlias is how long an alias may be: it is in the answer again for each element of a list.
const maxAlias = 100

// maxSizes is how long the text of those variables may be that is kept: numbers can be written at any length.
const maxSizes = 200

var _ interface {
	graphql.HandlerExtension
	graphql.OperationContextMutator
} = (*Limits)(nil)

// ExtensionName names the extension.
func (l *Limits) ExtensionName() string { return "Limits" }

// Validate keeps the schema for the costs of its fields.
func (l *Limits) Validate(schema graphql.ExecutableSchema) error {
	if l.Depth <= 0 || l.Complexity <= 0 || l.Aliases <= 0 {
		return fmt.Errorf("limits must be positive: %d deep, complexity %d, %d aliases", l.Depth, l.Complexity, l.Aliases)
	}
	l.schema = schema
	return nil
}

// MutateOperationContext refuses an operation that is above a limit, and weighs one that is not.
func (l *Limits) MutateOperationContext(ctx context.Context, op *graphql.OperationContext) *gqlerror.Error {
	known := guard.Memo(guard.OperationOf(op), estimatesKey{}, func() *estimates {
		return &estimates{byVariables: map[string]estimate{}}
	})
	variables := sizes(op)
	if found, ok := known.get(variables); ok {
		return l.accept(ctx, op, found)
	}
	m := measurer{fragments: make(map[*ast.FragmentDefinition]measure)}
	size := m.selections(op.Operation.SelectionSet)
	switch {
	case size.fields > maxFields:
		return refusal("The operation has more than %d fields, counting a fragment each time it is used.", maxFields)
	case size.depth > l.Depth:
		return refusal("The operation is nested %d deep; at most %d is allowed.", size.depth, l.Depth)
	case size.aliases > l.Aliases:
		return refusal("The operation has %d aliases; at most %d are allowed.", size.aliases, l.Aliases)
	}
	if size.name > maxAlias {
		return refusal("The operation has an alias of %d characters; at most %d are allowed.", size.name, maxAlias)
	}
	schema := introspectionCost(l.schema.Schema(), op.Operation.SelectionSet)
	if schema > maxIntrospection {
		return refusal("The operation asks for more than %d values of the schema at once. The schema is at /schema.graphql.", maxIntrospection)
	}
	cost := complexity.Calculate(ctx, l.schema, op.Operation, op.Variables) + searchCost*size.searches
	if cost > l.Complexity {
		return refusal("The operation asks for up to %d values at once; at most %d are allowed. Ask for fewer fields or smaller pages.", cost, l.Complexity)
	}
	weight := l.weigh(ctx, op.Operation, op.Variables, size.name)
	if more := making * unit * int64(schema); weight+more > lightest {
		weight += more
	}
	found := estimate{cost + schema, weight}
	if len(variables) <= maxSizes {
		known.put(variables, found)
	}
	return l.accept(ctx, op, found)
}

// accept notes the weight of an operation within the limits, and charges its cost.
func (l *Limits) accept(
	ctx context.Context, op *graphql.OperationContext, found estimate,
) *gqlerror.Error {
	setWeight(op, found.weight)
	if l.charge == nil {
		return nil
	}
	return l.charge(ctx, op, found.cost)
}

// sizes are the variables that an operation's cost depends on, as text: the sizes of pages, what is left out, and how many people
// are named. It is "" where there are none.
func sizes(op *graphql.OperationContext) string {
	var text []byte
	for _, v := range op.Operation.VariableDefinitions {
		value, given := op.Variables[v.Variable]
		switch {
		case v.Type.Elem != nil:
			list, _ := value.([]any) // or what is one by itself
			text = fmt.Append(text, len(list), ",")
		case v.Type.Name() == "Int" || v.Type.Name() == "Boolean":
			text = fmt.Append(text, given, value, ",")
		}
	}
	return string(text)
}

func refusal(format string, args ...any) *gqlerror.Error {
	return &gqlerror.Error{Message: fmt.Sprintf(format, args...), Extensions: map[string]any{"code": tooComplex}}
}

// measure is the size of a part of an operation.
type measure struct {
	fields, depth, aliases int
	name                   int // the longest of the aliases
	searches               int // the fields that search
}

// measurer measures each fragment once, however often it is used: nested ones multiply.
type measurer struct {
	fragments map[*ast.FragmentDefinition]measure
}

func (m *measurer) selections(set ast.SelectionSet) measure {
	var total measure
	for _, s := range set {
		part := m.selection(s)
		total.fields = min(total.fields+part.fields, math.MaxInt32)
		total.aliases = min(total.aliases+part.aliases, math.MaxInt32)
		total.searches = min(total.searches+part.searches, math.MaxInt32)
		total.depth = max(total.depth, part.depth)
		total.name = max(total.name, part.name)
	}
	return total
}

func (m *measurer) selection(s ast.Selection) measure {
	switch s := s.(type) {
	case *ast.Field:
		size := m.selections(s.SelectionSet)
		size.fields++
		size.depth++
		// Whatever the value: a cost that is cached must not depend on a text among the variables.
		if s.Name == "rooms" && s.Arguments.ForName("search") != nil {
			size.searches++
		}
		if strings.HasPrefix(s.Name, "__") {
			size.depth = 0
		}
		if s.Alias != s.Name {
			size.aliases++
			size.name = max(size.name, len(s.Alias))
		}
		return size
	case *ast.InlineFragment:
		return m.selections(s.SelectionSet)
	case *ast.FragmentSpread:
		size, known := m.fragments[s.Definition]
		if !known {
			size = m.selections(s.Definition.SelectionSet) // never itself: validation has refused cycles
			m.fragments[s.Definition] = size
		}
		return size
	default:
		return measure{}
	}
}

// costs multiplies what lists contain by the size of the page asked for. myRoomIds has no page; its ids cost little.
func costs() generated.ComplexityRoot {
	var c generated.ComplexityRoot
	c.Query.MyRooms = func(child int, first *int, _ *string) int { return pageCost(child, first, 20) }
	c.Query.Rooms = func(child int, _, _ *string, first *int, _ *string) int { return pageCost(child, first, 20) }
	c.Room.Members = func(child int, first *int, _ *string) int { return pageCost(child, first, 50) }
	c.Room.Messages = func(child int, first *int, _ *string, last *int, _ *string, _, _ *int, _ bool) int {
		return messagesCost(child, first, last)
	}
	c.Room.Bans = func(child int, first *int, _ *string) int { return pageCost(child, first, 50) }
	c.Query.Friends = func(child int, first *int, _ *string) int { return pageCost(child, first, 50) }
	c.Query.FriendRequests = func(child int, first *int, _ *string) int { return pageCost(child, first, 50) }
	c.Message.Contents = func(int) int { return contentsCost }
	c.Message.Mentions = func(child int) int { return pageCost(child, new(likely), likely) }
	c.Message.Reactions = func(child int) int { return pageCost(child, new(likely), likely) }
	c.Mutation.AddMembers = func(child int, _ string, people []string) int { return pageCost(child, new(len(people)), 0) }
	c.Mutation.UpsertUsers = func(child int, people []*chat.UserInput) int { return pageCost(child, new(len(people)), 0) }
	c.Message.Replies = func(child int, first *int, _ *string, last *int, _ *string) int {
		return messagesCost(child, first, last)
	}
	return c
}

const (
	// searchCost is what a search counts beside what it returns: it looks at all rooms.
	searchCost = 500
	// contentsCost is what a message's contents count: they may have 64 KB.
	contentsCost = 10
	// likely is how many people are taken to be mentioned by a message, and reactions to be there: it may be more, but not
	// without bound.
	likely = 25
)

// messagesCost is the cost of a page that is asked for from either end.
func messagesCost(child int, first, last *int) int {
	if first == nil {
		first = last
	}
	return pageCost(child, first, defaultMessages)
}

// pageCost saturates instead of overflowing; a page's size that is out of bounds is refused by the domain.
func pageCost(child int, first *int, otherwise int) int {
	n := min(max(pageSize(first, otherwise), 1), 1000)
	return 1 + n*min(child, math.MaxInt32)
}

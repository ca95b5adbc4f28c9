package guard

import (
	"fmt"
	"math"
	"strconv"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Limits bound what one operation may select. They are checked before anything is resolved. A
// limit of 0 is no limit.
type Limits struct {
	// Depth is how many fields may be nested; introspection does not count.
	Depth int
	// Cost is how many values an operation may return, as the schema's @cost and @listSize count
	// them.
	Cost int
	// Aliases is how many fields may have an alias, counting a fragment each time it is used.
	Aliases int
}

const (
	// maxTokens bounds a document's length in lexical tokens; the longest introspection query has
	// some 300.
	maxTokens = 1500
	// maxFields is how many fields an operation may have, counting a fragment each time it is used
	// and a field of an interface once for each object type: so many are compiled.
	maxFields = 5000
	// maxAlias is how long an alias may be: a response repeats it for each element of a list.
	maxAlias = 100
	// responseCopies is how many times a response is in memory while it is computed: the values,
	// the response as it grows, and as it is sent.
	responseCopies = 3
	// smallResponse is the size up to which a response needs no reservation: there is room for
	// thousands of them.
	smallResponse = 1 << 20
)

// The codes of operations that are refused before they are executed.
const (
	// tooComplex: the operation exceeds a limit.
	tooComplex = "TOO_COMPLEX"
	// notTrusted: the document is not in the manifest.
	notTrusted = "DOCUMENT_NOT_TRUSTED"
	// persistedNotFound: the document's id is unknown. Client libraries know the code and send the
	// query then.
	persistedNotFound = "PERSISTED_QUERY_NOT_FOUND"
	// persistedNotSupported: the server has no ids. Client libraries stop sending them then.
	persistedNotSupported = "PERSISTED_QUERY_NOT_SUPPORTED"
)

func refusal(code, format string, args ...any) *gqlerror.Error {
	return &gqlerror.Error{
		Message: fmt.Sprintf(format, args...), Extensions: map[string]any{"code": code},
	}
}

// check refuses an operation of this size that is above a limit.
func (l Limits) check(size measure, introspection bool) *gqlerror.Error {
	above := func(n, limit int) bool { return limit > 0 && n > limit }
	switch {
	case size.schema > 0 && !introspection:
		return errNoIntrospection()
	case size.fields > maxFields:
		return refusal(tooComplex, "The operation has more than %d fields, counting a fragment "+
			"each time it is used, and a field of an interface for each of its types.", maxFields)
	case above(size.depth, l.Depth):
		return refusal(tooComplex, "The operation is nested %d deep; at most %d is allowed.",
			size.depth, l.Depth)
	case above(size.aliases, l.Aliases):
		return refusal(tooComplex, "The operation has %d aliases; at most %d are allowed.",
			size.aliases, l.Aliases)
	case size.alias > maxAlias:
		return refusal(tooComplex, "The operation has an alias of %d characters; "+
			"at most %d are allowed.", size.alias, maxAlias)
	case size.schema > maxIntrospection:
		return refusal(tooComplex, "The operation selects more than %d values of the schema. "+
			"The schema is at /schema.graphql.", maxIntrospection)
	case l.Cost > 0 && size.cost > float64(l.Cost):
		return refusal(tooComplex, "The operation selects up to %.0f values; at most %d are "+
			"allowed. Select fewer fields or smaller pages.", math.Ceil(size.cost), l.Cost)
	}
	return nil
}

// estimate is what an operation within the limits may cost.
type estimate struct {
	// cost is what it takes from the query rate.
	cost int
	// bytes is what its response may take of memory while it is computed; 0 where that is little.
	bytes int64
	// eventBytes is bytes of a subscription's events but StreamOpened.
	eventBytes int64
}

// estimateOf is the estimate of an operation of this size, which is within the limits.
func estimateOf(size measure) estimate {
	bytes := responseCopies * (size.bytes + unit*size.schema)
	if bytes <= smallResponse {
		bytes = 0
	}
	cost := min(math.Ceil(size.cost+size.schema), math.MaxInt32)
	return estimate{cost: int(cost), bytes: int64(min(bytes, 1<<62))}
}

// estimates are those of one operation, by the variables that they depend on.
type estimates struct {
	mu       sync.Mutex
	measured bool
	// variables are the names of those on which the sizes of lists depend.
	variables []string
	byValues  map[string]estimate
}

// maxEstimates bounds the estimates of one operation: pages come in few sizes.
const maxEstimates = 8

// get returns the estimate for these variables, if it is known.
func (e *estimates) get(variables map[string]any) (found estimate, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.measured {
		return estimate{}, false
	}
	found, ok = e.byValues[string(sizesOf(e.variables, variables))]
	return found, ok
}

// put stores the estimate for these variables; names are those on which it depends.
func (e *estimates) put(names []string, variables map[string]any, found estimate) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.measured, e.variables = true, names
	if e.byValues == nil || len(e.byValues) >= maxEstimates {
		e.byValues = map[string]estimate{}
	}
	e.byValues[string(sizesOf(names, variables))] = found
}

// sizesOf returns the sizes that variables stand for, as text: a variable may be absent, null or a
// size.
func sizesOf(names []string, variables map[string]any) (text []byte) {
	for _, name := range names {
		if value, ok := variables[name]; ok {
			n, given := number(value)
			text = strconv.AppendBool(text, given)
			text = strconv.AppendInt(text, int64(min(n, maxListSize)), 10)
		}
		text = append(text, ',')
	}
	return text
}

// limit refuses an operation that is above a limit. It returns the estimate of one that is not.
func (s *Server) limit(
	op *graphql.OperationContext, operation *Operation,
) (estimate, *gqlerror.Error) {
	if found, ok := operation.estimates.get(op.Variables); ok {
		return found, nil
	}
	size, names := s.costs.measure(op.Operation, op.Variables, s.opts.Introspection)
	size.fields = operation.fields
	if err := s.opts.Limits.check(size, s.opts.Introspection); err != nil {
		return estimate{}, err
	}
	found := estimateOf(size)
	if op.Operation.Operation == ast.Subscription {
		found.eventBytes = estimateOf(s.costs.measureEvent(op.Operation, op.Variables)).bytes
	}
	operation.estimates.put(names, op.Variables, found)
	return found, nil
}

// bytesKey is where the statistics of an operation context have the estimate of its response.
const bytesKey = "guard.EstimatedBytes"

// eventBytesKey is where they have the estimate of an event.
const eventBytesKey = "guard.EstimatedEventBytes"

// EstimatedBytes is how much memory the response of an operation may take while it is computed, in
// bytes, or 0 where that is little. A [Server] has prepared the operation.
func EstimatedBytes(op *graphql.OperationContext) int64 {
	bytes, _ := op.Stats.GetExtension(bytesKey).(int64)
	return bytes
}

// EstimatedEventBytes is EstimatedBytes for the events of a subscription but StreamOpened, which may
// have a page of messages.
func EstimatedEventBytes(op *graphql.OperationContext) int64 {
	bytes, _ := op.Stats.GetExtension(eventBytesKey).(int64)
	return bytes
}

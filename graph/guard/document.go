package guard

import (
	"math"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"parley/graph/coerce"
)

// Document is a validated document. It is shared by all requests for its text and never changes.
type Document struct {
	text       string
	parsed     *ast.QueryDocument
	operations []*Operation
	bytes      int
}

// Text is the document as it was written.
func (d *Document) Text() string { return d.text }

// Bytes estimates how much memory the document takes, with what is compiled of it.
func (d *Document) Bytes() int { return d.bytes }

// operation returns the operation called name, or the only one for an empty name; nil if there is
// no such operation.
func (d *Document) operation(name string) *Operation {
	if name == "" && len(d.operations) == 1 {
		return d.operations[0]
	}
	for _, op := range d.operations {
		if op.Definition.Name == name && name != "" {
			return op
		}
	}
	return nil
}

// Operation is one operation of a validated document, with what others have computed of it.
type Operation struct {
	*coerce.Operation
	document *Document
	// fields is how many fields are compiled of it: see fieldCounter.
	fields    int
	estimates estimates
	memo      sync.Map
}

// Memo returns what compute returns for the operation, computing it once for each key. Concurrent
// callers may compute it twice; all get the same value. The value must be small, or part of what
// [Document.Bytes] estimates.
func Memo[K comparable, V any](op *Operation, key K, compute func() V) V {
	value, ok := op.memo.Load(key)
	if !ok {
		value, _ = op.memo.LoadOrStore(key, compute())
	}
	return value.(V) //nolint:errcheck,forcetypeassert // a key has values of one type
}

// operationKey is where the statistics of an operation context have its [Operation].
const operationKey = "guard.Operation"

// OperationOf returns the operation that a [Server] has prepared; nil for an operation context from
// elsewhere, such as an event's copy.
func OperationOf(op *graphql.OperationContext) *Operation {
	operation, _ := op.Stats.GetExtension(operationKey).(*Operation)
	return operation
}

// DocumentBytes estimates how much memory the document of an operation takes, with what is compiled
// of it. A [Server] has prepared the operation.
func DocumentBytes(op *graphql.OperationContext) int64 {
	return int64(OperationOf(op).document.Bytes())
}

// MaxPlans is how many plans the executor may keep of an operation: one for each set of values of the
// variables in @skip and @include.
const MaxPlans = 4

const (
	// userDocuments is the memory for validated documents that users have sent, in bytes.
	userDocuments = 32 << 20
	// anonymousDocuments is the memory for those of clients without a token.
	anonymousDocuments = 4 << 20
	// userPersistedQueries is the memory for the texts of automatic persisted queries that users
	// have sent, and anonymousPersistedQueries for those of clients without a token.
	userPersistedQueries, anonymousPersistedQueries = 7 << 20, 1 << 20
)

// What a parsed document takes of memory, in bytes, measured with TestDocumentSize: the length of
// its text counts twice, since values and names are parts of it or copies.
const (
	documentBytes  = 1 << 10
	selectionBytes = 600
	valueBytes     = 420
	// compiledBytes is for a compiled field of a plan, measured with TestPlanSize in graph.
	compiledBytes = 260
)

// fieldCounter counts the fields that the executor compiles of an operation: a fragment counts each
// time it is used, and a field of an interface once for each object type.
type fieldCounter struct {
	schema    *ast.Schema
	fragments map[*ast.FragmentDefinition]int
	// conditional: variables decide which fields are selected.
	conditional bool
}

// count returns how many fields are compiled of an operation, and how much memory its plans take.
func (c *fieldCounter) count(op *ast.OperationDefinition) (fields, bytes int) {
	c.conditional = false
	clear(c.fragments)
	fields = c.selections(op.SelectionSet)
	bytes = compiledBytes * min(fields, maxFields)
	if c.conditional {
		bytes *= MaxPlans
	}
	return fields, bytes
}

func (c *fieldCounter) selections(set ast.SelectionSet) (fields int) {
	for _, s := range set {
		n := 0
		switch s := s.(type) {
		case *ast.Field:
			c.directives(s.Directives)
			n = 1 + c.selections(s.SelectionSet)
			if s.ObjectDefinition.IsAbstractType() {
				n *= len(c.schema.GetPossibleTypes(s.ObjectDefinition))
			}
		case *ast.InlineFragment:
			c.directives(s.Directives)
			n = c.selections(s.SelectionSet)
		case *ast.FragmentSpread:
			c.directives(s.Directives)
			if _, known := c.fragments[s.Definition]; !known {
				// Validation has refused cycles.
				c.fragments[s.Definition] = c.selections(s.Definition.SelectionSet)
			}
			n = c.fragments[s.Definition]
		}
		fields = min(fields+n, math.MaxInt32)
	}
	return fields
}

func (c *fieldCounter) directives(list ast.DirectiveList) {
	for _, d := range list {
		for _, a := range d.Arguments {
			c.conditional = c.conditional || a.Value.Kind == ast.Variable
		}
	}
}

// sizeOf estimates the memory of a parsed document.
func sizeOf(text string, doc *ast.QueryDocument) int {
	total := documentBytes + 2*len(text)
	var arguments func(ast.ArgumentList)
	var value func(*ast.Value)
	value = func(v *ast.Value) {
		total += valueBytes
		for _, child := range v.Children {
			value(child.Value)
		}
	}
	arguments = func(list ast.ArgumentList) {
		for _, argument := range list {
			total += valueBytes
			value(argument.Value)
		}
	}
	directives := func(list ast.DirectiveList) {
		for _, d := range list {
			total += valueBytes
			arguments(d.Arguments)
		}
	}
	var selections func(ast.SelectionSet)
	selections = func(set ast.SelectionSet) {
		for _, s := range set {
			total += selectionBytes
			switch s := s.(type) {
			case *ast.Field:
				arguments(s.Arguments)
				directives(s.Directives)
				selections(s.SelectionSet)
			case *ast.InlineFragment:
				directives(s.Directives)
				selections(s.SelectionSet)
			case *ast.FragmentSpread:
				directives(s.Directives)
			}
		}
	}
	for _, op := range doc.Operations {
		total += selectionBytes
		for _, v := range op.VariableDefinitions {
			total += valueBytes
			if v.DefaultValue != nil {
				value(v.DefaultValue)
			}
			directives(v.Directives)
		}
		directives(op.Directives)
		selections(op.SelectionSet)
	}
	for _, f := range doc.Fragments {
		total += selectionBytes
		directives(f.Directives)
		selections(f.SelectionSet)
	}
	return total
}

// Package guard prepares an operation before it is executed: it finds a trusted document, parses
// and validates it, coerces the variables, limits the operation, computes its cost and its largest
// response, and charges its user. Nothing of an operation that it refuses has been executed.
// docs/limits.md explains the limits.
package guard

import (
	"context"
	"fmt"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"parley/graph/coerce"
	"parley/internal/limit"
)

// Options of a [Server].
type Options struct {
	// Trusted, if set, are the only documents that are executed.
	Trusted *Manifest
	// Introspection lets clients select the schema. Without it, validation errors do not suggest
	// names of the schema either.
	Introspection bool
	Limits        Limits
	// RateLimiters limit how often users send operations and documents, and what they cost together.
	RateLimiters limit.RateLimiters
	// Present turns errors into those of a response, and Recover panics into errors.
	Present graphql.ErrorPresenterFunc
	Recover graphql.RecoverFunc
}

// Server executes GraphQL operations and serves them through its transports. It is
// gqlgen's server with a preparation of its own: see [Server.Use] and [Server.AddTransport].
type Server struct {
	inner      *handler.Server
	schema     graphql.ExecutableSchema
	costs      *costs
	documents  graphql.Cache[*Document]
	opts       Options
	parameters []graphql.OperationParameterMutator
	operations []graphql.OperationContextMutator
}

var _ http.Handler = (*Server)(nil)

// New returns a server without transports. It panics if @cost or @listSize contradict each other in
// the schema.
func New(schema graphql.ExecutableSchema, opts Options) *Server {
	costs, err := newCosts(schema.Schema())
	if err != nil {
		panic(fmt.Errorf("read the costs of the schema: %w", err))
	}
	s := &Server{inner: handler.New(schema), schema: schema, costs: costs, opts: opts}
	if opts.Trusted != nil {
		s.documents = validated{opts.Trusted}
	} else {
		s.documents = newTextCache(userDocuments, anonymousDocuments, (*Document).Bytes)
		texts := newTextCache(userPersistedQueries, anonymousPersistedQueries,
			func(text string) int { return len(text) })
		s.Use(extension.AutomaticPersistedQuery{Cache: texts})
	}
	if opts.Present != nil {
		s.inner.SetErrorPresenter(opts.Present)
	}
	if opts.Recover != nil {
		s.inner.SetRecoverFunc(opts.Recover)
	} else {
		s.opts.Recover = graphql.DefaultRecover
	}
	return s
}

// Use adds an extension. Extensions see an operation in the order in which they were added: first
// those that change its parameters, before the document is parsed, then those that look at it when
// its variables have been coerced.
func (s *Server) Use(extension graphql.HandlerExtension) {
	s.inner.Use(extension) // which calls its Validate, and has it intercept executions
	if p, ok := extension.(graphql.OperationParameterMutator); ok {
		s.parameters = append(s.parameters, p)
	}
	if o, ok := extension.(graphql.OperationContextMutator); ok {
		s.operations = append(s.operations, o)
	}
}

// AroundOperations adds what is called around each operation.
func (s *Server) AroundOperations(f graphql.OperationMiddleware) { s.inner.AroundOperations(f) }

// AroundResponses adds what is called around each response.
func (s *Server) AroundResponses(f graphql.ResponseMiddleware) { s.inner.AroundResponses(f) }

// AddTransport adds a transport, which gets the server's own executor. The first transport that
// supports a request serves it.
func (s *Server) AddTransport(t graphql.Transport) { s.inner.AddTransport(&transport{t, s}) }

// ServeHTTP serves a request through a transport.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.inner.ServeHTTP(w, r) }

type transport struct {
	graphql.Transport
	server *Server
}

// Do is [graphql.Transport]'s.
func (t *transport) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	t.Transport.Do(w, r, executor{exec, t.server})
}

// executor is gqlgen's executor with [Server]'s preparation.
type executor struct {
	graphql.GraphExecutor
	server *Server
}

// CreateOperationContext is [graphql.GraphExecutor]'s.
func (e executor) CreateOperationContext(
	ctx context.Context, params *graphql.RawParams,
) (*graphql.OperationContext, gqlerror.List) {
	return e.server.Prepare(ctx, params)
}

// Prepare makes an operation of a request, or says why it is not executed. The values of
// params.Variables are of type [encoding/json.RawMessage]: valid JSON.
func (s *Server) Prepare(
	ctx context.Context, params *graphql.RawParams,
) (*graphql.OperationContext, gqlerror.List) {
	op := &graphql.OperationContext{
		DisableIntrospection: !s.opts.Introspection,
		RecoverFunc:          s.opts.Recover,
		ResolverMiddleware: func(ctx context.Context, next graphql.Resolver) (any, error) {
			return next(ctx)
		},
		RootResolverMiddleware: func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
			return next(ctx)
		},
		Stats: graphql.Stats{
			Read:           params.ReadTime,
			OperationStart: graphql.GetStartTime(ctx),
		},
	}
	ctx = graphql.WithOperationContext(ctx, op)
	if err := s.opts.Trusted.resolve(params); err != nil {
		return op, gqlerror.List{err}
	}
	for _, p := range s.parameters {
		if err := p.MutateOperationParameters(ctx, params); err != nil {
			return op, gqlerror.List{err}
		}
	}
	op.RawQuery, op.OperationName = params.Query, params.OperationName
	op.Extensions, op.Headers = params.Extensions, params.Headers

	document, errs := s.document(ctx, &op.Stats, params.Query)
	if len(errs) > 0 {
		return op, errs
	}
	op.RawQuery, op.Doc = document.text, document.parsed
	operation := document.operation(params.OperationName)
	if operation == nil {
		return op, gqlerror.List{noOperation(params.OperationName)}
	}
	op.Operation = operation.Definition
	op.Stats.SetExtension(operationKey, operation)
	var err *gqlerror.Error
	if op.Variables, err = operation.Variables(s.schema.Schema(), params.Variables); err != nil {
		return op, gqlerror.List{err}
	}
	op.Stats.Validation.End = graphql.Now()
	found, err := s.limit(op, operation)
	if err != nil {
		return op, gqlerror.List{err}
	}
	if found.bytes > 0 {
		op.Stats.SetExtension(bytesKey, found.bytes)
	}
	if found.eventBytes > 0 {
		op.Stats.SetExtension(eventBytesKey, found.eventBytes)
	}
	if err := (rates{s.opts.RateLimiters}).operation(ctx, op, found.cost); err != nil {
		return op, gqlerror.List{err}
	}
	for _, o := range s.operations {
		if err := o.MutateOperationContext(ctx, op); err != nil {
			return op, gqlerror.List{err}
		}
	}
	return op, nil
}

// noOperation says which operation a valid document lacks.
func noOperation(name string) *gqlerror.Error {
	err := gqlerror.Errorf(
		"The document has several operations: name the one to run in operationName.",
	)
	if name != "" {
		err.Message = fmt.Sprintf(
			"The document has no operation %.100q, which operationName asks for.",
			name,
		)
	}
	errcode.Set(err, errcode.ValidationFailed)
	return err
}

// document returns a text parsed and validated, from the cache if it is there.
func (s *Server) document(
	ctx context.Context, stats *graphql.Stats, text string,
) (*Document, gqlerror.List) {
	stats.Parsing.Start = graphql.Now()
	if d, ok := s.documents.Get(ctx, text); ok {
		stats.Parsing.End = graphql.Now()
		stats.Validation.Start = stats.Parsing.End
		return d, nil
	}
	if err := (rates{s.opts.RateLimiters}).document(ctx, text); err != nil {
		return nil, gqlerror.List{err}
	}
	parsed, err := Parse(text, maxTokens)
	stats.Parsing.End = graphql.Now()
	stats.Validation.Start = stats.Parsing.End
	if err != nil {
		return nil, gqlerror.List{err}
	}
	if err := tooExpensive(parsed); err != nil {
		return nil, gqlerror.List{err}
	}
	d, errs := Validate(s.schema.Schema(), text, parsed, !s.opts.Introspection)
	if len(errs) > 0 {
		return nil, errs
	}
	s.documents.Add(ctx, text, d)
	return d, nil
}

// Parse parses a document of at most so many tokens (0: any number). Its error has the code
// GRAPHQL_PARSE_FAILED, or GRAPHQL_VALIDATION_FAILED for a document without an operation.
func Parse(text string, tokens int) (*ast.QueryDocument, *gqlerror.Error) {
	parsed, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, tokens)
	if err != nil {
		refused := gqlerror.WrapIfUnwrapped(err)
		errcode.Set(refused, errcode.ParseFailed)
		return nil, refused
	}
	if refused := checkGrammar(text, parsed); refused != nil {
		return nil, refused
	}
	if len(parsed.Operations) == 0 {
		refused := gqlerror.Errorf("The document has no operation.")
		errcode.Set(refused, errcode.ValidationFailed)
		return nil, refused
	}
	return parsed, nil
}

// Validate returns a parsed document as one that can be executed. Its errors have the code
// GRAPHQL_VALIDATION_FAILED. With hideSchema they do not suggest names of the schema.
func Validate(
	schema *ast.Schema, text string, parsed *ast.QueryDocument, hideSchema bool,
) (*Document, gqlerror.List) {
	errs := validator.ValidateWithRules(schema, parsed, validationRules(hideSchema))
	for _, err := range errs {
		errcode.Set(err, errcode.ValidationFailed)
	}
	if len(errs) > 0 {
		return nil, errs
	}
	operations, errs := coerce.Check(schema, parsed)
	if len(errs) > 0 {
		return nil, errs
	}
	d := &Document{text: text, parsed: parsed, bytes: sizeOf(text, parsed)}
	counter := fieldCounter{schema: schema, fragments: map[*ast.FragmentDefinition]int{}}
	for _, operation := range operations {
		fields, bytes := counter.count(operation.Definition)
		d.bytes += bytes
		d.operations = append(d.operations,
			&Operation{Operation: operation, document: d, fields: fields})
	}
	return d, nil
}

func validationRules(hideSchema bool) *rules.Rules {
	list := rules.NewDefaultRules()
	list.ReplaceRule("SingleFieldSubscriptions", singleRoot)
	if hideSchema {
		for _, quiet := range []struct {
			name string
			with core.Rule
		}{
			{"FieldsOnCorrectType", rules.FieldsOnCorrectTypeRuleWithoutSuggestions},
			{"ScalarLeafs", rules.ScalarLeafsRuleWithoutSuggestions},
		} {
			list.RemoveRule(quiet.name)
			list.AddRule(quiet.with.Name, quiet.with.RuleFunc)
		}
	}
	return list
}

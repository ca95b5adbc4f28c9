package graph

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/graph/generated"
	"parley/graph/guard"
	"parley/internal/auth"
	"parley/internal/chat"
	"parley/internal/limit"
	"parley/internal/live"
	"parley/internal/panics"
)

// maxErrors bounds the errors of one response: a document may have one in every word.
const maxErrors = 20

// Options of the GraphQL server.
type Options struct {
	// SignIn makes tokens in development; nil: signIn answers FORBIDDEN.
	SignIn SignIn
	// Introspection lets clients ask for the schema.
	Introspection bool
	// Trusted, if set, are the only documents that are answered.
	Trusted *guard.Manifest
	Limits  guard.Limits
	// Done, if set, is called when a query or mutation has been answered, and when a subscription
	// was begun or refused: kind is query, mutation or subscription, field the one of the schema
	// that was asked for (several: more than one), and outcome ok, the code of the first error, or
	// CANCELLED.
	Done func(kind, field, outcome string, took time.Duration)
	// Trace, if set, is called when a query, a mutation or a subscription begins, or is executed
	// for events (event): name is what the client calls it. What it returns is used from then on,
	// and called with the outcome.
	Trace func(ctx context.Context, kind, field, name string) (context.Context, func(outcome string))
	// RateLimiters limit mutations, sign-ins, subscriptions and the cost of queries.
	RateLimiters limit.RateLimiters
	// Events bound the executions of subscriptions; nil is no bound. The memory for queries and
	// mutations is for the sender of the responses: see [guard.EstimatedBytes].
	Events *limit.Executions
	// Streams is the memory for the rooms that myEvents follows; nil is no bound.
	Streams *limit.Memory
	// Panics contains the panics of resolvers; nil: a guard that logs to Logger.
	Panics *panics.Guard
	Logger *slog.Logger
}

// Server is the GraphQL server, without transports: those for queries and mutations are added to
// the handler, and those for subscriptions use Subscribe.
type Server struct {
	*guard.Server
	resolver *Resolver
}

// New returns the GraphQL server over the domain.
func New(c *chat.Chat, hub *live.Hub, opts Options) *Server {
	r := &Resolver{
		chat:    c,
		live:    hub,
		signIn:  opts.SignIn,
		logger:  opts.Logger,
		done:    opts.Done,
		trace:   opts.Trace,
		events:  opts.Events,
		streams: opts.Streams,
		panics:  opts.Panics,

		snapshots: live.NewSnapshots[opened](hub),
	}
	if r.panics == nil {
		r.panics = panics.NewGuard(opts.Logger)
	}
	if r.done == nil {
		r.done = func(string, string, string, time.Duration) {}
	}
	if r.trace == nil {
		r.trace = func(ctx context.Context, _, _, _ string) (context.Context, func(string)) { return ctx, func(string) {} }
	}
	r.executable = newExecutable(
		generated.NewExecutableSchema(generated.Config{Schema: newSchema(), Resolvers: r}), r,
	)
	s := guard.New(r.executable, guard.Options{
		Trusted:       opts.Trusted,
		Introspection: opts.Introspection,
		Limits:        opts.Limits,
		RateLimiters:  opts.RateLimiters,
		Present:       r.present,
		Recover:       r.recoverPanic,
	})
	s.AroundOperations(r.reportOperation)
	s.AroundOperations(r.withUser)
	s.AroundResponses(func(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
		return limitErrors(next(r.withScope(ctx)))
	})
	return &Server{Server: s, resolver: r}
}

// limitErrors leaves the first errors of a response and says in its extensions how many more there
// were.
func limitErrors(response *graphql.Response) *graphql.Response {
	if response == nil || len(response.Errors) <= maxErrors {
		return response
	}
	extensions := map[string]any{"moreErrors": len(response.Errors) - maxErrors}
	maps.Copy(extensions, response.Extensions)
	response.Errors, response.Extensions = response.Errors[:maxErrors], extensions
	return response
}

// withUser stores the user that sends an operation, at the first one.
func (r *Resolver) withUser(
	ctx context.Context, next graphql.OperationHandler,
) graphql.ResponseHandler {
	if err := r.ensureUser(ctx); err != nil {
		failed := graphql.ErrorResponse(ctx, "")
		failed.Errors[0] = r.present(ctx, err)
		return graphql.OneShot(failed)
	}
	return next(ctx)
}

// cancelled is the outcome of an operation whose client has gone.
const cancelled = "CANCELLED"

// reportOperation reports queries and mutations, and how long they take.
func (r *Resolver) reportOperation(
	ctx context.Context, next graphql.OperationHandler,
) graphql.ResponseHandler {
	op := graphql.GetOperationContext(ctx).Operation
	if op.Operation == ast.Subscription {
		return next(ctx)
	}
	begun, field := time.Now(), fieldOf(op)
	ctx, end := r.trace(ctx, string(op.Operation), field, op.Name)
	waits := ctx // the client's: the contexts within have ended when the response is there
	responses := next(ctx)
	reported := false // a transport calls until there is no further response
	return func(ctx context.Context) *graphql.Response {
		response := responses(ctx)
		if !reported {
			reported = true
			outcome := cancelled
			if response != nil {
				outcome = outcomeOf(waits, response.Errors)
			}
			r.done(string(op.Operation), field, outcome, time.Since(begun))
			end(outcome)
		}
		return response
	}
}

// ReportRefused reports a query or mutation that is not executed, as reportOperation does one that
// was: the transport refuses those for which there is no memory. Its span in ctx's trace has no
// length.
func (s *Server) ReportRefused(
	ctx context.Context, op *graphql.OperationContext, errs gqlerror.List, waited time.Duration,
) {
	kind, field := string(op.Operation.Operation), fieldOf(op.Operation)
	ctx, end := s.resolver.trace(ctx, kind, field, op.Operation.Name)
	outcome := outcomeOf(ctx, errs)
	s.resolver.done(kind, field, outcome, waited)
	end(outcome)
}

// fieldOf names the field that an operation selects: a label with few values.
func fieldOf(op *ast.OperationDefinition) string {
	field, ok := op.SelectionSet[0].(*ast.Field)
	switch {
	case !ok || len(op.SelectionSet) > 1:
		return "several"
	case strings.HasPrefix(field.Name, "__"):
		return "introspection"
	default:
		return field.Name
	}
}

// outcomeOf is ok, or the code of the first error; CANCELLED for a failure of the server after its
// client has gone.
func outcomeOf(ctx context.Context, errs gqlerror.List) string {
	if len(errs) == 0 {
		return "ok"
	}
	code, ok := errs[0].Extensions["code"].(string)
	if !ok {
		code = string(chat.Internal)
	}
	if (code == string(chat.Internal) || code == string(chat.Unavailable)) &&
		errors.Is(ctx.Err(), context.Canceled) {
		return cancelled
	}
	return code
}

// ensureUser stores the user of a token that is used for the first time.
func (r *Resolver) ensureUser(ctx context.Context) error {
	identity, ok := auth.FromContext(ctx)
	if !ok {
		return nil
	}
	return r.chat.EnsureUser(ctx, identity.ID, identity.Name, identity.Picture)
}

// viewerCarrier returns what gives another context the viewer of ctx.
func viewerCarrier(ctx context.Context) func(context.Context) context.Context {
	identity, _ := auth.FromContext(ctx)
	return func(ctx context.Context) context.Context { return auth.NewContext(ctx, identity) }
}

// ReadManifest reads a manifest of trusted documents: see [guard.ReadManifest].
func ReadManifest(from io.Reader) (*guard.Manifest, error) {
	return guard.ReadManifest(newSchema(), from)
}

// SDL is the schema in GraphQL's definition language, for tools.
func SDL() string {
	var text strings.Builder
	formatter.NewFormatter(&text, formatter.WithIndent("  ")).
		FormatSchema(newSchema())
	return text.String()
}

// newSchema returns the schema that the server validates and publishes. It has no @defer, which
// gqlgen's parser adds to every schema: no transport delivers deferred parts.
func newSchema() *ast.Schema {
	schema := *generated.NewExecutableSchema(generated.Config{}).Schema()
	schema.Directives = maps.Clone(schema.Directives)
	delete(schema.Directives, "defer")
	return &schema
}

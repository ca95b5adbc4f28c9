package graph

import (
	"bytes"
	"context"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"parley/graph/exec"
	"parley/graph/model"
	"parley/internal/chat/roomlog"
)

// Executor is one of the two that execute the same resolvers.
type Executor bool

const (
	ByExec   Executor = false // graph/exec
	ByGqlgen Executor = true  // gqlgen's generated code
)

// RoomEventOf is the entry of a room's log as the schema has it.
func RoomEventOf(e *roomlog.Event) model.RoomEvent { return roomEvent(e) }

// Execute executes a prepared query or mutation, without what surrounds an execution.
func (s *Server) Execute(
	ctx context.Context, by Executor, op *graphql.OperationContext,
) *graphql.Response {
	r := s.resolver
	var schema graphql.ExecutableSchema = r.executable
	if by == ByGqlgen {
		schema = r.executable.ExecutableSchema
		op.RootResolverMiddleware = func(
			ctx context.Context, next graphql.RootResolver,
		) graphql.Marshaler {
			if op.Operation.Operation == ast.Mutation {
				ctx = r.withScope(ctx) // as graph/exec does
			}
			return next(ctx)
		}
	}
	ctx = r.withScope(r.withResponse(ctx, op))
	response := schema.Exec(ctx)(ctx)
	response.Errors = append(response.Errors, graphql.GetErrors(ctx)...)
	return response
}

// HasPlan reports whether graph/exec executes an operation, not gqlgen.
func (s *Server) HasPlan(op *graphql.OperationContext) bool {
	return s.resolver.executable.plan(op) != nil
}

// RenderEvents executes a prepared subscription for events, which are in the order of the
// responses.
func RenderEvents[T any](
	ctx context.Context, s *Server, by Executor, op *graphql.OperationContext, events []T,
) ([]*graphql.Response, error) {
	r := s.resolver
	ctx = r.withScope(r.withResponse(ctx, op))
	var responses []*graphql.Response
	if by == ByExec {
		rendered, err := r.executable.plan(op).ExecuteEvents(ctx, r.executable.request(op), events)
		for _, response := range rendered {
			responses = append(responses, of(response))
		}
		return responses, err
	}
	fed := make(chan T, len(events))
	for _, event := range events {
		fed <- event
	}
	close(fed)
	op.ResolverMiddleware = func(ctx context.Context, next graphql.Resolver) (any, error) {
		if graphql.GetFieldContext(ctx).Object == "Subscription" {
			return (<-chan T)(fed), nil
		}
		return next(ctx)
	}
	next := r.executable.ExecutableSchema.Exec(ctx)
	for range events {
		ctx := r.withResponse(ctx, op)
		response := next(ctx)
		if response == nil {
			return responses, fmt.Errorf("%d responses to %d events", len(responses), len(events))
		}
		response.Data = bytes.Clone(response.Data) // whose buffer the next response has
		response.Errors = append(response.Errors, graphql.GetErrors(ctx)...)
		responses = append(responses, response)
	}
	return responses, nil
}

func of(response exec.Response) *graphql.Response {
	return &graphql.Response{Data: response.Data, Errors: response.Errors}
}

func (r *Resolver) withResponse(
	ctx context.Context, op *graphql.OperationContext,
) context.Context {
	return graphql.WithResponseContext(
		graphql.WithOperationContext(ctx, op),
		r.present,
		r.recoverPanic,
	)
}

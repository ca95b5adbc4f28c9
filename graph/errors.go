package graph

import (
	"context"
	"errors"
	"log/slog"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/graph/model"
	"parley/internal/chat"
	"parley/internal/panics"
	"parley/internal/reqid"
)

// present turns an error into that of a response. It is the one place that does, and the one that
// logs.
//
// The executor's own errors arrive with a code or, like those of the schema's scalars, as refusals
// of what the client wrote; every other is the domain's, or a fault.
func (r *Resolver) present(ctx context.Context, err error) *gqlerror.Error {
	shown := *graphql.DefaultErrorPresenter(ctx, err)
	if _, coded := shown.Extensions["code"]; coded {
		return &shown
	}
	var unfit *model.InputError
	if errors.As(err, &unfit) || shown.Err == nil {
		shown.Extensions = map[string]any{"code": errcode.ValidationFailed}
		return &shown
	}
	e := chat.AsError(err)
	shown.Message = e.Message
	if !panics.Is(err) { // an event's subscriptions are ended because of it: see render
		shown.Err = nil
	}
	shown.Extensions = map[string]any{"code": string(e.Code)}
	switch e.Code {
	case chat.BadUserInput:
		shown.Extensions["field"] = e.Field
		if e.IDs != nil {
			shown.Extensions["ids"] = e.IDs
		}
	case chat.MembershipEnded:
		shown.Extensions["reason"] = e.Reason
	case chat.UnknownUser, chat.AlreadyInRoom:
		shown.Extensions["ids"] = e.IDs
	case chat.Banned, chat.Forbidden:
		if e.IDs != nil {
			shown.Extensions["ids"] = e.IDs
		}
	case chat.RateLimited:
		if e.RetryAfter > 0 {
			shown.Extensions["retryAfterMs"] = e.RetryAfter.Milliseconds()
		}
	case chat.Unavailable:
		shown.Extensions["safeToRetry"] = !e.OutcomeUnknown
		r.log(ctx, slog.LevelWarn, shown.Path, err)
	case chat.Internal:
		shown.Extensions["requestId"] = reqid.FromContext(ctx)
		r.log(ctx, slog.LevelError, shown.Path, err)
	default: // the code says it all
	}
	return &shown
}

// log writes down what went wrong; at Debug where the client has gone or its time has run out,
// since what fails after that is no fault, and after a panic, which has been logged.
func (r *Resolver) log(ctx context.Context, level slog.Level, path ast.Path, err error) {
	if ctx.Err() != nil || panics.Is(err) {
		level = slog.LevelDebug
	}
	code := string(chat.AsError(err).Code)
	r.logger.LogAttrs(ctx, level, "operation failed",
		slog.String("code", code), slog.String("path", path.String()), slog.Any("error", err))
}

// badInput is BAD_USER_INPUT for a field of an input or an argument.
func badInput(field, message string) error {
	return &chat.Error{Code: chat.BadUserInput, Field: field, Message: message}
}

// isNotFound tells whether err says that there is no such thing.
func isNotFound(err error) bool { return err != nil && chat.AsError(err).Code == chat.NotFound }

// recoverPanic logs a panic in a resolver and returns its error.
func (r *Resolver) recoverPanic(ctx context.Context, what any) error {
	return r.panics.Recovered(ctx, panics.Operation, what)
}

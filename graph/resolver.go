package graph

import (
	"context"
	"log/slog"
	"time"

	"parley/internal/auth"
	"parley/internal/chat"
	"parley/internal/limit"
	"parley/internal/live"
	"parley/internal/panics"
)

// Resolver is the root of all resolvers.
type Resolver struct {
	chat       *chat.Chat
	executable *executable
	live       *live.Hub
	signIn     SignIn
	logger     *slog.Logger
	done       func(kind, field, outcome string, took time.Duration)
	trace      func(ctx context.Context, kind, field, name string) (context.Context, func(outcome string))
	events     *limit.Executions
	streams    *limit.Memory
	panics     *panics.Guard
	// viewers are the users who follow topics in responses of their own.
	viewers topicViewers
	// snapshots are shared by the streams that are opened at the same state of a room.
	snapshots *live.Snapshots[opened]
}

// SignIn issues a token for a user in development mode. It is nil if an identity provider issues the
// tokens.
type SignIn func(id, name string, now time.Time) (token string, expiresAt time.Time, err error)

// viewer returns the user who sends the request. Returns UNAUTHENTICATED without a token.
func viewer(ctx context.Context) (chat.Viewer, error) {
	identity, ok := auth.FromContext(ctx)
	if !ok {
		return chat.Viewer{}, &chat.Error{
			Code: chat.Unauthenticated,
			Message: "Sign in first. Send a token in the header Authorization: Bearer …, or over a " +
				`WebSocket as {"authorization": "Bearer …"} in the payload of connection_init.`,
		}
	}
	return chat.Viewer{ID: identity.ID, Admin: identity.Admin}, nil
}

// asViewer calls do for the viewer, or returns UNAUTHENTICATED.
func asViewer[I, V any](
	ctx context.Context, do func(context.Context, chat.Viewer, I) (V, error), input I,
) (result V, err error) {
	v, err := viewer(ctx)
	if err != nil {
		return result, err
	}
	return do(ctx, v, input)
}

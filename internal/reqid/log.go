package reqid

import (
	"context"
	"log/slog"
)

// Logs adds request_id to each line that is logged for a request, as its first attribute, and
// operation_id if the request is one of several on its connection. The caller logs with the context
// of the request.
func Logs(next slog.Handler) slog.Handler { return logHandler{next} }

type logHandler struct{ slog.Handler }

// Handle is [slog.Handler]'s.
func (l logHandler) Handle(ctx context.Context, record slog.Record) error {
	id := FromContext(ctx)
	if id == "" {
		return l.Handler.Handle(ctx, record)
	}
	withID := slog.NewRecord(record.Time, record.Level, record.Message, record.PC)
	withID.AddAttrs(slog.String("request_id", id))
	if operation := Operation(ctx); operation != "" {
		withID.AddAttrs(slog.String("operation_id", operation))
	}
	record.Attrs(func(a slog.Attr) bool {
		withID.AddAttrs(a)
		return true
	})
	return l.Handler.Handle(ctx, withID)
}

// WithAttrs is [slog.Handler]'s.
func (l logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{l.Handler.WithAttrs(attrs)}
}

// WithGroup is [slog.Handler]'s.
func (l logHandler) WithGroup(
	name string,
) slog.Handler {
	return logHandler{l.Handler.WithGroup(name)}
}

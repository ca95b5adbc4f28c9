package reqid

import (
	"context"
	"log/slog"
)

// Logs adds request_id to each line that is logged for a request, as its first attribute, and
// operation_id if the request is one of several on its connection. The caller logs with the context
// of the request.
func Logs(next slog.Handler) slog.Handler { return lines{next} }

type lines struct{ slog.Handler }

// Handle is [slog.Handler]'s.
func (l lines) Handle(ctx context.Context, line slog.Record) error {
	id := FromContext(ctx)
	if id == "" {
		return l.Handler.Handle(ctx, line)
	}
	told := slog.NewRecord(line.Time, line.Level, line.Message, line.PC)
	told.AddAttrs(slog.String("request_id", id))
	if operation := Operation(ctx); operation != "" {
		told.AddAttrs(slog.String("operation_id", operation))
	}
	line.Attrs(func(a slog.Attr) bool {
		told.AddAttrs(a)
		return true
	})
	return l.Handler.Handle(ctx, told)
}

// WithAttrs is [slog.Handler]'s.
func (l lines) WithAttrs(attrs []slog.Attr) slog.Handler {
	return lines{l.Handler.WithAttrs(attrs)}
}

// WithGroup is [slog.Handler]'s.
func (l lines) WithGroup(name string) slog.Handler { return lines{l.Handler.WithGroup(name)} }

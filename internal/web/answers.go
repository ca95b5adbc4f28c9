package web

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/internal/limit"
)

// answers have queries and mutations executed and their answers written. What is large waits for memory before it is begun, and
// has it until the client has taken it.
type answers struct {
	memory *limit.Memory
	// requests is the memory for what is asked.
	requests *limit.Memory
	weigh    func(*graphql.OperationContext) int64
	// refused is Config.Refused.
	refused func(context.Context, *graphql.OperationContext, gqlerror.List, time.Duration)
	limits  Limits
	log     *slog.Logger
}

const (
	// sending is how many times an answer is there while it is sent.
	sending = 2
	// again is when to ask again where too many wait for their answers.
	again = 5 * time.Second
)

// answer has an operation executed that is no subscription. write is called with the response, unless nobody waits for it or the
// operation took too long: then it is called with nil.
func (a *answers) answer(ctx context.Context, exec graphql.GraphExecutor, op *graphql.OperationContext, write func(*graphql.Response)) {
	weight := a.weigh(op)
	if weight == 0 {
		write(executed(ctx, exec, op))
		return
	}
	begun, asking := time.Now(), ctx
	ctx, cancel := context.WithTimeoutCause(ctx, a.limits.Operation, errTimeLimit)
	defer cancel()
	memory, err := a.memory.Acquire(ctx, ownerOf(ctx), weight)
	if err != nil {
		errs := gqlerror.List{noMemory(err)}
		a.refused(asking, op, errs, time.Since(begun))
		if asking.Err() == nil && !errors.Is(err, limit.ErrQueueFull) { // of which there may be very many
			a.log.WarnContext(ctx, "no memory for an answer", slog.Int64("bytes", weight), slog.Any("error", err))
		}
		write(&graphql.Response{Errors: errs})
		return
	}
	defer memory.Release()
	response := executed(ctx, exec, op)
	if response != nil {
		memory.Shrink(sending * int64(cap(response.Data)))
	}
	write(response)
}

// noMemory returns the GraphQL error for an error of [limit.Memory.Acquire].
func noMemory(err error) *gqlerror.Error {
	if errors.Is(err, limit.ErrQueueFull) {
		return &gqlerror.Error{
			Message:    "Too many large answers are waited for. Try again later, or ask for less.",
			Extensions: map[string]any{"code": codeRateLimited, "retryAfterMs": again.Milliseconds()},
		}
	}
	return &gqlerror.Error{
		Message:    "The server has no memory left for an answer that may be so large. Try again later, or ask for less.",
		Extensions: map[string]any{"code": codeUnavailable, "safeToRetry": true},
	}
}

func executed(ctx context.Context, exec graphql.GraphExecutor, op *graphql.OperationContext) *graphql.Response {
	responses, ctx := exec.DispatchOperation(ctx, op)
	return responses(ctx)
}

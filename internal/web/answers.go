package web

import (
	"context"
	"errors"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/internal/auth"
	"parley/internal/limit"
)

// answers have queries and mutations executed and their answers written. What is large waits for memory before it is begun, and
// has it until the client has taken it.
type answers struct {
	memory *limit.Shares
	weigh  func(*graphql.OperationContext) int64
	limits Limits
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
	ctx, cancel := context.WithTimeoutCause(ctx, a.limits.Operation, errTimeLimit)
	defer cancel()
	who, _ := auth.FromContext(ctx)
	share, err := a.memory.Take(ctx, who.ID, weight)
	if err != nil {
		write(&graphql.Response{Errors: gqlerror.List{noMemory(err)}})
		return
	}
	defer share.Return()
	response := executed(ctx, exec, op)
	if response != nil {
		share.Keep(sending * int64(cap(response.Data)))
	}
	write(response)
}

// noMemory is what is told of an error of [limit.Shares.Take].
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

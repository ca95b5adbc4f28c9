package web

import (
	"context"

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

// sending is how many times an answer is there while it is sent.
const sending = 2

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
		write(&graphql.Response{Errors: gqlerror.List{{
			Message:    "The server has no memory left for an answer that may be so large. Try again later, or ask for less.",
			Extensions: map[string]any{"code": codeUnavailable, "safeToRetry": true},
		}}})
		return
	}
	defer share.Return()
	response := executed(ctx, exec, op)
	if response != nil {
		share.Keep(sending * int64(cap(response.Data)))
	}
	write(response)
}

func executed(ctx context.Context, exec graphql.GraphExecutor, op *graphql.OperationContext) *graphql.Response {
	responses, ctx := exec.DispatchOperation(ctx, op)
	return responses(ctx)
}

package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/internal/limit"
	"parley/internal/panics"
)

// answers executes queries and mutations and writes their responses. An operation with a large
// response waits for memory before it begins, and has it until the client has taken the response.
type answers struct {
	memory *limit.Memory
	// requests is the memory for what is asked.
	requests *limit.Memory
	heavy    *heavy
	weigh    func(*graphql.OperationContext) int64
	// refused is Config.Refused.
	refused func(context.Context, *graphql.OperationContext, gqlerror.List, time.Duration)
	limits  Limits
	log     *slog.Logger
	panics  *panics.Guard
}

const (
	// sending is how many times an answer is there while it is sent.
	sending = 2
	// again is when to ask again where too many wait for their answers.
	again = 5 * time.Second
)

// read reads the operation that r asks for. Errors are those of the operation, and a refusal is that
// of the request. memory grows by what the request takes.
func (a *answers) read(
	ctx context.Context, w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor,
	memory *limit.Reservation,
) (op *graphql.OperationContext, errs gqlerror.List, f *refusal) {
	start := graphql.Now()
	var slot heavySlot
	defer slot.release()
	params, f := readRequest(w, r, a.limits, memory, func(size int) (f *refusal) {
		slot, f = a.heavy.acquire(ctx, size)
		return f
	})
	if f != nil {
		return nil, nil, f
	}
	params.Headers = r.Header
	params.ReadTime = graphql.TraceTiming{Start: start, End: graphql.Now()}
	op, errs = exec.CreateOperationContext(ctx, params)
	return op, errs, nil
}

// answer executes a query or mutation and calls write with the response, or with nil if the caller
// is gone. The operation's time covers everything: creating a new user, waiting for response
// memory, execution.
func (a *answers) answer(
	ctx context.Context, exec graphql.GraphExecutor, op *graphql.OperationContext,
	write func(*graphql.Response),
) {
	begun, asking := time.Now(), ctx
	ctx, cancel := withTimeLimit(ctx, a.limits.Operation)
	defer cancel()
	weight := a.weigh(op)
	if weight == 0 {
		write(executed(ctx, exec, op))
		return
	}
	memory, err := a.memory.Acquire(ctx, ownerOf(ctx), weight)
	if err != nil {
		errs := gqlerror.List{noMemory(err)}
		a.refused(asking, op, errs, time.Since(begun))
		if asking.Err() == nil &&
			!errors.Is(err, limit.ErrQueueFull) { // of which there may be very many
			a.log.WarnContext(
				ctx,
				"no memory for an answer",
				slog.Int64("bytes", weight),
				slog.Any("error", err),
			)
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
			Message: "Too many large answers are waited for. Try again later, or ask for less.",
			Extensions: map[string]any{
				"code":         codeRateLimited,
				"retryAfterMs": again.Milliseconds(),
			},
		}
	}
	return &gqlerror.Error{
		Message:    "The server has no memory left for an answer that may be so large. Try again later, or ask for less.",
		Extensions: map[string]any{"code": codeUnavailable, "safeToRetry": true},
	}
}

// executed returns the response to an operation; nil if the caller is gone.
func executed(
	ctx context.Context,
	exec graphql.GraphExecutor,
	op *graphql.OperationContext,
) *graphql.Response {
	responses, running := exec.DispatchOperation(ctx, op)
	response := responses(running)
	if response == nil && errors.Is(context.Cause(ctx), errTimeLimit) {
		return tookTooLong()
	}
	return response
}

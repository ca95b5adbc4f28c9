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

// responder reads operations from requests, and executes queries and mutations. Before it executes
// an operation with a large response it reserves memory for the response, until the client has
// received it.
type responder struct {
	memory *limit.Memory
	// requests admits the memory of requests.
	requests *limit.Memory
	large    *largeRequests
	estimate func(*graphql.OperationContext) int64
	// refused is Config.ResponseRefused.
	refused func(context.Context, *graphql.OperationContext, gqlerror.List, time.Duration)
	limits  Limits
	log     *slog.Logger
	panics  *panics.Guard
}

const (
	// sendFactor is the number of copies of a response while it is sent.
	sendFactor = 2
	// queueRetryAfter is when clients should retry if too many operations wait for memory.
	queueRetryAfter = 5 * time.Second
)

// readOperation reads the operation of r. It returns a refusal if the request is invalid, and errs
// if the operation is. memory grows by what the request takes.
func (rs *responder) readOperation(
	ctx context.Context, w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor,
	memory *limit.Reservation,
) (op *graphql.OperationContext, errs gqlerror.List, f *refusal) {
	start := graphql.Now()
	var slot largeSlot
	defer slot.release()
	params, f := readRequest(w, r, rs.limits, memory, func(size int) (f *refusal) {
		slot, f = rs.large.acquire(ctx, size)
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

// execute executes a query or mutation and calls write with the response, or with nil if the client
// has gone. The time limit of the operation includes creating a new user, waiting for response
// memory, and execution.
func (rs *responder) execute(
	ctx context.Context, exec graphql.GraphExecutor, op *graphql.OperationContext,
	write func(*graphql.Response),
) {
	start, requestCtx := time.Now(), ctx
	ctx, cancel := withTimeLimit(ctx, rs.limits.Operation)
	defer cancel()
	bytes := rs.estimate(op)
	if bytes == 0 {
		write(dispatch(ctx, exec, op))
		return
	}
	memory, err := rs.memory.Acquire(ctx, ownerOf(ctx), bytes)
	if err != nil {
		errs := gqlerror.List{responseMemoryError(err)}
		rs.refused(requestCtx, op, errs, time.Since(start))
		if requestCtx.Err() == nil &&
			!errors.Is(err, limit.ErrQueueFull) { // these may be too many to log
			rs.log.WarnContext(
				ctx,
				"no memory for a response",
				slog.Int64("bytes", bytes),
				slog.Any("error", err),
			)
		}
		write(&graphql.Response{Errors: errs})
		return
	}
	defer memory.Release()
	response := dispatch(ctx, exec, op)
	if response != nil {
		memory.Shrink(sendFactor * int64(cap(response.Data)))
	}
	write(response)
}

// responseMemoryError returns the GraphQL error for an error of [limit.Memory.Acquire].
func responseMemoryError(err error) *gqlerror.Error {
	if errors.Is(err, limit.ErrQueueFull) {
		return &gqlerror.Error{
			Message: "Too many operations with large responses are waiting. Try again later, or select less.",
			Extensions: map[string]any{
				"code":         codeRateLimited,
				"retryAfterMs": queueRetryAfter.Milliseconds(),
			},
		}
	}
	return &gqlerror.Error{
		Message:    "The server has no memory left for such a large response. Try again later, or select less.",
		Extensions: map[string]any{"code": codeUnavailable, "safeToRetry": true},
	}
}

// dispatch executes an operation and returns its response, or nil if the client has gone.
func dispatch(
	ctx context.Context,
	exec graphql.GraphExecutor,
	op *graphql.OperationContext,
) *graphql.Response {
	responses, running := exec.DispatchOperation(ctx, op)
	response := responses(running)
	if response == nil && errors.Is(context.Cause(ctx), errTimeLimit) {
		return timeoutResponse()
	}
	return response
}

package web_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/internal/limit"
	"parley/internal/reqid"
	"parley/internal/web"
)

// TestNoResponseMemory: an operation without memory for its response is reported to
// ResponseRefused, though it is not executed. If it has waited, the log has an entry with its
// request id. If the queue was full it has none, because there may be too many such operations.
func TestNoResponseMemory(t *testing.T) {
	t.Parallel()
	for code, queue := range map[string]limit.Queue{"UNAVAILABLE": {}, "RATE_LIMITED": {All: 1}} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			memory := limit.NewMemory(limit.MemoryOptions{Bytes: 8, Queue: queue})
			taken, err := memory.Acquire(t.Context(), limit.Owner{}, 8)
			if err != nil {
				t.Fatal(err)
			}
			defer taken.Release()
			if queue.All > 0 {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				go func() { _, _ = memory.Acquire(ctx, limit.Owner{}, 8) }() // until cancel
				for memory.Stats().Waiting == 0 {
					time.Sleep(time.Millisecond)
				}
			}
			var log safeBuffer
			var reported []string
			ts := newServer(t, web.Config{
				ResponseMemory:   memory,
				EstimateResponse: func(*graphql.OperationContext) int64 { return 8 },
				ResponseRefused: func(_ context.Context, op *graphql.OperationContext, errs gqlerror.List, _ time.Duration) {
					code, _ := errs[0].Extensions["code"].(string)
					reported = append(reported, op.OperationName+" "+code)
				},
				Logger: slog.New(reqid.Logs(slog.NewTextHandler(&log, nil))),
				Limits: web.Limits{Operation: 50 * time.Millisecond},
			})
			a := ts.do(
				t,
				http.MethodPost,
				"/graphql",
				`{"query": "query Large { __typename }", "operationName": "Large"}`,
				"Content-Type: application/json",
				"X-Request-Id: one",
			)
			if a.code() != code {
				t.Errorf("%d %s", a.StatusCode, a.body)
			}
			if len(reported) != 1 || reported[0] != "Large "+code {
				t.Errorf("the reports are %q", reported)
			}
			if logged := strings.Contains(
				log.String(),
				`level=WARN msg="no memory for a response" request_id=one`,
			); logged != (code == "UNAVAILABLE") {
				t.Errorf("the log is %s", log.String())
			}
		})
	}
}

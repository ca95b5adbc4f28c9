package web

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// overHTTP answers GraphQL requests by GET and POST as the specification GraphQL over HTTP
// (https://graphql.github.io/graphql-over-http/draft/) says: also where it says SHOULD or MAY.
type overHTTP struct {
	*answers
	log *slog.Logger
}

var _ graphql.Transport = (*overHTTP)(nil)

func (t *overHTTP) Supports(*http.Request) bool { return true }

// Do answers r. It reports all that is wrong with it in a GraphQL response.
func (t *overHTTP) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	// gqlgen's server would recover too, without a content type and without a log.
	defer recoverPanic(t.panics, w, r)
	exec = codedExecutor{exec, t.limits.Document}

	w.Header().Add("Vary", "Accept")
	w.Header().Set("Cache-Control", "no-store")
	media, acceptable := negotiate(r.Header.Values("Accept"))
	if !acceptable {
		refuse(w, &refusal{
			status:  http.StatusNotAcceptable,
			code:    codeBadUserInput,
			message: "Responses are " + mediaGraphQL + " or " + mediaJSON + ": accept one of them.",
		})
		return
	}
	w.Header().Set("Content-Type", media+charset)
	// An error means that w is not of a real connection, which cannot be slow.
	_ = http.NewResponseController(w).
		SetWriteDeadline(time.Now().Add(t.limits.Read + t.limits.Operation + t.limits.Write))

	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		refuse(w, methodNotAllowed("GET, POST"))
		return
	}
	ctx := r.Context()
	memory := t.requests.Open(ownerOf(ctx))
	defer memory.Release()
	operation, errs, f := t.read(ctx, w, r, exec, &memory)
	if f != nil {
		refuse(w, f)
		return
	}
	if errs != nil {
		respond(w, media, exec.DispatchError(graphql.WithOperationContext(ctx, operation), errs))
		return
	}
	if f := checkMethod(r.Method, operation.Operation.Operation); f != nil {
		refuse(w, f)
		return
	}
	t.overHTTP(ctx, w, media, exec, operation)
}

// overHTTP answers an operation that is no subscription.
func (a *answers) overHTTP(
	ctx context.Context,
	w http.ResponseWriter,
	media string,
	exec graphql.GraphExecutor,
	operation *graphql.OperationContext,
) {
	a.answer(
		graphql.WithOperationContext(ctx, operation),
		exec,
		operation,
		func(response *graphql.Response) {
			if response == nil { // the client has gone away, or the server is stopping
				refuse(
					w,
					&refusal{
						status:  http.StatusServiceUnavailable,
						code:    codeUnavailable,
						message: "The operation was given up.",
					},
				)
				return
			}
			respond(w, media, response)
		},
	)
}

// checkMethod refuses operations that cannot go by method: links and prefetches must not change
// anything, and one response cannot hold a stream.
func checkMethod(method string, operation ast.Operation) *refusal {
	switch {
	case operation == ast.Subscription:
		return badInput(
			"query",
			"Subscriptions need a stream: a WebSocket with the subprotocol "+modern+", or Accept: "+mediaEvents+".",
		)
	case operation == ast.Mutation && method == http.MethodGet:
		f := methodNotAllowed(http.MethodPost)
		f.message = "Mutations are sent by POST."
		return f
	default:
		return nil
	}
}

// respond writes response with the status that its media type asks for.
func respond(w http.ResponseWriter, media string, response *graphql.Response) {
	body, err := encode(response)
	if err != nil {
		panic(
			err,
		) // an extension that is no JSON: a mistake in the server, answered as every panic is
	}
	if ms, limited := retryAfterOf(response.Errors); limited && response.Data == nil {
		w.Header().Set("Retry-After", retryAfter(ms))
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status(media, response))
	_, _ = w.Write(body) //nolint:gosec // JSON, and nosniff: no browser makes a page of it
}

// status returns 200 for all that has been executed, well or not. If nothing was, the status of
// mediaGraphQL says why; with mediaJSON it is 200 all the same, for clients that would take another
// code for a proxy's, except where a client has to retry later.
func status(media string, response *graphql.Response) int {
	if response.Data != nil || len(response.Errors) == 0 {
		return http.StatusOK
	}
	code, _ := response.Errors[0].Extensions["code"].(string)
	if media == mediaJSON && code != codeRateLimited {
		return http.StatusOK
	}
	switch code {
	case codeUnauthenticated:
		return http.StatusUnauthorized
	case codeForbidden, codeNotTrusted:
		return http.StatusForbidden
	case codeRateLimited:
		return http.StatusTooManyRequests
	case codeUnavailable:
		return http.StatusServiceUnavailable
	case codeInternal:
		return http.StatusInternalServerError
	default:
		return http.StatusBadRequest
	}
}

// encode returns response as JSON. Data is JSON already and is only copied; where nothing was
// executed there is none, not even null (GraphQL, section Response Format).
func encode(response *graphql.Response) ([]byte, error) {
	body := make([]byte, 0, len(response.Data)+64)
	separator := byte('{')
	member := func(name string, value []byte) {
		body = append(body, separator, '"')
		body = append(body, name...)
		body = append(body, '"', ':')
		body = append(body, value...)
		separator = ','
	}
	if len(response.Errors) > 0 {
		errs, err := json.Marshal(response.Errors)
		if err != nil {
			return nil, err
		}
		member("errors", errs)
	}
	if response.Data != nil {
		member("data", response.Data)
	}
	if len(response.Extensions) > 0 {
		extensions, err := json.Marshal(response.Extensions)
		if err != nil {
			return nil, err
		}
		member("extensions", extensions)
	}
	if separator == '{' {
		body = append(body, '{')
	}
	return append(body, '}'), nil
}

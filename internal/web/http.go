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

// httpTransport serves queries and mutations by GET and POST, according to GraphQL over HTTP
// (September 2026), including what that only recommends.
type httpTransport struct {
	*responder
	log *slog.Logger
}

var _ graphql.Transport = (*httpTransport)(nil)

// Supports implements [graphql.Transport].
func (t *httpTransport) Supports(*http.Request) bool { return true }

// Do serves r. All errors are GraphQL responses.
func (t *httpTransport) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	// gqlgen's server would recover the panic without a content type and without a log.
	defer recoverPanic(t.panics, w, r)
	exec = codedExecutor{exec, t.limits.Document}

	w.Header().Add("Vary", "Accept")
	w.Header().Set("Cache-Control", "no-store")
	media, acceptable := negotiate(r.Header.Values("Accept"))
	if !acceptable {
		refuse(w, &refusal{
			status: http.StatusNotAcceptable,
			code:   codeBadUserInput,
			message: "Accept " + mediaGraphQL + " or " + mediaJSON + ", or for subscriptions " +
				streamMedia + ".",
		})
		return
	}
	w.Header().Set("Content-Type", media+charset)
	// An error means that w has no network connection.
	_ = http.NewResponseController(w).
		SetWriteDeadline(time.Now().Add(t.limits.Read + t.limits.Operation + t.limits.Write))

	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		refuse(w, methodNotAllowed("GET, POST"))
		return
	}
	ctx := r.Context()
	memory := t.requests.Open(ownerOf(ctx))
	defer memory.Release()
	operation, errs, f := t.readOperation(ctx, w, r, exec, &memory)
	if f != nil {
		refuseRequest(w, media, f)
		return
	}
	if errs != nil {
		writeResponse(
			w,
			media,
			exec.DispatchError(graphql.WithOperationContext(ctx, operation), errs),
		)
		return
	}
	if f := checkMethod(r.Method, operation.Operation.Operation); f != nil {
		refuse(w, f)
		return
	}
	t.respond(ctx, w, media, exec, operation)
}

// refuseRequest refuses a request that has no operation to execute.
func refuseRequest(w http.ResponseWriter, media string, f *refusal) {
	w.Header().Set("Content-Type", media+charset)
	if media == mediaGraphQL && f.field != "" && f.status == http.StatusBadRequest {
		f.status = http.StatusUnprocessableEntity // JSON, but not the parameters of a request
	}
	refuse(w, f)
}

// respond executes a query or mutation and writes the response.
func (rs *responder) respond(
	ctx context.Context,
	w http.ResponseWriter,
	media string,
	exec graphql.GraphExecutor,
	operation *graphql.OperationContext,
) {
	rs.execute(
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
						message: "The operation was cancelled.",
					},
				)
				return
			}
			writeResponse(w, media, response)
		},
	)
}

// streamMedia names the media types of event streams in messages.
const streamMedia = mediaEvents + " or " + mediaMultipart + ";subscriptionSpec=1.0"

// checkMethod refuses operations that a method must not carry: links and prefetches must not change
// anything, and a single response cannot hold a stream.
func checkMethod(method string, operation ast.Operation) *refusal {
	switch {
	case operation == ast.Subscription:
		return badInput(
			"query",
			"Subscriptions need a stream: a WebSocket with the subprotocol "+protocolTransportWS+
				", or Accept: "+streamMedia+".",
		)
	case operation == ast.Mutation && method == http.MethodGet:
		f := methodNotAllowed(http.MethodPost)
		f.message = "Send mutations by POST."
		return f
	default:
		return nil
	}
}

// writeResponse writes response with the status for its media type.
func writeResponse(w http.ResponseWriter, media string, response *graphql.Response) {
	body, err := encode(response)
	if err != nil {
		panic(err) // an extension that is not JSON: a bug of the server
	}
	if ms, limited := retryAfterOf(response.Errors); limited && response.Data == nil {
		w.Header().Set("Retry-After", retryAfter(ms))
	}
	code := status(media, response)
	if code == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	_, _ = w.Write(body) //nolint:gosec // JSON, and nosniff: browsers do not render it
}

// statusPartialSuccess is the status of data with errors (GraphQL over HTTP, section Status Codes).
const statusPartialSuccess = 294

// status returns 200 if the operation was executed, and for mediaGraphQL 294 if a part of it
// failed. If it was not executed, the status for mediaGraphQL depends on the error. For mediaJSON it
// is 200 as well, because clients may take other codes for those of a proxy, except for
// RATE_LIMITED: all clients must learn to retry later.
func status(media string, response *graphql.Response) int {
	switch {
	case len(response.Errors) == 0, response.Data != nil && media == mediaJSON:
		return http.StatusOK
	case response.Data != nil:
		return statusPartialSuccess
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
	case codeValidationFailed, codeBadUserInput: // of the document, or of a variable
		return http.StatusUnprocessableEntity
	default:
		return http.StatusBadRequest
	}
}

// encode returns response as JSON. Data is JSON already and is copied. If nothing was executed
// there is no data, not even null (GraphQL, section Response Format).
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

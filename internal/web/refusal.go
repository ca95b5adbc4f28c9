package web

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// The values of extensions.code (enum ErrorCode of the schema) that this package uses.
const (
	codeUnauthenticated  = "UNAUTHENTICATED"
	codeForbidden        = "FORBIDDEN"
	codeNotFound         = "NOT_FOUND"
	codeBadUserInput     = "BAD_USER_INPUT"
	codeTooComplex       = "TOO_COMPLEX"
	codeRateLimited      = "RATE_LIMITED"
	codeUnavailable      = "UNAVAILABLE"
	codeInternal         = "INTERNAL"
	codeValidationFailed = "GRAPHQL_VALIDATION_FAILED"
	codeNotTrusted       = "DOCUMENT_NOT_TRUSTED"
)

// refusal is the error of a request or message that is not executed as an operation. Its message
// never contains input of the client.
type refusal struct {
	status  int
	code    string
	message string
	// field names the invalid parameter, with BAD_USER_INPUT.
	field string
	// requestID identifies the log entry with the cause, with INTERNAL.
	requestID string
	// retryAfter is when to try again, with RATE_LIMITED and UNAVAILABLE.
	retryAfter time.Duration
	// header has the headers that the status requires (Allow, WWW-Authenticate, Retry-After).
	header map[string]string
}

func badInput(field, message string) *refusal {
	return &refusal{
		status:  http.StatusBadRequest,
		code:    codeBadUserInput,
		field:   field,
		message: message,
	}
}

func methodNotAllowed(allow string) *refusal {
	return &refusal{
		status:  http.StatusMethodNotAllowed,
		code:    codeBadUserInput,
		message: "This method is not allowed here. Allowed: " + allow + ".",
		header:  map[string]string{"Allow": allow},
	}
}

// graphQL returns the refusal as a GraphQL error.
func (f *refusal) graphQL() *gqlerror.Error {
	extensions := map[string]any{"code": f.code}
	if f.field != "" {
		extensions["field"] = f.field
	}
	if f.requestID != "" {
		extensions["requestId"] = f.requestID
	}
	if f.retryAfter > 0 {
		extensions["retryAfterMs"] = f.retryAfter.Milliseconds()
	}
	return &gqlerror.Error{Message: f.message, Extensions: extensions}
}

// refuse writes f as a GraphQL response without data, in the media type that is set in the headers
// of w, if any.
func refuse(w http.ResponseWriter, f *refusal) {
	for name, value := range f.header {
		w.Header().Set(name, value)
	}
	body, err := json.Marshal(struct {
		Errors gqlerror.List `json:"errors"`
	}{gqlerror.List{f.graphQL()}})
	if err != nil {
		panic(err) // strings and maps of strings always encode
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", mediaJSON+charset)
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(f.status)
	_, _ = w.Write(body) // the client may have gone
}

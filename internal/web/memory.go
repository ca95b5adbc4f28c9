package web

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"parley/internal/auth"
	"parley/internal/limit"
	"parley/internal/wire"
)

// The sizes of reservations, in bytes. The memory of the kernel is not part of them.
const (
	// socketBytes is for an idle WebSocket. eventStreamBytes is for an event stream, which keeps
	// the buffers and goroutines of its request.
	socketBytes      = 12 << 10
	eventStreamBytes = 40 << 10
	// operationBytes is for an operation that runs, or a parked subscription, without its document
	// and variables.
	operationBytes = 4 << 10
	// decodeFactor is the memory that a request takes until it has been answered, for each of its
	// bytes: its text, the decoded document and variables, and the syntax tree of the document.
	decodeFactor = 10
	// smallPayload is the total size of the results that may wait to be sent without a reservation,
	// one set per socket.
	smallPayload = 4 << 10
	// smallRequest is the size of the requests that count for no quota while there is enough
	// memory.
	smallRequest = 8 << 10
)

const (
	// anonymousBodyMargin is the part of an anonymous request besides the largest document, in
	// bytes.
	anonymousBodyMargin = 16 << 10
	// anonymousMessage is the size of the largest WebSocket message of an anonymous client, in
	// bytes.
	anonymousMessage = 64 << 10
	// tokenPayload is the size of the largest payload of a connection_init or a ping, in bytes. A
	// token has at most 8 KiB.
	tokenPayload = 16 << 10
)

// The quotas of one user, one address, all anonymous clients and the anonymous clients of one address
// are 1/userParts, 1/addressParts, … of a budget.
const (
	userParts             = 8
	addressParts          = 2
	anonymousParts        = 4
	anonymousAddressParts = 16
	// messagesParts divides the memory of connections: 1/messagesParts of it is for messages.
	messagesParts = 4
)

// The names of the memory budgets in logs and metrics.
const (
	budgetRequests    = "requests"
	budgetMessages    = "messages"
	budgetConnections = "connections"
)

// budgets are the memory budgets of a server.
type budgets struct {
	// requests is for bodies and query strings, and for decoding and parsing them. messages is for
	// WebSocket messages until they have been handled. connections is for WebSockets, event streams
	// and their operations.
	requests, messages, connections *limit.Memory
	documents                       documents
}

func newBudgets(
	limits Limits, reporter *limit.Reporter, documentBytes func(*graphql.OperationContext) int64,
) *budgets {
	const socketSetting = "PARLEY_MAX_SOCKET_MEMORY"
	messages := limits.SocketBytes / messagesParts
	b := &budgets{
		requests: newBudget(
			limits.RequestBytes,
			legacyFactor*limits.Body,
			decodeFactor*limits.anonymousBody(),
			decodeFactor*smallRequest,
			func() { reporter.Reached(budgetRequests, "PARLEY_MAX_REQUEST_MEMORY") },
		),
		messages: newBudget(
			messages,
			wire.MessageFactor*limits.SocketMessage,
			wire.MessageFactor*anonymousMessage,
			0,
			func() { reporter.Reached(budgetMessages, socketSetting) },
		),
		connections: newBudget(
			limits.SocketBytes-messages,
			socketBytes+operationBytes+decodeFactor*limits.SocketMessage,
			socketBytes+operationBytes+decodeFactor*anonymousMessage,
			0,
			func() { reporter.Reached(budgetConnections, socketSetting) },
		),
	}
	b.documents = documents{
		memory:  b.connections,
		bytes:   documentBytes,
		entries: make(map[*ast.QueryDocument]*documentEntry),
	}
	return b
}

// newBudget returns a budget of bytes with quotas for users and addresses. Each quota admits the
// largest single reservation: largest for a user, anonymous for an anonymous client.
func newBudget(bytes, largest, anonymous, small int64, refused func()) *limit.Memory {
	return limit.NewMemory(limit.MemoryOptions{
		Bytes:            bytes,
		User:             max(bytes/userParts, largest),
		Address:          max(bytes/addressParts, largest),
		Anonymous:        max(bytes/anonymousParts, anonymous),
		AnonymousAddress: max(bytes/anonymousAddressParts, anonymous),
		Small:            small,
		Refused:          refused,
	})
}

// reserveResults reserves memory for results until they have been sent: their own size, and a frame
// for the largest.
func (b *budgets) reserveResults(owner limit.Owner, results [][]byte) (limit.Reservation, error) {
	total, largest := 0, 0
	for _, payload := range results {
		total, largest = total+len(payload), max(largest, len(payload))
	}
	if total <= smallPayload {
		return b.connections.Open(owner), nil
	}
	return b.connections.Reserve(owner, int64(total+largest))
}

// ownerOf returns the owner of the reservations for the client of ctx.
func ownerOf(ctx context.Context) limit.Owner {
	identity, _ := auth.FromContext(ctx)
	return limit.OwnerOf(ctx, identity.ID)
}

// Clients retry after a random time between minRetryAfter and maxRetryAfter seconds, so that they do
// not all retry at once.
const minRetryAfter, maxRetryAfter = 5, 15

// memoryRefusal returns the refusal for an error of [limit.Memory]. what names the rejected things,
// in the plural.
func memoryRefusal(err error, what string) *refusal {
	if errors.Is(err, limit.ErrQuotaExceeded) {
		return rateLimited(
			"Your "+what+" take too much memory at a time. Try again later.",
			time.Second,
		)
	}
	return unavailable("The server has no memory for more " + what + " now. Try again later.")
}

// unavailable returns a refusal that asks the client to retry later.
func unavailable(message string) *refusal {
	//nolint:gosec // not a secret
	seconds := minRetryAfter + rand.IntN(
		maxRetryAfter-minRetryAfter+1,
	)
	return &refusal{
		status: http.StatusServiceUnavailable, code: codeUnavailable, message: message,
		header: map[string]string{"Retry-After": strconv.Itoa(seconds)},
	}
}

// sizeOf estimates the memory of a decoded value, in bytes.
func sizeOf(value any) int64 {
	const word, pair = 16, 64
	switch v := value.(type) {
	case string:
		return word + int64(len(v))
	case json.Number:
		return word + int64(len(v))
	case json.RawMessage:
		return 2*word + int64(len(v))
	case map[string]any:
		size := int64(pair)
		for name, member := range v {
			size += pair + int64(len(name)) + sizeOf(member)
		}
		return size
	case []any:
		size := int64(2 * word)
		for _, element := range v {
			size += word + sizeOf(element)
		}
		return size
	default:
		return word
	}
}

// subscriptionBytes estimates the memory of a subscription without the syntax tree of its document,
// in bytes.
func subscriptionBytes(op *graphql.OperationContext) int64 {
	return operationBytes + int64(len(op.RawQuery)) + sizeOf(op.Variables)
}

// documents reserves memory for the documents of subscriptions, with their compiled plans.
// Subscriptions with the same document share it: it counts once, for the owner of the first of
// them.
type documents struct {
	memory *limit.Memory
	// bytes estimates the memory of the document of an operation.
	bytes func(*graphql.OperationContext) int64

	mu      sync.Mutex
	entries map[*ast.QueryDocument]*documentEntry
}

type documentEntry struct {
	memory limit.Reservation
	users  int
}

// reserve reserves memory for the document of op, until release.
func (d *documents) reserve(owner limit.Owner, op *graphql.OperationContext) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := d.entries[op.Doc]
	if h == nil {
		memory, err := d.memory.Reserve(owner, d.bytes(op))
		if err != nil {
			return err
		}
		h = &documentEntry{memory: memory}
		d.entries[op.Doc] = h
	}
	h.users++
	return nil
}

// release releases a document that reserve has reserved.
func (d *documents) release(doc *ast.QueryDocument) {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := d.entries[doc]
	if h.users--; h.users == 0 {
		h.memory.Release()
		delete(d.entries, doc)
	}
}

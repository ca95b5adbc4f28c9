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
	// socketBytes is for an idle WebSocket, eventStreamBytes for an event stream, which keeps the
	// buffers and goroutines of its request.
	socketBytes      = 12 << 10
	eventStreamBytes = 40 << 10
	// operationBytes is for an operation that runs, or a subscription that waits, besides its
	// document and variables.
	operationBytes = 4 << 10
	// decodeFactor is what a request takes of memory for each of its bytes until it has been
	// answered: its text, the decoded document and variables, and the document's syntax tree.
	decodeFactor = 10
	// smallPayload is the size of results, in bytes, that may wait to be sent without a
	// reservation: one of each socket.
	smallPayload = 4 << 10
	// smallRequest is the size of requests, in bytes, that count for no quota while there is enough
	// memory.
	smallRequest = 8 << 10
)

const (
	// anonymousBodyMargin is how much larger than the largest document the request of an anonymous
	// client may be.
	anonymousBodyMargin = 16 << 10
	// anonymousMessage is the size of the largest WebSocket message before a client has identified
	// itself.
	anonymousMessage = 64 << 10
	// tokenPayload is the size of the largest payload of a connection_init or a ping: a token has
	// at most 8 KiB.
	tokenPayload = 16 << 10
)

// Each budget is divided: what one user, one address, all anonymous clients and the anonymous
// clients of one address may have is one part in so many.
const (
	userParts             = 8
	addressParts          = 2
	anonymousParts        = 4
	anonymousAddressParts = 16
	// messagesParts is the part of the sockets' memory that is for messages.
	messagesParts = 4
)

// The names of the memory budgets in logs and metrics.
const (
	budgetRequests    = "requests"
	budgetMessages    = "messages"
	budgetConnections = "connections"
)

// budgets admit what clients make the server hold.
type budgets struct {
	// requests is for bodies and query strings, and for what decoding and parsing them takes.
	// messages is for WebSocket messages until they have been acted on. connections is for sockets,
	// event streams and the operations on them.
	requests, messages, connections *limit.Memory
	documents                       documents
}

func newBudgets(
	limits Limits, reporter *limit.Reporter, documentBytes func(*graphql.OperationContext) int64,
) *budgets {
	const socketSetting = "PARLEY_MAX_SOCKET_BYTES"
	messages := limits.SocketBytes / messagesParts
	b := &budgets{
		requests: newBudget(
			limits.RequestBytes,
			olderFactor*limits.Body,
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
		memory: b.connections,
		bytes:  documentBytes,
		held:   make(map[*ast.QueryDocument]*heldDocument),
	}
	return b
}

// newBudget divides bytes among users and addresses. A quota has room for the largest single
// reservation: largest is that of a user, anonymous that of an anonymous client.
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

// reserveUnsent reserves memory for results until they have been sent: what they take themselves,
// and the frame of the largest.
func (b *budgets) reserveUnsent(owner limit.Owner, results [][]byte) (limit.Reservation, error) {
	total, largest := 0, 0
	for _, payload := range results {
		total, largest = total+len(payload), max(largest, len(payload))
	}
	if total <= smallPayload {
		return b.connections.Open(owner), nil
	}
	return b.connections.Reserve(owner, int64(total+largest))
}

// ownerOf returns the owner of what is reserved for the client of ctx.
func ownerOf(ctx context.Context) limit.Owner {
	identity, _ := auth.FromContext(ctx)
	return limit.OwnerOf(ctx, identity.ID)
}

// comeBackLeast and comeBackMost are the seconds after which clients try again: not all at once.
const comeBackLeast, comeBackMost = 5, 15

// noMemoryFor is the refusal for an error of [limit.Memory]. what names what was asked for, in the
// plural.
func noMemoryFor(err error, what string) *refusal {
	if errors.Is(err, limit.ErrQuotaExceeded) {
		return tooOften(
			"Your "+what+" take too much memory at a time. Try again later.",
			time.Second,
		)
	}
	return unavailable("The server has no memory for more " + what + " now. Try again later.")
}

// unavailable is a refusal that asks the client to come back.
func unavailable(message string) *refusal {
	//nolint:gosec // not a secret
	seconds := comeBackLeast + rand.IntN(
		comeBackMost-comeBackLeast+1,
	)
	return &refusal{
		status: http.StatusServiceUnavailable, code: codeUnavailable, message: message,
		header: map[string]string{"Retry-After": strconv.Itoa(seconds)},
	}
}

// sizeOf estimates what a decoded value takes of memory.
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

// keptBytes estimates what a subscription keeps for as long as it lives, besides the syntax tree of
// its document.
func keptBytes(op *graphql.OperationContext) int64 {
	return operationBytes + int64(len(op.RawQuery)) + sizeOf(op.Variables)
}

// documents reserves memory for the documents that subscriptions keep, with what is compiled of them. Subscriptions with the
// same document share it: it counts once, for the owner of the first of them.
type documents struct {
	memory *limit.Memory
	// bytes estimates what the document of an operation takes.
	bytes func(*graphql.OperationContext) int64

	mu   sync.Mutex
	held map[*ast.QueryDocument]*heldDocument
}

type heldDocument struct {
	memory limit.Reservation
	users  int
}

// hold reserves memory for the document of op, until release.
func (d *documents) hold(owner limit.Owner, op *graphql.OperationContext) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := d.held[op.Doc]
	if h == nil {
		memory, err := d.memory.Reserve(owner, d.bytes(op))
		if err != nil {
			return err
		}
		h = &heldDocument{memory: memory}
		d.held[op.Doc] = h
	}
	h.users++
	return nil
}

func (d *documents) release(doc *ast.QueryDocument) {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := d.held[doc]
	if h.users--; h.users == 0 {
		h.memory.Release()
		delete(d.held, doc)
	}
}

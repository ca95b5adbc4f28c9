package web

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/internal/limit"
	"parley/internal/live"
	"parley/internal/panics"
	"parley/internal/reqid"
	"parley/internal/wire"
)

// operation is a query, mutation or subscription on a socket, and the [live.Sink] of a
// subscription. A parked subscription has no goroutine.
type operation struct {
	// ws and frames are those of the socket.
	ws     *wire.Conn
	frames *sync.Pool
	// prefix is the beginning of a result's message.
	prefix []byte
	// detached is whether the client no longer waits for the operation.
	detached atomic.Bool

	socket *socket
	id     string
	// memory is what the operation and its decoded request take. Only the goroutine of the
	// operation uses it, until the operation is parked.
	memory limit.Reservation

	// The fields below are guarded by the socket's lock. cancel ends the context of the operation's
	// goroutine; it is nil if there is none. subscriber is nil unless the operation is a
	// subscription.
	cancel     context.CancelFunc
	subscriber live.Subscriber
	parked     bool
	// document is the subscription's document, if memory is reserved for it.
	document *ast.QueryDocument
}

// operationError returns the error message for an operation that has not started.
func (s *socket) operationError(id string, f *refusal) action {
	return action{reply: s.subprotocol.errorMessage(id, gqlerror.List{f.graphQL()})}
}

// maxOperationID is the length of the longest id of an operation, in bytes. The id stays in memory
// as long as the operation, and each result repeats it. Client libraries use a number or a UUID.
const maxOperationID = 256

// handleSubscribe starts an operation. slot is that of the message; the operation releases it.
func (s *socket) handleSubscribe(m message, slot *largeSlot) action {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.initialized {
		return closeAction(closeUnauthorized, "Unauthorized")
	}
	if m.ID == "" {
		return closeAction(closeBadRequest, "Invalid subscribe message: no id")
	}
	if len(m.ID) > maxOperationID {
		return closeAction(closeBadRequest, "Invalid subscribe message: the id is too long")
	}
	members, f := readMembers(m.Payload)
	if len(m.Payload) == 0 || f != nil && members == nil || !validShape(members) {
		return closeAction(closeBadRequest, "Invalid subscribe payload")
	}
	if _, running := s.operations[m.ID]; running {
		return closeAction(closeSubscriberExists, "Subscriber already exists")
	}
	// Operations that the client has completed take a moment to end. If there are too many of them,
	// wait.
	for len(s.operations) < s.limits.SocketOperations && s.started >= 2*s.limits.SocketOperations && !s.closing {
		slot.release() // the ending operations may need it
		s.operationEnded.Wait()
	}
	if s.closing {
		return action{}
	}
	if len(s.operations) >= s.limits.SocketOperations {
		return s.operationError(
			m.ID,
			&refusal{
				code: codeRateLimited,
				message: fmt.Sprintf(
					"At most %d operations may run on one WebSocket: complete one first, or open another WebSocket.",
					s.limits.SocketOperations,
				),
			},
		)
	}
	memory, err := s.budgets.connections.Reserve(
		ownerOf(s.userCtx),
		operationBytes+decodeFactor*int64(len(m.Payload)),
	)
	if err != nil {
		return s.operationError(m.ID, memoryRefusal(err, "operations"))
	}
	params := (*graphql.RawParams)(nil)
	if f == nil {
		params, f = parseMembers(members)
	}
	if f != nil {
		memory.Release()
		return s.operationError(m.ID, f)
	}
	op := &operation{
		ws:     s.ws,
		frames: &s.frames,
		prefix: s.subprotocol.resultPrefix(m.ID),
		socket: s,
		id:     m.ID,
		memory: memory,
	}
	s.operations[m.ID] = op
	s.started++
	taken := *slot
	*slot = largeSlot{}
	op.start(func(ctx context.Context) (gqlerror.List, bool) { return op.run(ctx, params, taken) })
	return action{}
}

// start runs do in a goroutine. If do returns that it has parked the operation, the operation
// continues without a goroutine; otherwise it has ended. The caller holds the lock of the socket.
func (op *operation) start(do func(ctx context.Context) (errs gqlerror.List, parked bool)) {
	s := op.socket
	ctx, cancel := context.WithCancel(reqid.WithOperation(s.userCtx, op.id))
	op.cancel = cancel
	s.running.Go(s.responder.panics.Wrap(ctx, panics.Operation, func() {
		defer cancel()
		op.runToEnd(ctx, do)
	}, func(error) { s.closeAfterPanic() }))
}

// validShape reports whether members have the types that the protocol defines. The operation itself
// checks their contents.
func validShape(members map[string]json.RawMessage) bool {
	is := func(name, begin string) bool {
		value, given := members[name]
		return !given || strings.IndexByte(begin, value[0]) >= 0
	}
	return is("query", `"n`) && is("operationName", `"n`) && is("variables", "{n") &&
		is("extensions", "{n") &&
		(members["query"] != nil || members["extensions"] != nil || idGiven(members))
}

// handleComplete ends an operation that the client no longer waits for. The client may reuse its id
// at once.
func (s *socket) handleComplete(id string) {
	s.mu.Lock()
	op := s.operations[id]
	parked := op != nil && s.detach(op)
	s.mu.Unlock()
	if parked {
		op.subscriber.Close()
	}
}

// detach removes an operation that the client no longer waits for. If it returns true the operation
// was parked, and the caller must close the subscriber; otherwise the operation's goroutine does.
// If the socket is closing, queries and mutations are not cancelled. The caller holds the lock of
// the socket.
func (s *socket) detach(op *operation) (parked bool) {
	delete(s.operations, op.id)
	op.detached.Store(true)
	if parked = op.parked; parked {
		op.parked = false
		s.release(op)
	}
	if op.cancel != nil && (op.subscriber != nil || !s.closing) {
		op.cancel()
	}
	return parked
}

// release releases the memory of an operation that has ended, and no longer counts it. The caller
// holds the lock of the socket.
func (s *socket) release(op *operation) {
	s.started--
	op.memory.Release()
	if op.document != nil {
		s.budgets.documents.release(op.document)
		op.document = nil
	}
	s.operationEnded.Broadcast()
}

// run executes an operation and sends its results. It releases slot when the document has been
// parsed and validated.
func (op *operation) run(
	ctx context.Context, params *graphql.RawParams, slot largeSlot,
) (errs gqlerror.List, parked bool) {
	defer slot.release()
	now := graphql.Now()
	params.ReadTime = graphql.TraceTiming{Start: now, End: now}
	traced, exec := graphql.StartOperationTrace(ctx), op.socket.exec
	opCtx, errs := exec.CreateOperationContext(traced, params)
	slot.release()
	if len(errs) > 0 {
		return exec.DispatchError(graphql.WithOperationContext(traced, opCtx), errs).Errors, false
	}
	if opCtx.Operation.Operation != ast.Subscription {
		op.execute(traced, opCtx)
		return nil, false
	}
	if errs := op.reserveSubscription(ctx, opCtx); len(errs) > 0 {
		return errs, false
	}
	subscriber, errs := op.socket.subscribe(traced, opCtx, "")
	if len(errs) > 0 {
		return errs, false
	}
	op.memory.Shrink(subscriptionBytes(opCtx)) // the subscriber may not need all variables
	op.socket.mu.Lock()
	op.subscriber = subscriber
	op.socket.mu.Unlock()
	op.socket.restartIfIdle()
	return op.follow(ctx)
}

// runToEnd calls do, and ends the operation unless do has parked it. If do panics, the operation
// ends with INTERNAL; other operations of the socket continue.
func (op *operation) runToEnd(
	ctx context.Context, do func(ctx context.Context) (errs gqlerror.List, parked bool),
) {
	var errs gqlerror.List
	parked := false
	err := op.socket.responder.panics.Run(ctx, panics.Operation, func() error {
		errs, parked = do(ctx)
		return nil
	})
	if err != nil {
		errs = gqlerror.List{internalError(ctx).graphQL()}
	}
	if !parked {
		op.end(errs)
	}
}

// execute executes a query or mutation and sends its result.
func (op *operation) execute(ctx context.Context, opCtx *graphql.OperationContext) {
	op.socket.responder.execute(ctx, op.socket.exec, opCtx, func(response *graphql.Response) {
		if response == nil {
			return
		}
		payload, err := encode(response)
		if err != nil {
			panic(err) // a response always encodes
		}
		op.send(payload)
	})
}

// send sends a result, unless the client no longer waits for the operation. It waits for other
// writers. It returns false if the result was not sent.
func (op *operation) send(payload []byte) bool {
	return !op.detached.Load() && op.ws.Write(wire.Text(op.prefix, payload, []byte{'}'})) == nil
}

// end closes the subscriber, and sends the errors or the end of the operation, unless the client
// has completed it.
func (op *operation) end(errs gqlerror.List) {
	if op.subscriber != nil {
		op.subscriber.Close()
	}
	s := op.socket
	if s.removeOperation(op) {
		final := mustEncode(message{Type: "complete", ID: op.id})
		if len(errs) > 0 {
			final = s.subprotocol.errorMessage(op.id, errs)
		}
		_ = s.write(final) // after an error the next read fails, too
	}
	s.restartIfIdle()
}

// removeOperation removes an operation that has ended, and reports whether the client still waits
// for it.
func (s *socket) removeOperation(op *operation) (waiting bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	op.parked = false // Park may have panicked
	s.release(op)
	waiting = !op.detached.Load()
	if waiting {
		delete(s.operations, op.id)
	}
	return waiting
}

package web

import (
	"context"
	"encoding/json"
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

// operation is what runs under an id on a socket, and the [live.Sink] of a subscription. A parked
// subscription has no goroutine.
type operation struct {
	// conn and frames are the socket's.
	conn   *wire.Conn
	frames *sync.Pool
	// prefix is what a result's message begins with.
	prefix []byte
	// unwanted: the client waits for nothing more of it.
	unwanted atomic.Bool

	socket *socket
	id     string
	// memory is what it and its decoded request take. It is the goroutine's until the operation is
	// parked.
	memory limit.Reservation

	// Guarded by the socket's lock. cancel ends the context of the operation's goroutine; nil while
	// it has none. subscriber is set if it is a subscription.
	cancel     context.CancelFunc
	subscriber live.Subscriber
	parked     bool
	// document is what the subscription holds of the budget's documents.
	document *ast.QueryDocument
}

// errorFor is the error message for operation id, which has not begun.
func (s *socket) errorFor(id string, f *refusal) verdict {
	return verdict{reply: s.dialect.failed(id, gqlerror.List{f.graphQL()})}
}

// maxOperationID bounds an operation's id, in bytes: it stays in memory as long as the operation,
// and each result repeats it. Client libraries send a number or a UUID.
const maxOperationID = 256

// subscribeTo starts an operation. slot is that of the message; the operation takes it over.
func (s *socket) subscribeTo(m message, slot *heavySlot) verdict {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.initialised {
		return closeWith(closeUnauthorized, "Unauthorized")
	}
	if m.ID == "" {
		return closeWith(closeBadRequest, "Invalid subscribe message: no id")
	}
	if len(m.ID) > maxOperationID {
		return closeWith(closeBadRequest, "Invalid subscribe message: the id is too long")
	}
	members, f := readMembers(m.Payload)
	if len(m.Payload) == 0 || f != nil && members == nil || !validShape(members) {
		return closeWith(closeBadRequest, "Invalid subscribe payload")
	}
	if _, running := s.operations[m.ID]; running {
		return closeWith(closeSubscriberExists, "Subscriber already exists")
	}
	// The client waits for few operations. Those that it has completed take a moment to end: until
	// then it has to wait where there are too many of them.
	for len(s.operations) < s.limits.SocketOperations && s.started >= 2*s.limits.SocketOperations && !s.closing {
		slot.release() // those that end may need it
		s.ending.Wait()
	}
	if s.closing {
		return verdict{}
	}
	if len(s.operations) >= s.limits.SocketOperations {
		return s.errorFor(
			m.ID,
			&refusal{
				code:    codeRateLimited,
				message: "Too many operations run on this socket: complete one first.",
			},
		)
	}
	memory, err := s.budgets.connections.Reserve(
		ownerOf(s.identified),
		operationBytes+decodeFactor*int64(len(m.Payload)),
	)
	if err != nil {
		return s.errorFor(m.ID, noMemoryFor(err, "operations"))
	}
	params := (*graphql.RawParams)(nil)
	if f == nil {
		params, f = parseMembers(members)
	}
	if f != nil {
		memory.Release()
		return s.errorFor(m.ID, f)
	}
	op := &operation{
		conn:   s.conn,
		frames: &s.frames,
		prefix: s.dialect.prefix(m.ID),
		socket: s,
		id:     m.ID,
		memory: memory,
	}
	s.operations[m.ID] = op
	s.started++
	held := *slot
	*slot = heavySlot{}
	op.start(func(ctx context.Context) (gqlerror.List, bool) { return op.run(ctx, params, held) })
	return verdict{}
}

// start runs do in a goroutine: until it ends the operation or, if it returns that it has parked it,
// until it returns. The socket is locked.
func (op *operation) start(do func(ctx context.Context) (errs gqlerror.List, parked bool)) {
	s := op.socket
	ctx, cancel := context.WithCancel(reqid.WithOperation(s.identified, op.id))
	op.cancel = cancel
	s.running.Go(s.answers.panics.Wrap(ctx, panics.Operation, func() {
		defer cancel()
		op.until(ctx, do)
	}, func(error) { s.abort() }))
}

// validShape reports whether members are of the types that the protocol gives them. What they hold
// is for the operation.
func validShape(members map[string]json.RawMessage) bool {
	is := func(name, begin string) bool {
		value, given := members[name]
		return !given || strings.IndexByte(begin, value[0]) >= 0
	}
	return is("query", `"n`) && is("operationName", `"n`) && is("variables", "{n") &&
		is("extensions", "{n") &&
		(members["query"] != nil || members["extensions"] != nil || idGiven(members))
}

// complete ends an operation that the client waits for no more. Its id is free at once.
func (s *socket) complete(id string) {
	s.mu.Lock()
	op := s.operations[id]
	parked := op != nil && s.forget(op)
	s.mu.Unlock()
	if parked {
		op.subscriber.Close()
	}
}

// forget ends an operation for which the client no longer waits. If it returns true the operation was
// parked, and the caller closes the subscriber; otherwise its goroutine does. Queries and mutations
// are not cancelled if the socket is closing. The socket is locked.
func (s *socket) forget(op *operation) (parked bool) {
	delete(s.operations, op.id)
	op.unwanted.Store(true)
	if parked = op.parked; parked {
		op.parked = false
		s.ended(op)
	}
	if op.cancel != nil && (op.subscriber != nil || !s.closing) {
		op.cancel()
	}
	return parked
}

// ended counts an operation no more. The socket is locked.
func (s *socket) ended(op *operation) {
	s.started--
	op.memory.Release()
	if op.document != nil {
		s.budgets.documents.release(op.document)
		op.document = nil
	}
	s.ending.Broadcast()
}

// run executes an operation and sends its results. It releases slot when the document has been
// parsed and validated.
func (op *operation) run(
	ctx context.Context, params *graphql.RawParams, slot heavySlot,
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
		op.answer(traced, opCtx)
		return nil, false
	}
	if errs := op.keep(ctx, opCtx); len(errs) > 0 {
		return errs, false
	}
	subscriber, errs := op.socket.subscribe(traced, opCtx, "")
	if len(errs) > 0 {
		return errs, false
	}
	op.memory.Shrink(keptBytes(opCtx)) // of whose variables some may no longer be kept
	op.socket.mu.Lock()
	op.subscriber = subscriber
	op.socket.mu.Unlock()
	op.socket.restartIfIdle()
	return op.follow(ctx)
}

// until ends the operation when do has come to the end of it: with errors, if any, unless it is
// parked. A panic of do ends it with INTERNAL, and no other of the socket.
func (op *operation) until(
	ctx context.Context, do func(ctx context.Context) (errs gqlerror.List, parked bool),
) {
	var errs gqlerror.List
	parked := false
	err := op.socket.answers.panics.Run(ctx, panics.Operation, func() error {
		errs, parked = do(ctx)
		return nil
	})
	if err != nil {
		errs = gqlerror.List{broken(ctx).graphQL()}
	}
	if !parked {
		op.end(errs)
	}
}

// answer executes a query or mutation and sends its result.
func (op *operation) answer(ctx context.Context, opCtx *graphql.OperationContext) {
	op.socket.answers.answer(ctx, op.socket.exec, opCtx, func(response *graphql.Response) {
		if response == nil {
			return
		}
		payload, err := encode(response)
		if err != nil {
			panic(err) // what has been executed always encodes
		}
		op.send(payload)
	})
}

// send sends a result, unless the client has no use for it any more, and waits for its turn.
func (op *operation) send(payload []byte) bool {
	return !op.unwanted.Load() && op.conn.Write(wire.Text(op.prefix, payload, []byte{'}'})) == nil
}

// end forgets an operation and tells the client of its end, unless that has ended it.
func (op *operation) end(errs gqlerror.List) {
	if op.subscriber != nil {
		op.subscriber.Close()
	}
	s := op.socket
	if s.remove(op) {
		last := encoded(message{Type: "complete", ID: op.id})
		if len(errs) > 0 {
			last = s.dialect.failed(op.id, errs)
		}
		_ = s.write(last) // where it fails the next read does
	}
	s.restartIfIdle()
}

// remove counts an operation no more, and reports whether the client still waits for it.
func (s *socket) remove(op *operation) (wanted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	op.parked = false // it may have panicked while it was being parked
	s.ended(op)
	wanted = !op.unwanted.Load()
	if wanted {
		delete(s.operations, op.id)
	}
	return wanted
}

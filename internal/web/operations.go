package web

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/internal/reqid"
	"parley/internal/wire"
)

// Subscribe starts a subscription that exec has made op of. Its context ends when it returns: the stream must not keep it.
type Subscribe func(ctx context.Context, exec graphql.GraphExecutor, op *graphql.OperationContext) (Stream, gqlerror.List)

// Stream is a running subscription. Except for Stop it is for one goroutine.
type Stream interface {
	// Next waits for what comes next, and returns the results of it: whole responses in JSON, which are shared by many and must
	// not be changed; none where nothing of it is to be shown. more tells whether there may be more behind it. Otherwise the
	// subscription has ended, with errors or by itself, when the results have been passed on.
	Next(ctx context.Context) (results [][]byte, more bool, errs gqlerror.List)
	// Park has results handed to taker as they come, instead of waiting for them with Next. It returns false where it
	// cannot, or there may be something for Next at once.
	Park(taker Taker) bool
	// Parks tells whether it can.
	Parks() bool
	// Await waits, where Park has returned false though it can, until Next need not wait, and returns true, or until Park may
	// not return false any more.
	Await(ctx context.Context) bool
	// Stop ends it.
	Stop()
}

// Taker is whom a stream hands results to while nobody waits for them.
type Taker = interface {
	// Ready tells whether Take would take a result now, as far as that is known; it looks at what Take will look at.
	Ready() bool
	// Take is handed a result. It does not block; it returns false for one that cannot be taken now.
	Take(result []byte) bool
	// Resume is called, once, when a result has not been taken, and when the subscription has come to its end: Next goes on
	// from there. It does not block.
	Resume()
}

// operation is what runs under an id on a socket. A subscription to which nothing happens has no goroutine: it is parked.
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
	// bytes is what it takes of the room that there is for all.
	bytes int64
	ctx   context.Context //nolint:containedctx // the operation's own
	// cancel ends it: the client has completed it, or the socket is closed.
	cancel context.CancelFunc

	// Guarded by the socket's lock. stream is what it follows, if it is a subscription.
	stream Stream
	parked bool
}

// subscribeTo starts an operation.
func (s *socket) subscribeTo(m message) verdict {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.initialised {
		return closeWith(closeUnauthorized, "Unauthorized")
	}
	if m.ID == "" {
		return closeWith(closeBadRequest, "Invalid subscribe message: no id")
	}
	var members map[string]json.RawMessage
	if len(m.Payload) == 0 || json.Unmarshal(m.Payload, &members) != nil {
		return closeWith(closeBadRequest, "Invalid subscribe payload")
	}
	params, f := parseMembers(members)
	if f != nil {
		return closeWith(closeBadRequest, "Invalid subscribe payload: "+f.message)
	}
	if _, running := s.operations[m.ID]; running {
		return closeWith(closeSubscriberExists, "Subscriber already exists")
	}
	if s.closing {
		return verdict{}
	}
	if s.started >= s.limits.SocketOperations {
		f := refusal{code: codeRateLimited, message: "Too many operations run on this socket: complete one first."}
		return verdict{reply: s.dialect.failed(m.ID, gqlerror.List{f.graphQL()})}
	}
	bytes := int64(operationBytes + len(m.Payload))
	if !s.sockets.room.bytes.Take(bytes) {
		f := refusal{code: codeUnavailable, message: "The server has no room for more operations. Try again later."}
		return verdict{reply: s.dialect.failed(m.ID, gqlerror.List{f.graphQL()})}
	}
	ctx, cancel := context.WithCancel(reqid.WithOperation(s.identified, m.ID))
	op := &operation{
		conn: s.conn, frames: &s.frames, prefix: s.dialect.prefix(m.ID), socket: s, id: m.ID, bytes: bytes, ctx: ctx, cancel: cancel,
	}
	s.operations[m.ID] = op
	s.started++
	s.running.Go(func() { op.run(params) }) // ends with the operation, or when it is parked
	return verdict{}
}

// complete ends an operation that the client waits for no more. Its id is free at once.
func (s *socket) complete(id string) {
	s.mu.Lock()
	op := s.operations[id]
	parked := op != nil && s.forget(op)
	s.mu.Unlock()
	if op != nil {
		op.cancel()
	}
	if parked {
		op.stop()
	}
}

// forget ends the client's waiting for an operation. Where it returns true the operation is parked, and the caller stops
// it; else its goroutine does. The socket is locked.
func (s *socket) forget(op *operation) (parked bool) {
	delete(s.operations, op.id)
	op.unwanted.Store(true)
	if parked = op.parked; parked {
		op.parked = false
		s.ended(op)
	}
	return parked
}

// ended counts an operation no more. The socket is locked.
func (s *socket) ended(op *operation) {
	s.started--
	s.sockets.room.bytes.Return(op.bytes)
}

// stop ends what an operation follows.
func (op *operation) stop() {
	op.cancel()
	if op.stream != nil {
		op.stream.Stop()
	}
}

// run executes an operation and sends its results.
func (op *operation) run(params *graphql.RawParams) {
	op.until(func() (gqlerror.List, bool) {
		now := graphql.Now()
		params.ReadTime = graphql.TraceTiming{Start: now, End: now}
		ctx, exec := graphql.StartOperationTrace(op.ctx), op.socket.exec
		opCtx, errs := exec.CreateOperationContext(ctx, params)
		if len(errs) > 0 {
			return exec.DispatchError(graphql.WithOperationContext(ctx, opCtx), errs).Errors, false
		}
		if opCtx.Operation.Operation != ast.Subscription {
			op.answer(ctx, opCtx)
			return nil, false
		}
		stream, errs := op.socket.subscribe(ctx, exec, opCtx)
		if len(errs) > 0 {
			return errs, false
		}
		op.socket.mu.Lock()
		op.stream = stream
		op.socket.mu.Unlock()
		op.socket.restartIfIdle()
		return op.follow()
	})
}

// Resume is [Taker]'s: it goes on with a subscription that was parked.
func (op *operation) Resume() {
	s := op.socket
	s.mu.Lock()
	defer s.mu.Unlock()
	if op.parked && !s.closing { // or else it has been forgotten, or is about to be
		op.parked = false
		s.running.Go(func() { op.until(op.follow) }) // ends with the operation, or when it is parked again
	}
}

// until ends the operation when do has come to the end of it: with errors, if any, unless it is parked.
func (op *operation) until(do func() (errs gqlerror.List, parked bool)) {
	defer func() {
		if what := recover(); what != nil {
			op.socket.log.ErrorContext(op.ctx, "panic", slog.Any("panic", what))
			f := refusal{code: codeInternal, message: "Something is broken inside the server.", requestID: reqid.FromContext(op.ctx)}
			op.end(gqlerror.List{f.graphQL()})
		}
	}()
	if errs, parked := do(); !parked {
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

// follow sends what comes of a subscription until that ends or has to wait; then it is parked.
func (op *operation) follow() (errs gqlerror.List, parked bool) {
	for !op.park() {
		errs, goOn := op.pass()
		if !goOn {
			return errs, false
		}
	}
	return nil, true
}

// pass sends what there is by now, or comes next, and tells whether there may be more. Of the operations of a socket that park one does
// so at a time: what waits to be sent takes memory. None waits for what is to come meanwhile.
func (op *operation) pass() (errs gqlerror.List, goOn bool) {
	if op.stream.Parks() {
		if !op.stream.Await(op.ctx) {
			return nil, true
		}
		select {
		case op.socket.passing <- struct{}{}:
			defer func() { <-op.socket.passing }()
		case <-op.ctx.Done(): // Next knows what there is to say
		}
	}
	results, more, errs := op.stream.Next(op.ctx)
	for _, payload := range results {
		if !op.send(payload) {
			return nil, false
		}
	}
	return errs, more
}

// park lets go of the goroutine while there is nothing to send. Where it returns true the operation is no longer the
// goroutine's: it is parked, or has been forgotten meanwhile and stopped.
func (op *operation) park() bool {
	s := op.socket
	s.mu.Lock()
	if op.unwanted.Load() {
		s.mu.Unlock()
		return false // the goroutine ends it
	}
	op.parked = true
	s.mu.Unlock()
	if op.stream.Park(op) {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	forgotten := !op.parked
	op.parked = false
	return forgotten
}

// Ready is [Taker]'s.
func (op *operation) Ready() bool {
	return !op.unwanted.Load() && op.prefix[len(op.prefix)-1] == ':' && op.conn.Ready()
}

// Take is [Taker]'s: it sends a result if that can be done at once.
func (op *operation) Take(payload []byte) bool {
	if op.unwanted.Load() {
		return false
	}
	framer, ok := op.frames.Get().(*wire.Framer)
	if !ok {
		return false
	}
	defer op.frames.Put(framer)
	return op.conn.Try(framer.Text(op.prefix, payload, []byte{'}'}))
}

// send sends a result, unless the client has no use for it any more, and waits for its turn.
func (op *operation) send(payload []byte) bool {
	return !op.unwanted.Load() && op.conn.Write(wire.Text(op.prefix, payload, []byte{'}'})) == nil
}

// end forgets an operation and tells the client of its end, unless that has ended it.
func (op *operation) end(errs gqlerror.List) {
	op.stop()
	s := op.socket
	s.mu.Lock()
	s.ended(op)
	wanted := !op.unwanted.Load()
	if wanted {
		delete(s.operations, op.id)
	}
	s.mu.Unlock()
	if wanted {
		last := encoded(message{Type: "complete", ID: op.id})
		if len(errs) > 0 {
			last = s.dialect.failed(op.id, errs)
		}
		_ = s.write(last) // where it fails the next read does
	}
	s.restartIfIdle()
}

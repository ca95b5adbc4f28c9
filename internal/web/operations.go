package web

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/internal/auth"
	"parley/internal/reqid"
)

// Subscribe starts a subscription that exec has made op of. next waits for results: whole responses in JSON, which are
// shared by many and must not be changed. Errors end the subscription, also beside results, which go first; neither means
// that it has ended by itself. stop ends it and is called once. Both are called by one goroutine.
type Subscribe func(ctx context.Context, exec graphql.GraphExecutor, op *graphql.OperationContext) (
	next func(context.Context) ([][]byte, gqlerror.List), stop func(), errs gqlerror.List,
)

// operation is what runs under an id on a socket.
type operation struct {
	// cancel ends it: the client has completed it, or the socket is closed.
	cancel context.CancelFunc
	// stream: it is a subscription. Guarded by the socket's lock.
	stream bool
	// unwanted: the client waits for nothing more of it.
	unwanted atomic.Bool
	// prefix is what a result's message begins with, and frame is room for one. They are the operation's goroutine's.
	prefix, frame []byte
}

// newOperation returns an operation under an id.
func newOperation(id string, cancel context.CancelFunc) *operation {
	prefix := append([]byte(`{"type":"next","id":`), encoded(id)...)
	return &operation{cancel: cancel, prefix: append(prefix, `,"payload":`...)}
}

// serve acts on the client's messages until the socket is closed.
func (s *socket) serve() {
	s.mu.Lock()
	s.pinger = time.AfterFunc(s.limits.SocketPing, s.ping)
	s.mu.Unlock()
	for {
		kind, data, err := s.conn.Read(s.ctx)
		if err != nil {
			return // whatever it was, it is the end
		}
		switch v := s.receive(kind, data); {
		case v.code != 0:
			s.close(v.code, v.reason)
			return
		case v.reply != nil:
			_ = s.write(v.reply) // where it fails the next read does
		}
	}
}

// ping asks the client whether it is there. One that has not answered by the next time is dropped: there is nobody who
// would read a close frame.
func (s *socket) ping() {
	s.mu.Lock()
	silent := s.pinged
	s.pinged = true
	pinger := s.pinger
	s.mu.Unlock()
	if silent {
		s.cut()
		return
	}
	if s.write([]byte(`{"type":"ping"}`)) == nil {
		pinger.Reset(s.limits.SocketPing)
	}
}

// start runs an operation under an id. The caller holds s.mu and has found the id free.
func (s *socket) start(id string, params *graphql.RawParams) {
	ctx, cancel := context.WithCancel(s.identified)
	op := newOperation(id, cancel)
	s.operations[id] = op
	s.started++
	s.running.Go(func() { // ends with the operation, at the latest when the socket is closed
		defer cancel()
		errs := s.run(ctx, op, params)
		s.finish(id, op, errs)
	})
}

// run executes an operation and sends its results. What it returns ends the operation as an error does.
func (s *socket) run(ctx context.Context, op *operation, params *graphql.RawParams) (errs gqlerror.List) {
	defer func() {
		if what := recover(); what != nil {
			s.log.ErrorContext(ctx, "panic", slog.Any("panic", what), slog.String("request_id", reqid.FromContext(ctx)))
			f := refusal{code: codeInternal, message: "Something is broken inside the server."}
			errs = gqlerror.List{f.graphQL()}
		}
	}()
	now := graphql.Now()
	params.ReadTime = graphql.TraceTiming{Start: now, End: now}
	ctx = graphql.StartOperationTrace(ctx)
	opCtx, errs := s.exec.CreateOperationContext(ctx, params)
	if len(errs) > 0 {
		return s.exec.DispatchError(graphql.WithOperationContext(ctx, opCtx), errs).Errors
	}
	if opCtx.Operation.Operation == ast.Subscription {
		s.mu.Lock()
		op.stream = true
		if s.closing {
			op.cancel()
		}
		s.mu.Unlock()
		return s.follow(ctx, op, opCtx)
	}
	responses, ctx := s.exec.DispatchOperation(ctx, opCtx)
	response := responses(ctx)
	if response == nil {
		return nil
	}
	payload, err := json.Marshal(response)
	if err != nil {
		panic(err) // what has been executed always encodes
	}
	s.next(op, payload)
	return nil
}

// follow runs a subscription.
func (s *socket) follow(ctx context.Context, op *operation, opCtx *graphql.OperationContext) gqlerror.List {
	next, stop, errs := s.subscriptions(ctx, s.exec, opCtx)
	if len(errs) > 0 {
		return errs
	}
	defer stop()
	for {
		results, errs := next(ctx)
		for _, payload := range results {
			if !s.next(op, payload) {
				return nil
			}
		}
		if len(errs) > 0 || len(results) == 0 {
			return errs
		}
	}
}

// next sends a result, unless the client has no use for it any more.
func (s *socket) next(op *operation, payload []byte) bool {
	if op.unwanted.Load() {
		return false
	}
	op.frame = append(append(append(op.frame[:0], op.prefix...), payload...), '}')
	err := s.write(op.frame)
	if cap(op.frame) > keptFrame {
		op.frame = nil
	}
	return err == nil
}

// keptFrame is the size of the largest frame whose room is kept for the next one.
const keptFrame = 4 << 10

// finish forgets an operation and tells the client of its end, unless that has ended it.
func (s *socket) finish(id string, op *operation, errs gqlerror.List) {
	s.mu.Lock()
	s.started--
	wanted := s.operations[id] == op
	if wanted {
		delete(s.operations, id)
	}
	s.mu.Unlock()
	if !wanted || s.ctx.Err() != nil {
		return
	}
	last := message{Type: "complete", ID: id}
	if len(errs) > 0 {
		last.Type, last.Payload = "error", encoded(errs)
	}
	_ = s.write(encoded(last)) // where it fails the next read does
}

// encoded is v as JSON. v consists of strings, numbers and maps of them.
func encoded(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // what has been decoded or made here always encodes
	}
	return data
}

// renew takes a new token that a ping carries: of the same person, so that the socket lives on past the old one's end.
func (s *socket) renew(token string) verdict {
	ctx, f := identify(s.ctx, s.verifier, s.log, token)
	switch {
	case f != nil && f.code == codeUnavailable:
		return verdict{} // the old token is good until it ends
	case f != nil:
		return closeWith(closeForbidden, "Forbidden")
	}
	identity, _ := auth.FromContext(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	before, ok := auth.FromContext(s.identified)
	if !ok || before.ID != identity.ID {
		return closeWith(closeForbidden, "Forbidden")
	}
	s.identify(ctx, identity)
	return verdict{}
}

// identify makes ctx what operations run under from now on, until the token ends. The caller holds s.mu.
func (s *socket) identify(ctx context.Context, identity auth.Identity) {
	s.identified = ctx
	if s.expiry != nil {
		s.expiry.Stop()
	}
	if !identity.ExpiresAt.IsZero() {
		s.expiry = time.AfterFunc(time.Until(identity.ExpiresAt), func() { s.close(closeForbidden, "Token expired") })
	}
}

package web

import (
	"context"
	"errors"
	"io"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/internal/live"
	"parley/internal/wire"
)

// Subscribe starts a subscription. Its context ends when it returns, so the subscriber must not
// keep it. The errors of the subscriber's Next must be of type [*gqlerror.Error]. lastEventID, if
// not "", is the id of the last event that the client received on an earlier event stream. A
// subscriber whose events have ids is a [live.Positioned].
type Subscribe func(
	ctx context.Context, op *graphql.OperationContext, lastEventID string,
) (live.Subscriber, gqlerror.List)

// next calls Next. more reports whether the subscription continues. Otherwise it ends when the
// payloads have been sent, with errs if there are any.
func next(
	ctx context.Context, subscriber live.Subscriber,
) (payloads [][]byte, more bool, errs gqlerror.List) {
	payloads, err := subscriber.Next(ctx)
	switch e, ok := errors.AsType[*gqlerror.Error](err); {
	case err == nil:
		return payloads, true, nil
	case errors.Is(err, io.EOF):
		return payloads, false, nil
	case ok:
		return payloads, false, gqlerror.List{e}
	default:
		return payloads, false, gqlerror.List{internalError(ctx).graphQL()}
	}
}

// reserveSubscription reserves the memory of a subscription, in place of the memory for decoding
// its request.
func (op *operation) reserveSubscription(
	ctx context.Context, opCtx *graphql.OperationContext,
) gqlerror.List {
	s := op.socket
	bytes := subscriptionBytes(opCtx)
	op.memory.Shrink(bytes)
	if err := op.memory.Grow(bytes - op.memory.Bytes()); err != nil {
		return gqlerror.List{memoryRefusal(err, "operations").graphQL()}
	}
	if err := s.budgets.documents.reserve(ownerOf(ctx), opCtx); err != nil {
		return gqlerror.List{memoryRefusal(err, "operations").graphQL()}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	op.document = opCtx.Doc
	return nil
}

// follow sends the results of a subscription until it ends or is parked.
func (op *operation) follow(ctx context.Context) (errs gqlerror.List, parked bool) {
	for !op.park() {
		errs, more := op.sendNext(ctx)
		if !more || op.detached.Load() {
			return errs, false
		}
	}
	return nil, true
}

// sendNext sends the next results of a subscription, and reports whether the subscription
// continues. One operation of a socket does so at a time, because unsent results take memory.
func (op *operation) sendNext(ctx context.Context) (errs gqlerror.List, more bool) {
	select {
	case op.socket.sendSlot <- struct{}{}:
		defer func() { <-op.socket.sendSlot }()
	case <-ctx.Done(): // Next returns an error
	}
	payloads, more, errs := next(ctx, op.subscriber)
	memory, err := op.socket.budgets.reserveResults(ownerOf(ctx), payloads)
	if err != nil { // the client reads too slowly for its selection
		op.socket.close(closeTryAgainLater, "Too many unsent results: read faster, or select less")
		return nil, false
	}
	defer memory.Release()
	for _, payload := range payloads {
		if !op.send(payload) {
			return nil, false
		}
	}
	return errs, more
}

// park parks the subscription if there is nothing to send. If it returns true, the goroutine must
// no longer use the operation: it is parked, or the client has completed it in the meantime.
func (op *operation) park() bool {
	s := op.socket
	s.mu.Lock()
	if op.detached.Load() {
		s.mu.Unlock()
		return false // the caller ends the operation
	}
	cancel := op.cancel
	op.parked, op.cancel = true, nil
	s.mu.Unlock()
	if op.subscriber.Park(op) {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	detached := !op.parked
	op.parked, op.cancel = false, cancel
	return detached
}

// Ready implements [live.Sink].
func (op *operation) Ready() bool {
	return !op.detached.Load() && op.prefix[len(op.prefix)-1] == ':' && op.ws.WriteReady()
}

// Send implements [live.Sink]: it writes a payload if it can do so without waiting.
func (op *operation) Send(payload []byte) bool {
	if op.detached.Load() ||
		len(payload) > smallPayload { // large payloads need a reservation
		return false
	}
	framer, ok := op.frames.Get().(*wire.Framer)
	if !ok {
		return false
	}
	defer op.frames.Put(framer)
	return op.ws.TryWrite(framer.Text(op.prefix, payload, []byte{'}'}))
}

// Wake implements [live.Sink]: it resumes a parked subscription.
func (op *operation) Wake() {
	s := op.socket
	s.mu.Lock()
	defer s.mu.Unlock()
	if op.parked && !s.closing { // otherwise it has been detached, or is about to be
		op.parked = false
		op.start(op.follow)
	}
}

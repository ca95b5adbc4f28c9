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

// Subscribe starts a subscription. Its context ends when it returns: the subscriber must not keep
// it. The errors of the subscriber's Next are of type [*gqlerror.Error]. lastEventID, if not "", is
// the id of the event that the client received last, in an event stream that has ended since. A
// [live.Positioned] is a subscriber whose events have ids.
type Subscribe func(
	ctx context.Context, op *graphql.OperationContext, lastEventID string,
) (live.Subscriber, gqlerror.List)

// next calls Next. more reports whether the subscription continues; otherwise it has ended when the
// payloads have been sent: with errors, if there are any.
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
		return payloads, false, gqlerror.List{broken(ctx).graphQL()}
	}
}

// keep reserves what a subscription keeps for as long as it lives, instead of what decoding its
// request has taken.
func (op *operation) keep(
	ctx context.Context, opCtx *graphql.OperationContext,
) gqlerror.List {
	s := op.socket
	kept := keptBytes(opCtx)
	op.memory.Shrink(kept)
	if err := op.memory.Grow(kept - op.memory.Bytes()); err != nil {
		return gqlerror.List{noMemoryFor(err, "operations").graphQL()}
	}
	if err := s.budgets.documents.hold(ownerOf(ctx), opCtx); err != nil {
		return gqlerror.List{noMemoryFor(err, "operations").graphQL()}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	op.document = opCtx.Doc
	return nil
}

// follow sends what a subscription has, until it ends or is parked.
func (op *operation) follow(ctx context.Context) (errs gqlerror.List, parked bool) {
	for !op.park() {
		errs, more := op.pass(ctx)
		if !more || op.unwanted.Load() {
			return errs, false
		}
	}
	return nil, true
}

// pass sends what a subscription has now, and reports whether the subscription continues. One
// operation of a socket does so at a time: what waits to be sent takes memory.
func (op *operation) pass(ctx context.Context) (errs gqlerror.List, more bool) {
	select {
	case op.socket.passing <- struct{}{}:
		defer func() { <-op.socket.passing }()
	case <-ctx.Done(): // for which Next has an error
	}
	payloads, more, errs := next(ctx, op.subscriber)
	memory, err := op.socket.budgets.reserveUnsent(ownerOf(ctx), payloads)
	if err != nil { // the client reads too slowly for what it has selected
		op.socket.shut(closeTryAgainLater, "Too much waits to be sent: read faster, or select less")
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

// park parks the subscription if there is nothing to send. If it returns true the operation is no
// longer the goroutine's: it is parked, or the client has completed it meanwhile.
func (op *operation) park() bool {
	s := op.socket
	s.mu.Lock()
	if op.unwanted.Load() {
		s.mu.Unlock()
		return false // the goroutine ends it
	}
	cancel := op.cancel
	op.parked, op.cancel = true, nil
	s.mu.Unlock()
	if op.subscriber.Park(op) {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	forgotten := !op.parked
	op.parked, op.cancel = false, cancel
	return forgotten
}

// Ready implements [live.Sink].
func (op *operation) Ready() bool {
	return !op.unwanted.Load() && op.prefix[len(op.prefix)-1] == ':' && op.conn.WriteReady()
}

// Send implements [live.Sink]: it writes a payload if that can be done at once.
func (op *operation) Send(payload []byte) bool {
	if op.unwanted.Load() ||
		len(payload) > smallPayload { // what is large is reserved before it waits
		return false
	}
	framer, ok := op.frames.Get().(*wire.Framer)
	if !ok {
		return false
	}
	defer op.frames.Put(framer)
	return op.conn.TryWrite(framer.Text(op.prefix, payload, []byte{'}'}))
}

// Wake implements [live.Sink]: it continues a subscription that was parked.
func (op *operation) Wake() {
	s := op.socket
	s.mu.Lock()
	defer s.mu.Unlock()
	if op.parked && !s.closing { // or else it has been forgotten, or is about to be
		op.parked = false
		op.start(op.follow)
	}
}

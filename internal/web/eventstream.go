package web

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/internal/auth"
	"parley/internal/limit"
	"parley/internal/live"
	"parley/internal/panics"
)

// eventTransport serves operations as event streams: responses of one format that do not end before
// their operations. Errors before an operation starts are responses of GraphQL over HTTP.
type eventTransport struct {
	*responder
	format      *streamFormat
	subscribe   Subscribe
	limiters    limit.RateLimiters
	connections *connections
	budgets     *budgets
}

var _ graphql.Transport = (*eventTransport)(nil)

// Supports reports whether the client accepts the format explicitly. If it accepts JSON, too, only
// subscriptions are answered by an event stream.
func (t *eventTransport) Supports(r *http.Request) bool {
	return t.format.accepted(r.Header) &&
		(r.Method == http.MethodGet || r.Method == http.MethodPost)
}

// Do serves one operation, and returns when it has ended or the client has gone.
func (t *eventTransport) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	defer recoverPanic(t.panics, w, r)
	exec = codedExecutor{exec, t.limits.Document}
	w.Header().Add("Vary", "Accept")
	w.Header().Set("Cache-Control", "no-store")
	memory := t.requests.Open(ownerOf(r.Context()))
	defer memory.Release()
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	media, acceptable := negotiate(r.Header.Values("Accept"))
	if !acceptable {
		media = mediaGraphQL
	}
	operation, errs, f := t.readOperation(ctx, w, r, exec, &memory)
	if f != nil {
		refuseRequest(w, media, f)
		return
	}
	respondErrors := func(response *graphql.Response) {
		w.Header().Set("Content-Type", media+charset)
		writeResponse(w, media, response)
	}
	if errs != nil {
		respondErrors(exec.DispatchError(graphql.WithOperationContext(ctx, operation), errs))
		return
	}
	if operation.Operation.Operation != ast.Subscription {
		if f := checkMethod(r.Method, operation.Operation.Operation); f != nil {
			refuse(w, f)
			return
		}
		if acceptable {
			w.Header().Set("Content-Type", media+charset)
			t.respond(ctx, w, media, exec, operation)
			return
		}
	}
	if f := allowConnection(ctx, t.limiters); f != nil {
		refuse(w, f)
		return
	}
	admission, f := t.connections.admit(ctx, eventStreamBytes+subscriptionBytes(operation))
	if f != nil {
		refuse(w, f)
		return
	}
	defer admission.release()
	if err := t.budgets.documents.reserve(ownerOf(ctx), operation); err != nil {
		refuse(w, memoryRefusal(err, "operations"))
		return
	}
	defer t.budgets.documents.release(operation.Doc)
	if operation.Operation.Operation == ast.Subscription {
		memory.Release() // the admission has reserved memory for what the subscription keeps
	}
	s := &eventStream{
		format:       t.format,
		encoder:      t.format.encoder(),
		writeLock:    make(chan struct{}, 1),
		pending:      make(chan []byte, 1),
		woken:        make(chan struct{}, 1),
		w:            w,
		control:      http.NewResponseController(w),
		writeTimeout: t.limits.Write,
		cancel:       cancel,
	}
	t.connections.track(s, admission)
	defer t.connections.untrack(s)
	if lifetime, reason := t.lifetime(ctx); reason != nil {
		expiry := time.AfterFunc(lifetime, func() { cancel(reason) })
		defer expiry.Stop()
	}
	if operation.Operation.Operation != ast.Subscription {
		t.execute(ctx, exec, operation, func(response *graphql.Response) {
			if response == nil || s.start(nil) != nil {
				return
			}
			body, err := encode(response)
			if err != nil {
				panic(err) // an extension that is not JSON: a bug of the server
			}
			if s.result(body) == nil { // otherwise the client has gone
				s.end(nil)
			}
		})
		return
	}
	subscriber, errs := t.subscribe(ctx, operation, r.Header.Get("Last-Event-ID"))
	if len(errs) > 0 && !t.format.eventSource {
		respondErrors(&graphql.Response{Errors: errs})
		return
	}
	if len(errs) == 0 {
		defer subscriber.Close()
	}
	if s.start(subscriber) != nil {
		return
	}
	if len(errs) > 0 {
		s.end(errs)
		return
	}
	t.run(ctx, s, subscriber)
}

// lifetime returns how long a stream may be open and the reason why it then ends, if it ends.
func (t *eventTransport) lifetime(ctx context.Context) (time.Duration, *gqlerror.Error) {
	identity, known := auth.FromContext(ctx)
	switch {
	case !known:
		return t.limits.SocketAnonymous,
			unauthenticated("No token was sent. Subscribe again with a token.").graphQL()
	case identity.ExpiresAt.IsZero():
		return 0, nil
	default:
		return time.Until(identity.ExpiresAt),
			unauthenticated("The token has expired. Subscribe again with a new one.").graphQL()
	}
}

// run sends the results of a subscription, with heartbeats, and then its end.
func (t *eventTransport) run(ctx context.Context, s *eventStream, subscriber live.Subscriber) {
	quiet, cancel := context.WithCancel(ctx)
	stopped := make(chan struct{})
	// It ends with quiet.
	go t.panics.Wrap(quiet, panics.Request, func() {
		defer close(stopped)
		s.keepAlive(quiet, t.limits.SocketPing)
	}, func(error) { s.cancel(nil) })()
	var ended bool
	var errs gqlerror.List
	err := t.panics.Run(ctx, panics.Request, func() error {
		ended, errs = t.follow(ctx, s, subscriber)
		return nil
	})
	cancel()
	<-stopped // nothing may follow the end, also no heartbeat
	switch {
	case err != nil:
		s.end(gqlerror.List{internalError(ctx).graphQL()})
	case ended:
		s.end(errs)
	}
}

// follow sends the results of a subscription until it ends, or the client has gone. It returns
// whether to send the end, and with which errors.
func (t *eventTransport) follow(
	ctx context.Context, s *eventStream, subscriber live.Subscriber,
) (ended bool, errs gqlerror.List) {
	for !subscriber.Park(s) || s.forward(ctx) {
		payloads, more, errs := next(ctx, subscriber)
		if !t.send(ctx, s, payloads) || !more && ctx.Err() != nil {
			break
		}
		if !more {
			return true, errs
		}
	}
	// The server has interrupted the stream, or the client has gone.
	reason, interrupted := errors.AsType[*gqlerror.Error](context.Cause(ctx))
	if !interrupted || t.format.eventSource {
		return false, nil
	}
	return true, gqlerror.List{reason}
}

// send sends results of a subscription. It returns false if the client has gone, or reads too
// slowly for its selection.
func (t *eventTransport) send(ctx context.Context, s *eventStream, results [][]byte) bool {
	memory, err := t.budgets.reserveResults(ownerOf(ctx), results)
	if err != nil {
		s.cancel(memoryRefusal(err, "unsent results").graphQL())
		return false
	}
	defer memory.Release()
	if s.writePending() != nil { // the pending payload is older than the results
		return false
	}
	for _, payload := range results {
		if s.result(payload) != nil {
			return false
		}
	}
	return true
}

// eventStream is the connection of an event stream, and the [live.Sink] of its subscription. The
// operation and keepAlive write to it.
type eventStream struct {
	format       *streamFormat
	encoder      streamEncoder
	writeLock    chan struct{} // full during a write
	pending      chan []byte   // an accepted payload that is not yet written
	woken        chan struct{} // full after Wake
	w            http.ResponseWriter
	control      *http.ResponseController
	writeTimeout time.Duration
	// cancel cancels the operation. If the cause is a GraphQL error, the client has not gone.
	cancel context.CancelCauseFunc
}

// kind implements [trackedConn].
func (s *eventStream) kind() string { return s.format.kind }

// start sends the headers. subscriber is nil if there is no subscription.
func (s *eventStream) start(subscriber live.Subscriber) error {
	s.w.Header().Set("Content-Type", s.format.contentType)
	s.w.Header().Set("X-Accel-Buffering", "no") // proxies must not buffer events
	s.w.WriteHeader(http.StatusOK)
	return s.write(s.encoder.start(subscriber))
}

// Ready implements [live.Sink].
func (s *eventStream) Ready() bool { return len(s.pending) == 0 }

// Send implements [live.Sink].
func (s *eventStream) Send(payload []byte) bool {
	if len(payload) > smallPayload { // large payloads need a reservation
		return false
	}
	select {
	case s.pending <- payload:
		return true
	default:
		return false
	}
}

// Wake implements [live.Sink].
func (s *eventStream) Wake() { s.woken <- struct{}{} }

// forward writes the payloads that Send accepts, until the subscription is woken. It returns false
// if the client has gone.
func (s *eventStream) forward(ctx context.Context) bool {
	for {
		select {
		case payload := <-s.pending:
			if s.result(payload) != nil {
				return false
			}
		case <-s.woken:
			return s.writePending() == nil // it was sent before the wake-up
		case <-ctx.Done():
			return false
		}
	}
}

// writePending writes the payload that Send has accepted, if any.
func (s *eventStream) writePending() error {
	select {
	case payload := <-s.pending:
		return s.result(payload)
	default:
		return nil
	}
}

// result sends a result, which is JSON in one line.
func (s *eventStream) result(data []byte) error { return s.write(s.encoder.result(data)) }

// end sends errors, if any, and then the end of the operation.
func (s *eventStream) end(errs gqlerror.List) {
	var body []byte
	if len(errs) > 0 {
		var err error
		if body, err = json.Marshal(errs); err != nil {
			panic(err) // an extension that is not JSON: a bug of the server
		}
	}
	_ = s.write(s.encoder.end(body)) // after an error the client has gone
}

// write sends parts without copying them, because a response may be large. It cancels the operation
// of a client that does not receive them in time.
func (s *eventStream) write(parts [][]byte) error {
	s.writeLock <- struct{}{}
	defer func() { <-s.writeLock }()
	// An error means that w has no network connection.
	_ = s.control.SetWriteDeadline(time.Now().Add(s.writeTimeout))
	whole := net.Buffers(parts)
	if _, err := whole.WriteTo(s.w); err != nil {
		s.cancel(nil)
		return err
	}
	return s.control.Flush()
}

// keepAlive sends a heartbeat at each interval. Otherwise proxies would close silent connections, and
// lost clients would not be noticed.
func (s *eventStream) keepAlive(ctx context.Context, interval time.Duration) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if s.write(s.encoder.heartbeat()) != nil {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// restart implements [trackedConn]: it interrupts the stream, after which the client reconnects.
func (s *eventStream) restart() {
	s.cancel(unavailable("The server restarts. Subscribe again.").graphQL())
}

// evict implements [trackedConn].
func (s *eventStream) evict() {
	s.cancel(unavailable("There are too many streams without a token. Send a token.").graphQL())
}

// abort implements [trackedConn].
func (s *eventStream) abort() { s.cancel(nil) }

package web

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/internal/auth"
	"parley/internal/limit"
	"parley/internal/live"
	"parley/internal/panics"
)

// mediaEvents is the media type of server-sent events.
const mediaEvents = "text/event-stream"

// eventTransport serves operations over server-sent events, one operation per connection: the
// distinct connections mode of https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md.
// Errors before an operation starts are responses of GraphQL over HTTP. Later errors are in a last
// result.
type eventTransport struct {
	*responder
	subscribe   Subscribe
	limiters    limit.RateLimiters
	connections *connections
	budgets     *budgets
	log         *slog.Logger
}

var _ graphql.Transport = (*eventTransport)(nil)

// Supports reports whether the client accepts event streams explicitly. If it accepts JSON, too,
// only subscriptions are answered by an event stream.
func (t *eventTransport) Supports(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodPost) && acceptsEvents(r.Header)
}

// acceptsEvents reports whether the client accepts event streams explicitly.
func acceptsEvents(header http.Header) bool {
	for part := range strings.SplitSeq(strings.Join(header.Values("Accept"), ","), ",") {
		if media, _, err := mime.ParseMediaType(part); err == nil && media == mediaEvents {
			return true
		}
	}
	return false
}

// Do serves one operation, and returns when it has ended or the client has gone.
func (t *eventTransport) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	defer recoverPanic(t.panics, w, r)
	exec = codedExecutor{exec, t.limits.Document}
	w.Header().Add("Vary", "Accept")
	w.Header().Set("Cache-Control", "no-store")
	memory := t.requests.Open(ownerOf(r.Context()))
	defer memory.Release()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	operation, errs, f := t.readOperation(ctx, w, r, exec, &memory)
	if f != nil {
		refuse(w, f)
		return
	}
	media, acceptable := negotiate(r.Header.Values("Accept"))
	if errs != nil {
		if !acceptable {
			media = mediaGraphQL
		}
		w.Header().Set("Content-Type", media+charset)
		writeResponse(
			w,
			media,
			exec.DispatchError(graphql.WithOperationContext(ctx, operation), errs),
		)
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
	identity, known := auth.FromContext(ctx)
	switch {
	case !known:
		expiry := time.AfterFunc(t.limits.SocketAnonymous, cancel)
		defer expiry.Stop()
	case !identity.ExpiresAt.IsZero():
		expiry := time.AfterFunc(time.Until(identity.ExpiresAt), cancel)
		defer expiry.Stop()
	}
	t.run(ctx, s, exec, operation, r.Header.Get("Last-Event-ID"))
}

// kind implements [trackedConn].
func (s *eventStream) kind() string { return kindEventStream }

// run executes an operation and sends its results.
func (t *eventTransport) run(
	ctx context.Context,
	s *eventStream,
	exec graphql.GraphExecutor,
	operation *graphql.OperationContext,
	lastEventID string,
) {
	if operation.Operation.Operation != ast.Subscription {
		t.execute(ctx, exec, operation, func(response *graphql.Response) {
			if response == nil || s.start(nil) != nil {
				return
			}
			body, err := encode(response)
			if err != nil {
				panic(err) // an extension that is not JSON: a bug of the server
			}
			_ = s.event("next", body) // after an error the client has gone
			_ = s.event("complete", nil)
		})
		return
	}
	subscriber, errs := t.subscribe(ctx, operation, lastEventID)
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
	ended := make(chan struct{})
	defer func() { <-ended }()
	quiet, cancel := context.WithCancel(ctx)
	defer cancel()
	// It ends with quiet.
	go t.panics.Wrap(quiet, panics.Request, func() {
		defer close(ended)
		s.keepAlive(quiet, t.limits.SocketPing)
	}, func(error) { s.cancel() })()
	err := t.panics.Run(ctx, panics.Request, func() error {
		t.follow(ctx, s, subscriber)
		return nil
	})
	if err != nil {
		s.end(gqlerror.List{internalError(ctx).graphQL()})
	}
}

// follow sends the results of a subscription until it ends or the client has gone.
func (t *eventTransport) follow(ctx context.Context, s *eventStream, subscriber live.Subscriber) {
	for {
		if subscriber.Park(s) && !s.forward(ctx) {
			return
		}
		payloads, more, errs := next(ctx, subscriber)
		if !t.send(ctx, s, payloads) {
			return
		}
		if !more {
			if ctx.Err() == nil {
				s.end(errs)
			}
			return
		}
	}
}

// send sends results of a subscription. It returns false if the client has gone, or reads too
// slowly for its selection.
func (t *eventTransport) send(ctx context.Context, s *eventStream, results [][]byte) bool {
	memory, err := t.budgets.reserveResults(ownerOf(ctx), results)
	if err != nil {
		return false
	}
	defer memory.Release()
	if s.writePending() != nil { // the pending payload is older than the results
		return false
	}
	for _, payload := range results {
		if s.event("next", payload) != nil {
			return false
		}
	}
	return true
}

// eventStream is the connection of an event stream, and the [live.Sink] of its subscription. The
// operation and keepAlive write to it.
type eventStream struct {
	writeLock    chan struct{} // full during a write
	pending      chan []byte   // an accepted payload that is not yet written
	woken        chan struct{} // full after Wake
	w            http.ResponseWriter
	control      *http.ResponseController
	writeTimeout time.Duration
	cancel       context.CancelFunc
	// positioned is whether events have ids. start sets it.
	positioned bool
}

// start sends the headers. If the events of subscriber have positions, these are the ids of the
// events, and a client that reconnects resumes after the id in Last-Event-ID. start sends the first
// position as an id without an event. So a connection that breaks before the first event resumes at
// that position, and one that breaks after StreamOpened does not skip the history that follows it.
func (s *eventStream) start(subscriber live.Subscriber) error {
	s.w.Header().Set("Content-Type", mediaEvents)
	s.w.Header().Set("X-Accel-Buffering", "no") // proxies must not buffer events
	s.w.WriteHeader(http.StatusOK)
	if log, ok := subscriber.(live.Positioned); ok {
		s.positioned = true
		return s.write(eventID(log.Position()), []byte("\n"))
	}
	return s.write([]byte(":\n\n"))
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
			if s.event("next", payload) != nil {
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
		return s.event("next", payload)
	default:
		return nil
	}
}

// event sends an event. data is JSON in one line, or empty.
func (s *eventStream) event(name string, data []byte) error {
	var id []byte
	if seq, ok := live.PositionOf(data); ok && s.positioned {
		id = eventID(seq)
	}
	return s.write(id, []byte("event: "+name+"\ndata: "), data, []byte("\n\n"))
}

// eventID returns the line with an event's id.
func eventID(seq int64) []byte { return fmt.Appendf(nil, "id: %d\n", seq) }

// end sends errors, if any, and then the end of the operation.
func (s *eventStream) end(errs gqlerror.List) {
	if len(errs) > 0 {
		body, err := json.Marshal(map[string]any{"errors": errs})
		if err != nil {
			panic(err) // an extension that is not JSON: a bug of the server
		}
		if s.event("next", body) != nil {
			return
		}
	}
	_ = s.event("complete", nil) // after an error the client has gone
}

// write sends parts without copying them, because a response may be large. It cancels the operation
// of a client that does not receive them in time.
func (s *eventStream) write(parts ...[]byte) error {
	s.writeLock <- struct{}{}
	defer func() { <-s.writeLock }()
	// An error means that w has no network connection.
	_ = s.control.SetWriteDeadline(time.Now().Add(s.writeTimeout))
	whole := net.Buffers(parts)
	if _, err := whole.WriteTo(s.w); err != nil {
		s.cancel()
		return err
	}
	return s.control.Flush()
}

// keepAlive sends a comment at each interval. Otherwise proxies would close silent connections, and
// lost clients would not be noticed.
func (s *eventStream) keepAlive(ctx context.Context, interval time.Duration) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if s.write([]byte(":\n\n")) != nil {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// restart implements [trackedConn]: it ends the stream, after which the client reconnects.
func (s *eventStream) restart() { s.cancel() }

// evict implements [trackedConn].
func (s *eventStream) evict() { s.cancel() }

// abort implements [trackedConn].
func (s *eventStream) abort() { s.cancel() }

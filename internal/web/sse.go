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

// events serves operations over server-sent events, one for each connection: the distinct
// connections mode of https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md. Errors
// before an operation begins are responses of GraphQL over HTTP; later ones are in its last result.
type events struct {
	*answers
	subscribe Subscribe
	limiters  limit.RateLimiters
	sockets   *sockets
	budgets   *budgets
	log       *slog.Logger
}

var _ graphql.Transport = (*events)(nil)

// Supports tells whether the client asks for events by name. Where it takes JSON, too, only
// subscriptions are answered by events.
func (t *events) Supports(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		return false
	}
	for part := range strings.SplitSeq(strings.Join(r.Header.Values("Accept"), ","), ",") {
		if media, _, err := mime.ParseMediaType(part); err == nil && media == mediaEvents {
			return true
		}
	}
	return false
}

// Do runs one operation and returns when it has ended, or the client has gone.
func (t *events) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	defer recoverPanic(t.panics, w, r)
	exec = codedExecutor{exec, t.limits.Document}
	w.Header().Add("Vary", "Accept")
	w.Header().Set("Cache-Control", "no-store")
	memory := t.requests.Open(ownerOf(r.Context()))
	defer memory.Release()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	operation, errs, f := t.read(ctx, w, r, exec, &memory)
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
		respond(w, media, exec.DispatchError(graphql.WithOperationContext(ctx, operation), errs))
		return
	}
	if operation.Operation.Operation != ast.Subscription {
		if f := checkMethod(r.Method, operation.Operation.Operation); f != nil {
			refuse(w, f)
			return
		}
		if acceptable {
			w.Header().Set("Content-Type", media+charset)
			t.overHTTP(ctx, w, media, exec, operation)
			return
		}
	}
	if f := connect(ctx, t.limiters); f != nil {
		refuse(w, f)
		return
	}
	admission, f := t.sockets.admit(ctx, eventStreamBytes+keptBytes(operation))
	if f != nil {
		refuse(w, f)
		return
	}
	defer admission.release()
	if err := t.budgets.documents.hold(ownerOf(ctx), operation); err != nil {
		refuse(w, noMemoryFor(err, "operations"))
		return
	}
	defer t.budgets.documents.release(operation.Doc)
	if operation.Operation.Operation == ast.Subscription {
		memory.Release() // what is kept of the request counts for the connection from now on
	}
	s := &eventStream{
		writing: make(chan struct{}, 1),
		sent:    make(chan []byte, 1),
		woken:   make(chan struct{}, 1),
		w:       w,
		control: http.NewResponseController(w),
		limit:   t.limits.Write,
		cancel:  cancel,
	}
	t.sockets.add(s, admission)
	defer t.sockets.remove(s)
	who, known := auth.FromContext(ctx)
	switch {
	case !known:
		expiry := time.AfterFunc(t.limits.SocketAnonymous, cancel)
		defer expiry.Stop()
	case !who.ExpiresAt.IsZero():
		expiry := time.AfterFunc(time.Until(who.ExpiresAt), cancel)
		defer expiry.Stop()
	}
	t.run(ctx, s, exec, operation, r.Header.Get("Last-Event-ID"))
}

// kind is [connection]'s.
func (s *eventStream) kind() string { return kindEvents }

// run sends what comes of an operation.
func (t *events) run(
	ctx context.Context,
	s *eventStream,
	exec graphql.GraphExecutor,
	operation *graphql.OperationContext,
	lastEventID string,
) {
	if operation.Operation.Operation != ast.Subscription {
		t.answer(ctx, exec, operation, func(response *graphql.Response) {
			if response == nil || s.begin(nil) != nil {
				return
			}
			body, err := encode(response)
			if err != nil {
				panic(err) // an extension that is no JSON: a mistake in the server
			}
			_ = s.event("next", body) // if it fails the client is gone
			_ = s.event("complete", nil)
		})
		return
	}
	subscriber, errs := t.subscribe(ctx, operation, lastEventID)
	if len(errs) == 0 {
		defer subscriber.Close()
	}
	if s.begin(subscriber) != nil {
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
		s.end(gqlerror.List{broken(ctx).graphQL()})
	}
}

// follow sends what a subscription has, until it ends or the client is gone.
func (t *events) follow(ctx context.Context, s *eventStream, subscriber live.Subscriber) {
	for {
		if subscriber.Park(s) && !s.receive(ctx) {
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

// send sends the results of a subscription. It returns false if the client has gone, or reads too
// slowly for what it has selected.
func (t *events) send(ctx context.Context, s *eventStream, results [][]byte) bool {
	memory, err := t.budgets.reserveUnsent(ownerOf(ctx), results)
	if err != nil {
		return false
	}
	defer memory.Release()
	if s.writeSent() != nil { // which may be older than the results
		return false
	}
	for _, payload := range results {
		if s.event("next", payload) != nil {
			return false
		}
	}
	return true
}

// eventStream is one connection, and the [live.Sink] of its subscription. Its writes come from the
// operation and from keepAlive.
type eventStream struct {
	writing chan struct{} // full while something is written
	sent    chan []byte   // what Send has taken, until the request's goroutine writes it
	woken   chan struct{} // full after Wake
	w       http.ResponseWriter
	control *http.ResponseController
	limit   time.Duration
	cancel  context.CancelFunc
	// positioned: events have ids. It is set by begin.
	positioned bool
}

// begin sends the headers. If the subscriber's events have positions these are their ids, by which a
// client that reconnects resumes: Last-Event-ID. The position at the beginning is an id without an
// event. So a connection that breaks before the first event resumes there, and one that breaks
// after StreamOpened does not skip the history that follows it.
func (s *eventStream) begin(subscriber live.Subscriber) error {
	s.w.Header().Set("Content-Type", mediaEvents)
	s.w.Header().Set("X-Accel-Buffering", "no") // proxies must not wait for more
	s.w.WriteHeader(http.StatusOK)
	if log, ok := subscriber.(live.Positioned); ok {
		s.positioned = true
		return s.write(eventID(log.Position()), []byte("\n"))
	}
	return s.write([]byte(":\n\n"))
}

// Ready implements [live.Sink].
func (s *eventStream) Ready() bool { return len(s.sent) == 0 }

// Send implements [live.Sink].
func (s *eventStream) Send(payload []byte) bool {
	if len(payload) > smallPayload { // what is large is reserved before it waits
		return false
	}
	select {
	case s.sent <- payload:
		return true
	default:
		return false
	}
}

// Wake implements [live.Sink].
func (s *eventStream) Wake() { s.woken <- struct{}{} }

// receive writes what Send takes, until the subscription is woken. It returns false if the client is
// gone.
func (s *eventStream) receive(ctx context.Context) bool {
	for {
		select {
		case payload := <-s.sent:
			if s.event("next", payload) != nil {
				return false
			}
		case <-s.woken:
			return s.writeSent() == nil // it was sent before
		case <-ctx.Done():
			return false
		}
	}
}

// writeSent writes what Send has taken, if there is something.
func (s *eventStream) writeSent() error {
	select {
	case payload := <-s.sent:
		return s.event("next", payload)
	default:
		return nil
	}
}

// event sends an event. data is JSON in one line, or nothing.
func (s *eventStream) event(name string, data []byte) error {
	var id []byte
	if seq, ok := live.PositionOf(data); ok && s.positioned {
		id = eventID(seq)
	}
	return s.write(id, []byte("event: "+name+"\ndata: "), data, []byte("\n\n"))
}

// eventID is the line of an event with its id.
func eventID(seq int64) []byte { return fmt.Appendf(nil, "id: %d\n", seq) }

// end sends the errors that end an operation, if any, and its end.
func (s *eventStream) end(errs gqlerror.List) {
	if len(errs) > 0 {
		body, err := json.Marshal(map[string]any{"errors": errs})
		if err != nil {
			panic(err) // an extension that is no JSON: a mistake in the server
		}
		if s.event("next", body) != nil {
			return
		}
	}
	_ = s.event("complete", nil) // if it fails the client is gone
}

// write sends the parts of something at once, as they are: an answer may be large. A client that
// does not take it in time is cut off.
func (s *eventStream) write(parts ...[]byte) error {
	s.writing <- struct{}{}
	defer func() { <-s.writing }()
	_ = s.control.SetWriteDeadline(
		time.Now().Add(s.limit),
	) // an error means that there is no real connection behind w
	whole := net.Buffers(parts)
	if _, err := whole.WriteTo(s.w); err != nil {
		s.cancel()
		return err
	}
	return s.control.Flush()
}

// keepAlive sends a comment now and then: proxies drop what is silent, and a client that has gone
// is found out.
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

// restart ends the stream: the client connects again.
func (s *eventStream) restart() { s.cancel() }

// evict ends it as well.
func (s *eventStream) evict() { s.cancel() }

// cut ends it as well.
func (s *eventStream) cut() { s.cancel() }

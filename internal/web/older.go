package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"unicode/utf8"

	"parley/internal/auth"
	"parley/internal/rawjson"
	"parley/internal/reqid"
	"parley/internal/wire"
)

// Older are the interfaces that are older than GraphQL: paths that answer {"msg", "code", "data"},
// and messages over a WebSocket. The caller's identity is in the context (package auth).
type Older interface {
	http.Handler
	// Paths are the patterns of what ServeHTTP answers.
	Paths() []string
	// Refuse answers a request that ServeHTTP is not asked, in its form.
	Refuse(w http.ResponseWriter, r *http.Request, status int, message string)
	// Talk carries out a message and returns the answer.
	Talk(ctx context.Context, message []byte) []byte
	// Complain is the answer to a message that Talk is not asked.
	Complain(message string) []byte
}

// olderFactor is what a request of the older interfaces takes of memory for each of its bytes until
// it has been answered.
const olderFactor = 16

// olderHTTP authenticates the requests of the older paths, reads their bodies and limits their
// time.
func (d *door) olderHTTP(older Older) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeoutCause(r.Context(), d.limits.Operation, errTimeLimit)
		defer cancel()
		if header := r.Header.Get("Authorization"); header != "" {
			token, ok := auth.Bearer(header)
			f := unauthenticated("Authorization must be: Bearer, a space, and a token.")
			if ok {
				ctx, f = identify(ctx, d.verifier, d.log, token)
			}
			if f != nil {
				refuseOlder(older, w, r, f)
				return
			}
		}
		r = r.WithContext(ctx)
		memory := d.budgets.requests.Open(ownerOf(ctx))
		defer memory.Release()
		if r.Method == http.MethodPost {
			body, f := readBody(w, r, d.limits, &memory, olderFactor)
			if f != nil {
				refuseOlder(older, w, r, f)
				return
			}
			slot, f := d.answers.heavy.acquire(ctx, len(body))
			if f != nil {
				refuseOlder(older, w, r, f)
				return
			}
			defer slot.release()
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		older.ServeHTTP(w, r)
	})
}

// talk is a line on which the older messages are spoken, one answer to each, in their order.
type talk struct {
	line

	older Older

	// Guarded by the line's lock. busy: a message is being carried out, the carried-th.
	busy    bool
	carried int
}

var _ connection = (*talk)(nil)

// kind is [connection]'s.
func (t *talk) kind() string { return kindTalk }

// talks opens sockets for the older messages. The token comes in the handshake's Authorization
// header, or in a first message.
func (d *door) talks(older Older) http.Handler {
	return authenticated(
		d.verifier,
		d.log,
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !wanted(r) {
				w.Header().Set("Upgrade", "websocket")
				older.Refuse(w, r, http.StatusUpgradeRequired, "This path is for WebSockets.")
				return
			}
			ctx := context.WithoutCancel(r.Context())
			f := d.open(
				w,
				r,
				func(string) bool { return false },
				func(conn *wire.Conn, admission *admission) {
					t := &talk{line: line{door: d, conn: conn, admission: admission}, older: older}
					t.shut, t.alive = t.close, conn.Ping // which libraries and browsers answer
					t.begin(ctx)
					d.sockets.add(t, admission)
					defer d.sockets.remove(t)
					defer t.end()
					if _, known := auth.FromContext(ctx); known {
						if v := t.admit(ctx); v.code != 0 {
							t.close(v.code, v.reason)
						}
					}
					t.serve(t.receive)
				},
			)
			if f != nil {
				refuseOlder(older, w, r, f)
			}
		}),
	)
}

// refuseOlder is refuse in the form of the older interfaces.
func refuseOlder(older Older, w http.ResponseWriter, r *http.Request, f *refusal) {
	for name, value := range f.header {
		w.Header().Set(name, value)
	}
	older.Refuse(w, r, f.status, f.message)
}

// receive acts on a client's message.
func (t *talk) receive(text bool, data []byte) verdict {
	slot, f := t.answers.heavy.acquire(t.identified, len(data))
	if f != nil {
		return closeWith(closeTryAgainLater, f.message)
	}
	defer slot.release()
	if text && !utf8.Valid(data) { // RFC 6455, section 8.1
		return closeWith(closeInvalidPayload, "Invalid UTF-8")
	}
	members, err := rawjson.Members(data, "type", "token")
	if !text || err != nil && !errors.Is(err, rawjson.ErrNotObject) || hasLoneSurrogate(data) {
		return verdict{reply: t.older.Complain("A message must be a JSON object.")}
	}
	if kind, _ := stringMember(members, "type"); kind == "Auth" {
		token, f := stringMember(members, "token")
		if f != nil || token == "" {
			return verdict{reply: t.older.Complain("token must be a string: a token.")}
		}
		return t.authenticate(token)
	}
	t.mu.Lock()
	ctx := t.identified
	_, known := auth.FromContext(ctx)
	t.busy = known && !t.restarting
	goOn := t.busy
	t.carried++
	ctx = reqid.WithOperation(ctx, strconv.Itoa(t.carried))
	t.mu.Unlock()
	if !known {
		return verdict{
			reply: t.older.Complain(
				`Who is asking? Send {"type": "Auth", "token": …} first, or the token in the handshake's Authorization header.`,
			),
		}
	}
	if !goOn {
		return verdict{reply: t.older.Complain("The server is stopping. Connect again.")}
	}
	defer t.answered()
	ctx, cancel := context.WithTimeoutCause(ctx, t.limits.Operation, errTimeLimit)
	defer cancel()
	// Written here: the answer comes before a close frame that waits for it.
	_ = t.write(t.older.Talk(ctx, data)) // where it fails the next read does
	return verdict{}
}

// authenticate takes a token: the first one says who the client is, later ones renew it.
func (t *talk) authenticate(token string) verdict {
	accepted := verdict{reply: []byte(`{"status":true,"type":"Authenticated"}`)}
	t.mu.Lock()
	_, known := auth.FromContext(t.identified)
	t.mu.Unlock()
	if known {
		if r := t.renew(token); r.problem != "" {
			return verdict{reply: t.older.Complain(r.problem)}
		}
		return accepted
	}
	ctx, f := identify(t.ctx, t.verifier, t.log, token)
	if f != nil {
		return verdict{reply: t.older.Complain(f.message)}
	}
	if v := t.admit(ctx); v.code != 0 {
		return v
	}
	return accepted
}

// answered notes that a message has been answered, for which a restart may have waited.
func (t *talk) answered() {
	t.mu.Lock()
	t.busy = false
	restarting := t.restarting
	t.mu.Unlock()
	if restarting {
		t.closeForRestart()
	}
}

// restart tells the client to connect again, when the message that is being carried out has been
// answered.
func (t *talk) restart() {
	t.mu.Lock()
	t.restarting = true
	busy := t.busy
	t.mu.Unlock()
	t.after(patience, t.closeForRestart)
	if !busy {
		t.closeForRestart()
	}
}

// close begins the closing handshake; the reading ends with it. Only the first call counts.
func (t *talk) close(code uint16, reason string) {
	if t.conclude() {
		defer t.conn.Close(code, reason)
		t.sockets.closed(code)
	}
}

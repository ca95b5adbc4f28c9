// Package compat serves the interfaces of older clients: four HTTP paths whose responses are {"msg",
// "code", "data"}, and messages over a WebSocket that create rooms. It has no rules of its own: like
// GraphQL, it calls the domain.
package compat

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"parley/internal/auth"
	"parley/internal/chat"
	"parley/internal/limit"
	"parley/internal/reqid"
)

// API serves the older interfaces. The context of a request carries the identity of its caller
// (package auth).
type API struct {
	chat      *chat.Chat
	mutations *limit.RateLimiter
	memory    *limit.Memory
	log       *slog.Logger
	mux       *http.ServeMux
}

// New returns the older interfaces of the domain. mutations limits how often rooms are created, and
// memory reserves memory for responses. The caller limits the size of requests.
func New(c *chat.Chat, mutations *limit.RateLimiter, memory *limit.Memory, log *slog.Logger) *API {
	a := &API{chat: c, mutations: mutations, memory: memory, log: log, mux: http.NewServeMux()}
	a.handle("/my_rooms", http.MethodGet, a.myRooms)
	a.handle("/my_chats", http.MethodPost, a.myChats)
	a.handle("/rooms", http.MethodPost, a.createRoom)
	a.handle("/rooms/{room_id}", http.MethodGet, a.room)
	a.handle("/rooms/{$}", http.MethodGet, a.room) // without an id
	return a
}

// Paths returns the patterns of the paths of ServeHTTP.
func (a *API) Paths() []string {
	return []string{"/my_rooms", "/my_chats", "/rooms", "/rooms/{room_id}", "/rooms/{$}"}
}

func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// WriteError writes the response to a request that is rejected.
func (a *API) WriteError(w http.ResponseWriter, r *http.Request, status int, message string) {
	reply(w, status, envelope{Msg: message, Code: status * codesOfStatus, Data: noData(r)})
}

// noData returns the data of a failed request: an empty list for a list of ids, otherwise null.
func noData(r *http.Request) any {
	if r.URL.Path == "/my_rooms" {
		return []string{}
	}
	return nil
}

// envelope is the body of every response. Code 0 is success.
type envelope struct {
	Msg  string `json:"msg"`
	Code int    `json:"code"`
	Data any    `json:"data"`
}

// handle serves a path and a method with the result of serve.
func (a *API) handle(path, method string, serve func(*http.Request, chat.Viewer) (any, error)) {
	a.mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != method {
			w.Header().Set("Allow", method)
			a.WriteError(
				w,
				r,
				http.StatusMethodNotAllowed,
				"This path supports the method "+method+" only.",
			)
			return
		}
		v, err := a.authenticate(r.Context(), path == "/rooms")
		var data any
		if err == nil {
			data, err = serve(r, v)
		}
		var memory limit.Reservation
		if err == nil {
			memory, err = a.reserve(r.Context(), data)
		}
		if err != nil {
			a.fail(w, r, err)
			return
		}
		defer memory.Release()
		reply(w, http.StatusOK, envelope{Msg: "ok", Data: data})
	})
}

// authenticate returns the viewer, and stores it if it is a new user. mutation counts the request as
// a mutation. Returns UNAUTHENTICATED without a token, and RATE_LIMITED.
func (a *API) authenticate(ctx context.Context, mutation bool) (chat.Viewer, error) {
	identity, ok := auth.FromContext(ctx)
	if !ok {
		return chat.Viewer{}, &chat.Error{
			Code:    chat.Unauthenticated,
			Message: "Sign in first. Send a token: Authorization: Bearer …",
		}
	}
	v := chat.Viewer{ID: identity.ID, Admin: identity.Admin}
	if mutation {
		if err := a.countMutations(ctx, v, 1); err != nil {
			return chat.Viewer{}, err
		}
	}
	return v, a.chat.EnsureUser(ctx, identity.ID, identity.Name, identity.Picture)
}

// countMutations counts n mutations of the viewer. Returns RATE_LIMITED above the limit; services are
// exempt.
func (a *API) countMutations(ctx context.Context, v chat.Viewer, n int) error {
	if v.Admin || n == 0 {
		return nil
	}
	if wait := a.mutations.Take(ctx, v.ID, n); wait > 0 {
		return &chat.Error{
			Code:       chat.RateLimited,
			Message:    "Too many changes. Try again later.",
			RetryAfter: wait,
		}
	}
	return nil
}

func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	e := a.logged(r.Context(), err)
	code := codeOf(e.Code)
	if e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((e.RetryAfter+999_999_999)/1_000_000_000)))
	}
	if e.Code == chat.Unauthenticated {
		w.Header().Set("WWW-Authenticate", "Bearer") // RFC 6750, section 3
	}
	reply(w, code/codesOfStatus, envelope{Msg: e.Message, Code: code, Data: noData(r)})
}

// logged returns the error of a response. It logs a fault of the server once, with the request id of
// the response.
func (a *API) logged(ctx context.Context, err error) *chat.Error {
	e := chat.AsError(err)
	switch {
	case e.Code == chat.Internal && ctx.Err() == nil:
		a.log.ErrorContext(ctx, "older interface failed", "error", err)
	case e.Code == chat.Unavailable && ctx.Err() == nil:
		a.log.WarnContext(ctx, "older interface unavailable", "error", err)
	}
	if e.Code == chat.Internal { // the response has no other field for the id
		shown := *e
		shown.Message += " Request: " + reqid.FromContext(ctx) + "."
		return &shown
	}
	return e
}

func reply(w http.ResponseWriter, status int, response envelope) {
	body, err := json.Marshal(response)
	if err != nil {
		panic(err) // strings, numbers and lists of them always encode
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // fails if the client has disconnected
}

// myRooms returns the ids of the viewer's rooms, the one with the latest activity first.
func (a *API) myRooms(r *http.Request, v chat.Viewer) (any, error) {
	ids, err := a.chat.MyRoomIDs(r.Context(), v)
	if ids == nil {
		ids = []uuid.UUID{}
	}
	return ids, err
}

// createRoom creates a private room of the viewer and the users in user_ids, and returns its id.
func (a *API) createRoom(r *http.Request, v chat.Viewer) (any, error) {
	in, err := readInput(r)
	if err != nil {
		return nil, err
	}
	ids, err := in.texts("user_ids")
	if err != nil {
		return nil, err
	}
	others := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id == v.ID })
	if err := a.countMutations(r.Context(), v, len(others)); err != nil {
		return nil, err
	}
	created, err := a.chat.CreateRoom(
		r.Context(),
		v,
		chat.CreateRoomInput{MemberIds: ids, AccessType: private()},
	)
	if err != nil {
		return nil, renamed(err, map[string]string{"memberIds": "user_ids"})
	}
	return created.ID, nil
}

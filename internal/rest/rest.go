// Package rest speaks Parley's older interfaces: four paths over HTTP whose answers are {"msg",
// "code", "data"}, and the messages that make rooms over a WebSocket. It has no rules of its own:
// all of it is the domain's, as with GraphQL.
package rest

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

// API answers the older interfaces. The caller's identity is in the request's context (package auth).
type API struct {
	chat    *chat.Chat
	changes *limit.RateLimiter
	answers *limit.Memory
	log     *slog.Logger
	mux     *http.ServeMux
}

// New returns the older interfaces over the domain. changes limits how often rooms may be created,
// and answers admits the memory for responses. The caller limits and reads the bodies of requests.
func New(c *chat.Chat, changes *limit.RateLimiter, answers *limit.Memory, log *slog.Logger) *API {
	a := &API{chat: c, changes: changes, answers: answers, log: log, mux: http.NewServeMux()}
	a.handle("/my_rooms", http.MethodGet, a.myRooms)
	a.handle("/my_chats", http.MethodPost, a.myChats)
	a.handle("/rooms", http.MethodPost, a.createRoom)
	a.handle("/rooms/{room_id}", http.MethodGet, a.room)
	a.handle("/rooms/{$}", http.MethodGet, a.room) // without an id
	return a
}

// Paths are the patterns of what ServeHTTP answers.
func (a *API) Paths() []string {
	return []string{"/my_rooms", "/my_chats", "/rooms", "/rooms/{room_id}", "/rooms/{$}"}
}

func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// WriteError writes the response to a request that is rejected.
func (a *API) WriteError(w http.ResponseWriter, r *http.Request, status int, message string) {
	reply(w, status, envelope{Msg: message, Code: status * codesOfStatus, Data: nothing(r)})
}

// nothing is the data of a failed request: an empty list where the list of ids was asked for.
func nothing(r *http.Request) any {
	if r.URL.Path == "/my_rooms" {
		return []string{}
	}
	return nil
}

// envelope is every answer. Code 0 is success.
type envelope struct {
	Msg  string `json:"msg"`
	Code int    `json:"code"`
	Data any    `json:"data"`
}

// handle answers a path by one method with what ask returns.
func (a *API) handle(path, method string, ask func(*http.Request, chat.Viewer) (any, error)) {
	a.mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != method {
			w.Header().Set("Allow", method)
			a.WriteError(
				w,
				r,
				http.StatusMethodNotAllowed,
				"This method is not allowed here; allowed: "+method+".",
			)
			return
		}
		v, err := a.arrive(r.Context(), path == "/rooms")
		var data any
		if err == nil {
			data, err = ask(r, v)
		}
		var memory limit.Reservation
		if err == nil {
			memory, err = a.admit(r.Context(), data)
		}
		if err != nil {
			a.fail(w, r, err)
			return
		}
		defer memory.Release()
		reply(w, http.StatusOK, envelope{Msg: "ok", Data: data})
	})
}

// arrive returns the viewer, or RATE_LIMITED for a change if it has made too many. It stores a new
// user with its first request.
func (a *API) arrive(ctx context.Context, change bool) (chat.Viewer, error) {
	who, ok := auth.FromContext(ctx)
	if !ok {
		return chat.Viewer{}, &chat.Error{
			Code:    chat.Unauthenticated,
			Message: "Who is asking? Send a token: Authorization: Bearer …",
		}
	}
	v := chat.Viewer{ID: who.ID, Admin: who.Admin}
	if change {
		if err := a.count(ctx, v, 1); err != nil {
			return chat.Viewer{}, err
		}
	}
	return v, a.chat.Arrive(ctx, who.ID, who.Name, who.Picture)
}

// count takes changes from those that the viewer may make. Returns RATE_LIMITED if there are too
// few left; services are exempt.
func (a *API) count(ctx context.Context, v chat.Viewer, changes int) error {
	if v.Admin || changes == 0 {
		return nil
	}
	if wait := a.changes.Take(ctx, v.ID, changes); wait > 0 {
		return &chat.Error{
			Code:       chat.RateLimited,
			Message:    "Too many changes. Try again later.",
			RetryAfter: wait,
		}
	}
	return nil
}

func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	e := a.told(r.Context(), err)
	code := codeOf(e.Code)
	if e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((e.RetryAfter+999_999_999)/1_000_000_000)))
	}
	if e.Code == chat.Unauthenticated {
		w.Header().Set("WWW-Authenticate", "Bearer") // RFC 6750, section 3
	}
	reply(w, code/codesOfStatus, envelope{Msg: e.Message, Code: code, Data: nothing(r)})
}

// told returns the error of a response. It logs a fault of the server, once, with the id that the
// response has.
func (a *API) told(ctx context.Context, err error) *chat.Error {
	e := chat.AsError(err)
	switch {
	case e.Code == chat.Internal && ctx.Err() == nil:
		a.log.ErrorContext(ctx, "an older interface failed", "error", err)
	case e.Code == chat.Unavailable && ctx.Err() == nil:
		a.log.WarnContext(ctx, "an older interface cannot answer", "error", err)
	}
	if e.Code == chat.Internal { // these answers have no other place for it
		told := *e
		told.Message += " Request: " + reqid.FromContext(ctx) + "."
		return &told
	}
	return e
}

func reply(w http.ResponseWriter, status int, answer envelope) {
	body, err := json.Marshal(answer)
	if err != nil {
		panic(err) // strings, numbers and lists of them always encode
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone
}

// myRooms are the ids of all rooms that the viewer is in, the latest active first.
func (a *API) myRooms(r *http.Request, v chat.Viewer) (any, error) {
	ids, err := a.chat.MyRoomIDs(r.Context(), v)
	if ids == nil {
		ids = []uuid.UUID{}
	}
	return ids, err
}

// createRoom makes a room for the viewer and those named and returns its id. It is never public.
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
	if err := a.count(r.Context(), v, len(others)); err != nil {
		return nil, err
	}
	made, err := a.chat.CreateRoom(
		r.Context(),
		v,
		chat.CreateRoomInput{MemberIds: ids, AccessType: private()},
	)
	if err != nil {
		return nil, renamed(err, map[string]string{"memberIds": "user_ids"})
	}
	return made.ID, nil
}

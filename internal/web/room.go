package web

import (
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"parley/internal/wire"
)

// What things take of memory, about, with what they take of the kernel's left out: a socket that is idle, an event stream
// (which keeps the buffers and the goroutines of its request), and an operation that runs or a subscription that waits.
const (
	socketBytes      = 12 << 10
	eventStreamBytes = 40 << 10
	operationBytes   = 4 << 10
)

const (
	// messagesShare is which part of the memory is for messages that are coming: one in so many.
	messagesShare = 4
	// fullInterval is the least time between two lines of the log that say that there is no room.
	fullInterval = time.Minute
	// Who finds no room is asked to come back after about so many seconds: not all at once.
	comeBackLeast, comeBackMost = 5, 15
)

// room is how much of the connections there may be, by number and by what they take of memory.
type room struct {
	most  int
	bytes *wire.Budget // of connections and operations
	log   *slog.Logger

	mu      sync.Mutex
	open    int
	refused int64
	told    time.Time // when the log was told last that there is no room
}

// newRoom divides the memory: the second result is for messages.
func newRoom(limits Limits, log *slog.Logger) (*room, *wire.Budget) {
	messages := limits.SocketBytes / messagesShare
	return &room{most: limits.Sockets, bytes: wire.NewBudget(limits.SocketBytes - messages), log: log}, wire.NewBudget(messages)
}

// enter makes room for a connection of so many bytes, or returns why there is none.
func (r *room) enter(bytes int64) *refusal {
	if r.admits(bytes) {
		return nil
	}
	if tell, now := r.refuse(time.Now()); tell {
		r.log.Warn("no room for more connections (PARLEY_MAX_SOCKETS, PARLEY_MAX_SOCKET_BYTES)",
			"open", now.Open, "bytes", now.Bytes, "refused", now.Refused)
	}
	return &refusal{
		status: http.StatusServiceUnavailable, code: codeUnavailable,
		message: "The server has no room for more connections. Try again later.",
		header:  map[string]string{"Retry-After": strconv.Itoa(comeBackLeast + rand.IntN(comeBackMost-comeBackLeast+1))}, //nolint:gosec // nothing is secret
	}
}

func (r *room) admits(bytes int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open >= r.most || !r.bytes.Take(bytes) {
		return false
	}
	r.open++
	return true
}

// refuse counts a connection that found no room; tell: it is time to log that.
func (r *room) refuse(at time.Time) (tell bool, now Room) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refused++
	if tell = at.Sub(r.told) >= fullInterval; tell {
		r.told = at
	}
	return tell, r.taken()
}

// leave gives the room of a connection back.
func (r *room) leave(bytes int64) {
	r.bytes.Return(bytes)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open--
}

// Room is how much room connections take.
type Room struct {
	// Open is how many WebSockets and event streams there are, and Refused how many found no room so far.
	Open, Refused int64
	// Bytes is what they and their operations take, about, and Messages what their messages do that are coming.
	Bytes, Messages int64
}

func (r *room) now() Room {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.taken()
}

// taken is now, of a room that is locked.
func (r *room) taken() Room {
	return Room{Open: int64(r.open), Refused: r.refused, Bytes: r.bytes.Held()}
}

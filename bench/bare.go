package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/gobwas/ws"
)

// bareServer writes each frame that is sent to a room to the room's sockets, one after the other. It
// responds to each request for GraphQL with the same bytes.
type bareServer struct {
	response atomic.Pointer[[]byte]

	mu    sync.Mutex
	rooms map[string]*bareRoom
}

type bareRoom struct {
	mu      sync.Mutex
	sockets map[net.Conn]struct{}
}

func newBare() http.Handler {
	s := &bareServer{rooms: make(map[string]*bareRoom)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /graphql", s.listen)
	mux.HandleFunc("POST /send", s.send)
	mux.HandleFunc("POST /response", func(_ http.ResponseWriter, r *http.Request) {
		if response, err := io.ReadAll(r.Body); err == nil {
			s.response.Store(&response)
		}
	})
	mux.HandleFunc("POST /graphql", s.respond)
	return mux
}

func (s *bareServer) respond(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(*s.response.Load())
}

func (s *bareServer) room(name string) *bareRoom {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rooms[name] == nil {
		s.rooms[name] = &bareRoom{sockets: make(map[net.Conn]struct{})}
	}
	return s.rooms[name]
}

func (s *bareServer) listen(w http.ResponseWriter, r *http.Request) {
	upgrader := ws.HTTPUpgrader{
		Protocol: func(offered string) bool { return offered == subprotocol },
	}
	conn, _, _, err := upgrader.Upgrade(r, w)
	if err != nil {
		return
	}
	room := s.room(r.URL.Query().Get("room"))
	room.mu.Lock()
	room.sockets[conn] = struct{}{}
	room.mu.Unlock()
	go func() { // ends with the connection
		_, _ = io.Copy(io.Discard, conn) // clients send nothing here
		room.mu.Lock()
		delete(room.sockets, conn)
		room.mu.Unlock()
		_ = conn.Close()
	}()
}

func (s *bareServer) send(w http.ResponseWriter, r *http.Request) {
	var batch []message
	if json.NewDecoder(r.Body).Decode(&batch) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	for _, m := range batch {
		s.room(m.Room).write(ws.MustCompileFrame(ws.NewTextFrame([]byte(m.Text))))
	}
	w.WriteHeader(http.StatusNoContent)
}

func (r *bareRoom) write(frame []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for conn := range r.sockets {
		_, _ = conn.Write(frame) // listen removes closed sockets
	}
}

package main

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"

	"github.com/coder/websocket"
)

// bareServer writes what is sent to a room, a ready frame, to each of the room's sockets in turn.
type bareServer struct {
	mu    sync.Mutex
	rooms map[string]*bareRoom
}

type bareRoom struct {
	mu      sync.Mutex
	sockets map[*websocket.Conn]struct{}
}

func newBare() http.Handler {
	s := &bareServer{rooms: make(map[string]*bareRoom)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /graphql", s.listen)
	mux.HandleFunc("POST /send", s.send)
	return mux
}

func (s *bareServer) room(name string) *bareRoom {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rooms[name] == nil {
		s.rooms[name] = &bareRoom{sockets: make(map[*websocket.Conn]struct{})}
	}
	return s.rooms[name]
}

func (s *bareServer) listen(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{subprotocol}})
	if err != nil {
		return
	}
	defer func() { _ = conn.CloseNow() }()
	ctx := context.WithoutCancel(r.Context())
	name := r.URL.Query().Get("room")
	room := s.room(name)
	room.mu.Lock()
	room.sockets[conn] = struct{}{}
	room.mu.Unlock()
	for err == nil {
		_, _, err = conn.Read(ctx)
	}
	room.mu.Lock()
	delete(room.sockets, conn)
	room.mu.Unlock()
}

func (s *bareServer) send(w http.ResponseWriter, r *http.Request) {
	var batch []message
	if json.NewDecoder(r.Body).Decode(&batch) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	ctx := context.WithoutCancel(r.Context()) // nothing to watch for in each write
	for _, m := range batch {
		s.room(m.Room).write(ctx, []byte(m.Text))
	}
	w.WriteHeader(http.StatusNoContent)
}

func (r *bareRoom) write(ctx context.Context, frame []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for conn := range r.sockets {
		_ = conn.Write(ctx, websocket.MessageText, frame) // who is gone is taken out by listen
	}
}

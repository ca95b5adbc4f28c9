package main

import (
	"encoding/json"
	"net/http"

	gqlgen "parley/bench/stock"
)

// newStock serves gqlgen's own subscriptions.
func newStock() http.Handler {
	rooms := gqlgen.New(gqlgen.User{ID: publisherID, NickName: publisherName})
	mux := http.NewServeMux()
	mux.Handle("GET /graphql", rooms.Handler())
	mux.HandleFunc("POST /send", func(w http.ResponseWriter, r *http.Request) {
		var batch []message
		if json.NewDecoder(r.Body).Decode(&batch) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		for _, m := range batch {
			rooms.Send(m.Room, m.Text)
		}
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

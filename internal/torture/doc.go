// Package torture proves what Parley promises of a room's messages: nothing missing, nothing twice,
// in order, and nothing to who is in the room no longer. It holds tests only.
//
// Its one large test runs a server as a process of its own, with a broker that loses, doubles and
// shuffles what it carries. Writers send to it and try again until they have an answer, subscribers
// are cut off and come back with the seq they have reached, some of them are put out of their room
// and let in again, and the server is killed and started again meanwhile. What everybody was told
// is then compared with what the rooms hold:
//
//	go test ./internal/torture                 # some seconds on each database
//	scripts/torture -torture.duration=10m      # longer
package torture

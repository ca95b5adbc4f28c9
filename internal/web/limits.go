package web

import "time"

// Limits bound what one client can cost. Zero values stand for the defaults.
type Limits struct {
	// Body is the size of the largest request body, in bytes: 1 MiB by default, about sixty of the
	// longest messages. An anonymous client may send at most 16 KiB more than Document.
	Body int64
	// RequestBytes is the memory budget of requests, by estimate, from before they are read until
	// they have been answered: 256 MiB by default.
	RequestBytes int64
	// Document is the length of the longest document (the query without its variables), in bytes:
	// 64 KiB by default. Parsing a document takes many times its length in memory.
	Document int
	// Read is how long a client may take to send a body; the second half of this time is granted as
	// the body arrives. Write is how long a client may take to receive a response or a WebSocket
	// message. Both are 10 s by default. Slower clients are disconnected.
	Read, Write time.Duration
	// Operation is the time limit of a query, a mutation and the setup of a subscription, including
	// the creation of a new user: 30 s by default.
	Operation time.Duration
	// Ready is how long /readyz waits for its checks: 2 s by default, less than the usual timeout
	// of probes.
	Ready time.Duration

	// SocketInit is how long a new WebSocket may take to send connection_init: 10 s by default.
	SocketInit time.Duration
	// SocketAnonymous is how long a WebSocket or event stream without a token may stay open: a
	// minute by default.
	SocketAnonymous time.Duration
	// SocketPing is the time between two pings. A client that has not answered one ping when the
	// next is due is disconnected. 25 s by default, because proxies commonly close connections that
	// are silent for 60 s.
	SocketPing time.Duration
	// SocketMessage is the size of the largest WebSocket message of a client, in bytes: Body by
	// default. An anonymous client may send at most 64 KiB.
	SocketMessage int64
	// SocketFrames is the number of frames per second that are read from a WebSocket, after twice
	// as many at once: 500 by default. Frames above the rate are read later.
	SocketFrames int
	// SocketOperations is the number of operations that may run on a WebSocket: 100 by default. As
	// many more may be ending that the client has completed.
	SocketOperations int
	// SocketsPerUser is the number of WebSockets and event streams that a user may have open: 100
	// by default.
	SocketsPerUser int
	// Sockets is the number of WebSockets and event streams that may be open, of all clients:
	// 50,000 by default. One address may have half of them. Anonymous clients may have a quarter,
	// those of one address a tenth of that.
	Sockets int
	// SocketBytes is the memory budget of WebSockets and event streams, by estimate: 1 GiB by
	// default. A quarter is for incoming messages, the rest for connections and their operations.
	SocketBytes int64
}

// withDefaults returns the limits with the defaults for zero values.
func (l Limits) withDefaults() Limits {
	l.Body = orDefault(l.Body, 1<<20)
	l.Document = orDefault(l.Document, 64<<10)
	l.RequestBytes = orDefault(l.RequestBytes, 256<<20)
	l.Read = orDefault(l.Read, 10*time.Second)
	l.Write = orDefault(l.Write, 10*time.Second)
	l.Operation = orDefault(l.Operation, 30*time.Second)
	l.Ready = orDefault(l.Ready, 2*time.Second)
	l.SocketInit = orDefault(l.SocketInit, 10*time.Second)
	l.SocketAnonymous = orDefault(l.SocketAnonymous, time.Minute)
	l.SocketPing = orDefault(l.SocketPing, 25*time.Second)
	l.SocketMessage = orDefault(l.SocketMessage, l.Body)
	l.SocketFrames = orDefault(l.SocketFrames, 500)
	l.SocketOperations = orDefault(l.SocketOperations, 100)
	l.SocketsPerUser = orDefault(l.SocketsPerUser, 100)
	l.Sockets = orDefault(l.Sockets, 50_000)
	l.SocketBytes = orDefault(l.SocketBytes, 1<<30)
	return l
}

func orDefault[T int | int64 | time.Duration](value, fallback T) T {
	if value > 0 {
		return value
	}
	return fallback
}

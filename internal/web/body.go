package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"parley/internal/auth"
	"parley/internal/limit"
)

// firstChunk is the size of the first part of a body of unknown length. Each further part doubles the body.
const firstChunk = 4 << 10

// maxBody returns the size of the largest body that the client of ctx may send. Anonymous clients sign in, read the
// schema and run trusted documents: they need a document and a little more.
func (l Limits) maxBody(ctx context.Context) int64 {
	if _, known := auth.FromContext(ctx); known {
		return l.Body
	}
	return l.anonymousBody()
}

func (l Limits) anonymousBody() int64 {
	return min(l.Body, int64(l.Document)+anonymousBodyMargin)
}

// readBody returns the body of r. Before a part of it is read, memory grows by what that part will take, which is factor
// times its size. The client has limits.Read to send it.
func readBody(
	w http.ResponseWriter, r *http.Request, limits Limits, memory *limit.Reservation, factor int64,
) ([]byte, *refusal) {
	largest := limits.maxBody(r.Context())
	if r.ContentLength > largest {
		return nil, bodyTooLarge(r.Context(), largest)
	}
	// net/http ends the deadline with the body. An error means that w has no connection that could be slow.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(limits.Read))
	if r.ContentLength >= 0 {
		if err := memory.Grow(factor * r.ContentLength); err != nil {
			return nil, noMemoryFor(err, "requests")
		}
		body := make([]byte, r.ContentLength)
		if _, err := io.ReadFull(r.Body, body); err != nil {
			return nil, badInput("", "The body could not be read.")
		}
		return body, nil
	}
	return readChunks(r, largest, memory, factor)
}

// readChunks is readBody for a body of unknown length.
func readChunks(
	r *http.Request, largest int64, memory *limit.Reservation, factor int64,
) ([]byte, *refusal) {
	var body []byte
	for {
		// One byte more than is allowed shows that there is more.
		size := min(int64(len(body))+max(firstChunk, int64(len(body))), largest+1)
		if err := memory.Grow(factor*size - memory.Bytes()); err != nil {
			return nil, noMemoryFor(err, "requests")
		}
		grown := make([]byte, size)
		n, err := fill(r.Body, grown[copy(grown, body):])
		body = grown[:len(body)+n]
		switch {
		case int64(len(body)) > largest:
			return nil, bodyTooLarge(r.Context(), largest)
		case errors.Is(err, io.EOF):
			return body, nil
		case err != nil:
			return nil, badInput("", "The body could not be read.")
		}
	}
}

// fill reads until p is full or reading fails. Unlike [io.ReadFull] it tells the end of a body from a body that breaks off.
func fill(from io.Reader, p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var more int
		more, err = from.Read(p[n:])
		n += more
	}
	return n, err
}

func bodyTooLarge(ctx context.Context, largest int64) *refusal {
	message := fmt.Sprintf("The body is larger than %d bytes.", largest)
	if _, known := auth.FromContext(ctx); !known {
		message = fmt.Sprintf("The body is larger than %d bytes. With a token it may be larger.", largest)
	}
	return &refusal{status: http.StatusRequestEntityTooLarge, code: codeBadUserInput, message: message}
}

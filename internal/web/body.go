package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"parley/internal/auth"
	"parley/internal/limit"
)

// firstChunk is the size of the first part of a body that is read, in bytes. Each further part
// doubles the body.
const firstChunk = 8 << 10

// readFactor is the memory that a body takes while it is read, for each of its bytes: it is copied
// as it grows.
const readFactor = 2

// bodyRate is the minimum rate of a body after the first half of limits.Read, in bytes per second.
const bodyRate = 64 << 10

// maxBody returns the size of the largest body that the client of ctx may send, in bytes. Anonymous
// clients sign in, read the schema and run trusted documents: a document and a small margin are
// enough.
func (l Limits) maxBody(ctx context.Context) int64 {
	if _, known := auth.FromContext(ctx); known {
		return l.Body
	}
	return l.anonymousBody()
}

func (l Limits) anonymousBody() int64 {
	return min(l.Body, int64(l.Document)+anonymousBodyMargin)
}

// readBody returns the body of r. Before it reads each part of the body, it grows memory by what
// the part takes. At the end it grows memory to factor times the size of the body, for decoding.
// The Content-Length by itself reserves memory for the first part only: otherwise clients could
// exhaust the budget by the heads of requests. The client has limits.Read to send the body. The
// refusals are for bodies that are too large, too slow or malformed, and for exhausted memory.
func readBody(
	w http.ResponseWriter, r *http.Request, limits Limits, memory *limit.Reservation, factor int64,
) ([]byte, *refusal) {
	largest := limits.maxBody(r.Context())
	if r.ContentLength > largest {
		return nil, bodyTooLarge(r.Context(), largest)
	}
	begun, conn := time.Now(), http.NewResponseController(w)
	allow := func(size int64) {
		rate := time.Duration(size) * time.Second / bodyRate
		// net/http removes the deadline at the end of the body. An error means that w has no network
		// connection.
		_ = conn.SetReadDeadline(begun.Add(min(limits.Read/2+rate, limits.Read)))
	}
	body, f := readParts(r, largest, memory, allow)
	if f != nil {
		return nil, f
	}
	if err := memory.Grow(factor*int64(len(body)) - memory.Bytes()); err != nil {
		return nil, memoryRefusal(err, "requests")
	}
	return body, nil
}

// readParts reads the body of r part by part. Before each part it calls allow with the size of the
// body at the end of the part.
func readParts(
	r *http.Request, largest int64, memory *limit.Reservation, allow func(size int64),
) ([]byte, *refusal) {
	limit := largest + 1 // one byte more shows that the body is too large
	if r.ContentLength >= 0 {
		limit = r.ContentLength
	}
	var body []byte
	for {
		size := min(int64(len(body))+max(firstChunk, int64(len(body))), limit)
		allow(size) // also for refused bodies: net/http reads the rest
		if err := memory.Grow(readFactor*size - memory.Bytes()); err != nil {
			return nil, memoryRefusal(err, "requests")
		}
		grown := make([]byte, size)
		n, err := fill(r.Body, grown[copy(grown, body):])
		body = grown[:len(body)+n]
		switch {
		case int64(len(body)) > largest:
			return nil, bodyTooLarge(r.Context(), largest)
		case errors.Is(err, io.EOF), int64(len(body)) == r.ContentLength:
			return body, nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			f := badInput("", "The body arrived too slowly.")
			f.status = http.StatusRequestTimeout
			return nil, f
		case err != nil:
			return nil, badInput("", "The body could not be read.")
		}
	}
}

// fill reads until p is full or reading fails. Unlike [io.ReadFull] it distinguishes the end of a
// body from a body that is cut off.
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
		message = fmt.Sprintf(
			"The body is larger than %d bytes. With a token it may be larger.",
			largest,
		)
	}
	return &refusal{
		status:  http.StatusRequestEntityTooLarge,
		code:    codeBadUserInput,
		message: message,
	}
}

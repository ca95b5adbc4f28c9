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

// firstChunk is the size of the first part of a body that is read. Each further part doubles the
// body.
const firstChunk = 8 << 10

// arrivalFactor is what a body takes of memory for each of its bytes while it comes: it is copied
// as it grows.
const arrivalFactor = 2

// bodyRate is how many bytes a second a body has to come at, at least, beyond the first half of
// limits.Read.
const bodyRate = 64 << 10

// maxBody returns the size of the largest body that the client of ctx may send. Anonymous clients
// sign in, read the schema and run trusted documents: they need a document and a little more.
func (l Limits) maxBody(ctx context.Context) int64 {
	if _, known := auth.FromContext(ctx); known {
		return l.Body
	}
	return l.anonymousBody()
}

func (l Limits) anonymousBody() int64 {
	return min(l.Body, int64(l.Document)+anonymousBodyMargin)
}

// readBody returns the body of r. memory grows before each part of it is read, by what the part
// takes, and then to factor times its size, which its decoding takes. The Content-Length alone
// reserves nothing beyond the first part: otherwise clients could exhaust the budget by the heads
// of requests. The client has limits.Read to send the body.
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
		// net/http ends the deadline with the body. An error means that w has no connection that
		// could be slow.
		_ = conn.SetReadDeadline(begun.Add(min(limits.Read/2+rate, limits.Read)))
	}
	body, f := readParts(r, largest, memory, allow)
	if f != nil {
		return nil, f
	}
	if err := memory.Grow(factor*int64(len(body)) - memory.Bytes()); err != nil {
		return nil, noMemoryFor(err, "requests")
	}
	return body, nil
}

// readParts reads the body of r part by part. It calls allow before each part, with the size of the
// body up to the end of that part.
func readParts(
	r *http.Request, largest int64, memory *limit.Reservation, allow func(size int64),
) ([]byte, *refusal) {
	most := largest + 1 // one byte more than is allowed shows that there is more
	if r.ContentLength >= 0 {
		most = r.ContentLength
	}
	var body []byte
	for {
		size := min(int64(len(body))+max(firstChunk, int64(len(body))), most)
		allow(size) // a body that is refused has a time, too: net/http reads it
		if err := memory.Grow(arrivalFactor*size - memory.Bytes()); err != nil {
			return nil, noMemoryFor(err, "requests")
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
			f := badInput("", "The body came too slowly.")
			f.status = http.StatusRequestTimeout
			return nil, f
		case err != nil:
			return nil, badInput("", "The body could not be read.")
		}
	}
}

// fill reads until p is full or reading fails. Unlike [io.ReadFull] it tells the end of a body from
// a body that breaks off.
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

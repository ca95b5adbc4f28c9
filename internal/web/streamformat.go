package web

import (
	"net/http"

	"parley/internal/live"
)

// streamFormat is a format of event streams.
type streamFormat struct {
	// kind is the kind of the connections: see [ConnectionKinds].
	kind string
	// media is the media type with which clients ask for the format. If spec is not "", it is the
	// subscriptionSpec that they ask for, too.
	media, spec string
	contentType string
	// eventSource reports whether clients may be EventSources of browsers. These do not read error
	// responses, and reconnect without a reason when a stream is interrupted. Other clients get
	// both.
	eventSource bool
	// encoder returns the encoder of one stream.
	encoder func() streamEncoder
}

// streamEncoder encodes an event stream. Its methods return what to send, in parts.
type streamEncoder interface {
	start(subscriber live.Subscriber) [][]byte
	// result encodes a result, which is JSON in one line.
	result(data []byte) [][]byte
	// heartbeat is safe for concurrent use.
	heartbeat() [][]byte
	// end encodes the end of the operation. errs is a list of errors in JSON, or nil.
	end(errs []byte) [][]byte
}

// accepted reports whether the client accepts the format explicitly.
func (f *streamFormat) accepted(header http.Header) bool {
	for accepted := range mediaRanges(header.Values("Accept")) {
		if accepted.media == f.media && accepted.q > 0 &&
			(f.spec == "" || accepted.params["subscriptionspec"] == f.spec) {
			return true
		}
	}
	return false
}

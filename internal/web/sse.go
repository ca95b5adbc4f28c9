package web

import (
	"fmt"

	"parley/internal/live"
)

// mediaEvents is the media type of server-sent events.
const mediaEvents = "text/event-stream"

// serverSentEvents returns the format of the distinct connections mode of
// https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md. Errors that end an operation are
// in a last result.
func serverSentEvents() *streamFormat {
	return &streamFormat{
		kind:        kindEventStream,
		media:       mediaEvents,
		contentType: mediaEvents,
		eventSource: true,
		encoder:     func() streamEncoder { return &sseEncoder{} },
	}
}

type sseEncoder struct {
	positioned bool // whether events have ids
}

// start returns a comment. If the events of subscriber have positions, these are the ids of the
// events, and a client that reconnects resumes after the id in Last-Event-ID. start then returns the
// first position as an id without an event. So a connection that breaks before the first event
// resumes at that position, and one that breaks after StreamOpened does not skip the history that
// follows it.
func (e *sseEncoder) start(subscriber live.Subscriber) [][]byte {
	if log, ok := subscriber.(live.Positioned); ok {
		e.positioned = true
		return [][]byte{eventID(log.Position()), []byte("\n")}
	}
	return e.heartbeat()
}

func (e *sseEncoder) result(data []byte) [][]byte {
	var id []byte
	if seq, ok := live.PositionOf(data); ok && e.positioned {
		id = eventID(seq)
	}
	return [][]byte{id, []byte("event: next\ndata: "), data, []byte("\n\n")}
}

func (*sseEncoder) heartbeat() [][]byte { return [][]byte{[]byte(":\n\n")} }

func (*sseEncoder) end(errs []byte) [][]byte {
	const complete = "event: complete\ndata: \n\n"
	if errs == nil {
		return [][]byte{[]byte(complete)}
	}
	return [][]byte{[]byte(`event: next
data: {"errors":`), errs, []byte("}\n\n" + complete)}
}

// eventID returns the line with an event's id.
func eventID(seq int64) []byte { return fmt.Appendf(nil, "id: %d\n", seq) }

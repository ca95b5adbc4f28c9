package web

import (
	"encoding/json"
	"strings"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// dialect is what a subprotocol calls the messages that both of them know.
type dialect struct {
	name string
	// What the client sends.
	subscribe, complete string
	// What the server sends: a result comes as next.
	next string
	// legacy is the older one, which differs in more than names.
	legacy bool
}

// dialectOf returns the dialect of a subprotocol; nil: it is not spoken here.
func dialectOf(subprotocol string) *dialect {
	switch {
	case strings.EqualFold(subprotocol, modern):
		// https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
		return &dialect{name: modern, subscribe: "subscribe", complete: "complete", next: "next"}
	case strings.EqualFold(subprotocol, legacy):
		// https://github.com/apollographql/subscriptions-transport-ws/blob/master/PROTOCOL.md
		return &dialect{
			name:      legacy,
			subscribe: "start",
			complete:  "stop",
			next:      "data",
			legacy:    true,
		}
	default:
		return nil
	}
}

// The subprotocols. The older one has the name of the newer one's library.
const (
	modern = "graphql-transport-ws"
	legacy = "graphql-ws"
)

// prefix is what a result's message begins with, under an id.
func (d *dialect) prefix(id string) []byte {
	prefix := append([]byte(`{"type":"`+d.next+`","id":`), encoded(id)...)
	return append(prefix, `,"payload":`...)
}

// failed is the message that ends an operation with errors.
func (d *dialect) failed(id string, errs gqlerror.List) []byte {
	payload := encoded(errs)
	if d.legacy {
		payload = encoded(errs[0])
	}
	return encoded(message{Type: "error", ID: id, Payload: payload})
}

// alive is the message by which the server says that it is there; the newer dialect asks for an
// answer.
func (d *dialect) alive() []byte {
	if d.legacy {
		return []byte(`{"type":"ka"}`)
	}
	return []byte(`{"type":"ping"}`)
}

// encoded is v as JSON. v consists of strings, numbers and maps of them.
func encoded(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // a message always encodes
	}
	return data
}

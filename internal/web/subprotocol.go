package web

import (
	"encoding/json"
	"strings"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// subprotocol has the names that a subprotocol gives to the messages that both subprotocols have.
type subprotocol struct {
	name string
	// Messages of the client.
	subscribe, complete string
	// The message of the server with a result.
	next string
	// subscriptionsWS is whether this is the subprotocol of subscriptions-transport-ws, which
	// differs in more than names.
	subscriptionsWS bool
}

// subprotocolOf returns the subprotocol with a name, or nil if the server does not support it.
func subprotocolOf(name string) *subprotocol {
	switch {
	case strings.EqualFold(name, protocolTransportWS):
		// https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
		return &subprotocol{
			name:      protocolTransportWS,
			subscribe: "subscribe",
			complete:  "complete",
			next:      "next",
		}
	case strings.EqualFold(name, protocolSubscriptionsWS):
		// https://github.com/apollographql/subscriptions-transport-ws/blob/master/PROTOCOL.md
		return &subprotocol{
			name:            protocolSubscriptionsWS,
			subscribe:       "start",
			complete:        "stop",
			next:            "data",
			subscriptionsWS: true,
		}
	default:
		return nil
	}
}

// The subprotocols. "graphql-ws" is the one of the library subscriptions-transport-ws. The library
// graphql-ws implements "graphql-transport-ws".
const (
	protocolTransportWS     = "graphql-transport-ws"
	protocolSubscriptionsWS = "graphql-ws"
)

// resultPrefix returns the beginning of the message with a result of operation id, up to the
// payload.
func (p *subprotocol) resultPrefix(id string) []byte {
	prefix := append([]byte(`{"type":"`+p.next+`","id":`), mustEncode(id)...)
	return append(prefix, `,"payload":`...)
}

// errorMessage returns the message that ends operation id with errors.
func (p *subprotocol) errorMessage(id string, errs gqlerror.List) []byte {
	payload := mustEncode(errs)
	if p.subscriptionsWS {
		payload = mustEncode(errs[0])
	}
	return mustEncode(message{Type: "error", ID: id, Payload: payload})
}

// keepAliveMessage returns a message that shows that the server is alive. In graphql-transport-ws
// it is a ping, which the client answers.
func (p *subprotocol) keepAliveMessage() []byte {
	if p.subscriptionsWS {
		return []byte(`{"type":"ka"}`)
	}
	return []byte(`{"type":"ping"}`)
}

// mustEncode returns v as JSON. v must consist of strings, numbers, JSON and maps of them.
func mustEncode(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // such values always encode
	}
	return data
}

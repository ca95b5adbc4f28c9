package web

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"parley/internal/auth"
	"parley/internal/rawjson"
)

// renewalIn returns the token in the payload of a ping: its "authorization" or "Authorization". It is
// "" if there is none. Other members are the client's own.
func renewalIn(payload json.RawMessage) string {
	members, err := rawjson.Members(payload, "authorization", "Authorization")
	if absent(payload) || err != nil {
		return ""
	}
	token, _ := firstToken(members, "authorization", "Authorization")
	return token
}

// tokenIn returns the token in the payload of a connection_init, or "" if there is none. The token is the "authorization" or "Authorization" of the payload or of its "headers", as Hasura's
// clients send it, or its "authToken" or "token". problem says why the payload is invalid. Other
// members of the payload are not decoded.
func tokenIn(payload json.RawMessage) (token, problem string) {
	if absent(payload) {
		return "", ""
	}
	members, err := rawjson.Members(
		payload, "authorization", "Authorization", "headers", "authToken", "token",
	)
	if err != nil {
		return "", ": it must be an object"
	}
	token, problem = firstToken(members, "authorization", "Authorization")
	if headers := members["headers"]; token == "" && problem == "" && !absent(headers) {
		members, err := rawjson.Members(headers, "authorization", "Authorization")
		if err != nil {
			return "", ": headers must be an object"
		}
		token, problem = firstToken(members, "authorization", "Authorization")
	}
	if token == "" && problem == "" {
		token, problem = firstToken(members, "authToken", "token")
	}
	return token, problem
}

func absent(value json.RawMessage) bool { return len(value) == 0 || string(value) == "null" }

// firstToken returns the first token in the members of these names, as "Bearer …" or by itself.
func firstToken(members map[string]json.RawMessage, names ...string) (token, problem string) {
	for _, name := range names {
		text, f := stringMember(members, name) // a client may send null if it has no token
		if f != nil {
			return "", ": " + strings.ToLower(name[:1]) + name[1:] + " must be a string"
		}
		if bearer, ok := auth.Bearer(text); ok {
			text = bearer
		}
		if text != "" {
			return text, ""
		}
	}
	return "", ""
}

// maxCloseReason is the maximum size of a close reason (RFC 6455, section 5.5).
const maxCloseReason = 123

// forbidden returns the action that closes a WebSocket whose token is rejected, for a reason such
// as that its signature is wrong.
func forbidden(problem string) action {
	reason := "Forbidden: " + problem
	if len(reason) > maxCloseReason {
		cut := maxCloseReason - len("…")
		for !utf8.RuneStart(reason[cut]) {
			cut--
		}
		reason = reason[:cut] + "…"
	}
	return closeAction(closeForbidden, reason)
}

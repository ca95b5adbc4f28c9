package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

	"parley/internal/form"
	"parley/internal/limit"
	"parley/internal/rawjson"
)

// readRequest returns the parameters of r, which is a GET or a POST (GraphQL over HTTP, section
// Request). Before it reads them it grows memory by what they take, and before it decodes them it
// calls acquire with their size in bytes. The Content-Type of a POST must be JSON: a page of
// another origin cannot send that without a CORS preflight, and so cannot make a browser act for
// its user.
func readRequest(
	w http.ResponseWriter, r *http.Request, limits Limits, memory *limit.Reservation,
	acquire func(size int) *refusal,
) (*graphql.RawParams, *refusal) {
	if r.Method == http.MethodGet {
		if err := memory.Grow(decodeFactor * int64(len(r.URL.RawQuery))); err != nil {
			return nil, memoryRefusal(err, "requests")
		}
		if f := acquire(len(r.URL.RawQuery)); f != nil {
			return nil, f
		}
		return parseURL(r.URL.RawQuery)
	}
	if f := checkContent(r.Header); f != nil {
		return nil, f
	}
	body, f := readBody(w, r, limits, memory, decodeFactor)
	if f != nil {
		return nil, f
	}
	if f := acquire(len(body)); f != nil {
		return nil, f
	}
	return parseBody(body)
}

// checkContent refuses bodies that are not uncompressed JSON in UTF-8.
func checkContent(header http.Header) *refusal {
	unsupported := func(message string) *refusal {
		return &refusal{
			status:  http.StatusUnsupportedMediaType,
			code:    codeBadUserInput,
			message: message,
		}
	}
	media, params, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil || media != mediaJSON {
		return unsupported("Send the operation as JSON, with Content-Type: application/json.")
	}
	if cs, given := params["charset"]; given && !isUTF8(cs) {
		return unsupported("Send the operation in UTF-8.")
	}
	if encoding := header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return unsupported("Send the operation uncompressed, without Content-Encoding.")
	}
	return nil
}

// parseBody reads the parameters from a JSON object. It ignores unknown members.
func parseBody(body []byte) (*graphql.RawParams, *refusal) {
	if !utf8.Valid(body) {
		return nil, badInput("", "The body is not UTF-8.")
	}
	body = rawjson.TrimBOM(body)
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '[' {
		return nil, badInput("", "Batches are not supported: send one operation a request.")
	}
	members, f := readMembers(body)
	if f != nil {
		return nil, f
	}
	return parseMembers(members)
}

// parameterNames returns the known members of a request.
func parameterNames() []string {
	return append(idMembers(), "query", "operationName", "variables", "extensions")
}

const (
	// maxVariables is more than a document can declare.
	maxVariables = 1000
	// maxExtensions and maxExtensionsDepth bound the extensions of a request, and maxPersistedQuery
	// the known one. Sizes are in bytes.
	maxExtensions      = 16 << 10
	maxExtensionsDepth = 16
	maxPersistedQuery  = 1 << 10
)

// persistedQuery is the extension with the hash of a document.
const persistedQuery = "persistedQuery"

// readMembers returns the known members of a request in JSON. Their values are parts of data.
// members is nil if data is not an object.
func readMembers(data []byte) (members map[string]json.RawMessage, f *refusal) {
	members, err := rawjson.Members(data, parameterNames()...)
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		return nil, badInput(
			"",
			fmt.Sprintf("The body is not valid JSON (byte %d).", syntax.Offset),
		)
	}
	if err != nil {
		return nil, badInput("", "The body is not a JSON object.")
	}
	return members, checkMembers(members)
}

// checkMembers refuses members that would cost much to decode, and removes unknown extensions.
func checkMembers(members map[string]json.RawMessage) *refusal {
	const name = "variables"
	if rawjson.Len(members[name]) > maxVariables {
		return badInput(name, fmt.Sprintf("There are more than %d variables.", maxVariables))
	}
	return knownExtensions(members)
}

// knownExtensions removes unknown extensions from members. Only persistedQuery is known.
func knownExtensions(members map[string]json.RawMessage) *refusal {
	const name = "extensions"
	raw, given := members[name]
	switch {
	case !given:
		return nil
	case len(raw) > maxExtensions:
		return badInput(name, fmt.Sprintf("extensions has more than %d bytes.", maxExtensions))
	}
	known, err := rawjson.Members(raw, persistedQuery)
	switch {
	case err != nil:
		return nil // null or not an object: parseMembers checks it
	case rawjson.Depth(raw) > maxExtensionsDepth:
		return badInput(
			name,
			fmt.Sprintf("extensions is nested more than %d deep.", maxExtensionsDepth),
		)
	case len(known[persistedQuery]) > maxPersistedQuery:
		return badInput(
			name,
			fmt.Sprintf("persistedQuery has more than %d bytes.", maxPersistedQuery),
		)
	case known[persistedQuery] == nil:
		delete(members, name)
	default:
		members[name] = slices.Concat(
			[]byte(`{"`+persistedQuery+`":`),
			known[persistedQuery],
			[]byte("}"),
		)
	}
	return nil
}

// parseURL reads the parameters from a URL's query string, in which variables and extensions are
// JSON. If a parameter is repeated, its first value that is not empty counts.
func parseURL(query string) (*graphql.RawParams, *refusal) {
	names := parameterNames()
	values, err := form.Parse(query, names...)
	if err != nil {
		return nil, badInput("", "The URL's query string is malformed.")
	}
	members := make(map[string]json.RawMessage, len(names))
	for _, name := range names {
		i := slices.IndexFunc(values[name], func(value string) bool { return value != "" })
		if i < 0 {
			continue
		}
		switch value := values[name][i]; {
		case !utf8.ValidString(value):
			return nil, badInput(name, name+" is not UTF-8.")
		case name == "variables" || name == "extensions":
			if members[name] = json.RawMessage(value); !json.Valid(members[name]) {
				return nil, badInput(name, name+" must be one JSON object.")
			}
		default:
			if members[name], err = json.Marshal(value); err != nil {
				return nil, badInput(name, name+" is not a string.")
			}
		}
	}
	if f := checkMembers(members); f != nil {
		return nil, f
	}
	return parseMembers(members)
}

// parseMembers decodes the members of a request.
func parseMembers(members map[string]json.RawMessage) (*graphql.RawParams, *refusal) {
	var (
		params graphql.RawParams
		f      *refusal
	)
	if params.Query, f = stringMember(members, "query"); f != nil {
		return nil, f
	}
	if params.OperationName, f = stringMember(members, "operationName"); f != nil {
		return nil, f
	}
	if params.Variables, f = variablesMember(members); f != nil {
		return nil, f
	}
	if params.Extensions, f = objectMember(members, "extensions"); f != nil {
		return nil, f
	}
	delete(params.Extensions, documentID) // only idMember may set it
	id, f := idMember(members)
	switch {
	case id != "":
		if params.Extensions == nil {
			params.Extensions = map[string]any{}
		}
		params.Extensions[documentID] = id
	case params.Query != "": // the members with an id are ignored
	case f != nil:
		return nil, f
	case params.Extensions[persistedQuery] == nil: // its hash can identify the document, too
		return nil, badInput("query", "query is missing.")
	}
	return &params, nil
}

// documentID is the extension by which a document's id is passed to the GraphQL server, because
// gqlgen's parameters have no field for it.
const documentID = "documentId"

// idMembers returns the names by which clients send the id of a document instead of the document:
// that of GraphQL over HTTP (appendix Persisted Documents), and two that Relay uses.
func idMembers() []string { return []string{"documentId", "doc_id", "id"} }

// idMember returns the id of the document, or "" if there is none.
func idMember(members map[string]json.RawMessage) (string, *refusal) {
	for _, name := range idMembers() {
		id, f := stringMember(members, name)
		if f != nil || id != "" {
			return id, f
		}
	}
	return "", nil
}

// idGiven reports whether a request has the id of a document.
func idGiven(members map[string]json.RawMessage) bool {
	return slices.ContainsFunc(idMembers(), func(name string) bool { return members[name] != nil })
}

// stringMember returns the string with a name, or "" if it is missing or null.
func stringMember(members map[string]json.RawMessage, name string) (string, *refusal) {
	raw, given := members[name]
	if !given {
		return "", nil
	}
	text, ok := rawjson.Text(raw)
	if !ok {
		return "", badInput(name, name+" must be a string.")
	}
	if hasLoneSurrogate(raw) {
		return "", badInput(name, name+loneSurrogate)
	}
	return text, nil
}

// variablesMember returns the variables as JSON values of type [json.RawMessage]: the executor
// decodes those that the operation declares. It returns nil if they are missing or null.
func variablesMember(members map[string]json.RawMessage) (map[string]any, *refusal) {
	const name = "variables"
	raw, given := members[name]
	if !given {
		return nil, nil
	}
	values, ok := rawjson.Object(raw)
	if !ok {
		return nil, badInput(name, name+" must be a JSON object.")
	}
	if hasLoneSurrogate(raw) {
		return nil, badInput(name, name+loneSurrogate)
	}
	return values, nil
}

// objectMember returns the object with a name, or nil if it is missing or null.
func objectMember(members map[string]json.RawMessage, name string) (map[string]any, *refusal) {
	raw, given := members[name]
	if !given {
		return nil, nil
	}
	var value map[string]any
	if err := json.Unmarshal(raw, &value); err != nil {
		return nil, badInput(name, name+" must be a JSON object.")
	}
	if hasLoneSurrogate(raw) {
		return nil, badInput(name, name+loneSurrogate)
	}
	return value, nil
}

const loneSurrogate = ` contains half a surrogate pair (\ud800 to \udfff), which is not a character.`

// hasLoneSurrogate reports whether a string in valid JSON has an escape that is half a surrogate
// pair (RFC 8259, section 8.2). encoding/json would replace it by U+FFFD, and the server would
// store another text than the client has sent.
func hasLoneSurrogate(valid []byte) bool {
	const escape = len(`\u0000`)
	for {
		i := bytes.IndexByte(valid, '\\')
		if i < 0 {
			return false
		}
		valid = valid[i:]
		if valid[1] != 'u' {
			valid = valid[2:]
			continue
		}
		r := escaped(valid)
		valid = valid[escape:]
		if !utf16.IsSurrogate(r) {
			continue
		}
		if !bytes.HasPrefix(valid, []byte(`\u`)) ||
			utf16.DecodeRune(r, escaped(valid)) == utf8.RuneError {
			return true
		}
		valid = valid[escape:]
	}
}

// escaped returns the code unit of the escape at the beginning of valid.
func escaped(valid []byte) rune {
	n, err := strconv.ParseUint(string(valid[2:6]), 16, 16)
	if err != nil {
		panic(err) // valid JSON has four hexadecimal digits here
	}
	return rune(n)
}

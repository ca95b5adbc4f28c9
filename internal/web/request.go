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
// Request). memory grows by what they take, before they are read. A POST must say that it carries
// JSON: a page of another origin cannot send that without a CORS preflight, so that it cannot make
// a browser act in its user's place. begin is called before a request of so many bytes is decoded.
func readRequest(
	w http.ResponseWriter, r *http.Request, limits Limits, memory *limit.Reservation,
	begin func(size int) *refusal,
) (*graphql.RawParams, *refusal) {
	if r.Method == http.MethodGet {
		if err := memory.Grow(decodeFactor * int64(len(r.URL.RawQuery))); err != nil {
			return nil, noMemoryFor(err, "requests")
		}
		if f := begin(len(r.URL.RawQuery)); f != nil {
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
	if f := begin(len(body)); f != nil {
		return nil, f
	}
	return parseBody(body)
}

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

// parseBody reads the parameters from a JSON object; members that it does not know are ignored.
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

// parameterNames are the members of a request that mean something.
func parameterNames() []string {
	return append(idMembers(), "query", "operationName", "variables", "extensions")
}

const (
	// maxVariables is more than a document can declare.
	maxVariables = 1000
	// maxExtensions and maxExtensionsDepth bound the extensions of a request, and maxPersistedQuery
	// the one that is known.
	maxExtensions      = 16 << 10
	maxExtensionsDepth = 16
	maxPersistedQuery  = 1 << 10
)

// persistedQuery is the extension by which clients send the hash of a document.
const persistedQuery = "persistedQuery"

// readMembers returns the members of a request, in JSON, that mean something. Their values are
// parts of data. members is nil where data is not an object.
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

// checkMembers refuses members that would cost much to decode, and leaves in the extensions what is
// known.
func checkMembers(members map[string]json.RawMessage) *refusal {
	const name = "variables"
	if rawjson.Len(members[name]) > maxVariables {
		return badInput(name, fmt.Sprintf("There are more than %d variables.", maxVariables))
	}
	return knownExtensions(members)
}

// knownExtensions leaves in the extensions of a request those that mean something: one.
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
		return nil // no object, or null, which parseMembers refuses or takes
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

// parseURL reads the parameters from a URL's query string, where variables and extensions are JSON.
// Of a parameter that is given more than once the first value that is not empty counts.
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
	delete(params.Extensions, documentID) // it is only for what is found here
	id, f := idMember(members)
	switch {
	case id != "":
		if params.Extensions == nil {
			params.Extensions = map[string]any{}
		}
		params.Extensions[documentID] = id
	case params.Query != "": // whatever else is called an id is ignored, as all members are that mean nothing here
	case f != nil:
		return nil, f
	case params.Extensions["persistedQuery"] == nil: // by whose hash the document may be known, too
		return nil, badInput("query", "query is missing.")
	}
	return &params, nil
}

// documentID is the member of the extensions that has a document's id for the GraphQL server:
// gqlgen's parameters have no other place for one.
const documentID = "documentId"

// idMembers are the names by which clients send a document's id instead of the document: that of
// GraphQL over HTTP (appendix Persisted Documents), and two that are usual with Relay.
func idMembers() []string { return []string{"documentId", "doc_id", "id"} }

// idMember returns the id of the document; "" where there is none.
func idMember(members map[string]json.RawMessage) (string, *refusal) {
	for _, name := range idMembers() {
		id, f := stringMember(members, name)
		if f != nil || id != "" {
			return id, f
		}
	}
	return "", nil
}

// idGiven reports whether the id of a document is given instead of the document.
func idGiven(members map[string]json.RawMessage) bool {
	return slices.ContainsFunc(idMembers(), func(name string) bool { return members[name] != nil })
}

// stringMember returns the string called name; one left out is as good as null.
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

// variablesMember returns the variables, each as valid JSON of the type [json.RawMessage]: the
// executor decodes those that the operation declares. Variables left out are as good as null.
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

// objectMember returns the object called name; one left out is as good as null.
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

const loneSurrogate = ` holds half a surrogate pair (\ud800 to \udfff), which is no character.`

// hasLoneSurrogate reports whether a string in valid JSON has an escape that is half a surrogate
// pair (RFC 8259, section 8.2). encoding/json would put U+FFFD in its place, and what is kept would
// not be what was sent.
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

// escaped returns the code unit of the escape that valid begins with.
func escaped(valid []byte) rune {
	n, err := strconv.ParseUint(string(valid[2:6]), 16, 16)
	if err != nil {
		panic(err) // four hexadecimal digits, or the JSON is not valid
	}
	return rune(n)
}

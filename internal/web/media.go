package web

import (
	"iter"
	"mime"
	"strconv"
	"strings"
)

// The media types of a GraphQL response (GraphQL over HTTP, section Media Types). With mediaGraphQL
// the status code depends on the errors of the operation. With mediaJSON it only shows whether the
// request had an operation.
const (
	mediaGraphQL = "application/graphql-response+json"
	mediaJSON    = "application/json"
	mediaHTML    = "text/html"

	charset = "; charset=utf-8"
)

// negotiate chooses the media type of a response by the Accept headers of a request (RFC 9110,
// section 12.5.1): the type with the higher q, then a type that is named over one that matches a
// wildcard, then mediaGraphQL. Without a preference (no header, */*) it returns mediaJSON, which
// every client understands. ok is false if the client accepts neither type.
func negotiate(accept []string) (media string, ok bool) {
	if strings.TrimSpace(strings.Join(accept, ",")) == "" {
		return mediaJSON, true
	}
	preferred := preferences(accept, mediaGraphQL, mediaJSON)
	graphQL, json := preferred[0], preferred[1]
	switch {
	case graphQL.q == 0 && json.q == 0:
		return "", false
	case graphQL.q != json.q:
		if graphQL.q > json.q {
			return mediaGraphQL, true
		}
		return mediaJSON, true
	case graphQL.specificity == named:
		return mediaGraphQL, true
	default:
		return mediaJSON, true
	}
}

// prefersPage reports whether a client prefers an HTML page to JSON, as browsers do.
func prefersPage(accept []string) bool {
	preferred := preferences(accept, mediaHTML, mediaGraphQL, mediaJSON)
	html := preferred[0]
	return html.specificity == named && html.q > max(preferred[1].q, preferred[2].q)
}

// mediaRange is an element of an Accept header.
type mediaRange struct {
	media  string // such as text/*
	params map[string]string
	q      float64
}

// mediaRanges yields the valid media ranges of Accept headers.
func mediaRanges(accept []string) iter.Seq[mediaRange] {
	return func(yield func(mediaRange) bool) {
		for part := range strings.SplitSeq(strings.Join(accept, ","), ",") {
			media, params, err := mime.ParseMediaType(part)
			if err != nil {
				continue
			}
			if cs, given := params["charset"]; given && !isUTF8(cs) {
				continue // responses are UTF-8
			}
			q := 1.0
			if value, given := params["q"]; given {
				if q, err = strconv.ParseFloat(value, 64); err != nil || !(0 <= q && q <= 1) {
					continue
				}
			}
			if !yield(mediaRange{media, params, q}) {
				return
			}
		}
	}
}

// preferences returns what Accept headers say of each media type.
func preferences(accept []string, types ...string) []preference {
	preferred := make([]preference, len(types))
	for accepted := range mediaRanges(accept) {
		for i, media := range types {
			preferred[i] = preferred[i].refine(accepted, media)
		}
	}
	return preferred
}

// The specificity of a media range, for one type.
const (
	unmatched = iota
	anyType   // */*
	anySubtype
	named
)

// preference is the q of the most specific media range that matches a type.
type preference struct {
	specificity int
	q           float64
}

// refine returns the preference after one more media range.
func (p preference) refine(accepted mediaRange, media string) preference {
	specificity := unmatched
	switch accepted.media {
	case media:
		specificity = named
	case media[:strings.IndexByte(media, '/')] + "/*":
		specificity = anySubtype
	case "*/*":
		specificity = anyType
	}
	if specificity == unmatched || specificity < p.specificity {
		return p
	}
	return preference{specificity, accepted.q}
}

func isUTF8(charset string) bool {
	return strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "utf8")
}

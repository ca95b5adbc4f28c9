// Package form reads forms and query strings without storing fields that are not needed.
package form

import (
	"errors"
	"net/url"
	"slices"
	"strings"
)

// ErrMalformed means that a text is not application/x-www-form-urlencoded.
var ErrMalformed = errors.New("the form is malformed")

// Parse returns the values of those fields of a form, or of a URL's query string, that are called
// one of names. Unlike [url.ParseQuery] it takes memory for these fields alone. It returns
// ErrMalformed where an escape is wrong or a semicolon separates fields, wherever that is.
func Parse(encoded string, names ...string) (url.Values, error) {
	form := make(url.Values, len(names))
	for pair := range strings.SplitSeq(encoded, "&") {
		encodedName, encodedValue, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(encodedName)
		value, wrong := url.QueryUnescape(encodedValue)
		if err != nil || wrong != nil || strings.Contains(pair, ";") {
			return nil, ErrMalformed
		}
		if slices.Contains(names, name) {
			form[name] = append(form[name], value)
		}
	}
	return form, nil
}

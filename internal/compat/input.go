package compat

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"strconv"

	"parley/internal/chat"
	"parley/internal/form"
	"parley/internal/rawjson"
)

// input is the body of a request: a JSON object or a form. Unknown members are ignored.
type input struct {
	object map[string]json.RawMessage
	form   url.Values
}

// inputNames are the known members of a request.
func inputNames() []string { return []string{"user_ids", "page", "size"} }

// readInput reads the body of a request. The caller limits its size.
func readInput(r *http.Request) (in input, err error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return in, badInput("body", "The body cannot be read.")
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err == nil && media == "application/json":
		in.object, err = rawjson.Members(body, inputNames()...)
	case err == nil && media == "application/x-www-form-urlencoded":
		in.form, err = form.Parse(string(body), inputNames()...)
	default:
		return in, badInput(
			"body",
			"The body must be application/json or application/x-www-form-urlencoded, and Content-Type must name it.",
		)
	}
	if err != nil {
		return in, badInput(
			"body",
			"The body does not match its Content-Type. JSON must be one object.",
		)
	}
	return in, nil
}

// number returns a whole number from 1 to largest. Returns BAD_USER_INPUT otherwise.
func (in input) number(name string, largest int) (int, error) {
	text := in.form.Get(name)
	if raw, ok := in.object[name]; ok {
		text = string(raw)
	}
	if text == "" || text == "null" {
		return 0, badInput(name, name+" is missing.")
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > largest {
		limit := fmt.Sprintf("a whole number from 1 to %d", largest)
		if largest == math.MaxInt {
			limit = "a whole number that is at least 1"
		}
		return 0, badInput(name, fmt.Sprintf("%s must be %s.", name, limit))
	}
	return n, nil
}

// texts returns a list of one or more strings. Returns BAD_USER_INPUT otherwise.
func (in input) texts(name string) (texts []string, err error) {
	texts = in.form[name]
	if raw, ok := in.object[name]; ok && json.Unmarshal(raw, &texts) != nil {
		return nil, badInput(name, name+" must be a list of strings.")
	}
	if len(texts) == 0 {
		return nil, badInput(name, name+" is missing or empty.")
	}
	return texts, nil
}

func badInput(field, message string) error {
	return &chat.Error{Code: chat.BadUserInput, Field: field, Message: message}
}

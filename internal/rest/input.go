package rest

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

// input is what a request says: a JSON object or a form. What it has besides is not looked at.
type input struct {
	object map[string]json.RawMessage
	form   url.Values
}

// inputNames are the members of a request that mean something.
func inputNames() []string { return []string{"user_ids", "page", "size"} }

// readInput reads a request's body, whose size the caller has limited.
func readInput(r *http.Request) (in input, err error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return in, bad("body", "The body cannot be read.")
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err == nil && media == "application/json":
		in.object, err = rawjson.Members(body, inputNames()...)
	case err == nil && media == "application/x-www-form-urlencoded":
		in.form, err = form.Parse(string(body), inputNames()...)
	default:
		return in, bad(
			"body",
			"The body must be application/json or application/x-www-form-urlencoded, and Content-Type must say which.",
		)
	}
	if err != nil {
		return in, bad(
			"body",
			"The body cannot be read as its Content-Type says; JSON must be one object.",
		)
	}
	return in, nil
}

// number returns a whole number, at least 1 and at most most.
func (in input) number(name string, most int) (int, error) {
	text := in.form.Get(name)
	if raw, ok := in.object[name]; ok {
		text = string(raw)
	}
	if text == "" || text == "null" {
		return 0, bad(name, name+" is missing.")
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		limit := fmt.Sprintf("a whole number from 1 to %d", most)
		if most == math.MaxInt {
			limit = "a whole number from 1 on"
		}
		return 0, bad(name, fmt.Sprintf("%s must be %s.", name, limit))
	}
	return n, nil
}

// texts returns a list of strings that has one or more.
func (in input) texts(name string) (texts []string, err error) {
	texts = in.form[name]
	if raw, ok := in.object[name]; ok && json.Unmarshal(raw, &texts) != nil {
		return nil, bad(name, name+" must be a list of strings.")
	}
	if len(texts) == 0 {
		return nil, bad(name, name+" is missing, or names nobody.")
	}
	return texts, nil
}

func bad(field, message string) error {
	return &chat.Error{Code: chat.BadUserInput, Field: field, Message: message}
}

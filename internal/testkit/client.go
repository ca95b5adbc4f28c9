// Package testkit gives each test a server of its own on a database of its own, and clients that
// speak to it over real sockets. Only tests import it.
package testkit

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// Vars are an operation's variables.
type Vars = map[string]any

// Client is a person with a token, or a stranger without one. It may be used by many goroutines.
type Client struct {
	t     testing.TB
	url   string
	token string
}

// As returns a client for a person, who exists from then on.
func (s *Server) As(id string) *Client {
	s.t.Helper()
	c := s.With(s.Token(id))
	c.Do(`{ me { id } }`, nil)
	return c
}

// With returns a client with a token; "" is a stranger.
func (s *Server) With(token string) *Client {
	return NewClient(s.t, s.URL, token)
}

// NewClient returns a client of whatever answers at url, with a token.
func NewClient(t testing.TB, url, token string) *Client {
	return &Client{t: t, url: url, token: token}
}

// Reply is what the server answers: data, errors, or both.
type Reply struct {
	Status int
	Data   JSON
	Errors []ReplyError
}

// ReplyError is one error of a reply.
type ReplyError struct {
	Message    string
	Path       []any
	Locations  []struct{ Line, Column int }
	Extensions map[string]any
}

// Code is the code of the reply's first error; "" where there is none.
func (r Reply) Code() string {
	if len(r.Errors) == 0 {
		return ""
	}
	code, _ := r.Errors[0].Extensions["code"].(string)
	return code
}

// Ask sends an operation by POST and returns whatever comes back.
func (c *Client) Ask(query string, vars Vars) Reply {
	c.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	if err != nil {
		c.t.Fatal(err)
	}
	return c.Post(body, "application/json")
}

// Post sends a body as it is.
func (c *Client) Post(body []byte, contentType string) Reply {
	c.t.Helper()
	req, err := http.NewRequestWithContext(
		c.t.Context(),
		http.MethodPost,
		c.url+"/graphql",
		bytes.NewReader(body),
	)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatalf("ask: %v", err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatalf("read the reply: %v", err)
	}
	return c.reply(res.StatusCode, raw)
}

func (c *Client) reply(status int, raw []byte) Reply {
	c.t.Helper()
	var decoded struct {
		Data   any
		Errors []ReplyError
	}
	if err := json.Unmarshal(raw, &decoded); err != nil {
		c.t.Fatalf("decode the reply %d %q: %v", status, raw, err)
	}
	return Reply{Status: status, Data: JSON{c.t, decoded.Data}, Errors: decoded.Errors}
}

// Do sends an operation that must succeed and returns its data. Fields with @semanticNonNull must not
// be null.
func (c *Client) Do(query string, vars Vars) JSON {
	c.t.Helper()
	reply := c.Ask(query, vars)
	if len(reply.Errors) > 0 || reply.Status != http.StatusOK {
		c.t.Fatalf("%s\nwith %v: %d %+v", query, vars, reply.Status, reply.Errors)
	}
	fields, _ := reply.Data.value.(map[string]any)
	mutation := strings.HasPrefix(strings.TrimSpace(query), "mutation")
	for name, value := range fields {
		if value == nil && (mutation || name == "roomInfo") {
			c.t.Fatalf("%s\nwith %v: %s is null without an error", query, vars, name)
		}
	}
	return reply.Data
}

// Refused sends an operation that must fail with the code given and returns the error.
func (c *Client) Refused(code, query string, vars Vars) ReplyError {
	c.t.Helper()
	reply := c.Ask(query, vars)
	if reply.Code() != code {
		c.t.Fatalf(
			"%s\nwith %v: want %s, got %d %v %+v",
			query,
			vars,
			code,
			reply.Status,
			reply.Data,
			reply.Errors,
		)
	}
	return reply.Errors[0]
}

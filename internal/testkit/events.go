package testkit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// Events is an operation over an event stream.
type Events struct {
	t     testing.TB
	lines *bufio.Scanner
}

// Events starts an operation over server-sent events.
func (c *Client) Events(query string, vars Vars) *Events {
	c.t.Helper()
	return c.stream("text/event-stream", "text/event-stream", query, vars)
}

// Multipart starts an operation over a multipart response.
func (c *Client) Multipart(query string, vars Vars) *Events {
	c.t.Helper()
	return c.stream("multipart/mixed;subscriptionSpec=1.0, application/json",
		`multipart/mixed;boundary="graphql";subscriptionSpec=1.0`, query, vars)
}

func (c *Client) stream(accept, contentType, query string, vars Vars) *Events {
	c.t.Helper()
	body, err := json.Marshal(Vars{"query": query, "variables": vars})
	if err != nil {
		c.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(
		c.t.Context(),
		http.MethodPost,
		c.url+"/graphql",
		bytes.NewReader(body),
	)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", accept)
	req.Header.Set("Authorization", "Bearer "+c.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatalf("events: %v", err)
	}
	c.t.Cleanup(func() { _ = res.Body.Close() })
	if got := res.Header.Get(
		"Content-Type",
	); res.StatusCode != http.StatusOK ||
		got != contentType {
		c.t.Fatalf("events: %s, %s", res.Status, got)
	}
	return &Events{t: c.t, lines: bufio.NewScanner(res.Body)}
}

// read waits for the next event. It returns parts of a multipart response as events.
func (e *Events) read() (name, data string) {
	e.t.Helper()
	for e.lines.Scan() {
		switch line := e.lines.Text(); {
		case strings.HasPrefix(line, "event: "):
			name = line[len("event: "):]
		case strings.HasPrefix(line, "data: "):
			data = line[len("data: "):]
		case line == "" && name != "":
			return name, data
		case strings.HasPrefix(line, `{"payload":null,`):
			return "next", "{" + strings.TrimPrefix(line, `{"payload":null,`)
		case strings.HasPrefix(line, `{"payload":`):
			return "next", strings.TrimSuffix(strings.TrimPrefix(line, `{"payload":`), "}")
		case line == "--graphql--":
			return "complete", ""
		}
	}
	e.t.Fatalf("the events have ended: %v", e.lines.Err())
	return "", ""
}

func (e *Events) result() (data any, errs []ReplyError) {
	e.t.Helper()
	name, raw := e.read()
	if name != "next" {
		e.t.Fatalf("want a result, got %s %s", name, raw)
	}
	var result struct {
		Data   any
		Errors []ReplyError
	}
	if err := json.Unmarshal([]byte(raw), &result); err != nil {
		e.t.Fatalf("decode %s: %v", raw, err)
	}
	return result.Data, result.Errors
}

// Next waits for the next result and returns its data.
func (e *Events) Next() JSON {
	e.t.Helper()
	data, errs := e.result()
	if len(errs) > 0 {
		e.t.Fatalf("a result with errors: %+v", errs)
	}
	return JSON{e.t, data}
}

// Error waits for the result with errors that the operation ends with.
func (e *Events) Error() ReplyError {
	e.t.Helper()
	data, errs := e.result()
	if len(errs) == 0 {
		e.t.Fatalf("want an error, got %v", data)
	}
	return errs[0]
}

// Complete waits for the end of the operation.
func (e *Events) Complete() {
	e.t.Helper()
	if name, data := e.read(); name != "complete" {
		e.t.Fatalf("want the end, got %s %s", name, data)
	}
}

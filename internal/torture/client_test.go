package torture_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"
)

const (
	// requestTime is the timeout of a request.
	requestTime = 10 * time.Second
	// maxRetryPause is the longest pause after an interrupted request: long enough for the test to
	// kill the server before the retry.
	maxRetryPause = time.Second
)

type vars = map[string]any

// client is a GraphQL client of a server that may be down.
type client struct {
	url   string
	http  *http.Client
	token string
}

// refusal is an error in a response of the server.
type refusal struct{ code, message string }

func (r *refusal) Error() string { return r.code + ": " + r.message }

// retriable reports whether the client must retry a request that ended with err, because its outcome is
// unknown.
func retriable(err error) bool {
	var r *refusal
	return !errors.As(err, &r) || r.code == "UNAVAILABLE"
}

// do sends an operation once and decodes its data into result. It returns a *refusal if the
// response has errors.
func (c *client) do(ctx context.Context, query string, variables vars, result any) error {
	body, err := json.Marshal(vars{"query": query, "variables": variables})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(
		ctx,
		http.MethodPost,
		c.url+"/graphql",
		bytes.NewReader(body),
	)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+c.token)
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	var reply reply
	if err := json.Unmarshal(
		raw,
		&reply,
	); err != nil ||
		res.StatusCode >= http.StatusInternalServerError {
		return fmt.Errorf("%s: %.200s", res.Status, raw)
	}
	return reply.decode(result)
}

// reply is a response over HTTP, or the payload of a subscription message.
type reply struct {
	Data   json.RawMessage
	Errors []replyError
}

type replyError struct {
	Message    string
	Extensions struct{ Code string }
}

func (e replyError) refusal() error { return &refusal{e.Extensions.Code, e.Message} }

func (r reply) decode(result any) error {
	if len(r.Errors) > 0 {
		return r.Errors[0].refusal()
	}
	return json.Unmarshal(r.Data, result)
}

// interruption is an interruption of the first attempt of a request.
type interruption struct {
	// abortAfter is the time after which the client closes the connection. Zero means never.
	abortAfter time.Duration
	// lost makes the client discard the response.
	lost bool
}

var errInterrupted = errors.New("the response is lost")

// retry retries an operation until it has a response, and returns when the last attempt began. It
// pauses longer after an interruption.
func (c *client) retry(
	ctx context.Context,
	m interruption,
	query string,
	variables vars,
	result any,
) (last time.Time, err error) {
	maxPause := 25 * time.Millisecond
	if m != (interruption{}) {
		maxPause = maxRetryPause
	}
	for {
		last = time.Now()
		if err = c.try(ctx, m, query, variables, result); err == nil || !retriable(err) {
			return last, err
		}
		if !pause(ctx, rand.N(maxPause)) {
			return last, fmt.Errorf("no response: %w", errors.Join(err, context.Cause(ctx)))
		}
		m, maxPause = interruption{}, 25*time.Millisecond
	}
}

// try sends an operation once, with a timeout.
func (c *client) try(
	ctx context.Context,
	m interruption,
	query string,
	variables vars,
	result any,
) error {
	limit := requestTime
	if m.abortAfter > 0 {
		limit = m.abortAfter
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if m.lost {
		var lost json.RawMessage
		_ = c.do(ctx, query, variables, &lost)
		return errInterrupted
	}
	return c.do(ctx, query, variables, result)
}

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
	// requestTime is how long a request may take.
	requestTime = 10 * time.Second
	// longestRest is how long one who had a mishap may wait to ask again: long enough for the
	// server to be killed meanwhile.
	longestRest = time.Second
)

type vars = map[string]any

// client is a person who speaks GraphQL to a server that may not be there.
type client struct {
	url   string
	http  *http.Client
	token string
}

// refusal is an error that the server has answered with.
type refusal struct{ code, message string }

func (r *refusal) Error() string { return r.code + ": " + r.message }

// again reports whether a request that ended with err is to be sent again: nobody knows what became
// of it.
func again(err error) bool {
	var r *refusal
	return !errors.As(err, &r) || r.code == "UNAVAILABLE"
}

// ask sends an operation once and decodes its data into result. An answer with errors is a
// *refusal.
func (c *client) ask(ctx context.Context, query string, variables vars, result any) error {
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

// reply is what the server answers, over HTTP and in the messages of a subscription.
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

// mishap is what happens to the first try of a request.
type mishap struct {
	// hangUp is after how long the client hangs up; 0 is never.
	hangUp time.Duration
	// deaf: the answer gets lost on its way.
	deaf bool
}

var errMishap = errors.New("a mishap")

// insist sends an operation until it is answered, and tells when the last try began. After a mishap
// it takes its time.
func (c *client) insist(
	ctx context.Context,
	m mishap,
	query string,
	variables vars,
	result any,
) (last time.Time, err error) {
	rest := 25 * time.Millisecond
	if m != (mishap{}) {
		rest = longestRest
	}
	for {
		last = time.Now()
		if err = c.try(ctx, m, query, variables, result); err == nil || !again(err) {
			return last, err
		}
		if !pause(ctx, rand.N(rest)) {
			return last, fmt.Errorf("no answer: %w", errors.Join(err, context.Cause(ctx)))
		}
		m, rest = mishap{}, 25*time.Millisecond
	}
}

// try sends an operation once, within a limit of time.
func (c *client) try(
	ctx context.Context,
	m mishap,
	query string,
	variables vars,
	result any,
) error {
	limit := requestTime
	if m.hangUp > 0 {
		limit = m.hangUp
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if m.deaf {
		var lost json.RawMessage
		_ = c.ask(ctx, query, variables, &lost)
		return errMishap
	}
	return c.ask(ctx, query, variables, result)
}

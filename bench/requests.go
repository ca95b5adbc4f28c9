package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"sync"
	"text/tabwriter"
	"time"
)

// request is an operation over HTTP that is measured, with 16 clients at a time.
type request struct {
	name, query string
	// expect is in each response.
	expect string
	// with returns the user who sends the request numbered i, and its variables.
	with func(t *target, i int) (user string, variables map[string]any)
}

// requestsOf returns the requests, which all servers that execute operations understand.
func requestsOf() []request {
	return []request{
		{
			"roomInfo", `query($id: ID!) { roomInfo(roomId: $id) { id name description createdAt
			creator { id nickName } members(first: 100) { nodes { id nickName } } } }`,
			`"nickName":"Reader `, func(t *target, i int) (string, map[string]any) {
				return publisherID, map[string]any{"id": t.rooms[i%len(t.rooms)]}
			},
		},
		{
			"chat list", `{ myRooms(first: 20) { nodes { id name description createdAt
			creator { id nickName } members(first: 10) { nodes { id nickName } }
			latestMessage { id contents createdAt from { id nickName } } } } }`,
			`"from":{"id":"`, func(t *target, i int) (string, map[string]any) {
				return readerID(i % len(t.rooms)), nil
			},
		},
		{
			"createRoom", `mutation($input: CreateRoomInput!) { createRoom(input: $input) {
			room { id name createdAt } } }`,
			`"room":{"id":"`, func(t *target, i int) (string, map[string]any) {
				members := make([]string, 5)
				for m := range members {
					members[m] = readerID((i*len(members) + m) % len(t.rooms))
				}
				return publisherID, map[string]any{
					"input": map[string]any{
						"name":      "Room " + strconv.Itoa(i),
						"memberIds": members,
					},
				}
			},
		},
		{
			"sendMessage", `mutation($input: SendMessageInput!) { sendMessage(input: $input) {
			message { id contents createdAt from { id } } } }`,
			`"message":{"id":"`, func(t *target, i int) (string, map[string]any) {
				return publisherID, map[string]any{"input": map[string]any{
					"roomId":   t.rooms[i%len(t.rooms)],
					"contents": "a text as long as a typical message",
				}}
			},
		},
	}
}

// requestResult is one measurement of a request with a server.
type requestResult struct {
	latencies           []time.Duration
	took, cpu, database time.Duration
}

// perItem returns a time for each request, in µs.
func (a requestResult) perItem(d time.Duration) float64 {
	return micro(d) / float64(max(len(a.latencies), 1))
}

// perRequest is the server's CPU for a request, in µs.
func (a requestResult) perRequest() float64 { return a.perItem(a.cpu) }

// rate is the number of requests per second.
func (a requestResult) rate() float64 { return float64(len(a.latencies)) / a.took.Seconds() }

// latency returns a percentile of the latencies, in ms.
func (a requestResult) latency(
	p float64,
) float64 {
	return micro(percentile(a.latencies, p)) / 1000
}

type requestKey struct {
	name string
	kind kind
}

// requestResults are the measurements of all rounds.
type requestResults map[requestKey][]requestResult

// measureRequests measures each request with each server that executes operations, in turns, and
// with the bare server, which responds with the bytes of Parley's response.
func measureRequests(ctx context.Context, o options) (found requestResults, err error) {
	targets := make(map[kind]*target)
	defer func() {
		for _, t := range targets {
			err = errors.Join(err, t.process.end())
		}
	}()
	kinds := o.requestKinds()
	for _, k := range kinds {
		t, err := prepare(ctx, k, o, 0)
		if err != nil {
			return nil, err
		}
		targets[k] = t
		if err := inParallel(len(t.rooms), func(i int) error {
			return t.send(t.rooms[i:i+1], plain)
		}); err != nil {
			return nil, err
		}
	}
	found = make(requestResults)
	for round := range o.rounds {
		for _, r := range requestsOf() {
			for _, k := range kinds {
				fmt.Fprintf(os.Stderr, "round %d of %d: %s, %s\n", round+1, o.rounds, r.name, k)
				if k == bare {
					if err := prepareResponse(targets[parley], targets[bare], r); err != nil {
						return nil, fmt.Errorf("%s, %s: %w", r.name, k, err)
					}
				}
				if _, err := measureRequest(targets[k], r, o.length/4); err != nil { // warm
					return nil, fmt.Errorf("%s, %s: %w", r.name, k, err)
				}
				a, err := measureRequest(targets[k], r, o.length)
				if err != nil {
					return nil, fmt.Errorf("%s, %s: %w", r.name, k, err)
				}
				key := requestKey{r.name, k}
				found[key] = append(found[key], a)
			}
		}
	}
	return found, nil
}

// requestKinds returns the servers whose requests are measured.
func (o options) requestKinds() []kind {
	return slices.DeleteFunc(slices.Clone(o.kinds), func(k kind) bool {
		return !k.executes() && (k != bare || !slices.Contains(o.kinds, parley))
	})
}

// prepareResponse sets the response of the bare server to that of another server.
func prepareResponse(from, to *target, r request) error {
	user, variables := r.with(from, 0)
	response, err := from.request(user, r.query, variables)
	if err == nil {
		_, err = to.post("/response", "", response)
	}
	return err
}

// measureRequest sends a request again and again for a time.
func measureRequest(t *target, r request, length time.Duration) (a requestResult, err error) {
	before, err := t.process.do("usage")
	if err != nil {
		return a, err
	}
	databaseBefore, err := t.database.cpu()
	if err != nil {
		return a, err
	}
	begin := time.Now()
	var mu sync.Mutex
	err = inParallel(senders, func(worker int) error {
		var latencies []time.Duration
		for i := worker; time.Since(begin) < length; i += senders {
			user, variables := r.with(t, i)
			sent := time.Now()
			switch data, err := t.query(user, r.query, variables); {
			case err != nil:
				return err
			case !bytes.Contains(data, []byte(r.expect)):
				return fmt.Errorf("no %s in %.500s", r.expect, data)
			}
			latencies = append(latencies, time.Since(sent))
		}
		mu.Lock()
		defer mu.Unlock()
		a.latencies = append(a.latencies, latencies...)
		return nil
	})
	if err != nil {
		return a, err
	}
	a.took = time.Since(begin)
	after, err := t.process.do("usage")
	if err != nil {
		return a, err
	}
	databaseAfter, err := t.database.cpu()
	a.cpu, a.database = after.CPU-before.CPU, databaseAfter-databaseBefore
	return a, err
}

func (found requestResults) printTable(out io.Writer, kinds []kind) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table,
		"request\tserver\tCPU µs\tPostgreSQL µs\trequests/s\tp50 ms\tp99 ms\tCPU × parley\t")
	for _, r := range requestsOf() {
		for _, k := range kinds {
			all := found[requestKey{r.name, k}]
			_, _ = fmt.Fprintf(
				table,
				"%s\t%s\t%.0f\t%.0f\t%.0f\t%.1f\t%.1f\t%s\t\n",
				r.name,
				k,
				medianOf(all, requestResult.perRequest),
				medianOf(all, func(a requestResult) float64 { return a.perItem(a.database) }),
				medianOf(all, requestResult.rate),
				medianOf(all, func(a requestResult) float64 { return a.latency(0.5) }),
				medianOf(all, func(a requestResult) float64 { return a.latency(0.99) }),
				ratio(all, found[requestKey{r.name, parley}], requestResult.perRequest),
			)
		}
	}
	_ = table.Flush()
}

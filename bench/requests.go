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
				return person(i % len(t.rooms)), nil
			},
		},
		{
			"createRoom", `mutation($input: CreateRoomInput!) { createRoom(input: $input) {
			room { id name createdAt } } }`,
			`"room":{"id":"`, func(t *target, i int) (string, map[string]any) {
				members := make([]string, 5)
				for m := range members {
					members[m] = person((i*len(members) + m) % len(t.rooms))
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
					"contents": "something to read, as long as people write",
				}}
			},
		},
	}
}

// answered is one measurement of a request with a server.
type answered struct {
	latencies           []time.Duration
	took, cpu, database time.Duration
}

// each returns a time for each request, in µs.
func (a answered) each(d time.Duration) float64 {
	return micro(d) / float64(max(len(a.latencies), 1))
}

type requestKey struct {
	name string
	kind kind
}

// measureRequests measures each request with each server that executes operations, in turns, and
// prints a table.
func measureRequests(ctx context.Context, o options, out io.Writer) (err error) {
	targets := make(map[kind]*target)
	defer func() {
		for _, t := range targets {
			err = errors.Join(err, t.process.end())
		}
	}()
	kinds := slices.DeleteFunc(slices.Clone(o.kinds), func(k kind) bool { return !k.executes() })
	for _, k := range kinds {
		t, err := prepare(ctx, k, o, 0)
		if err != nil {
			return err
		}
		targets[k] = t
		if err := inParallel(len(t.rooms), func(i int) error {
			return t.send(t.rooms[i:i+1], plain)
		}); err != nil {
			return err
		}
	}
	found := make(map[requestKey][]answered)
	for round := range o.rounds {
		for _, r := range requestsOf() {
			for _, k := range kinds {
				fmt.Fprintf(os.Stderr, "round %d of %d: %s, %s\n", round+1, o.rounds, r.name, k)
				if _, err := measureRequest(targets[k], r, o.length/4); err != nil { // warm
					return fmt.Errorf("%s, %s: %w", r.name, k, err)
				}
				a, err := measureRequest(targets[k], r, o.length)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", r.name, k, err)
				}
				key := requestKey{r.name, k}
				found[key] = append(found[key], a)
			}
		}
	}
	printRequests(out, kinds, found)
	return nil
}

// measureRequest sends a request again and again for a time.
func measureRequest(t *target, r request, length time.Duration) (a answered, err error) {
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
			switch data, err := t.ask(user, r.query, variables); {
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

func printRequests(out io.Writer, kinds []kind, found map[requestKey][]answered) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table,
		"request\tserver\tCPU µs\tPostgreSQL µs\trequests/s\tp50 ms\tp99 ms\tCPU × parley\t")
	for _, r := range requestsOf() {
		for _, k := range kinds {
			all := found[requestKey{r.name, k}]
			of := func(value func(answered) float64) float64 {
				values := make([]float64, len(all))
				for i, a := range all {
					values[i] = value(a)
				}
				return median(values)
			}
			latency := func(p float64) string {
				return ms(time.Duration(of(func(a answered) float64 {
					return float64(percentile(a.latencies, p))
				})))
			}
			ratio := "–"
			if base := found[requestKey{r.name, parley}]; len(base) == len(all) {
				ratios := make([]float64, len(all))
				for i, a := range all {
					ratios[i] = a.each(a.cpu) / base[i].each(base[i].cpu)
				}
				ratio = fmt.Sprintf("%.2f", median(ratios))
			}
			_, _ = fmt.Fprintf(
				table,
				"%s\t%s\t%.0f\t%.0f\t%.0f\t%s\t%s\t%s\t\n",
				r.name,
				k,
				of(func(a answered) float64 { return a.each(a.cpu) }),
				of(func(a answered) float64 { return a.each(a.database) }),
				of(
					func(a answered) float64 { return float64(len(a.latencies)) / a.took.Seconds() },
				),
				latency(0.5),
				latency(0.99),
				ratio,
			)
		}
	}
	_ = table.Flush()
}

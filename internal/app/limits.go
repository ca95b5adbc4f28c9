package app

import (
	"strings"

	"parley/internal/config"
	"parley/internal/limit"
)

// eventsFraction is which part of the memory for responses is for the events of subscriptions: one
// in so many.
const eventsFraction = 4

// searchesFraction is which part of the database connections may search at a time: one in so many.
const searchesFraction = 4

// userFraction is which part of the memory for responses one user may reserve: one in so many. For
// events see [limit.Executions].
const userFraction = 8

// responseQueue is how many responses may wait for memory: their requests are in memory meanwhile,
// and may be as long as a body.
var responseQueue = limit.Queue{User: 16, All: 1000} //nolint:gochecknoglobals // never changed

// newResponseMemory divides the memory for responses: one part for queries and mutations, and one
// for the events of subscriptions.
func newResponseMemory(
	cfg config.Config, reporter *limit.Reporter,
) (responses *limit.Memory, events *limit.Executions) {
	const setting = "PARLEY_MAX_RESPONSE_MEMORY"
	eventBytes := max(cfg.MaxResponseMemory/eventsFraction, 1)
	rest := max(cfg.MaxResponseMemory-eventBytes, 1)
	quota := max(rest/userFraction, 1)
	responses = limit.NewMemory(limit.MemoryOptions{
		Bytes: rest, User: quota, Anonymous: quota, Queue: responseQueue,
		Refused: func() { reporter.Reached(budgetResponses, setting) },
	})
	// Events wait for memory: no more than one page of a subscription waits, and subscriptions have
	// bounds.
	return responses, limit.NewExecutions(eventBytes)
}

// The names of the memory budgets in logs and metrics, besides those of package web.
const (
	budgetResponses = "responses"
	budgetEvents    = "events"
	budgetStreams   = "streams"
)

// streamsFraction says how much memory the rooms that streams follow may take, beside the sockets':
// one part in so many of the sockets' memory. One user may have one part in streamUserFraction of
// it.
const streamsFraction, streamUserFraction = 4, 8

// newStreamMemory returns the memory for the rooms that streams follow.
func newStreamMemory(cfg config.Config, reporter *limit.Reporter) *limit.Memory {
	bytes := max(cfg.MaxSocketMemory/streamsFraction, 1)
	return limit.NewMemory(limit.MemoryOptions{
		Bytes: bytes, User: max(bytes/streamUserFraction, 1),
		Refused: func() { reporter.Reached(budgetStreams, "PARLEY_MAX_SOCKET_MEMORY") },
	})
}

// newRateLimiters returns the rate limiters that the settings describe. They report to reporter
// what they refuse.
func newRateLimiters(rates config.Rates, reporter *limit.Reporter) limit.RateLimiters {
	limiter := func(limits limit.RateLimits, name string) *limit.RateLimiter {
		limits.Refused = func() { reporter.Reached("rate_"+name, "PARLEY_RATE_"+strings.ToUpper(name)) }
		return limit.NewRateLimiter(limits)
	}
	return limit.RateLimiters{
		Mutations:     limiter(rates.Mutations, "mutations"),
		SignIns:       limiter(rates.SignIns, "sign_ins"),
		Tokens:        limiter(rates.Tokens, "tokens"),
		Keys:          limiter(rates.Keys, "keys"),
		Connections:   limiter(rates.Connections, "connections"),
		Subscriptions: limiter(rates.Subscriptions, "subscriptions"),
		Queries:       limiter(rates.Queries, "queries"),
	}
}

package app

import (
	"parley/internal/config"
	"parley/internal/limit"
)

// eventsShare is which part of the memory for answers is for what subscriptions are told: one in so many.
const eventsShare = 4

// searchesShare is which part of the database connections may search at a time: one in so many.
const searchesShare = 4

// personsShare is which part of the memory for answers one person may have: one in so many. For what
// subscriptions are told see [limit.Executions].
const personsShare = 8

// answersQueue is how many answers may wait for memory: what was asked is there meanwhile, and may be as long as a body.
var answersQueue = limit.Queue{User: 16, All: 1000} //nolint:gochecknoglobals // never changed

// answersOf divides the memory for answers: for those to queries and mutations, and for what subscriptions are told.
func answersOf(
	cfg config.Config, reporter *limit.Reporter,
) (answers *limit.Memory, events *limit.Executions) {
	const setting = "PARLEY_MAX_ANSWER_BYTES"
	most := max(cfg.MaxAnswerBytes/eventsShare, 1)
	rest := max(cfg.MaxAnswerBytes-most, 1)
	quota := max(rest/personsShare, 1)
	answers = limit.NewMemory(limit.MemoryOptions{
		Bytes: rest, User: quota, Anonymous: quota, Queue: answersQueue,
		Refused: func() { reporter.Reached(budgetResponses, setting) },
	})
	// Events are told when there is memory: of a subscription no more than one page waits, and subscriptions have bounds.
	return answers, limit.NewExecutions(most)
}

// The names of the memory budgets in logs and metrics, besides those of package web.
const (
	budgetResponses = "responses"
	budgetEvents    = "events"
)

// gatesOf are the gates that the settings describe.
func gatesOf(rates config.Rates) limit.Gates {
	gate := func(r config.Rate) *limit.Gate {
		return limit.NewGate(limit.Rate{Person: limit.Pace(r.Person), Address: limit.Pace(r.Address)})
	}
	return limit.Gates{
		Mutations:     gate(rates.Mutations),
		SignIns:       gate(rates.SignIns),
		Keys:          gate(rates.Keys),
		Connections:   gate(rates.Connections),
		Subscriptions: gate(rates.Subscriptions),
		Queries:       gate(rates.Queries),
	}
}

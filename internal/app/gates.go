package app

import (
	"parley/internal/config"
	"parley/internal/limit"
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
	}
}

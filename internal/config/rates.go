package config

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/internal/limit"
)

// Rates are how often things may be done.
type Rates struct{ Mutations, SignIns, Keys, Connections, Subscriptions, Queries limit.Rate }

// The presets of auto. Users and their programs do not come near them. In development mode they do
// not hold for requests of this machine. In production they do: there such requests come through a
// proxy that does not name its clients.
const (
	autoMutations     = "50/s:200,500/s:2000"
	autoSignIns       = "1/s:10,5/s:50"
	autoKeys          = "10/m:10,100/m:100"
	autoConnections   = "2/s:100,50/s:1000"
	autoSubscriptions = "20/s:500,500/s:5000"
	autoQueries       = "50000/s:1000000,500000/s:10000000"
)

// addressPeople is how many people's pace an address has that was given none.
const addressPeople = 10

// Rates are the rates that are set.
func (c Config) Rates() Rates {
	rate := func(text, preset string) limit.Rate {
		r, _ := parseRateOr(text, preset) // it has been checked
		remote := text == auto && c.Development()
		r.Person.Remote, r.Address.Remote = remote, remote
		return r
	}
	rates := Rates{
		Mutations:     rate(c.RateMutations, autoMutations),
		SignIns:       rate(c.RateSignIns, autoSignIns),
		Keys:          rate(c.RateKeys, autoKeys),
		Connections:   rate(c.RateConnections, autoConnections),
		Subscriptions: rate(c.RateSubscriptions, autoSubscriptions),
		Queries:       rate(c.RateQueries, autoQueries),
	}
	rates.Keys.Person.Remote = false // nobody needs to be wrong so often, wherever they are
	return rates
}

// WithoutRates returns c with all rates off except a user's for wrong keys: for benchmarks and
// tests, whose requests all come from one address.
func (c Config) WithoutRates() Config {
	c.RateMutations, c.RateSignIns, c.RateConnections, c.RateSubscriptions, c.RateQueries = off, off, off, off, off
	c.RateKeys = "10/m:10,off"
	return c
}

// Proxies are the networks of the proxies that are trusted.
func (c Config) Proxies() []netip.Prefix {
	var networks []netip.Prefix
	for _, text := range c.TrustedProxies {
		if network, err := parseNetwork(text); err == nil { // it has been checked
			networks = append(networks, network)
		}
	}
	return networks
}

// ForwardedHeader reports whether proxies say whom they speak for in Forwarded instead of
// X-Forwarded-For.
func (c Config) ForwardedHeader() bool { return strings.EqualFold(c.ProxyHeader, forwarded) }

func (c Config) validateRates(fail func(string, ...any)) {
	for _, rate := range []struct{ names, value string }{
		{"PARLEY_RATE_MUTATIONS (--rate-mutations)", c.RateMutations},
		{"PARLEY_RATE_SIGN_INS (--rate-sign-ins)", c.RateSignIns},
		{"PARLEY_RATE_KEYS (--rate-keys)", c.RateKeys},
		{"PARLEY_RATE_CONNECTIONS (--rate-connections)", c.RateConnections},
		{"PARLEY_RATE_SUBSCRIPTIONS (--rate-subscriptions)", c.RateSubscriptions},
		{"PARLEY_RATE_QUERIES (--rate-queries)", c.RateQueries},
	} {
		if _, err := parseRateOr(rate.value, off); err != nil {
			fail(
				"%s is %q: %w; give a rate such as 20/s:40, for an address too as in 20/s:40,200/s:400, or off or auto",
				rate.names,
				rate.value,
				err,
			)
		}
	}
	if len(c.TrustedProxies) > 1 && slices.Contains(c.TrustedProxies, off) {
		fail(
			"PARLEY_TRUSTED_PROXIES (--trusted-proxies) has off beside networks; give one or the other",
		)
	}
	for _, text := range c.TrustedProxies {
		if _, err := parseNetwork(text); err != nil && text != off {
			fail(
				"PARLEY_TRUSTED_PROXIES (--trusted-proxies): %q is neither an address nor a network; give 10.1.2.3, 10.0.0.0/8 or fd00::/8, or off",
				text,
			)
		}
	}
	if h := strings.ToLower(c.ProxyHeader); h != xForwardedFor && h != forwarded {
		fail(
			"PARLEY_PROXY_HEADER (--proxy-header) is %q; give %s or %s",
			c.ProxyHeader,
			xForwardedFor,
			forwarded,
		)
	}
}

// The headers in which proxies say whose request they pass on.
const (
	xForwardedFor = "x-forwarded-for"
	forwarded     = "forwarded"
)

// parseNetwork reads a network; an address is one of its own.
func parseNetwork(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil {
		return address.Prefix(address.BitLen())
	}
	network, err := netip.ParsePrefix(text)
	return network.Masked(), err
}

// parseRateOr reads a rate; where it is "auto", preset.
func parseRateOr(text, preset string) (limit.Rate, error) {
	if text == auto {
		text = preset
	}
	return parseRate(text)
}

// parseRate reads PACE[,PACE]: a person's, and an address's.
func parseRate(text string) (rate limit.Rate, err error) {
	person, address, both := strings.Cut(text, ",")
	if rate.Person, err = parsePace(strings.TrimSpace(person)); err != nil {
		return limit.Rate{}, err
	}
	if both {
		rate.Address, err = parsePace(strings.TrimSpace(address))
		return rate, err
	}
	rate.Address = limit.Pace{
		Burst: rate.Person.Burst * addressPeople,
		Every: rate.Person.Every / addressPeople,
	}
	return rate, nil
}

const (
	// mostBurst and mostOften bound what a pace may be.
	mostBurst = 100_000_000
	mostOften = 10_000_000
)

// parsePace reads COUNT/UNIT[:BURST], or off. Without the burst it is the count.
func parsePace(text string) (limit.Pace, error) {
	if text == off || text == "0" {
		return limit.Pace{}, nil
	}
	often, burst, given := strings.Cut(text, ":")
	count, unit, ok := strings.Cut(often, "/")
	per := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}[unit]
	if !ok || per == 0 {
		return limit.Pace{}, errors.New("it has no unit of s, m or h")
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 || n > mostOften {
		return limit.Pace{}, fmt.Errorf("its count is no number from 1 to %d", mostOften)
	}
	pace := limit.Pace{Burst: min(n, mostBurst), Every: per / time.Duration(n)}
	if given {
		if pace.Burst, err = strconv.Atoi(
			burst,
		); err != nil || pace.Burst < 1 ||
			pace.Burst > mostBurst {
			return limit.Pace{}, fmt.Errorf("its burst is no number from 1 to %d", mostBurst)
		}
	}
	return pace, nil
}

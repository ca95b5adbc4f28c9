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

// Rates are the rate limits.
type Rates struct {
	Mutations, SignIns, Tokens, Keys, Connections, Subscriptions, Queries limit.RateLimits
}

// The presets of auto. Ordinary clients stay far below them. In development mode, requests from this
// machine are exempt. In production they are not: they come through a proxy that does not send the
// addresses of its clients.
const (
	autoMutations     = "50/s:200,500/s:2000"
	autoSignIns       = "1/s:10,5/s:50"
	autoRejected      = "10/s:100,100/s:1000"
	autoKeys          = "10/m:10,100/m:100"
	autoConnections   = "2/s:100,50/s:1000"
	autoSubscriptions = "20/s:500,500/s:5000"
	autoQueries       = "50000/s:1000000,500000/s:10000000"
)

// usersPerAddress is the factor from the rate of a user to the default rate of an address.
const usersPerAddress = 10

// Rates returns the configured rate limits.
func (c Config) Rates() Rates {
	rate := func(text, preset string) limit.RateLimits {
		r, _ := parseRateLimitsOr(text, preset) // validated by Parse
		remote := text == auto && c.Development()
		r.User.Remote, r.Address.Remote = remote, remote
		return r
	}
	rates := Rates{
		Mutations:     rate(c.RateMutations, autoMutations),
		SignIns:       rate(c.RateSignIns, autoSignIns),
		Tokens:        rate(c.RateTokens, autoRejected),
		Keys:          rate(c.RateKeys, autoKeys),
		Connections:   rate(c.RateConnections, autoConnections),
		Subscriptions: rate(c.RateSubscriptions, autoSubscriptions),
		Queries:       rate(c.RateQueries, autoQueries),
	}
	rates.Keys.User.Remote = false // no user needs as many attempts
	return rates
}

// WithoutRates returns c without rate limits except that of a user's wrong keys. It is for benchmarks
// and tests, which send all requests from one address.
func (c Config) WithoutRates() Config {
	c.RateMutations, c.RateSignIns, c.RateTokens = off, off, off
	c.RateConnections, c.RateSubscriptions, c.RateQueries = off, off, off
	c.RateKeys = "10/m:10,off"
	return c
}

// Proxies returns the networks of trusted proxies.
func (c Config) Proxies() []netip.Prefix {
	var networks []netip.Prefix
	for _, text := range c.TrustedProxies {
		if network, err := parseNetwork(text); err == nil { // validated by Parse
			networks = append(networks, network)
		}
	}
	return networks
}

// ForwardedHeader reports whether proxies send the address of the client in Forwarded instead of
// X-Forwarded-For.
func (c Config) ForwardedHeader() bool { return strings.EqualFold(c.ProxyHeader, forwarded) }

func (c Config) validateRates(fail func(string, ...any)) {
	for _, rate := range []struct{ names, value string }{
		{"PARLEY_RATE_MUTATIONS (--rate-mutations)", c.RateMutations},
		{"PARLEY_RATE_SIGN_INS (--rate-sign-ins)", c.RateSignIns},
		{"PARLEY_RATE_TOKENS (--rate-tokens)", c.RateTokens},
		{"PARLEY_RATE_KEYS (--rate-keys)", c.RateKeys},
		{"PARLEY_RATE_CONNECTIONS (--rate-connections)", c.RateConnections},
		{"PARLEY_RATE_SUBSCRIPTIONS (--rate-subscriptions)", c.RateSubscriptions},
		{"PARLEY_RATE_QUERIES (--rate-queries)", c.RateQueries},
	} {
		if _, err := parseRateLimitsOr(rate.value, off); err != nil {
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
			"PARLEY_TRUSTED_PROXIES (--trusted-proxies) has both off and networks; give one of them",
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

// Headers in which proxies send the address of the client.
const (
	xForwardedFor = "x-forwarded-for"
	forwarded     = "forwarded"
)

// parseNetwork parses a network. An address is a network of one address.
func parseNetwork(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil {
		return address.Prefix(address.BitLen())
	}
	network, err := netip.ParsePrefix(text)
	return network.Masked(), err
}

// parseRateLimitsOr parses text like parseRateLimits. If text is "auto" it parses preset.
func parseRateLimitsOr(text, preset string) (limit.RateLimits, error) {
	if text == auto {
		text = preset
	}
	return parseRateLimits(text)
}

// parseRateLimits parses RATE[,RATE]: the rate of a user, and that of an address. By default an
// address has usersPerAddress times the rate of a user.
func parseRateLimits(text string) (rate limit.RateLimits, err error) {
	user, address, both := strings.Cut(text, ",")
	if rate.User, err = parseRate(strings.TrimSpace(user)); err != nil {
		return limit.RateLimits{}, err
	}
	if both {
		rate.Address, err = parseRate(strings.TrimSpace(address))
		return rate, err
	}
	rate.Address = limit.Rate{
		Burst: rate.User.Burst * usersPerAddress,
		Every: rate.User.Every / usersPerAddress,
	}
	return rate, nil
}

const (
	// maxBurst and maxCount are the largest burst and the largest count of a rate.
	maxBurst = 100_000_000
	maxCount = 10_000_000
)

// parseRate parses COUNT/UNIT[:BURST], or "off". The default burst is the count.
func parseRate(text string) (limit.Rate, error) {
	if text == off || text == "0" {
		return limit.Rate{}, nil
	}
	often, burst, given := strings.Cut(text, ":")
	count, unit, ok := strings.Cut(often, "/")
	per := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}[unit]
	if !ok || per == 0 {
		return limit.Rate{}, errors.New("its unit is not s, m or h")
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 || n > maxCount {
		return limit.Rate{}, fmt.Errorf("its count is not a number from 1 to %d", maxCount)
	}
	rate := limit.Rate{Burst: min(n, maxBurst), Every: per / time.Duration(n)}
	if given {
		if rate.Burst, err = strconv.Atoi(
			burst,
		); err != nil || rate.Burst < 1 ||
			rate.Burst > maxBurst {
			return limit.Rate{}, fmt.Errorf("its burst is not a number from 1 to %d", maxBurst)
		}
	}
	return rate, nil
}

package web

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"parley/internal/auth"
	"parley/internal/form"
	"parley/internal/limit"
	"parley/internal/panics"
)

const (
	// ticketLifetime is how long a ticket may be used.
	ticketLifetime = 30 * time.Second
	// maxUserTickets and maxAddressTickets bound the unused tickets of a user and of an address.
	maxUserTickets    = 20
	maxAddressTickets = 2_000
)

// tickets are the unused tickets of this node. A ticket stands for a user's token in the URL of one
// event stream: browsers' EventSource cannot send headers, and a token must not be in a URL, which
// browsers, proxies and servers store. It is safe for concurrent use.
type tickets struct {
	mu     sync.Mutex
	unused map[string]ticket
	// counts has the number of unused tickets of each user and of each address.
	counts map[limit.Owner]int
	panics *panics.Guard
}

type ticket struct {
	identity      auth.Identity
	user, address limit.Owner
	expiry        *time.Timer
}

func newTickets(guard *panics.Guard) *tickets {
	return &tickets{
		unused: map[string]ticket{}, counts: map[limit.Owner]int{}, panics: guard,
	}
}

// issue returns a new ticket for the user, or "" if the user or the address has too many.
func (t *tickets) issue(
	ctx context.Context, identity auth.Identity, owner limit.Owner, lifetime time.Duration,
) string {
	user, address := limit.Owner{User: owner.User}, limit.Owner{Address: owner.Address}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts[user] >= maxUserTickets || t.counts[address] >= maxAddressTickets {
		return ""
	}
	text := rand.Text()
	t.counts[user]++
	t.counts[address]++
	ctx = context.WithoutCancel(ctx)
	t.unused[text] = ticket{identity, user, address, time.AfterFunc(lifetime,
		t.panics.Wrap(ctx, panics.Request, func() { t.take(text) }, nil))}
	return text
}

// take removes a ticket and returns its user. It returns false if the ticket is used, expired or
// unknown.
func (t *tickets) take(text string) (auth.Identity, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	taken, ok := t.unused[text]
	if !ok {
		return auth.Identity{}, false
	}
	taken.expiry.Stop()
	delete(t.unused, text)
	for _, owner := range []limit.Owner{taken.user, taken.address} {
		if t.counts[owner]--; t.counts[owner] == 0 {
			delete(t.counts, owner)
		}
	}
	return taken.identity, true
}

// serve responds to a POST with a ticket for the user of the request's token.
func (t *tickets) serve(w http.ResponseWriter, r *http.Request) {
	identity, known := auth.FromContext(r.Context())
	switch {
	case r.Method != http.MethodPost:
		refuse(w, methodNotAllowed(http.MethodPost))
		return
	case !known:
		f := unauthenticated(
			"A ticket needs a token: send Authorization: Bearer, a space, and the token.")
		f.header["WWW-Authenticate"] = "Bearer" // not invalid_token
		refuse(w, f)
		return
	}
	lifetime := ticketLifetime
	if !identity.ExpiresAt.IsZero() {
		lifetime = min(lifetime, time.Until(identity.ExpiresAt))
	}
	expiresAt := time.Now().Add(lifetime)
	text := t.issue(r.Context(), identity, ownerOf(r.Context()), lifetime)
	if text == "" {
		refuse(
			w,
			rateLimited(
				"Too many tickets are not used. Use them, or try again later.",
				ticketLifetime,
			),
		)
		return
	}
	body, err := json.Marshal(map[string]any{
		"ticket":    text,
		"expiresAt": expiresAt.UTC().Format("2006-01-02T15:04:05.000000Z07:00"),
	})
	if err != nil {
		panic(err) // strings always encode
	}
	w.Header().Set("Content-Type", mediaJSON+charset)
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(body) // the client may have gone
}

// withTicket lets a ticket in the URL identify the client of an event stream. Other requests go to
// authenticated, which reads their tokens.
func (t *tickets) withTicket(next, authenticated http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		const name = "ticket"
		if r.URL.RawQuery == "" {
			authenticated.ServeHTTP(w, r)
			return
		}
		values, err := form.Parse(r.URL.RawQuery, name)
		if err != nil || len(values[name]) == 0 { // a malformed URL is refused with the operation
			authenticated.ServeHTTP(w, r)
			return
		}
		switch {
		case r.Method != http.MethodGet:
			refuse(w, badInput(name, "A ticket is for a GET request. Send a token instead."))
			return
		case r.Header.Get("Authorization") != "":
			refuse(w, badInput(name, "Send a ticket or a token, not both."))
			return
		case !serverSentEvents().accepted(r.Header):
			refuse(
				w,
				badInput(name, "A ticket opens an event stream: send Accept: "+mediaEvents+"."),
			)
			return
		}
		identity, ok := t.take(values[name][0])
		if !ok {
			refuse(
				w,
				unauthenticated("This node does not know the ticket: it is used, expired, or of "+
					"another node. POST /ticket returns a new one."),
			)
			return
		}
		next.ServeHTTP(w, r.WithContext(auth.NewContext(r.Context(), identity)))
	})
}

package auth

import (
	"context"
	"crypto"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/time/rate"

	"parley/internal/panics"
)

const (
	// refreshInterval is how long a key is accepted after its removal from the set.
	refreshInterval = 5 * time.Minute
	// fetchTimeout is the timeout of a fetch, from dialing to the last byte.
	fetchTimeout = 5 * time.Second
	// maxKeySetBytes is the maximum size of a response. Usual sets have a few kilobytes.
	maxKeySetBytes = 1 << 20

	// minRetryPause is the pause after a fetch that failed. It doubles with each further failure,
	// up to maxRetryPause.
	minRetryPause = time.Second
	maxRetryPause = time.Minute
	// maxStale is how long the last valid set is used while it cannot be fetched again. After it all tokens
	// are rejected, because their keys may have been revoked a day ago.
	maxStale = 24 * time.Hour

	// Tokens with unknown keys cause at most requestBurst fetches at once, and then one every
	// requestInterval. All clients can make such tokens, so they must not flood the issuer; but a new key
	// must be loaded immediately.
	requestInterval = 10 * time.Second
	requestBurst    = 3
)

// keySet has the public keys at a URL. One goroutine fetches them at intervals and on request: one fetch
// serves all requests that wait for a new key.
type keySet struct {
	address string
	client  *http.Client
	log     *slog.Logger
	panics  *panics.Guard

	current  atomic.Pointer[snapshot] // never nil
	requests chan keyRequest
	cancel   context.CancelFunc
	done     chan struct{} // closed when the goroutine has ended
}

// snapshot is a version of the set. It never changes.
type snapshot struct {
	keys []publicKey
	// generation grows with each change of the keys.
	generation uint64
	// digest is the hash of the document from which the keys were parsed.
	digest [sha256.Size]byte
	// err is the error of the last fetch; nil if it succeeded.
	err error
}

// publicKey is a key of the set, for one algorithm only.
type publicKey struct {
	id        string
	algorithm string
	key       crypto.PublicKey
}

// has reports whether a key has the id. The empty id is that of a token without one: each key may be its
// key.
func (s *snapshot) has(id string) bool {
	return slices.ContainsFunc(s.keys, func(k publicKey) bool { return id == "" || k.id == id })
}

// keyRequest is a request for a key that is not in the set.
type keyRequest struct {
	id string
	// response receives 0 when the current snapshot is newer than the request, or the time until the set
	// may be fetched again for an unknown key. Its capacity is 1.
	response chan<- time.Duration
}

// errThrottled means that the set was not fetched for an unknown key.
var errThrottled = errors.New(
	"too many tokens with unknown keys: the key set is not fetched for each",
)

// newKeySet starts a goroutine that fetches the set until ctx ends or close is called.
func newKeySet(
	ctx context.Context, address string, log *slog.Logger, guard *panics.Guard,
) *keySet {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if u, err := url.Parse(address); err == nil {
		log = log.With("url", u.Redacted())
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &keySet{
		address:  address,
		client:   newClient(),
		log:      log,
		panics:   guard,
		requests: make(chan keyRequest),
		cancel:   cancel,
		done:     make(chan struct{}),
	}
	s.current.Store(&snapshot{err: errors.New("the key set has not been fetched yet")})
	go guard.Wrap(ctx, panics.Background, func() { s.run(ctx) }, nil)()
	return s
}

// CheckKeySet fetches the key set at address once and returns how many of its keys can verify tokens.
// It returns an error if there are none.
func CheckKeySet(ctx context.Context, address string) (keys int, err error) {
	s := &keySet{address: address, client: newClient(), log: slog.New(slog.DiscardHandler)}
	document, err := s.fetch(ctx)
	if err != nil {
		return 0, err
	}
	found, err := s.parse(ctx, document)
	if err == nil && len(found) == 0 {
		err = errors.New("the key set has no key for RS256, ES256 or EdDSA")
	}
	return len(found), err
}

func newClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			ForceAttemptHTTP2:      true,
			MaxResponseHeaderBytes: 64 << 10,
			// Minutes pass between two fetches: an idle connection would usually be broken.
			DisableKeepAlives: true,
		},
		// The operator trusts the configured URL, not the target of a redirect.
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New(
				"redirects are not followed: set PARLEY_JWKS_URL to the final address",
			)
		},
	}
}

func (s *keySet) close() {
	s.cancel()
	<-s.done
}

// find returns the keys with the id for the algorithm. If there is no key with the id, it requests a fetch
// and waits for it, at most until ctx ends.
//
// For a token without a key id it returns all keys of the algorithm. A new key is then loaded by the next
// refresh only.
func (s *keySet) find(ctx context.Context, id, algorithm string) (jwt.VerificationKeySet, error) {
	current := s.current.Load()
	var throttled time.Duration
	if !current.has(id) {
		var err error
		if throttled, err = s.request(ctx, id); err != nil {
			return jwt.VerificationKeySet{}, unavailable(err)
		}
		current = s.current.Load()
	}
	switch {
	case current.has(id):
	case current.err != nil: // the key may exist by now
		return jwt.VerificationKeySet{}, unavailable(current.err)
	case throttled > 0:
		err := unavailable(errThrottled)
		err.RetryAfter = throttled
		return jwt.VerificationKeySet{}, err
	default:
		return jwt.VerificationKeySet{}, refuse(BadSignature,
			"The token is signed with a key that is not, or no longer, in the issuer's key set.")
	}

	var found jwt.VerificationKeySet
	for _, k := range current.keys {
		if (id == "" || k.id == id) && k.algorithm == algorithm {
			found.Keys = append(found.Keys, k.key)
		}
	}
	if len(found.Keys) == 0 {
		return found, refuse(
			AlgorithmNotAllowed,
			"The token is signed in another way than its key is meant for.",
		)
	}
	return found, nil
}

// request requests a fetch for an unknown key. It returns 0 after the fetch, or the time until the set may
// be fetched again: then it was not fetched, and the key may exist.
func (s *keySet) request(ctx context.Context, id string) (throttled time.Duration, err error) {
	response := make(chan time.Duration, 1)
	select {
	case s.requests <- keyRequest{id: id, response: response}:
	case <-s.done:
		return 0, errors.New("the key set is closed")
	case <-ctx.Done():
		return 0, fmt.Errorf("wait for the key set: %w", ctx.Err())
	}
	select {
	case throttled = <-response:
		return throttled, nil
	case <-s.done:
		return 0, errors.New("the key set is closed")
	case <-ctx.Done():
		return 0, fmt.Errorf("wait for the key set: %w", ctx.Err())
	}
}

// run fetches the set until ctx ends.
func (s *keySet) run(ctx context.Context) {
	defer close(s.done)

	var r refresher
	limiter := rate.NewLimiter(rate.Every(requestInterval), requestBurst)
	timer := time.NewTimer(s.refresh(ctx, &r))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			timer.Reset(s.refresh(ctx, &r))
		case a := <-s.requests:
			// A recent fetch may have loaded the key already.
			throttled := time.Duration(0)
			if !s.current.Load().has(a.id) {
				if reserved := limiter.Reserve(); reserved.Delay() == 0 {
					timer.Reset(s.refresh(ctx, &r))
				} else {
					throttled = reserved.Delay()
					reserved.Cancel()
				}
			}
			a.response <- throttled
		}
	}
}

// refresher is the state of run between two fetches.
type refresher struct {
	succeeded time.Time // the time of the last success; zero if none
	failures  int       // since then
}

// refresh fetches the set once, stores the result as the current snapshot, and returns the pause before
// the next fetch.
func (s *keySet) refresh(ctx context.Context, r *refresher) (pause time.Duration) {
	var next *snapshot
	err := s.panics.Run(ctx, panics.Background, func() (err error) {
		next, err = s.next(ctx)
		return err
	})
	if ctx.Err() != nil {
		return 0
	}
	if err == nil {
		s.current.Store(next)
		if r.failures > 0 {
			s.log.InfoContext(ctx, "key set fetched again", "failures", r.failures)
		}
		*r = refresher{succeeded: time.Now()}
		return refreshInterval
	}

	failed := *s.current.Load()
	failed.err = err
	pause = min(minRetryPause<<min(r.failures, 10), maxRetryPause)
	r.failures++
	s.log.ErrorContext(
		ctx,
		"cannot fetch the key set that verifies tokens",
		"error",
		err,
		"retry_in",
		pause,
	)
	if len(failed.keys) > 0 && time.Since(r.succeeded) >= maxStale {
		failed = snapshot{generation: failed.generation + 1, err: err}
		s.log.ErrorContext(
			ctx,
			"the key set is too old to use",
			"fetched_at",
			r.succeeded,
		)
	}
	s.current.Store(&failed)
	return pause
}

// next returns the snapshot that replaces the current one.
func (s *keySet) next(ctx context.Context) (*snapshot, error) {
	document, err := s.fetch(ctx)
	if err != nil {
		return nil, err
	}
	next := *s.current.Load()
	next.err = nil
	if digest := sha256.Sum256(document); digest != next.digest {
		keys, err := s.parse(ctx, document)
		if err != nil {
			return nil, err
		}
		next.keys, next.digest = keys, digest
		next.generation++
		s.log.InfoContext(ctx, "key set changed", "keys", len(keys))
	}
	return &next, nil
}

// fetch returns the document at the URL.
func (s *keySet) fetch(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.address, nil)
	if err != nil {
		return nil, fmt.Errorf("fetch the key set: %w", err)
	}
	req.Header.Set("Accept", "application/jwk-set+json, application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("fetch the key set: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetch the key set: the response is %s", resp.Status)
	}
	document, err := io.ReadAll(io.LimitReader(resp.Body, maxKeySetBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read the key set: %w", err)
	}
	if len(document) > maxKeySetBytes {
		return nil, fmt.Errorf("read the key set: it is larger than %d bytes", maxKeySetBytes)
	}
	return document, nil
}

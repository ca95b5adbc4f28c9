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
	// refreshInterval is how long a key is good for after it has been taken out of the set.
	refreshInterval = 5 * time.Minute
	// fetchTimeout bounds one fetch, from dialling to the last byte.
	fetchTimeout = 5 * time.Second
	// maxKeySetBytes bounds what is read of an answer. Real ones have a few kilobytes.
	maxKeySetBytes = 1 << 20

	// minRetryPause is the pause after a fetch that failed. It doubles with each further failure,
	// up to maxRetryPause.
	minRetryPause = time.Second
	maxRetryPause = time.Minute
	// maxStale is how long the last good set is used while it cannot be fetched again. After it
	// all tokens are rejected: keys that may have been revoked a day ago are worse than none.
	maxStale = 24 * time.Hour

	// Tokens with unknown keys cause at most requestBurst fetches at once, and then one every
	// requestInterval. Every client can make such tokens, so they must not flood the issuer; and a
	// new key must be found at once.
	requestInterval = 10 * time.Second
	requestBurst    = 3
)

// A keySet holds the public keys at an address. One goroutine fetches them, at intervals and on
// request: however many requests wait for a new key, one fetch serves them all.
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

// snapshot is what is known of the set. It never changes.
type snapshot struct {
	keys []publicKey
	// generation grows with each change of the keys.
	generation uint64
	// digest is that of the document which the keys were read from.
	digest [sha256.Size]byte
	// err is why the keys could not be fetched when that was last tried; nil where they were.
	err error
}

// publicKey is a key of the set, good for one algorithm only.
type publicKey struct {
	id        string
	algorithm string
	key       crypto.PublicKey
}

// has says whether a key has that id. The empty id is that of a token which names none: any key may
// be its.
func (s *snapshot) has(id string) bool {
	return slices.ContainsFunc(s.keys, func(k publicKey) bool { return id == "" || k.id == id })
}

// keyRequest wants a key that is not in the set.
type keyRequest struct {
	id string
	// response receives 0 once the current snapshot is newer than the question, or how long it
	// takes until the set may be fetched again for an unknown key. It has room for one.
	response chan<- time.Duration
}

// errThrottled says that the set was not fetched for an unknown key.
var errThrottled = errors.New(
	"too many tokens with unknown keys: the key set is not fetched for each",
)

// newKeySet starts a goroutine that runs until ctx ends or close is called.
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
			// Minutes lie between two fetches: a connection kept open would only be found broken.
			DisableKeepAlives: true,
		},
		// The operator named the address that is trusted. Where it leads elsewhere, they should say
		// so.
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

// find returns the keys with that id that are good for that algorithm. It requests a fetch if it
// knows no key with that id; ctx bounds the wait.
//
// For a token that names no key (id is empty) every key of its algorithm is tried, and a new key is
// found by the next refresh and not at once.
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
	case current.err != nil: // the key may well be there by now
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

// request requests a fetch for an unknown key and returns 0, or how long it takes until it may
// be fetched again: then it was not, and the key may be there.
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
			// A caller that asked while a fetch was under way may find its key already there.
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

// refresher is what run remembers from one fetch to the next.
type refresher struct {
	succeeded time.Time // when a fetch last did; zero if never
	failures  int       // since then
}

// refresh fetches the set once, makes what it finds current, and returns how long to wait before
// the next time.
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
			s.log.InfoContext(ctx, "the key set can be fetched again", "failures", r.failures)
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
		"cannot fetch the key set that tokens are verified with",
		"error",
		err,
		"retry_in",
		pause,
	)
	if len(failed.keys) > 0 && time.Since(r.succeeded) >= maxStale {
		failed = snapshot{generation: failed.generation + 1, err: err}
		s.log.ErrorContext(
			ctx,
			"the key set is too old to be used any longer",
			"fetched_at",
			r.succeeded,
		)
	}
	s.current.Store(&failed)
	return pause
}

// next returns what the current snapshot is to be replaced with.
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
		s.log.InfoContext(ctx, "the key set has new contents", "keys", len(keys))
	}
	return &next, nil
}

// fetch returns the document at the address.
func (s *keySet) fetch(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.address, nil)
	if err != nil {
		return nil, fmt.Errorf("ask for the key set: %w", err)
	}
	req.Header.Set("Accept", "application/jwk-set+json, application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask for the key set: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("ask for the key set: the answer is %s", resp.Status)
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

package auth

import "time"

// Reason tells programs why a token was not accepted.
type Reason string

// The reasons. With each but KeysUnavailable the token itself is at fault, and sending it again
// does not help.
const (
	// Malformed is a token that cannot be read, or has a claim of the wrong type.
	Malformed Reason = "malformed"
	// AlgorithmNotAllowed is a token that is signed in another way than the server is configured
	// for, or not at all.
	AlgorithmNotAllowed Reason = "algorithm_not_allowed"
	// BadSignature is a token whose signature no known key has made.
	BadSignature Reason = "bad_signature"
	// Expired is a token whose exp has come.
	Expired Reason = "expired"
	// NotYetValid is a token whose nbf has not come.
	NotYetValid Reason = "not_yet_valid"
	// WrongIssuer is a token whose iss is not the configured issuer.
	WrongIssuer Reason = "wrong_issuer"
	// WrongAudience is a token whose aud does not name the configured audience.
	WrongAudience Reason = "wrong_audience"
	// BadSubject is a token without a sub, or with one that cannot be a person's id.
	BadSubject Reason = "bad_subject"
	// BadExpiry is a token without an exp, or with one that is not a plausible time in seconds.
	BadExpiry Reason = "bad_expiry"
	// KeysUnavailable is a token that could not be judged, because the key set cannot be fetched,
	// or was fetched so often for unknown keys that it is too soon to look for another. The token
	// may be good: try again.
	KeysUnavailable Reason = "keys_unavailable"
)

// Error is why a token was not accepted.
type Error struct {
	Reason Reason
	// Message is for people: it says what is wrong and never repeats anything of the token.
	Message string
	// RetryAfter is when to try again, with KeysUnavailable, if that is known.
	RetryAfter time.Duration
	// cause is what lies beneath; for the log only.
	cause error
}

// Error returns the message alone. The cause may name internal addresses; it is there to
// unwrap.
func (e *Error) Error() string { return e.Message }

// Unwrap returns what lies beneath, or nil.
func (e *Error) Unwrap() error { return e.cause }

func refuse(reason Reason, message string) *Error {
	return &Error{Reason: reason, Message: message}
}

func malformed(message string) *Error {
	return refuse(Malformed, message)
}

func unavailable(cause error) *Error {
	return &Error{
		Reason:  KeysUnavailable,
		Message: "The server cannot fetch the keys that tokens are verified with. Try again.",
		cause:   cause,
	}
}

package auth

import "time"

// Reason is the machine-readable reason for which a token was rejected.
type Reason string

// The reasons. Except for KeysUnavailable, the token is invalid, and sending it again does not help.
const (
	// Malformed is a token that cannot be parsed, or has a claim of the wrong type.
	Malformed Reason = "malformed"
	// AlgorithmNotAllowed is a token without a signature, or with an algorithm that the server is not
	// configured for.
	AlgorithmNotAllowed Reason = "algorithm_not_allowed"
	// BadSignature is a token whose signature no known key verifies.
	BadSignature Reason = "bad_signature"
	// Expired is a token whose exp is past.
	Expired Reason = "expired"
	// NotYetValid is a token whose nbf is in the future.
	NotYetValid Reason = "not_yet_valid"
	// WrongIssuer is a token whose iss is not the configured issuer.
	WrongIssuer Reason = "wrong_issuer"
	// WrongAudience is a token whose aud does not name the configured audience.
	WrongAudience Reason = "wrong_audience"
	// BadSubject is a token without a sub, or with one that is not a valid user id.
	BadSubject Reason = "bad_subject"
	// BadExpiry is a token without an exp, or with one that is not a plausible time in seconds.
	BadExpiry Reason = "bad_expiry"
	// KeysUnavailable is a token that could not be verified, because the key set cannot be fetched, or
	// was fetched too often for unknown keys. The token may be valid: try again.
	KeysUnavailable Reason = "keys_unavailable"
)

// Error is the error for a rejected token.
type Error struct {
	Reason Reason
	// Message is for users. It says what is wrong, and contains no part of the token.
	Message string
	// RetryAfter is the time until a retry may succeed, for KeysUnavailable. 0 is unknown.
	RetryAfter time.Duration
	// cause is for the log only.
	cause error
}

// Error returns the message without the cause, which may contain internal addresses.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause, or nil.
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
		Message: "The server cannot fetch the keys that verify tokens. Try again.",
		cause:   cause,
	}
}

package config

import "log/slog"

// Secret is a confidential setting. If it is printed, encoded or logged, only whether it is set is
// shown. Convert it to a string to use it.
type Secret string

const redacted = "[redacted]"

func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString covers %#v.
func (s Secret) GoString() string { return `"` + s.String() + `"` }

// MarshalText covers JSON and its like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue covers slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

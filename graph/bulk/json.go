package bulk

import (
	"encoding/json"
	"strconv"
	"time"
)

// String appends a string as JSON.
func String(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			return escaped(b, s)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// escaped appends a string as JSON that has something in it which is not written as it is, or may not be.
func escaped(b []byte, s string) []byte {
	quoted, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings always encode
	}
	return append(b, quoted...)
}

// Int appends a whole number as JSON.
func Int(b []byte, n int64) []byte { return strconv.AppendInt(b, n, 10) }

// Bool appends a truth value as JSON.
func Bool(b []byte, v bool) []byte { return strconv.AppendBool(b, v) }

// Time appends an instant as JSON: RFC 3339 in UTC, always with six digits of a second, so that times sort as texts do.
func Time(b []byte, t time.Time) []byte {
	t = t.UTC()
	b = append(b, '"')
	b = t.AppendFormat(b, "2006-01-02T15:04:05")
	micros := t.Nanosecond() / int(time.Microsecond)
	b = append(b, '.', 0, 0, 0, 0, 0, 0, 'Z', '"')
	for i := len(b) - 3; micros > 0 || b[i] != '.'; i-- {
		b[i] = byte('0' + micros%10)
		micros /= 10
	}
	return b
}

// Strings appends a list of strings as JSON.
func Strings(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = String(b, s)
	}
	return append(b, ']')
}

// Null appends null where there is no value, or what write appends.
func Null[T any](b []byte, v *T, write func([]byte, T) []byte) []byte {
	if v == nil {
		return append(b, "null"...)
	}
	return write(b, *v)
}

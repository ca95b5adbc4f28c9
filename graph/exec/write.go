package exec

import (
	"encoding/hex"
	"encoding/json"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// writer writes a response.
type writer struct {
	b    []byte
	path []segment
	errs gqlerror.List
}

// segment is a part of a path: a name, or an index where that is empty.
type segment struct {
	name  string
	index int
}

func (w *writer) push(name string)    { w.path = append(w.path, segment{name: name}) }
func (w *writer) pushIndex(index int) { w.path = append(w.path, segment{index: index}) }
func (w *writer) pop()                { w.path = w.path[:len(w.path)-1] }

// null writes null and returns true.
func (w *writer) null() bool {
	w.b = append(w.b, "null"...)
	return true
}

// fail adds an error at the current path.
func (w *writer) fail(err *gqlerror.Error) {
	at := *err
	at.Path = make(ast.Path, len(w.path))
	for i, s := range w.path {
		if s.name == "" {
			at.Path[i] = ast.PathIndex(s.index)
		} else {
			at.Path[i] = ast.PathName(s.name)
		}
	}
	w.errs = append(w.errs, &at)
}

// appendKey appends the key of an object's member.
func appendKey(b []byte, key string) []byte { return append(strconv.AppendQuote(b, key), ':') }

// plain has the bytes that a JSON string has as they are, if the text is UTF-8.
var plain = func() (is [256]bool) { //nolint:gochecknoglobals // never changed
	for c := ' '; c <= 0xff; c++ {
		is[c] = c != '"' && c != '\\' && c != 0x7f
	}
	return is
}()

// String appends a string as JSON.
func String[S ~string](b []byte, s S) []byte {
	var bits byte
	escapes := false
	for i := range len(s) {
		bits |= s[i]
		if !plain[s[i]] {
			escapes = true
			break
		}
	}
	if escapes || bits >= utf8.RuneSelf && !utf8.ValidString(string(s)) {
		quoted, err := json.Marshal(string(s))
		if err != nil {
			panic(err) // strings always encode
		}
		return append(b, quoted...)
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// Int appends a whole number as JSON.
func Int[N ~int | ~int32 | ~int64](b []byte, n N) []byte {
	return strconv.AppendInt(b, int64(n), 10)
}

// Bool appends a truth value as JSON.
func Bool(b []byte, v bool) []byte { return strconv.AppendBool(b, v) }

// Time appends an instant as JSON: RFC 3339 in UTC, always with six digits of a second, so that
// times sort as texts do.
func Time(b []byte, t time.Time) []byte {
	t = t.UTC()
	b = append(b, '"')
	b = t.AppendFormat(b, "2006-01-02T15:04:05")
	micros := t.Nanosecond() / int(time.Microsecond)
	b = append(b, ".000000Z\""...)
	for i := len(b) - 3; micros > 0; i-- {
		b[i] = byte('0' + micros%10)
		micros /= 10
	}
	return b
}

// UUID appends a UUID as JSON.
func UUID(b []byte, id uuid.UUID) []byte {
	var text [36]byte
	hex.Encode(text[0:8], id[0:4])
	hex.Encode(text[9:13], id[4:6])
	hex.Encode(text[14:18], id[6:8])
	hex.Encode(text[19:23], id[8:10])
	hex.Encode(text[24:36], id[10:16])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	b = append(b, '"')
	b = append(b, text[:]...)
	return append(b, '"')
}

// Or appends what write appends of a value, or null where there is none.
func Or[V any](write func(b []byte, value V) []byte) func(b []byte, value *V) []byte {
	return func(b []byte, value *V) []byte {
		if value == nil {
			return append(b, "null"...)
		}
		return write(b, *value)
	}
}

// Marshaled appends what a function of gqlgen's makes of a value.
func Marshaled[V any](marshal func(V) graphql.Marshaler) func(b []byte, value V) []byte {
	return func(b []byte, value V) []byte {
		out := appender{b}
		marshal(value).MarshalGQL(&out)
		return out.b
	}
}

type appender struct{ b []byte }

var _ io.Writer = (*appender)(nil)

func (a *appender) Write(p []byte) (int, error) {
	a.b = append(a.b, p...)
	return len(p), nil
}

package live

import (
	"bytes"
	"strconv"
)

// Positioned is a [Subscriber] to a log: its payloads have positions, at which another subscription
// can continue.
type Positioned interface {
	Subscriber
	// Position returns the seq that the first event after the beginning of the subscription follows.
	Position() int64
}

// What AppendPosition appends.
const (
	positionKey = `,"extensions":{"seq":`
	resyncFlag  = `,"resync":true`
)

// AppendPosition appends the extensions of a payload to its other members: the seq of its event,
// and resync if the stream continues there from another position. The caller closes the object
// behind them.
func AppendPosition(payload []byte, seq int64, resync bool) []byte {
	payload = strconv.AppendInt(append(payload, positionKey...), seq, 10)
	if resync {
		payload = append(payload, resyncFlag...)
	}
	return append(payload, '}')
}

// PositionOf returns the seq that AppendPosition has appended to a payload, if it has. It reads the
// end of the payload only: nothing else in JSON can end with the same bytes.
func PositionOf(payload []byte) (seq int64, ok bool) {
	rest, closed := bytes.CutSuffix(payload, []byte("}}"))
	rest = bytes.TrimSuffix(rest, []byte(resyncFlag))
	start := len(rest)
	for start > 0 && rest[start-1] >= '0' && rest[start-1] <= '9' {
		start--
	}
	if !closed || !bytes.HasSuffix(rest[:start], []byte(positionKey)) {
		return 0, false
	}
	seq, err := strconv.ParseInt(string(rest[start:]), 10, 64)
	return seq, err == nil
}

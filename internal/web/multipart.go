package web

import "parley/internal/live"

// mediaMultipart is the media type of multipart subscriptions.
const mediaMultipart = "multipart/mixed"

// multipartSubscriptions returns the format of Apollo's multipart protocol for subscriptions, 1.0:
// https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol.
// Each result is a part. Errors that end a stream are in a last part without a result.
func multipartSubscriptions() *streamFormat {
	return &streamFormat{
		kind:        kindMultipart,
		media:       mediaMultipart,
		spec:        "1.0",
		contentType: mediaMultipart + `;boundary="graphql";subscriptionSpec=1.0`,
		encoder:     func() streamEncoder { return multipartEncoder{} },
	}
}

type multipartEncoder struct{}

// Parts end with the delimiter, so that clients handle them at once. What follows a delimiter makes
// it begin a part or end the stream.
const (
	partHeader    = "\r\nContent-Type: application/json\r\n\r\n"
	partDelimiter = "\r\n--graphql"
	streamEnd     = "--\r\n"
)

func (multipartEncoder) start(live.Subscriber) [][]byte { return [][]byte{[]byte(partDelimiter)} }

func (multipartEncoder) result(data []byte) [][]byte {
	return [][]byte{[]byte(partHeader + `{"payload":`), data, []byte("}" + partDelimiter)}
}

func (multipartEncoder) heartbeat() [][]byte {
	return [][]byte{[]byte(partHeader + "{}" + partDelimiter)}
}

func (multipartEncoder) end(errs []byte) [][]byte {
	if errs == nil {
		return [][]byte{[]byte(streamEnd)}
	}
	const before = partHeader + `{"payload":null,"errors":`
	return [][]byte{[]byte(before), errs, []byte("}" + partDelimiter + streamEnd)}
}

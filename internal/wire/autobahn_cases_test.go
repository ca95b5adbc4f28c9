package wire_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gobwas/ws"
)

const (
	hello      = "Hello, world!"
	binaryData = "\x00\xff\xfe\xfd\xfc\xfb\x00\xff"
	// greek is a valid text, and surrogate makes it invalid.
	greek     = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"
	surrogate = "\xed\xa0\x80"
	german    = "Hello-µ@ßöäüàá-UTF-8!!"
)

// converse returns a case of one step.
func converse(
	id string,
	chop int,
	code ws.StatusCode,
	replies []reply,
	frames ...[]byte,
) conversation {
	return conversation{id: id, chop: chop, code: code, steps: []step{{frames, replies}}}
}

// echoed returns a case of one message that the server sends back.
func echoed(id string, chop int, op ws.OpCode, payload string, frames ...[]byte) conversation {
	return converse(id, chop, 0, []reply{{op, payload}}, frames...)
}

// failed returns a case of frames for which the server closes the WebSocket with 1002.
func failed(id string, chop int, replies []reply, frames ...[]byte) conversation {
	return converse(id, chop, ws.StatusProtocolError, replies, frames...)
}

// framing returns the cases 1.x: messages around the bounds of the length encodings.
func framing() (cases []conversation) {
	for i, kind := range []struct {
		op      ws.OpCode
		pattern string
	}{{ws.OpText, "*"}, {ws.OpBinary, "\xfe"}} {
		for j, size := range []int{0, 125, 126, 127, 128, 65535, 65536, 65536} {
			chop := 0
			if j == 7 {
				chop = 997
			}
			payload := repeated(kind.pattern, size)
			cases = append(cases, echoed(fmt.Sprintf("1.%d.%d", i+1, j+1), chop, kind.op, payload,
				masked(true, kind.op, payload)))
		}
	}
	return cases
}

// pings returns the cases 2.x.
func pings() []conversation {
	ponged := func(id string, chop int, payloads ...string) conversation {
		var replies []reply
		var frames [][]byte
		for _, payload := range payloads {
			replies = append(replies, reply{ws.OpPong, payload})
			frames = append(frames, masked(true, ws.OpPing, payload))
		}
		return converse(id, chop, 0, replies, frames...)
	}
	var ten []string
	for i := range 10 {
		ten = append(ten, fmt.Sprintf("payload-%d", i))
	}
	long := repeated("\xfe", 125)
	unsolicited := masked(true, ws.OpPong, "unsolicited pong payload")
	return []conversation{
		ponged("2.1", 0, ""),
		ponged("2.2", 0, hello),
		ponged("2.3", 0, binaryData),
		ponged("2.4", 0, long),
		failed("2.5", 0, nil, masked(true, ws.OpPing, long+"\xfe")),
		ponged("2.6", 1, long),
		converse("2.7", 0, 1000, nil, masked(true, ws.OpPong, ""), closing(1000, "")),
		converse("2.8", 0, 1000, nil, unsolicited, closing(1000, "")),
		converse("2.9", 0, 0, []reply{{ws.OpPong, "ping payload"}},
			unsolicited, masked(true, ws.OpPing, "ping payload")),
		ponged("2.10", 0, ten...),
		ponged("2.11", 1, ten...),
	}
}

// afterMessage returns a case of a message, a forbidden frame, and a ping that must not be answered.
func afterMessage(id string, chop int, forbidden []byte) conversation {
	return failed(id, chop, []reply{{ws.OpText, hello}},
		text(hello), forbidden, masked(true, ws.OpPing, ""))
}

// reservedBits returns the cases 3.x.
func reservedBits() []conversation {
	return []conversation{
		failed("3.1", 0, nil, reserved(1, ws.OpText, hello)),
		afterMessage("3.2", 0, reserved(2, ws.OpText, hello)),
		afterMessage("3.3", byFrame, reserved(3, ws.OpText, hello)),
		afterMessage("3.4", 1, reserved(4, ws.OpText, hello)),
		failed("3.5", 0, nil, reserved(5, ws.OpBinary, binaryData)),
		failed("3.6", 0, nil, reserved(6, ws.OpPing, hello)),
		failed("3.7", 0, nil, reserved(7, ws.OpClose, "")),
	}
}

// opcodes returns the cases 4.x: reserved opcodes.
func opcodes() (cases []conversation) {
	for i, first := range []ws.OpCode{3, 11} {
		id := fmt.Sprintf("4.%d.", i+1)
		cases = append(cases,
			failed(id+"1", 0, nil, reserved(0, first, "")),
			failed(id+"2", 0, nil, reserved(0, first+1, "reserved opcode payload")),
			afterMessage(id+"3", 0, reserved(0, first+2, "")),
			afterMessage(id+"4", 0, reserved(0, first+3, hello)),
			afterMessage(id+"5", 1, reserved(0, first+4, hello)),
		)
	}
	return cases
}

// fragments returns the cases 5.x.
func fragments() []conversation {
	begin := func(payload string) []byte { return masked(false, ws.OpText, payload) }
	part := func(payload string) []byte { return masked(false, ws.OpContinuation, payload) }
	end := func(payload string) []byte { return masked(true, ws.OpContinuation, payload) }
	ping := func(payload string) []byte { return masked(true, ws.OpPing, payload) }
	cases := []conversation{
		failed("5.1", 0, nil, masked(false, ws.OpPing, "one"), end("two")),
		failed("5.2", 0, nil, masked(false, ws.OpPong, "one"), end("two")),
	}
	for i, chop := range []int{0, byFrame, 1} {
		cases = append(cases,
			echoed(fmt.Sprint("5.", 3+i), chop, ws.OpText, "onetwo", begin("one"), end("two")),
			converse(fmt.Sprint("5.", 6+i), chop, 0,
				[]reply{{ws.OpPong, "ping"}, {ws.OpText, "onetwo"}},
				begin("one"), ping("ping"), end("two")),
			failed(fmt.Sprint("5.", 9+i), chop, nil, end("nothing to continue"), text(hello)),
			failed(fmt.Sprint("5.", 12+i), chop, nil, part("nothing to continue"), text(hello)),
		)
	}
	pingsBetween := []step{
		{
			[][]byte{begin("1"), part("2"), ping("first")},
			[]reply{{ws.OpPong, "first"}},
		},
		{
			[][]byte{part("3"), part("4"), ping("second"), end("5")},
			[]reply{{ws.OpPong, "second"}, {ws.OpText, "12345"}},
		},
	}
	return append(cases,
		failed("5.15", 0, []reply{{ws.OpText, "12"}}, begin("1"), end("2"), part("3"), text("4")),
		failed("5.16", 0, nil, part("1"), begin("2"), end("3"), part("1"), begin("2"), end("3")),
		failed("5.17", 0, nil, end("1"), begin("2"), end("3"), end("1"), begin("2"), end("3")),
		failed("5.18", 0, nil, begin("1"), text("2")),
		conversation{id: "5.19", steps: pingsBetween, wait: true},
		conversation{id: "5.20", steps: pingsBetween, wait: true, chop: byFrame},
	)
}

// closings returns the cases 7.x: close frames.
func closings() []conversation {
	const normal, protocol = ws.StatusNormalClosure, ws.StatusProtocolError
	bye, big := closing(normal, ""), repeated("BAsd7&jh23", 256<<10)
	cases := []conversation{
		echoed("7.1.1", 0, ws.OpText, hello, text(hello)),
		converse("7.1.2", 0, normal, nil, bye, masked(true, ws.OpClose, "")),
		converse("7.1.3", 0, normal, nil, bye, masked(true, ws.OpPing, "")),
		converse("7.1.4", 0, normal, nil, bye, text(hello)),
		converse("7.1.5", 0, normal, nil,
			masked(false, ws.OpText, "one"), bye, masked(true, ws.OpContinuation, "two")),
		converse("7.1.6", 0, normal, []reply{{ws.OpText, big}, {ws.OpText, hello}},
			text(big), text(hello), bye, masked(true, ws.OpPing, "")),
		converse("7.3.1", 0, ws.StatusNoStatusRcvd, nil, masked(true, ws.OpClose, "")),
		failed("7.3.2", 0, nil, masked(true, ws.OpClose, "a")),
		converse("7.3.3", 0, normal, nil, bye),
		converse("7.3.4", 0, normal, nil, closing(normal, hello)),
		converse("7.3.5", 0, normal, nil, closing(normal, repeated("*", 123))),
		failed("7.3.6", 0, nil, masked(true, ws.OpClose, "\x03\xe8"+repeated("*", 124))),
		failed("7.5.1", 0, nil, closing(normal, greek+surrogate+"edited")),
	}
	for i, code := range []ws.StatusCode{
		1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999,
	} {
		cases = append(cases, converse(fmt.Sprint("7.7.", i+1), 0, code, nil, closing(code, "")))
	}
	for i, code := range []ws.StatusCode{0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999} {
		cases = append(
			cases,
			converse(fmt.Sprint("7.9.", i+1), 0, protocol, nil, closing(code, "")),
		)
	}
	for i, code := range []ws.StatusCode{5000, 65535} { // the specification says nothing of these
		cases = append(cases, converse(fmt.Sprint("7.13.", i+1), 0, code, nil, closing(code, "")))
	}
	return cases
}

// limits runs the cases 9.x and 10.1.1: large messages, many frames, and many messages.
func limits(run func(conversation)) {
	for i, kind := range []struct {
		op      ws.OpCode
		pattern string
	}{{ws.OpText, "BAsd7&jh23"}, {ws.OpBinary, "\x00\xfe\x23\xfa\xf0"}} {
		for j, size := range []int{64 << 10, 256 << 10, 1 << 20, 4 << 20, 8 << 20, 16 << 20} {
			payload := repeated(kind.pattern, size)
			run(echoed(fmt.Sprintf("9.%d.%d", 1+i, j+1), 0, kind.op, payload,
				masked(true, kind.op, payload)))
		}
		for j := range 9 { // frames of 64 bytes to 4 MiB
			payload := repeated("*", 4<<20)
			run(echoed(fmt.Sprintf("9.%d.%d", 3+i, j+1), 0, kind.op, payload,
				split(kind.op, payload, 64<<(2*j))...))
		}
		for j := range 6 { // writes of 64 to 2,048 bytes
			payload := repeated(kind.pattern, 1<<20)
			run(echoed(fmt.Sprintf("9.%d.%d", 5+i, j+1), 64<<j, kind.op, payload,
				masked(true, kind.op, payload)))
		}
		for j, size := range []int{0, 16, 64, 256, 1024, 4096} {
			payload := repeated(kind.pattern, size)
			s := step{[][]byte{masked(true, kind.op, payload)}, []reply{{kind.op, payload}}}
			run(conversation{
				id: fmt.Sprintf("9.%d.%d", 7+i, j+1), steps: slices.Repeat([]step{s}, 1000),
			})
		}
	}
	payload := strings.Repeat("*", 65536)
	run(echoed("10.1.1", 0, ws.OpText, payload, split(ws.OpText, payload, 1300)...))
}

package wire_test

import (
	"fmt"
	"strings"

	"github.com/gobwas/ws"
)

// texts returns the cases 6.x: valid and invalid UTF-8.
func texts() []conversation {
	const edited = greek + surrogate + "edited"
	invalid := func(id string, frames ...[]byte) conversation {
		return converse(id, 0, ws.StatusInvalidFramePayloadData, nil, frames...)
	}
	// late returns a case of a text in parts: the server accepts the first and fails at the last.
	late := func(id string, parts ...[]byte) conversation {
		c := invalid(id)
		c.steps, c.wait = nil, true
		for _, part := range parts {
			c.steps = append(c.steps, step{frames: [][]byte{part}})
		}
		return c
	}
	begin := masked(false, ws.OpText, greek)
	beyond := greek + "\xf4\x90\x80\x80" + "edited" // a code point after the last
	whole := text(beyond)
	at := len(whole) - len(beyond) + len(greek)
	cases := []conversation{
		echoed("6.1.1", 0, ws.OpText, "", text("")),
		echoed("6.1.2", 0, ws.OpText, "", masked(false, ws.OpText, ""),
			masked(false, ws.OpContinuation, ""), masked(true, ws.OpContinuation, "")),
		echoed("6.1.3", 0, ws.OpText, "middle", masked(false, ws.OpText, ""),
			masked(false, ws.OpContinuation, "middle"), masked(true, ws.OpContinuation, "")),
		echoed("6.2.1", 0, ws.OpText, german, text(german)),
		echoed("6.2.2", 0, ws.OpText, german, split(ws.OpText, german, len("Hello-µ@ßöä"))...),
		echoed("6.2.3", 0, ws.OpText, german, split(ws.OpText, german, 1)...),
		echoed("6.2.4", 0, ws.OpText, greek, split(ws.OpText, greek, 1)...),
		invalid("6.3.1", text(edited)),
		invalid("6.3.2", split(ws.OpText, edited, 1)...),
		// The server fails at the frame, complete or not, that makes the text invalid.
		late("6.4.1", begin, masked(false, ws.OpContinuation, "\xf4\x90\x80\x80")),
		late(
			"6.4.2",
			masked(false, ws.OpText, greek+"\xf4"),
			masked(false, ws.OpContinuation, "\x90"),
		),
		// Within a frame it fails at the end of the frame, as the suite allows.
		late("6.4.3", whole[:at], whole[at:at+4], whole[at+4:]),
		late("6.4.4", whole[:at+1], whole[at+1:at+2], whole[at+2:]),
	}
	for i, group := range sequences() {
		for j, sequence := range group {
			id := fmt.Sprintf("6.%d.%d", i+5, j+1)
			if payload, ok := strings.CutPrefix(sequence, "-"); ok {
				cases = append(cases, invalid(id, text(payload)))
			} else {
				cases = append(cases, echoed(id, 0, ws.OpText, sequence, text(sequence)))
			}
		}
	}
	return cases
}

// bad marks sequences as invalid, with a first "-".
func bad(sequences ...string) (marked []string) {
	for _, s := range sequences {
		marked = append(marked, "-"+s)
	}
	return marked
}

// sequences returns the texts of the groups 6.5 to 6.23, after Markus Kuhn's UTF-8 stress test.
func sequences() [][]string {
	var prefixes []string
	for n := range len(greek) {
		switch n + 1 {
		case 2, 5, 7, 9, 11: // the ends of characters
			prefixes = append(prefixes, greek[:n+1])
		default:
			prefixes = append(prefixes, bad(greek[:n+1])...)
		}
	}
	// bytesFrom returns the bytes of a range, each followed by a text.
	bytesFrom := func(from, to byte, after string) string {
		var s strings.Builder
		for b := from; b < to; b++ {
			_ = s.WriteByte(b)
			_, _ = s.WriteString(after)
		}
		return s.String()
	}
	cut := []string{ // without their last byte
		"\xc0", "\xe0\x80", "\xf0\x80\x80", "\xf8\x80\x80\x80", "\xfc\x80\x80\x80\x80",
		"\xdf", "\xef\xbf", "\xf7\xbf\xbf", "\xfb\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf",
	}
	var noncharacters []string
	for plane := range rune(17) {
		noncharacters = append(noncharacters, string(plane<<16|0xfffe), string(plane<<16|0xffff))
	}
	return [][]string{
		{"hello$world", "hello¢world", "hello€world", "hello\U00024b62world", greek},
		prefixes,
		{"\x00", "\u0080", "\u0800", "\U00010000"},              // the first of each length
		bad("\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80"), // of five and six bytes
		{"\x7f", "\u07ff", "\uffff", "\U0010ffff"},              // the last of each length
		bad("\xf7\xbf\xbf\xbf", "\xfb\xbf\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf\xbf"),
		append([]string{"\ud7ff", "\ue000", "\ufffd", "\U0010ffff"}, bad("\xf4\x90\x80\x80")...),
		bad("\x80", "\xbf", "\x80\xbf", "\x80\xbf\x80", "\x80\xbf\x80\xbf", "\x80\xbf\x80\xbf\x80",
			"\x80\xbf\x80\xbf\x80\xbf", bytesFrom(0x80, 0xbf, "")), // continuations of nothing
		bad(bytesFrom(0xc0, 0xdf, " "), bytesFrom(0xe0, 0xef, " "), bytesFrom(0xf0, 0xf7, " "),
			bytesFrom(0xf8, 0xfb, " "), bytesFrom(0xfc, 0xfd, " ")), // beginnings alone
		bad(cut...),
		bad(strings.Join(cut, "")),
		bad("\xfe", "\xff", "\xfe\xfe\xff\xff"), // bytes that do not occur
		bad("\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf", "\xf8\x80\x80\x80\xaf",
			"\xfc\x80\x80\x80\x80\xaf"), // longer than necessary
		bad("\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xf8\x87\xbf\xbf\xbf",
			"\xfc\x83\xbf\xbf\xbf\xbf"),
		bad("\xc0\x80", "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xf8\x80\x80\x80\x80",
			"\xfc\x80\x80\x80\x80\x80"),
		bad(surrogate, "\xed\xad\xbf", "\xed\xae\x80", "\xed\xaf\xbf", "\xed\xb0\x80",
			"\xed\xbe\x80", "\xed\xbf\xbf"),
		bad("\xed\xa0\x80\xed\xb0\x80", "\xed\xa0\x80\xed\xbf\xbf", "\xed\xad\xbf\xed\xb0\x80",
			"\xed\xad\xbf\xed\xbf\xbf", "\xed\xae\x80\xed\xb0\x80", "\xed\xae\x80\xed\xbf\xbf",
			"\xed\xaf\xbf\xed\xb0\x80", "\xed\xaf\xbf\xed\xbf\xbf"),
		noncharacters,
		{"\ufff9", "\ufffa", "\ufffb", "\ufffc", "\ufffd", "\ufffe", "\uffff"},
	}
}

package text_test

import (
	"strings"
	"testing"

	"parley/internal/text"
)

func TestFold(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{"tea", "TEA", "Tea"},
		{"ΟΔΥΣΣΕΥΣ", "οδυσσευς", "οδυσσευσ"},
		{"STRASSE", "straße", "STRAẞE"},
		{"ſ", "s"},
		{"µ", "μ", "Μ"},
		{"caf\u00e9", "cafe\u0301", "CAFE\u0301"},
		{"ǆ", "Ǆ", "ǅ"},
		{"\u1e69", "s\u0323\u0307", "s\u0307\u0323"},
		{"İ", "i\u0307"},
	} {
		for _, s := range same[1:] {
			if got, want := text.Fold(s), text.Fold(same[0]); got != want {
				t.Errorf("Fold(%+q) = %+q, want %+q", s, got, want)
			}
		}
	}
	for _, pair := range [][2]string{{"e", "é"}, {"i", "ı"}, {"o", "ö"}, {"a b", "ab"}} {
		if text.Fold(pair[0]) == text.Fold(pair[1]) {
			t.Errorf("%q and %q are one", pair[0], pair[1])
		}
	}
	if s := text.Fold(
		text.Fold("Straße ΟΔΥΣΣΕΥΣ İ cafe\u0301"),
	); s != text.Fold(
		"Straße ΟΔΥΣΣΕΥΣ İ cafe\u0301",
	) {
		t.Errorf("folded twice: %q", s)
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	const family = "👩\u200d👩\u200d👧"
	for kind, test := range map[text.Kind]struct{ good, bad []string }{
		text.Prose: {
			[]string{"a", "two\nlines", "\u202eabc", "\ufffe.", family, "\U0001fae9", "\u0600"},
			[]string{"", " \n", "\u200b\u200d", "\u3164", "\u2800", "\ufe0f", "\U000e0041", "\x00a", "\xff", strings.Repeat("é", 51)},
		},
		text.Label: {
			[]string{"a", "Ünïcode", "می\u200cخواهم", "\u200fשלום", family, "a b", "\U0001fae9"},
			[]string{"", " ", "\u200b", "a\nb", "a\tb", "a\u202eb", "\u2066a\u2069", "a\u2028b", "\ufffe.", "\x7fa", "\u0085a"},
		},
		text.Emoji: {
			[]string{"👍", "❤️", "❤", "1️⃣", family, "🏴\U000e0067\U000e007f", ":tada:"},
			[]string{"", "\u200d", "\u200b", "\u202e", "\ufe0f", "a b", "👍\u00a0"},
		},
		text.ID:         {[]string{"a", "a b", "\u200b"}, []string{"", "a\n", "\ufffd"}},
		text.Opaque:     {[]string{"\x01", " "}, []string{"", "\x00"}},
		text.WebAddress: {[]string{"https://a.example/p.png", "http://[::1]:80/?q#f"}, []string{"javascript:alert(1)", "data:image/png;base64,AA", "//a.example", "https:", "https:///p", "ftp://a", "https://a b", "https://a\u202e", "HTTPS"}},
	} {
		rule := text.Rule{Kind: kind, Least: 1, Most: 50}
		for _, s := range test.good {
			if problem := rule.Problem(s); problem != "" {
				t.Errorf("kind %d: %+q %s", kind, s, problem)
			}
		}
		for _, s := range test.bad {
			if rule.Problem(s) == "" {
				t.Errorf("kind %d: %+q is accepted", kind, s)
			}
		}
	}
	for s, want := range map[string]string{"Ada\u202e\n Lovelace": "Ada Lovelace", "\u200b": "", "Ünïcode": "Ünïc"} {
		most := 20
		if want == "Ünïc" {
			most = 4
		}
		if got := text.Fitting(s, most); got != want {
			t.Errorf("Fitting(%+q) = %+q, want %+q", s, got, want)
		}
	}
	if text.EmojiKey("❤️") != text.EmojiKey("❤") || text.EmojiKey("👍") == text.EmojiKey("👍🏽") {
		t.Error("emojis are compared in another way")
	}
}

func BenchmarkContents(b *testing.B) {
	rule, s := text.Rule{
		Kind:  text.Prose,
		Least: 1,
		Most:  16_000,
	}, strings.Repeat(
		"Hello, world. ",
		10,
	)
	for b.Loop() {
		if rule.Problem(s) != "" {
			b.Fatal("refused")
		}
	}
}

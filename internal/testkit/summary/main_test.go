package main

import (
	"strings"
	"testing"
)

func TestSummarize(t *testing.T) {
	t.Parallel()
	const events = `{"Action":"build-output","ImportPath":"a","Output":"a.go:1: broken\n"}
{"Action":"output","Package":"b","Test":"TestSkipped","Output":"=== RUN   TestSkipped\n"}
{"Action":"output","Package":"b","Test":"TestSkipped","Output":"    b_test.go:5: no promtool\n"}
{"Action":"output","Package":"c","Test":"TestPassed","Output":"    c_test.go:7: fine\n"}
{"Action":"pass","Package":"c","Test":"TestPassed"}
{"Action":"output","Package":"b","Test":"TestSkipped","Output":"--- SKIP: TestSkipped (0.00s)\n"}
{"Action":"skip","Package":"b","Test":"TestSkipped"}
{"Action":"output","Package":"b","Output":"PASS\n"}
{"Action":"output","Package":"b","Output":"ok  \tb\t0.1s\n"}
{"Action":"pass","Package":"b"}
{"Action":"output","Package":"c","Test":"TestFailed","Output":"=== RUN   TestFailed\n"}
{"Action":"output","Package":"c","Test":"TestFailed","Output":"    c_test.go:9: got 1, want 2\n"}
{"Action":"output","Package":"c","Test":"TestFailed","Output":"--- FAIL: TestFailed (0.00s)\n"}
{"Action":"fail","Package":"c","Test":"TestFailed"}
{"Action":"output","Package":"c","Test":"TestHangs","Output":"panic: test timed out\n"}
{"Action":"output","Package":"c","Test":"TestSlow/a","Output":"    c_test.go:3: takes long\n"}
{"Action":"skip","Package":"c","Test":"TestSlow/a"}
{"Action":"output","Package":"c","Test":"TestSlow/b","Output":"    c_test.go:3: takes long\n"}
{"Action":"skip","Package":"c","Test":"TestSlow/b"}
{"Action":"output","Package":"c","Output":"FAIL\tc\t0.2s\n"}
{"Action":"fail","Package":"c"}
{"Action":"output","Package":"d","Output":"?   \td\t[no test files]\n"}
{"Action":"skip","Package":"d"}
`
	const want = "a.go:1: broken\n" +
		"ok  \tb\t0.1s\n" +
		"    c_test.go:9: got 1, want 2\n--- FAIL: TestFailed (0.00s)\npanic: test timed out\nFAIL\tc\t0.2s\n" +
		"?   \td\t[no test files]\n" +
		"skipped tests: 3: TestSlow/a and 1 more (takes long); TestSkipped (no promtool)\n"
	var got strings.Builder
	if err := summarize(strings.NewReader(events), &got); err != nil || got.String() != want {
		t.Errorf("%v; got\n%s\nwant\n%s", err, got.String(), want)
	}
	got.Reset()
	if err := summarize(strings.NewReader("FAIL"), &got); err == nil {
		t.Error("it takes what go test does not print with -json")
	}
}

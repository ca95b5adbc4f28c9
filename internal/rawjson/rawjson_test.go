package rawjson_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/rawjson"
)

func TestMembers(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]map[string]string{
		`{}`:                                    {},
		" {\t} \n":                              {},
		`{"a":1}`:                               {"a": "1"},
		`{ "a" : 1 , "b" : [ 1 , {} ] }`:        {"a": "1", "b": "[ 1 , {} ]"},
		`{"a":1,"a":{"a":2}}`:                   {"a": `{"a":2}`},
		`{"A":1,"aa":2,"":3}`:                   {},
		`{"\u0061":"\"}","x":{"a":5},"b":-1e3}`: {"a": `"\"}"`, "b": "-1e3"},
		`{"x":"\\","a":null}`:                   {"a": "null"},
		`{"a":true,"b":false}`:                  {"a": "true", "b": "false"},
		"\ufeff" + `{"a":1}`:                    {"a": "1"},
	} {
		members, err := rawjson.Members([]byte(data), "a", "b")
		if err != nil {
			t.Errorf("%s: %v", data, err)
		}
		got := map[string]string{}
		for name, value := range members {
			got[name] = string(value)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", data, diff)
		}
	}
	for _, data := range []string{`[]`, `"a"`, `null`, `1`} {
		if _, err := rawjson.Members([]byte(data), "a"); !errors.Is(err, rawjson.ErrNotObject) {
			t.Errorf("%s: %v", data, err)
		}
	}
	var syntax *json.SyntaxError
	if _, err := rawjson.Members(
		[]byte(`{"a":}`),
		"a",
	); !errors.As(err, &syntax) ||
		syntax.Offset != 6 {
		t.Errorf("invalid JSON: %v", err)
	}
}

// TestMembersCost: members that were not asked for cost nothing.
func TestMembersCost(t *testing.T) {
	data := []byte(`{"a":1` + strings.Repeat(`,"x":{"":0}`, 50_000) + `}`)
	if n := testing.AllocsPerRun(10, func() { _, _ = rawjson.Members(data, "a", "b") }); n > 5 {
		t.Errorf("%v allocations", n)
	}
}

func TestDepth(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]int{`1`: 0, `"[["`: 0, `[1]`: 1, `{"a":[{}],"b":[]}`: 3} {
		if got := rawjson.Depth([]byte(data)); got != want {
			t.Errorf("%s: %d, want %d", data, got, want)
		}
	}
}

func TestLen(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]int{
		`1`: 0, `"a,b"`: 0, `{}`: 0, ` [ ] `: 0, `[0]`: 1, `[[]]`: 1, `[{"a":1,"b":2}]`: 1, `["",","]`: 2, `{"a":[1,2,3],"b":{"c":1,"d":2}}`: 2,
	} {
		if got := rawjson.Len([]byte(data)); got != want {
			t.Errorf("%s: %d, want %d", data, got, want)
		}
	}
}

// FuzzMembers compares with encoding/json.
func FuzzMembers(f *testing.F) {
	for _, seed := range []string{`{"a":1,"b":[{"a":"\\\""}]}`, `{"a":{"b":1}} `, ` {"\u0061":1.5e-3,"b":null}`, `[]`, `{"a"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		members, err := rawjson.Members(data, "a", "b")
		var want map[string]json.RawMessage
		wrong := json.Unmarshal(rawjson.TrimBOM(data), &want)
		if (err == nil) != (wrong == nil && want != nil) {
			t.Fatalf("%q: %v, encoding/json says %v", data, err, wrong)
		}
		for _, name := range []string{"a", "b"} {
			if err == nil && string(members[name]) != string(want[name]) {
				t.Errorf("%q: %s is %s, want %s", data, name, members[name], want[name])
			}
		}
	})
}

func TestObject(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]map[string]any{
		`null`: nil,
		`{}`:   {},
		` {"a" : [1, "}"] ,"\u0062":"x\"", "a":-1.5 }`: {
			"a": json.RawMessage("-1.5"), "b": json.RawMessage(`"x\""`),
		},
	} {
		got, ok := rawjson.Object([]byte(data))
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("%s: %t, -want +got:\n%s", data, ok, diff)
		}
	}
	for _, data := range []string{`[]`, `"a"`, `1`, `true`} {
		if got, ok := rawjson.Object([]byte(data)); ok {
			t.Errorf("%s: %v", data, got)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{`null`: "", ` "a" `: "a", `"\"\u00e9é"`: `"éé`} {
		if got, ok := rawjson.Text([]byte(data)); !ok || got != want {
			t.Errorf("%s: %q, %t", data, got, ok)
		}
	}
	for _, data := range []string{`[]`, `{}`, `1`, `false`} {
		if got, ok := rawjson.Text([]byte(data)); ok {
			t.Errorf("%s: %q", data, got)
		}
	}
}

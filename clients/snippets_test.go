package clients_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the snippets into the docs")

// TestSnippets checks that the snippets in docs/frontends.md equal the tested files of this folder.
func TestSnippets(t *testing.T) {
	const page = "../docs/frontends.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	snippet := regexp.MustCompile("(?s)<!-- (clients/)?([a-z.-]+)#([a-z]+) -->\n```js\n(.*?)```\n")
	shown := 0
	fresh := snippet.ReplaceAllStringFunc(string(text), func(found string) string {
		shown++
		parts := snippet.FindStringSubmatch(found)
		return fmt.Sprintf(
			"<!-- clients/%s#%s -->\n```js\n%s```\n",
			parts[2],
			parts[3],
			region(t, parts[2], parts[3]),
		)
	})
	if shown < 5 {
		t.Errorf("the page shows %d snippets", shown)
	}
	if fresh == string(text) {
		return
	}
	if !*update {
		t.Fatal(
			"the page shows something else than the files have: go test ./clients -run Snippets -update",
		)
	}
	if err := os.WriteFile(page, []byte(fresh), 0o600); err != nil {
		t.Fatal(err)
	}
}

// region returns the part of a file between its marks.
func region(t *testing.T, file, name string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, after, begins := strings.Cut(string(text), "// #region "+name+"\n")
	part, _, ends := strings.Cut(after, "// #endregion "+name+"\n")
	if !begins || !ends {
		t.Fatalf("%s has no region %s", file, name)
	}
	return part
}

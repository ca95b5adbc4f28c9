// Package examples_test tests the code in the docs: it equals the tested files, and the tutorials
// work.
package examples_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the snippets into the docs")

// snippet matches a code block that shows a file, or a region of it: the comment before the block
// has the path from the top of the repository.
var snippet = regexp.MustCompile(
	"(?s)<!-- ([\\w.-]+/[\\w./-]+)(?:#([a-z]+))? -->\n```([a-z]+)\n(.*?)```\n",
)

// TestSnippets checks that the snippets in the docs equal the files that they show.
func TestSnippets(t *testing.T) {
	shown := map[string]bool{}
	err := filepath.WalkDir("../docs", func(page string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(page) != ".md" {
			return err
		}
		text, err := os.ReadFile(page)
		if err != nil {
			return err
		}
		fresh := snippet.ReplaceAllStringFunc(string(text), func(found string) string {
			parts := snippet.FindStringSubmatch(found)
			shown[parts[1]] = true
			head, _, _ := strings.Cut(found, "\n")
			return fmt.Sprintf("%s\n```%s\n%s```\n", head, parts[3], source(t, parts[1], parts[2]))
		})
		if fresh == string(text) {
			return nil
		}
		if *update {
			return os.WriteFile(page, []byte(fresh), 0o600)
		}
		t.Errorf("%s differs from the files: go test ./examples -run Snippets -update", page)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"react-chat", "react-chat/src", "back-end"} {
		files, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			name := "examples/" + folder + "/" + file.Name()
			hidden := strings.HasPrefix(file.Name(), ".") || file.Name() == "package-lock.json"
			if !file.IsDir() && file.Type().IsRegular() && !hidden && !shown[name] {
				t.Errorf("no page shows %s", name)
			}
		}
	}
	if !shown["clients/urql.js"] {
		t.Error("docs/frontends.md shows no client")
	}
}

// source returns a file of the repository, or the part between the marks of a region.
func source(t *testing.T, file, region string) string {
	t.Helper()
	text, err := os.ReadFile("../" + file)
	if err != nil {
		t.Fatal(err)
	}
	if region == "" {
		return string(text)
	}
	_, after, begins := strings.Cut(string(text), "// #region "+region+"\n")
	part, _, ends := strings.Cut(after, "// #endregion "+region+"\n")
	if !begins || !ends {
		t.Fatalf("%s has no region %s", file, region)
	}
	return part
}

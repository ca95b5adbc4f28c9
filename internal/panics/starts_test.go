package panics_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// unprotected are the functions that start a goroutine or a timer without [panics.Guard.Wrap], with
// the reason why none of it can end the process, or why it may.
func unprotected() map[string]string {
	return map[string]string{
		"internal/conns/conns.go: trackWrite":            "it moves a connection from one list to another, which cannot panic",
		"server.go: run":                                 "it stops the watching for signals, which cannot panic",
		"internal/app/run.go: RunWith":                   "the HTTP servers: net/http recovers requests, and the process ends with its servers",
		"internal/store/pqdriver/deadline.go: dialUntil": "it cancels a context and closes a connection, which cannot panic",
		"internal/web/eventstream.go: Do":                "it cancels a context, which cannot panic",
		"internal/web/connections.go: shutdown":          "it waits for a WaitGroup",
	}
}

// TestStarts finds the goroutines and timers that nothing protects from ending the process by a
// panic. Start new ones through Guard.Wrap: go guard.Wrap(…)(), group.Go(guard.Wrap(…)) or
// time.AfterFunc(d, guard.Wrap(…)).
func TestStarts(t *testing.T) {
	root := filepath.Join("..", "..")
	elsewhere := []string{ // generated, or no part of the server
		"bench",
		"bin",
		"clients",
		"docs",
		"ent",
		"graph/generated",
		"graph/sdl",
		"internal/testkit",
		"internal/store/migrate",
		"internal/store/storetest",
		"node_modules",
		".git",
	}
	allowed := unprotected()
	used := map[string]bool{}
	starts := 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := filepath.ToSlash(strings.TrimPrefix(path, root+string(filepath.Separator)))
		switch {
		case entry.IsDir() && slices.Contains(elsewhere, name):
			return fs.SkipDir
		case entry.IsDir(), !strings.HasSuffix(name, ".go"), strings.HasSuffix(name, "_test.go"):
			return nil
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			place := name + ": " + f.Name.Name
			if f.Name.Name == "contained" && !wraps(f.Body) {
				t.Errorf("%s does not call Wrap", place)
			}
			ast.Inspect(f.Body, func(n ast.Node) bool {
				protected, start := started(n)
				if !start {
					return true
				}
				starts++
				if _, ok := allowed[place]; ok && !protected {
					used[place] = true
				} else if !protected {
					t.Errorf(
						"%s: a panic here ends the process: see this test",
						files.Position(n.Pos()),
					)
				}
				return true
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if starts < 20 {
		t.Errorf(
			"only %d goroutines and timers were found: does the test still look at the server?",
			starts,
		)
	}
	for place := range allowed {
		if !used[place] {
			t.Errorf("%s starts nothing without Wrap any more: remove its line", place)
		}
	}
}

// started reports whether n starts a goroutine or a timer, and whether that is protected.
func started(n ast.Node) (protected, start bool) {
	switch n := n.(type) {
	case *ast.GoStmt:
		return isWrapped(n.Call.Fun), true
	case *ast.CallExpr:
		f, ok := n.Fun.(*ast.SelectorExpr)
		if !ok || len(n.Args) == 0 || f.Sel.Name != "Go" && f.Sel.Name != "AfterFunc" {
			return false, false
		}
		return isWrapped(n.Args[len(n.Args)-1]), true
	default:
		return false, false
	}
}

// isWrapped reports whether a function is the result of Wrap, or of a method that hands Wrap its
// arguments and is therefore called contained.
func isWrapped(f ast.Expr) bool {
	call, ok := f.(*ast.CallExpr)
	if !ok {
		return false
	}
	method, ok := call.Fun.(*ast.SelectorExpr)
	return ok && (method.Sel.Name == "Wrap" || method.Sel.Name == "contained")
}

// wraps reports whether a function calls Wrap.
func wraps(body *ast.BlockStmt) (found bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		method, ok := n.(*ast.SelectorExpr)
		found = found || ok && method.Sel.Name == "Wrap"
		return true
	})
	return found
}

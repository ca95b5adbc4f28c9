package browser_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// window is one person's window. It is used as a person uses it: by what is there to see and by
// what things are called (their role and name in the accessibility tree), so that what has no name
// cannot be used.
type window struct {
	t   *testing.T
	ctx context.Context // chromedp keeps the tab in it
	// host is the only one that may be asked for anything.
	host string

	mu       sync.Mutex
	problems []string
}

// open opens a window of its own profile. When the test ends, it fails if the page sent requests
// to another server, threw an error or violated its content security policy.
func (b *browser) open(address string) *window {
	t := b.t
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	w := &window{t: t, ctx: ctx, host: u.Host}
	if err := chromedp.Listen(ctx, w.listen); err != nil {
		t.Fatalf("open a window: %v", err)
	}
	call(w, network.Enable, network.EnableParams{})
	call(w, cdplog.Enable, cdp.Empty{})
	call(w, runtime.Enable, cdp.Empty{})
	// Also a window behind another one is looked at by its person.
	call(
		w,
		emulation.SetFocusEmulationEnabled,
		emulation.SetFocusEmulationEnabledParams{Enabled: true},
	)
	run(w, chromedp.EmulateViewport(1280, 800))
	run(w, chromedp.Navigate(address))
	t.Cleanup(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, problem := range w.problems {
			t.Error(problem)
		}
	})
	return w
}

func (w *window) listen(event any) {
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		w.asks(e.Request.URL)
	case *network.EventWebSocketCreated:
		w.asks(e.URL)
	case *runtime.EventExceptionThrown:
		thrown := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			thrown += " " + e.ExceptionDetails.Exception.Description
		}
		w.problem("the page has thrown: %s", thrown)
	case *cdplog.EventEntryAdded:
		if e.Entry.Source == cdplog.EntrySourceSecurity ||
			strings.Contains(e.Entry.Text, "Content Security Policy") {
			w.problem("the page breaks its policy: %s", e.Entry.Text)
		}
	}
}

func (w *window) asks(address string) {
	u, err := url.Parse(address)
	if err != nil || u.Host != w.host && !slices.Contains([]string{"data", "blob"}, u.Scheme) {
		w.problem("the page asks for %s", address)
	}
}

func (w *window) problem(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.problems = append(w.problems, fmt.Sprintf(format, args...))
}

// run runs an action, which must succeed.
func run[T any](w *window, action chromedp.Action[T]) T {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		w.t.Fatal(err)
	}
	return value
}

// call runs a command of the browser's protocol, which must succeed.
func call[P, R any](w *window, command cdp.Command[P, R], params P) R {
	w.t.Helper()
	return run(w, func(ctx context.Context, target *chromedp.Target) (R, error) {
		return cdp.Call(ctx, target, command, params)
	})
}

// press presses keys, as they come.
func (w *window) press(keys string) {
	w.t.Helper()
	for i, part := range strings.Split(keys, kb.Enter) {
		if i > 0 {
			w.enter()
		}
		run(w, chromedp.KeyEvent(part))
	}
}

// enter presses Enter. With chromedp's, the page gets the character also where it has taken the key
// for itself.
func (w *window) enter() {
	w.t.Helper()
	key := input.DispatchKeyEventParams{
		Type:                  input.DispatchKeyEventTypeKeyDown,
		Key:                   "Enter",
		Code:                  "Enter",
		Text:                  "\r",
		WindowsVirtualKeyCode: 13,
	}
	call(w, input.DispatchKeyEvent, key)
	key.Type, key.Text = input.DispatchKeyEventTypeKeyUp, ""
	call(w, input.DispatchKeyEvent, key)
}

// find returns the element with that role and name; several words of a name are enough. nil: there
// is none.
func (w *window) find(role, name string) *accessibility.Node {
	w.t.Helper()
	root := call(w, dom.GetDocument, dom.GetDocumentParams{}).Root
	nodes := call(
		w,
		accessibility.QueryAXTree,
		accessibility.QueryAXTreeParams{BackendNodeID: root.BackendNodeID, Role: role},
	).Nodes
	i := slices.IndexFunc(
		nodes,
		func(node *accessibility.Node) bool { return !node.Ignored && strings.Contains(nameOf(node), name) },
	)
	if i < 0 {
		return nil
	}
	return nodes[i]
}

// await returns the element with that role and name as soon as it is there.
func (w *window) await(role, name string) *accessibility.Node {
	w.t.Helper()
	var found *accessibility.Node
	eventually(w.t, fmt.Sprintf("a %s %q", role, name), func() (bool, any) {
		found = w.find(role, name)
		return found != nil, w.text("body")
	})
	return found
}

// gone waits until there is no such element.
func (w *window) gone(role, name string) {
	w.t.Helper()
	eventually(w.t, fmt.Sprintf("no %s %q", role, name), func() (bool, any) {
		return w.find(role, name) == nil, w.text("body")
	})
}

// click presses the mouse on the middle of the element, as soon as it is there.
func (w *window) click(role, name string) {
	w.t.Helper()
	w.clickNode(w.await(role, name))
}

// It must stand still, and nothing may lie over it: a person waits for that, too.
func (w *window) clickNode(node *accessibility.Node) {
	w.t.Helper()
	call(
		w,
		dom.ScrollIntoViewIfNeeded,
		dom.ScrollIntoViewIfNeededParams{BackendNodeID: node.BackendDOMNodeID},
	)
	object := call(
		w,
		dom.ResolveNode,
		dom.ResolveNodeParams{BackendNodeID: node.BackendDOMNodeID},
	).Object.ObjectID
	var at, before [2]float64
	eventually(
		w.t,
		fmt.Sprintf("the %s %q can be clicked", roleOf(node), nameOf(node)),
		func() (bool, any) {
			before = at
			result := call(
				w,
				runtime.CallFunctionOn,
				runtime.CallFunctionOnParams{
					ObjectID:            object,
					ReturnByValue:       new(true),
					FunctionDeclaration: middle,
				},
			)
			if err := json.Unmarshal(result.Result.Value, &at); err != nil {
				w.t.Fatal(err)
			}
			return at == before && at != [2]float64{}, at
		},
	)
	run(w, chromedp.MouseClickXY(at[0], at[1]))
}

// middle returns where the middle of an element is; nothing where something lies over it.
const middle = `function () {
  const { left, top, width, height } = this.getBoundingClientRect();
  const [x, y] = [left + width / 2, top + height / 2];
  const there = document.elementFromPoint(x, y);
  return there && (this.contains(there)) ? [x, y] : [0, 0];
}`

// write puts the text into a field.
func (w *window) write(role, name, text string) {
	w.t.Helper()
	w.click(role, name)
	w.press(text)
}

// focus presses Tab until the element with that role and name has the focus. So the element is
// reachable without a mouse.
func (w *window) focus(role, name string) {
	w.t.Helper()
	var passed []string
	for range 80 {
		w.press(kb.Tab)
		at := w.focused()
		passed = append(passed, at)
		if strings.HasPrefix(at, role+" ") && strings.Contains(at, name) {
			return
		}
	}
	w.t.Fatalf("Tab does not come to a %s %q, only to %q", role, name, passed)
}

// focused is the role and the name of what has the focus.
func (w *window) focused() string {
	w.t.Helper()
	object := call(
		w,
		runtime.Evaluate,
		runtime.EvaluateParams{Expression: "document.activeElement"},
	).Result.ObjectID
	alone := false
	node := call(w, accessibility.GetPartialAXTree, accessibility.GetPartialAXTreeParams{ObjectID: object, FetchRelatives: &alone}).Nodes[0]
	return roleOf(node) + " " + nameOf(node)
}

// focusComesTo waits until something of the role has the focus: what a message has become may be
// told before who has changed it has the answer.
func (w *window) focusComesTo(role string) {
	w.t.Helper()
	eventually(w.t, "the focus comes to a "+role, func() (bool, any) {
		at := w.focused()
		return strings.HasPrefix(at, role+" "), at
	})
}

// text is what there is to read in the first element that the selector finds; "" where there is
// none.
func (w *window) text(selector string) string {
	w.t.Helper()
	return run(
		w,
		chromedp.Evaluate[string](
			fmt.Sprintf(`document.querySelector(%q)?.innerText ?? ""`, selector),
		),
	)
}

// texts is what there is to read in each element that the selector finds; the editors draw spaces
// that do not break.
func (w *window) texts(selector string) []string {
	w.t.Helper()
	return run(
		w,
		chromedp.Evaluate[[]string](
			fmt.Sprintf(
				`[...document.querySelectorAll(%q)].map((element) => element.innerText.replaceAll("\u00a0", " "))`,
				selector,
			),
		),
	)
}

// reads waits until the text is to be read in what the selector finds.
func (w *window) reads(selector, text string) {
	w.t.Helper()
	eventually(w.t, fmt.Sprintf("%q in %s", text, selector), func() (bool, any) {
		texts := w.texts(selector)
		return slices.ContainsFunc(
			texts,
			func(s string) bool { return strings.Contains(s, text) },
		), texts
	})
}

func nameOf(node *accessibility.Node) string { return valueOf(node.Name) }
func roleOf(node *accessibility.Node) string { return valueOf(node.Role) }

func valueOf(value *accessibility.Value) string {
	if value == nil {
		return ""
	}
	var text string
	_ = json.Unmarshal(value.Value, &text) // what is no text has no name
	return text
}

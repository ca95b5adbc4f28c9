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

// window is the window of one user. Tests find elements as users do: by their text, and by their role
// and name in the accessibility tree. So an element without a name cannot be used.
type window struct {
	t   *testing.T
	ctx context.Context // chromedp keeps the tab in it
	// host is the only host to which the page may send requests.
	host string

	mu       sync.Mutex
	problems []string
}

// open opens a window with its own profile. When the test ends, it fails if the page sent requests
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
	// A window behind another one behaves like the focused one.
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
		w.checkRequest(e.Request.URL)
	case *network.EventWebSocketCreated:
		w.checkRequest(e.URL)
	case *runtime.EventExceptionThrown:
		thrown := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			thrown += " " + e.ExceptionDetails.Exception.Description
		}
		w.problem("the page threw an error: %s", thrown)
	case *cdplog.EventEntryAdded:
		if e.Entry.Source == cdplog.EntrySourceSecurity ||
			strings.Contains(e.Entry.Text, "Content Security Policy") {
			w.problem("the page violates its content security policy: %s", e.Entry.Text)
		}
	}
}

func (w *window) checkRequest(address string) {
	u, err := url.Parse(address)
	if err != nil || u.Host != w.host && !slices.Contains([]string{"data", "blob"}, u.Scheme) {
		w.problem("the page sends a request to %s", address)
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
	ctx, cancel := context.WithTimeout(w.ctx, testTimeout)
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

// press presses keys in order.
func (w *window) press(keys string) {
	w.t.Helper()
	for i, part := range strings.Split(keys, kb.Enter) {
		if i > 0 {
			w.enter()
		}
		run(w, chromedp.KeyEvent(part))
	}
}

// enter presses Enter. With chromedp's KeyEvent the page receives the character even if it handled the
// key event.
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

// find returns the element with the role whose name contains name, or nil.
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

// await waits for the element with the role and name, and returns it.
func (w *window) await(role, name string) *accessibility.Node {
	w.t.Helper()
	var found *accessibility.Node
	eventually(w.t, fmt.Sprintf("a %s %q", role, name), func() (bool, any) {
		found = w.find(role, name)
		return found != nil, w.text("body")
	})
	return found
}

// awaitGone waits until no element has the role and name.
func (w *window) awaitGone(role, name string) {
	w.t.Helper()
	eventually(w.t, fmt.Sprintf("no %s %q", role, name), func() (bool, any) {
		return w.find(role, name) == nil, w.text("body")
	})
}

// click waits for the element and clicks its center.
func (w *window) click(role, name string) {
	w.t.Helper()
	w.clickNode(w.await(role, name))
}

// clickNode waits until the element does not move and no other element covers it, as users do, and
// clicks it.
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

// middle returns the center of an element, or [0, 0] if another element covers it.
const middle = `function () {
  const { left, top, width, height } = this.getBoundingClientRect();
  const [x, y] = [left + width / 2, top + height / 2];
  const there = document.elementFromPoint(x, y);
  return there && (this.contains(there)) ? [x, y] : [0, 0];
}`

// write enters the text into a field.
func (w *window) write(role, name, text string) {
	w.t.Helper()
	w.click(role, name)
	w.press(text)
}

// focus presses Tab until the element with the role and name has the focus. It fails the test if the
// element cannot be reached with the keyboard.
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
	w.t.Fatalf("Tab does not reach a %s %q, only %q", role, name, passed)
}

// focused returns the role and name of the element that has the focus.
func (w *window) focused() string {
	w.t.Helper()
	object := call(
		w,
		runtime.Evaluate,
		runtime.EvaluateParams{Expression: "document.activeElement"},
	).Result.ObjectID
	relatives := false
	node := call(w, accessibility.GetPartialAXTree, accessibility.GetPartialAXTreeParams{ObjectID: object, FetchRelatives: &relatives}).Nodes[0]
	return roleOf(node) + " " + nameOf(node)
}

// awaitFocus waits until an element with the role has the focus. The event of a change may arrive before
// the response, after which the app moves the focus.
func (w *window) awaitFocus(role string) {
	w.t.Helper()
	eventually(w.t, "the focus is on a "+role, func() (bool, any) {
		at := w.focused()
		return strings.HasPrefix(at, role+" "), at
	})
}

// text returns the text of the first element that the selector matches, or "".
func (w *window) text(selector string) string {
	w.t.Helper()
	return run(
		w,
		chromedp.Evaluate[string](
			fmt.Sprintf(`document.querySelector(%q)?.innerText ?? ""`, selector),
		),
	)
}

// texts returns the text of each element that the selector matches, with normal spaces in place of the
// non-breaking ones of the editors.
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

// awaitText waits until an element that the selector matches contains the text.
func (w *window) awaitText(selector, text string) {
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
	_ = json.Unmarshal(value.Value, &text) // a value that is not a string is no name
	return text
}

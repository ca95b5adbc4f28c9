package browser_test

import (
	"slices"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestKeyboardOnly uses all main features with the keyboard alone.
func TestKeyboardOnly(t *testing.T) {
	t.Parallel()
	browser, s := startBrowser(t), startServer(t)
	w := browser.open(s.url() + "/app")
	w.await("button", "Alice")
	w.focus("button", "Alice")
	w.press(kb.Enter)
	w.await("link", "New room")
	w.focus("link", "New room")
	w.press(kb.Enter)
	w.await("heading", "New room")
	w.focus("textbox", "Name")
	w.press("Garden" + kb.Enter)
	w.await("combobox", "Message")
	w.focus("combobox", "Message")
	w.press("Hello" + kb.Enter)
	w.await("listitem", "Hello")

	w.focus("listitem", "Hello") // the message, and then its actions
	w.focus("button", "React with 👍")
	w.press(kb.Enter)
	w.await("button", "👍, 1")
	w.focus("button", "Edit")
	w.press(kb.Enter)
	w.press(kb.End + " again" + kb.Enter)
	w.await("listitem", "Hello again")
	w.awaitFocus("listitem")
	w.focus("button", "Delete")
	w.press(kb.Enter)
	w.await("dialog", "Delete this message?")
	w.press(kb.Escape)
	w.awaitGone("dialog", "Delete this message?")
	w.await("listitem", "Hello again")
	w.focus("button", "Thread")
	w.press(kb.Enter)
	w.await("complementary", "Thread")
	w.press(kb.Escape)
	w.awaitGone("complementary", "Thread")
	w.awaitFocus("listitem")
}

// TestAccessibility checks names, headings and contrast on each page of the app, in both color schemes.
func TestAccessibility(t *testing.T) {
	t.Parallel()
	browser, s := startBrowser(t), startServer(t)
	w := browser.open(s.url() + "/app")
	check := func(place string) {
		t.Helper()
		for _, scheme := range []string{"light", "dark"} {
			call(
				w,
				emulation.SetEmulatedMedia,
				emulation.SetEmulatedMediaParams{
					Features: []*emulation.MediaFeature{
						{Name: "prefers-color-scheme", Value: scheme},
					},
				},
			)
			w.checkContrast(place + ", " + scheme)
		}
		w.checkNames(place)
	}
	w.await("button", "Alice")
	check("the sign-in")
	w.click("button", "Alice")
	w.await("link", "New room")
	check("the empty list")
	w.click("link", "New room")
	check("the new room")
	w.createRoom("Garden", "", "Only with the room’s key")
	check("an empty room")
	w.sendMessage("Hello @nobody")
	w.await("listitem", "Hello")
	w.messageAction("Hello", "React with 🎉")
	w.await("button", "🎉, 1")
	w.messageAction("Hello", "Reply")
	w.sendMessage("An answer")
	w.await("listitem", "An answer")
	w.messageAction("An answer", "Thread")
	w.write("combobox", "Reply in the thread", "In the thread"+kb.Enter)
	w.await("button", "1 reply in a thread")
	check("a room with messages and a thread")
	w.click("button", "1 person")
	check("the details")
	w.click("link", "Discover")
	w.await("searchbox", "Search")
	check("discovering")
	w.click("link", "Join by key")
	w.await("heading", "Join by key")
	check("joining")
	s.kill()
	w.awaitText(".banner", "No connection.")
	check("without a connection")
}

// namedRoles are the roles whose elements need a name.
var namedRoles = []string{
	"button",
	"link",
	"textbox",
	"searchbox",
	"combobox",
	"radio",
	"checkbox",
	"dialog",
	"navigation",
	"complementary",
}

// checkNames checks the accessibility tree as users of screen readers need it.
func (w *window) checkNames(place string) {
	w.t.Helper()
	count := make(map[string]int)
	for _, node := range call(w, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{}).Nodes {
		role := roleOf(node)
		if node.Ignored {
			continue
		}
		count[role]++
		if slices.Contains(namedRoles, role) && nameOf(node) == "" {
			w.t.Errorf("%s: a %s has no name", place, role)
		}
	}
	if count["main"] != 1 {
		w.t.Errorf("%s: %d main parts, want 1", place, count["main"])
	}
	if h1 := w.texts("h1"); len(h1) != 1 || h1[0] == "" {
		w.t.Errorf("%s: the main headings are %q, want one", place, h1)
	}
	if duplicates := run(
		w,
		chromedp.Evaluate[[]string](
			`[...document.querySelectorAll("[id]")].map(({id}) => id).filter((id, i, all) => all.indexOf(id) !== i)`,
		),
	); len(
		duplicates,
	) > 0 {
		w.t.Errorf("%s: duplicate ids %q", place, duplicates)
	}
}

// contrast finds texts whose contrast with the background is less than 4.5 to 1 (WCAG 2.2, 1.4.3).
const contrast = `(() => {
  const channels = (color) => color.match(/[\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const color = channels(getComputedStyle(e).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const element of document.querySelectorAll("body *")) {
    const text = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join("");
    if (text === "" || !element.checkVisibility({ visibilityProperty: true }) || element.disabled) continue;
    const [a, b] = [luminance(channels(getComputedStyle(element).color)), luminance(behind(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) faint.push(text + ": " + ratio.toFixed(2));
  }
  return faint;
})()`

func (w *window) checkContrast(place string) {
	w.t.Helper()
	if failures := run(w, chromedp.Evaluate[[]string](contrast)); len(failures) > 0 {
		w.t.Errorf("%s: contrast below 4.5: %q", place, failures)
	}
}

// Package browser contains tests that use the pages as users do: in a real browser, against a
// real server process that can be killed. They need Chromium (or Chrome) on the PATH, or its path
// in PARLEY_TEST_BROWSER; without it they are skipped, and in CI they fail.
package browser

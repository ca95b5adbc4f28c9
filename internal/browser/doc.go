// Package browser has the tests that need a browser: of the app and of the playground, as people use them.
package browser

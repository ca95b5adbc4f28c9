package pqdriver

import (
	"net"
	"net/url"
	"strings"
)

// unreachableError has the problems of several servers, none of which is usable.
type unreachableError struct{ hosts []error }

func (e *unreachableError) Error() string {
	reasons := make([]string, len(e.hosts))
	for i, err := range e.hosts {
		reasons[i] = err.Error()
	}
	return "no server can be used: " + strings.Join(reasons, "; ")
}

// Unwrap returns the reason of each server.
func (e *unreachableError) Unwrap() []error { return e.hosts }

// withHosts converts a URL with several hosts in the syntax of libpq (//h1:p1,h2:p2/) to the form that
// lib/pq understands: with the parameters host and port.
func withHosts(rawURL string) string {
	scheme, rest, ok := strings.Cut(rawURL, "://")
	if !ok {
		return rawURL
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	authority, rest := rest[:end], rest[end:]
	user := ""
	if at := strings.LastIndex(authority, "@"); at >= 0 {
		user, authority = authority[:at+1], authority[at+1:]
	}
	if !strings.Contains(authority, ",") {
		return rawURL
	}
	var hosts, ports []string
	given := false
	for one := range strings.SplitSeq(authority, ",") {
		host, port, err := net.SplitHostPort(one)
		if err != nil {
			host, port = strings.Trim(one, "[]"), ""
		}
		given = given || port != ""
		if port == "" {
			port = "5432"
		}
		hosts, ports = append(hosts, url.QueryEscape(host)), append(ports, port)
	}
	path, parameters, _ := strings.Cut(rest, "?")
	rewritten := scheme + "://" + user + path + "?host=" + strings.Join(hosts, ",")
	if given {
		rewritten += "&port=" + strings.Join(ports, ",")
	}
	if parameters != "" {
		rewritten += "&" + parameters
	}
	return rewritten
}

package pqdriver

import (
	"net"
	"net/url"
	"strings"
)

// unreachableError is why none of several servers can be used.
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

// withHosts returns a URL that names several hosts as libpq has them (//h1:p1,h2:p2/) in the form
// that lib/pq understands: as the parameters host and port.
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

package pqdriver

// WithHosts is withHosts.
func WithHosts(url string) string { return withHosts(url) }

// Admit is admit for a server that has said so of itself.
func (c *Cluster) Admit(answer string, primary bool) error {
	_, err := c.admit(parseServer(answer), primary)
	return err
}

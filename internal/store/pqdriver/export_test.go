package pqdriver

// WithHosts is withHosts.
func WithHosts(url string) string { return withHosts(url) }

// Admit is admit for a server with the reported state.
func (c *Cluster) Admit(answer string, primary bool) error {
	_, err := c.admit(parseServer(answer), primary)
	return err
}

package config

// InvalidError is an invalid setting, or a setting that names an unusable file or server. The
// operator must change it; a retry cannot help. The program ends with exit status 2.
type InvalidError struct{ Err error }

func (e *InvalidError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *InvalidError) Unwrap() error { return e.Err }

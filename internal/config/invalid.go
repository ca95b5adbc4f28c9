package config

// InvalidError is a setting, or what it names, that cannot work. The operator has to change it;
// trying again is of no use. The program ends with exit status 2.
type InvalidError struct{ Err error }

func (e *InvalidError) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong.
func (e *InvalidError) Unwrap() error { return e.Err }

package config

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// writeCompletion writes the script by which a shell (bash, zsh or fish) completes the flags.
func writeCompletion(out io.Writer, shell string, flags []*kong.Flag) error {
	var script strings.Builder
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(&script, format+"\n", args...) }
	switch shell {
	case "bash":
		var names []string
		for _, f := range flags {
			names = append(names, "--"+f.Name)
		}
		line("_parley() {")
		line("\t"+`COMPREPLY=($(compgen -W "%s" -- "${COMP_WORDS[COMP_CWORD]}"))`,
			strings.Join(names, " "))
		line("}")
		line("complete -o default -F _parley parley")
	case "zsh":
		escape := strings.NewReplacer(`[`, `\[`, `]`, `\]`, `:`, `\:`, `'`, `'\''`)
		specs := []string{"_arguments"}
		for _, f := range flags {
			equals, value := "=", ":"+escape.Replace(f.PlaceHolder)+":"
			switch {
			case f.IsBool():
				equals, value = "", ""
			case takesFile(f):
				value += "_files"
			}
			specs = append(specs,
				fmt.Sprintf("'--%s%s[%s]%s'", f.Name, equals, escape.Replace(summary(f)), value))
		}
		line("#compdef parley\n%s", strings.Join(specs, " \\\n\t"))
	case "fish":
		escape := strings.NewReplacer(`\`, `\\`, `'`, `\'`)
		for _, f := range flags {
			kind := " -x"
			switch {
			case f.IsBool():
				kind = " -f"
			case takesFile(f):
				kind = " -r -F"
			}
			line("complete -c parley -l %s%s -d '%s'", f.Name, kind, escape.Replace(summary(f)))
		}
	default:
		return &InvalidError{fmt.Errorf("--completion=%s: it is bash, zsh or fish", shell)}
	}
	if _, err := io.WriteString(out, script.String()); err != nil {
		return fmt.Errorf("write the completion: %w", err)
	}
	return nil
}

// summary returns the first sentence of a flag's help.
func summary(f *kong.Flag) string {
	first, _, _ := strings.Cut(f.Help, ". ")
	return strings.TrimSuffix(first, ".")
}

// takesFile reports whether the value of a flag is the name of a file.
func takesFile(f *kong.Flag) bool { return f.PlaceHolder == "FILE" }

package config

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// writeCompletion writes the script by which a shell (bash, zsh or fish) completes the flags and the
// commands of app.
func writeCompletion(out io.Writer, shell string, app *kong.Application) error {
	var script strings.Builder
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(&script, format+"\n", args...) }
	switch shell {
	case "bash":
		var names []string
		for _, f := range flagsOf(app) {
			names = append(names, "--"+f.Name)
		}
		for _, command := range app.Children {
			names = append(names, command.Name)
		}
		line("_parley() {")
		line("\t"+`COMPREPLY=($(compgen -W "%s" -- "${COMP_WORDS[COMP_CWORD]}"))`,
			strings.Join(names, " "))
		line("}")
		line("complete -o default -F _parley parley")
	case "zsh":
		escape := strings.NewReplacer(`[`, `\[`, `]`, `\]`, `:`, `\:`, `'`, `'\''`)
		specs := []string{"_arguments"}
		for _, f := range flagsOf(app) {
			equals, value := "=", ":"+escape.Replace(f.PlaceHolder)+":"
			switch {
			case f.IsBool():
				equals, value = "", ""
			case takesFile(f):
				value += "_files"
			}
			specs = append(
				specs,
				fmt.Sprintf(
					"'--%s%s[%s]%s'",
					f.Name,
					equals,
					escape.Replace(firstSentence(f.Help)),
					value,
				),
			)
		}
		var commands []string
		quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`, `:`, `\:`, `'`, `'\''`)
		for _, command := range app.Children {
			commands = append(commands,
				fmt.Sprintf(`%s\:"%s"`, command.Name, quote.Replace(firstSentence(command.Help))))
		}
		specs = append(specs, fmt.Sprintf("'1:command:((%s))'", strings.Join(commands, " ")))
		line("#compdef parley\n%s", strings.Join(specs, " \\\n\t"))
	case "fish":
		escape := strings.NewReplacer(`\`, `\\`, `'`, `\'`)
		line("complete -c parley -f")
		for _, command := range app.Children {
			line("complete -c parley -n __fish_use_subcommand -a %s -d '%s'",
				command.Name, escape.Replace(firstSentence(command.Help)))
		}
		for _, f := range flagsOf(app) {
			kind := " -x"
			switch {
			case f.IsBool():
				kind = " -f"
			case takesFile(f):
				kind = " -r -F"
			}
			line(
				"complete -c parley -l %s%s -d '%s'",
				f.Name,
				kind,
				escape.Replace(firstSentence(f.Help)),
			)
		}
	default:
		return &InvalidError{fmt.Errorf("--completion=%s: it is bash, zsh or fish", shell)}
	}
	if _, err := io.WriteString(out, script.String()); err != nil {
		return fmt.Errorf("write the completion: %w", err)
	}
	return nil
}

// flagsOf returns the flags of app and of its commands.
func flagsOf(app *kong.Application) []*kong.Flag {
	flags := slices.Clone(app.Flags)
	for _, command := range app.Children {
		flags = append(flags, command.Flags...)
	}
	return flags
}

// firstSentence returns the first sentence of a help text, without its period.
func firstSentence(help string) string {
	first, _, _ := strings.Cut(help, ". ")
	return strings.TrimSuffix(first, ".")
}

// takesFile reports whether the value of a flag is the name of a file.
func takesFile(f *kong.Flag) bool { return f.PlaceHolder == "FILE" }

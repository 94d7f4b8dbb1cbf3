package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"audiencesync/internal/config"
)

// usageError is what cobra itself refuses, on one line and with what was most likely
// meant.
func usageError(command *cobra.Command, err error) *exitError {
	text, meant, _ := strings.Cut(err.Error(), "\n\nDid you mean this?\n")
	words := strings.Fields(meant)
	for i, word := range words {
		words[i] = fmt.Sprintf("%q", word)
	}
	if flag, unknown := strings.CutPrefix(text, "unknown flag: --"); unknown {
		if near, ok := config.Nearest(flag, flagsOf(command)); ok {
			words = []string{"--" + near}
		}
	}
	see := "; see: "
	if len(words) > 0 {
		see = "; did you mean " + strings.Join(words, " or ") + "? See: "
	}
	return &exitError{code: exitUsage, err: fmt.Errorf("%s%s%s --help", text, see, command.CommandPath())}
}

// flagsOf names all flags of a command.
func flagsOf(command *cobra.Command) []string {
	var names []string
	command.Flags().VisitAll(func(flag *pflag.Flag) { names = append(names, flag.Name) })
	return names
}

package config_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A credential in the wrong place is the likeliest secret in a configuration
// file, and an error text the likeliest way out of it: into logs and tickets.
func TestNoErrorRepeatsAValueWhereverACredentialWasWritten(t *testing.T) {
	t.Parallel()
	const secret = "hunter2-very-secret"
	value := regexp.MustCompile(`(?m)^([ #-]*[a-z_]+:) .*$`)
	for _, path := range []string{"../../examples/sync.yaml", "../../examples/connections.yaml"} {
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		file := string(raw)
		parse := syncError
		if strings.Contains(filepath.Base(path), "connections") {
			parse = connectionsError
		}
		for _, line := range value.FindAllStringSubmatchIndex(file, -1) {
			for _, written := range []string{
				secret, `"` + secret, "[" + secret + "]", "{" + secret + ": " + secret + "}", "&" + secret + " x", "*" + secret,
				"!!" + secret + " x", "|\n" + secret, "https://" + secret + "@host", "https://host/?key=" + secret, "@" + secret, "|" + secret, ">" + secret, "%" + secret, "- " + secret, "? " + secret, secret + ": " + secret,
			} {
				bad := file[:line[3]] + " " + written + file[line[1]:]
				if err := parse("f.yaml", []byte(bad)); err != nil && !strings.Contains(written, secret+":") {
					require.NotContains(t, err.Error(), secret, bad)
				}
			}
		}
	}
}

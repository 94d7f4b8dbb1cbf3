package endtoend

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// parsers is a module with fuzz targets in three packages, of which one may fail.
func parsers(t *testing.T, second string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "go.mod", "module parsers\n\ngo 1.26\n")
	for file, content := range map[string]string{
		"a/a_test.go": "func FuzzFirst(f *testing.F) { f.Fuzz(func(*testing.T, []byte) {}) }\n" +
			"func FuzzFirstAgain(f *testing.F) { f.Fuzz(func(*testing.T, []byte) {}) }",
		"b/b_test.go": "func FuzzSecond(f *testing.F) { f.Fuzz(func(t *testing.T, _ []byte) { " + second + " }) }",
		"c/c_test.go": "func FuzzThird(f *testing.F) { f.Fuzz(func(*testing.T, []byte) {}) }",
		"d/d_test.go": "func TestNothing(*testing.T) {}",
	} {
		write(t, dir, file, "package "+filepath.Dir(file)+"\n\nimport \"testing\"\n\n"+content+"\n")
	}
	return dir
}

// makeFuzz runs `make fuzz` of this project on another module.
func makeFuzz(t *testing.T, dir string) (output string, err error) {
	t.Helper()
	makefile, err := filepath.Abs("../../Makefile")
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), "make", "-C", dir, "-f", makefile, "fuzz", "FUZZTIME=20x")
	// What a make that runs these tests says to makes below it is not for this one.
	command.Env = slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "MAKE") || strings.HasPrefix(variable, "MFLAGS")
	})
	text, err := command.CombinedOutput()
	return string(text), err
}

func TestFuzzingTellsTheExecutionsOfEveryTargetThatThereIs(t *testing.T) {
	t.Parallel()
	output, err := makeFuzz(t, parsers(t, ""))
	require.NoError(t, err, output)
	for _, target := range []string{"a FuzzFirst", "a FuzzFirstAgain", "b FuzzSecond", "c FuzzThird"} {
		require.Regexp(t, `(?m)^parsers/`+target+` +[1-9]\d* executions$`, output)
	}
	require.Equal(t, 4, strings.Count(output, "executions"))
}

func TestFuzzingEndsWithTheFirstTargetThatFails(t *testing.T) {
	t.Parallel()
	output, err := makeFuzz(t, parsers(t, `t.Error("cannot read it")`))
	require.Error(t, err)
	require.Regexp(t, `(?m)^parsers/a FuzzFirstAgain +[1-9]\d* executions$`, output)
	require.Contains(t, output, "cannot read it")
	require.Contains(t, output, "parsers/b FuzzSecond FAILED")
	require.NotContains(t, output, "FuzzThird")

	output, err = makeFuzz(t, parsers(t, `unknown()`))
	require.Error(t, err)
	require.Contains(t, output, "undefined: unknown")
	require.NotContains(t, output, "executions", "targets that cannot be listed could be left out")
}

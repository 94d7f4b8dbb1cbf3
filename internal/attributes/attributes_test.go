package attributes_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/attributes"
)

func TestTheWebUIDocumentNamesEverySearchAttributeWithItsType(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/web-ui.md")
	require.NoError(t, err)
	for name, kind := range attributes.Types() {
		require.Contains(t, string(text), "| `"+name+"` | "+fmt.Sprint(kind)+" |")
	}
}

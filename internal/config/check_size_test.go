package config_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
)

func TestASyncThatDoesNotFitIntoTemporalIsRefused(t *testing.T) {
	t.Parallel()
	var tags strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&tags, "    - a tag with the number %06d\n", i)
	}
	_, err := config.ParseSync("sync.yaml", []byte(minimalSync+"mapping:\n  tags:\n"+tags.String()))
	require.ErrorContains(t, err, "sync.yaml:1:1: the sync is too large: its settings come to ")

	_, err = config.ParseSync("sync.yaml", []byte(strings.Replace(minimalSync, "984", strings.Repeat("9", 256), 1)))
	require.ErrorContains(t, err, "audience.id: expected at most 255 bytes")
}

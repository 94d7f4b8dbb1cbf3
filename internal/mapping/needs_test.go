package mapping_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
	"audiencesync/internal/mapping"
)

func TestWhatMustExistInHelloCharlesIsKnown(t *testing.T) {
	t.Parallel()
	require.Equal(t, mapping.Needs{
		Tags: []string{"zeotap", "newsletter"},
		Properties: []mapping.NeededProperty{
			{Name: "birthday", Type: config.PropertyDate},
			{Name: "city", Type: config.PropertyString},
			{Name: "loyalty_points", Type: config.PropertyNumber},
			{Name: "source_system", Type: config.PropertyString, Constant: "zeotap"},
			{Name: "zeotap_audience_984", Type: config.PropertyString, Constant: "member"},
		},
	}, compile(t, full()).Needs())

	require.Equal(t, mapping.Needs{
		Tags: []string{"a", "p-984", "spring"}, DynamicTags: true,
		Properties: []mapping.NeededProperty{
			{Name: "id", Type: config.PropertyNumber, Constant: json.Number("984")},
			{Name: "size", Type: config.PropertySelect, Constant: "S"},
		},
	}, compile(t, syncOf(t, `marker: {tag: spring}
mapping:
  tags: [a, {list: b, allow: [c]}, {audience: id, prefix: p-}]
  properties: {size: {type: select, value: S}, id: {type: number, audience: id}}
`)).Needs())
}

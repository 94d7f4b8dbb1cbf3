package simulator_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
)

func TestFieldsCanBeForgottenOfContactsThatAreTaken(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Faults: simulator.Faults{Forget: []faults.Forgetting{
		{References: []string{"a"}, Fields: []string{"first_name", "tags", "phone", "city"}, Attempts: 1},
	}}})
	sent := func(reference string) object {
		return with(contact(reference), "custom_properties", object{"city": "Köln", "birthday": "1990-01-31"})
	}
	w.do("PUT", w.charles+single, sent("a"), http.StatusCreated, nil)
	stored, known := w.Contact("a")
	require.True(t, known)
	require.Empty(t, stored.FirstName)
	require.Empty(t, stored.Tags)
	require.Empty(t, stored.Phones)
	require.NotEmpty(t, stored.Emails)
	require.Equal(t, map[string]json.RawMessage{"birthday": json.RawMessage(`"1990-01-31"`)}, stored.Properties)
	require.EqualValues(t, 4, w.Stats().ValuesDropped)

	w.do("PUT", w.charles+single, sent("a"), http.StatusOK, nil)
	w.do("PUT", w.charles+single, sent("b"), http.StatusCreated, nil)
	for _, reference := range []string{"a", "b"} {
		stored, _ = w.Contact(reference)
		require.Equal(t, "Zoë", stored.FirstName)
		require.Len(t, stored.Properties, 2)
	}
}

func TestAForgettingSaysWhatAndOfWhom(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"forget: [{share: 0.1}]":                     "forget[0]: forgets nothing: it needs fields",
		"forget: [{fields: [city]}]":                 "forget[0]: selects nobody",
		"forget: [{share: 0.1, fields: [city]}]":     "",
		"forget: [{fields: [city], suffix: \"77\"}]": "",
	} {
		_, err := faults.Parse([]byte(text))
		if says == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, says)
	}
}

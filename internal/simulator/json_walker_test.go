package simulator

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzJSONWalkerReadsWhatEncodingJSONReads compares the elements of arrays and
// the keys and values of objects.
func FuzzJSONWalkerReadsWhatEncodingJSONReads(f *testing.F) {
	for _, seed := range []string{
		`[]`, ` [ ] `, `[1,-2.5e3 , "a\"]\\",null,true,{"a":[1,{"b":"}"}]},[[]],""]`, "[\n1\t,\r2]",
		`{}`, ` { "a" : 1 , "\u00e9\n" : "x" , "c":{"d":[]},"e":null}`, `{"a":"\\"}`, `5`, `"x"`, `null`, ``, `[1,]`, "{\"\xd0\":\"\"}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		w, valid := walkJSON(data)
		require.Equal(t, json.Valid(data), valid)
		if !valid {
			return
		}
		var list []json.RawMessage
		var object map[string]json.RawMessage
		switch w.peek() {
		case '[':
			require.NoError(t, json.Unmarshal(data, &list))
			i := 0
			require.NoError(t, w.array(func() error {
				require.Equal(t, string(list[i]), string(w.raw()))
				i++
				return nil
			}))
			require.Len(t, list, i)
		case '{':
			require.NoError(t, json.Unmarshal(data, &object))
			got := map[string]json.RawMessage{}
			require.NoError(t, w.object(func(key string) error {
				got[key] = w.raw()
				return nil
			}))
			require.Equal(t, object, got)
		default:
			require.Error(t, w.object(nil))
			require.Error(t, w.array(nil))
			require.Equal(t, string(bytes.TrimSpace(data)), string(w.raw()))
		}
	})
}

package records_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/zeotap/records"
)

// FuzzRecords feeds the three decoders: each ends, in an orderly way, and
// skipping records leads to the same place as reading them.
func FuzzRecords(f *testing.F) {
	for _, seed := range []string{
		"", "\n", "a,b\n1,2\n", "a,b\n\"x\ny\",2", "a,b\n1\n", "a\n\"", "\xff\xfe", "a,a\n", "a;b\n",
		`{"a":1}`, "{\"a\":\"b\"}\n{\"a\":null}\n", `{"a":`, `null`, `[`, `[]`, `[{}]`, `[{},{}] `, `[{}]x`, `[{"a":[1,{"b":2}]},3]`,
		`[{"a":"` + "\xc3" + `"}]`, `{"a":1e999}`, "[{},\n", "{}{}",
	} {
		for format := range 3 {
			f.Add(format, []byte(seed))
		}
	}
	f.Fuzz(func(t *testing.T, format int, content []byte) {
		all, failed := drain(t, format, content, 0)
		for skipped := 1; skipped <= min(len(all), 3); skipped++ {
			rest, again := drain(t, format, content, skipped)
			require.Equal(t, all[skipped:], rest)
			require.Equal(t, failed, again)
		}
	})
}

const fuzzedRecordBytes = 1 << 10

// drain reads all records of a file after the first few.
func drain(t *testing.T, format int, content []byte, skip int) ([]audience.Member, error) {
	t.Helper()
	rows, err := fuzzed(format, content)
	if err != nil {
		orderly(t, err)
		return nil, err
	}
	for range skip {
		require.NoError(t, rows.Skip())
	}
	members := []audience.Member{}
	for {
		before := rows.Offset()
		member, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return members, nil
		}
		if err != nil {
			orderly(t, err)
			return members, err
		}
		require.Greater(t, rows.Offset(), before)
		require.NotNil(t, member)
		_, err = json.Marshal(member)
		require.NoError(t, err)
		members = append(members, member)
	}
}

func fuzzed(format int, content []byte) (records.Reader, error) {
	file := bytes.NewReader(content)
	switch format % 3 {
	case 0:
		return records.CSV(file, ",", fuzzedRecordBytes)
	case 1:
		return records.JSON(file, fuzzedRecordBytes)
	default:
		return records.NDJSON(file, fuzzedRecordBytes), nil
	}
}

func orderly(t *testing.T, err error) {
	t.Helper()
	var said records.BrokenError
	require.ErrorAs(t, err, &said)
}

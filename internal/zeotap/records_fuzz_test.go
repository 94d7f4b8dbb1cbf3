package zeotap

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding"
	"golang.org/x/text/transform"

	"audiencesync/internal/audience"
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
		require.NoError(t, rows.skip())
	}
	members := []audience.Member{}
	for {
		before := rows.offset()
		member, err := rows.next()
		if errors.Is(err, io.EOF) {
			return members, nil
		}
		if err != nil {
			orderly(t, err)
			return members, err
		}
		require.Greater(t, rows.offset(), before)
		require.NotNil(t, member)
		_, err = json.Marshal(member)
		require.NoError(t, err)
		members = append(members, member)
	}
}

func fuzzed(format int, content []byte) (records, error) {
	text := bufio.NewReader(bytes.NewReader(content))
	input := &bounded{from: transform.NewReader(text, encoding.UTF8Validator)}
	switch format % 3 {
	case 0:
		return newCSVRecords(input, ",", fuzzedRecordBytes)
	case 1:
		return newJSONRecords(input, fuzzedRecordBytes)
	default:
		return newNDJSONRecords(input, fuzzedRecordBytes), nil
	}
}

func orderly(t *testing.T, err error) {
	t.Helper()
	var said flaw
	require.ErrorAs(t, err, &said)
}

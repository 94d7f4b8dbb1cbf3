package hellocharles

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestKeyThatStandsTwiceInAnObjectIsFound(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]error{
		`{}`:                                  nil,
		`{"a":1,"b":{"a":[{"a":2},{"a":3}]}}`: nil,
		`{"a:":":","\"":"\":","\\":{}}`:       nil,
		`{ "a" : "\\" , "b" : ":" }`:          nil,
		`{"a":1,"a":1}`:                       errKeyTwice,
		`{"a":1,"\u0061":2}`:                  errKeyTwice,
		`[{"b":{"a":{"x":1},"a":2}}]`:         errKeyTwice,
		"{\"\xff\":1,\"\xfe\":2}":             errKeyTwice,
		`{"a":1`:                              errNotJSON,
		`{"a":1}{`:                            errNotJSON,
		`{"a":1}{}`:                           errNotJSON,
		`:`:                                   errNotJSON,
		``:                                    errNotJSON,
	} {
		_, err := decode([]byte(text))
		require.Equal(t, want, err, text)
	}
}

package audience_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"audiencesync/internal/audience"
)

// reasonsInSource returns the values of all constants of type Reason.
func reasonsInSource(t *testing.T) []audience.Reason {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "reason.go", nil, 0)
	require.NoError(t, err)
	var reasons []audience.Reason
	for _, declaration := range file.Decls {
		constants, ok := declaration.(*ast.GenDecl)
		if !ok || constants.Tok != token.CONST {
			continue
		}
		for _, spec := range constants.Specs {
			constant, ok := spec.(*ast.ValueSpec)
			require.True(t, ok)
			if kind, ok := constant.Type.(*ast.Ident); !ok || kind.Name != "Reason" {
				continue
			}
			literal, ok := constant.Values[0].(*ast.BasicLit)
			require.True(t, ok)
			value, err := strconv.Unquote(literal.Value)
			require.NoError(t, err)
			reasons = append(reasons, audience.Reason(value))
		}
	}
	require.NotEmpty(t, reasons)
	return reasons
}

func TestEveryReasonExplainsItself(t *testing.T) {
	t.Parallel()
	said := map[string]audience.Reason{}
	for _, reason := range reasonsInSource(t) {
		text := reason.Explain()
		require.NotEqual(t, string(reason), text, "the reason has no explanation")
		require.NotContains(t, said, text, "another reason says the same")
		require.Regexp(t, `^[a-z]+(_[a-z]+)*$`, string(reason))
		said[text] = reason
	}
}

func TestAnUnknownReasonExplainsItselfWithItsCode(t *testing.T) {
	t.Parallel()
	require.Equal(t, "made_up_later", audience.Reason("made_up_later").Explain())
}

func TestFewReasonsStayAsTheyAre(t *testing.T) {
	t.Parallel()
	reasons := map[string]int64{"reference_missing": 4, "refused_by_hello_charles:no_phone": 1}
	require.Equal(t, map[string]int64{"reference_missing": 4, "refused_by_hello_charles:no_phone": 1}, audience.LimitReasons(reasons))
	require.Nil(t, audience.LimitReasons(nil))
}

func TestManyReasonsAreAddedUpUnderTheirCode(t *testing.T) {
	t.Parallel()
	reasons := map[string]int64{"reference_missing": 500}
	for code := range 200 {
		reasons[fmt.Sprintf("refused_by_hello_charles:code_%03d", code)] = int64(1000 - code)
	}
	limited := audience.LimitReasons(reasons)
	require.Equal(t, int64(1000), limited["refused_by_hello_charles:code_000"], "the most frequent keep their detail")
	require.NotContains(t, limited, "refused_by_hello_charles:code_199")
	require.Positive(t, limited["refused_by_hello_charles"])
	require.Equal(t, int64(500), limited["reference_missing"], "a reason without detail keeps its name")
}

func TestLimitingReasonsLosesNoMember(t *testing.T) {
	t.Parallel()
	sum := func(reasons map[string]int64) (n int64) {
		for _, of := range reasons {
			n += of
		}
		return n
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.Custom(func(t *rapid.T) string {
			code := rapid.SampledFrom([]string{"refused_by_hello_charles", "reference_missing", "other"}).Draw(t, "code")
			if detail := rapid.IntRange(0, 150).Draw(t, "detail"); detail > 0 {
				return fmt.Sprintf("%s:%d", code, detail)
			}
			return code
		})
		reasons := rapid.MapOfN(name, rapid.Int64Range(0, 1000), 0, 200).Draw(t, "reasons")
		limited := audience.LimitReasons(reasons)
		if sum(limited) != sum(reasons) {
			t.Fatalf("%d members became %d", sum(reasons), sum(limited))
		}
		if len(limited) > 50+3 {
			t.Fatalf("%d reasons are left", len(limited))
		}
	})
}

func TestAReasonIsFoundByItsCodeItsWordsAndItsDetail(t *testing.T) {
	t.Parallel()
	for _, reason := range reasonsInSource(t) {
		for _, called := range []string{string(reason), reason.Explain(), " " + reason.Explain() + " "} {
			found, ok := audience.FindReason(called, nil)
			require.True(t, ok, called)
			require.Equal(t, string(reason), found)
		}
	}
	blocked := string(audience.RefusedByHelloCharles) + ":contact_blocked"
	for _, called := range []string{blocked, audience.ExplainReason(blocked), "contact_blocked", "hello charles refused the contact (contact_blocked)"} {
		found, ok := audience.FindReason(called, []string{"reference_missing", blocked})
		require.True(t, ok, called)
		require.Equal(t, blocked, found)
	}
	for _, called := range []string{"", " ", "contact_blocked", "refused_by", "another:contact_blocked", "refused_by_hello_charles:", "%"} {
		_, ok := audience.FindReason(called, []string{"reference_missing"})
		require.False(t, ok, called)
	}
}

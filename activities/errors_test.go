package activities

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"audiencesync/internal/audience"
	"audiencesync/internal/endpoints"
	"audiencesync/internal/ledger"
	"audiencesync/internal/preflight"
	"audiencesync/internal/vendorhttp"
	"audiencesync/internal/zeotap"
)

// told is what Temporal gets of a failure.
type told struct {
	kind   string
	final  bool
	delay  time.Duration
	benign bool
}

// tell turns a failure into what Temporal gets, after so many tries.
func tell(t *testing.T, err error, tries int) (told, *temporal.ApplicationError) {
	t.Helper()
	var failed *temporal.ApplicationError
	require.ErrorAs(t, failAfter(t.Context(), "demo", err, tries), &failed)
	require.False(t, failed.HasDetails(), "details could hold anything")
	require.NoError(t, failed.Unwrap(), "a cause could hold anything")
	return told{
		kind: failed.Type(), final: failed.NonRetryable(), delay: failed.NextRetryDelay(),
		benign: failed.Category() == temporal.ApplicationErrorCategoryBenign,
	}, failed
}

func TestAQuestionBeforeARunIsGivenUpSoonWhenNobodyAnswers(t *testing.T) {
	t.Parallel()
	final := func(err error, tries int) bool {
		var failed *temporal.ApplicationError
		require.ErrorAs(t, failAsking(t.Context(), "demo", err, tries), &failed)
		require.Contains(t, failed.Message(), "sync demo: ")
		return failed.NonRetryable()
	}
	for _, unanswered := range []error{
		&vendorhttp.Error{Kind: vendorhttp.Unavailable}, &vendorhttp.Error{Kind: vendorhttp.Unreachable}, &zeotap.Error{Kind: zeotap.Unavailable},
	} {
		require.False(t, final(unanswered, 4))
		require.True(t, final(unanswered, 5), "a wrong host is an answer, not a silence")
	}
	require.False(t, final(&vendorhttp.Error{Kind: vendorhttp.RateLimited, RetryAfter: time.Second}, 50), "to wait for the budget is no try")
}

func TestEveryKindOfFailureIsFinalOrTriedAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  error
		want told
	}{
		"the sync is refused":            {&preflight.RefusedError{Problems: []string{"tag \"a\" does not exist"}}, told{kind: TypeOpenRefused, final: true}},
		"the ledger refuses the sync":    {&ledger.RefusedError{Text: "sync demo: changed"}, told{kind: TypeOpenRefused, final: true}},
		"a newer run has opened":         {fmt.Errorf("page 3: %w", ledger.ErrFenced), told{kind: TypeFenced, final: true}},
		"the ledger knows no such run":   {fmt.Errorf("run 3: %w", ledger.ErrNotFound), told{kind: TypeFenced, final: true}},
		"the read is not complete":       {&incompleteReadError{sync: "demo", why: "7 of 9 came"}, told{kind: TypeSourceIncomplete, final: true}},
		"who left before the read ended": {fmt.Errorf("run 3: %w", ledger.ErrReadIncomplete), told{kind: TypeSourceIncomplete, final: true}},
		"dropped after it was sent":      {fmt.Errorf("run 3: %w", ledger.ErrSent), told{kind: TypeLedger, final: true}},
		"too much is staged":             {&ledger.StagingFullError{LimitMegabytes: 4}, told{kind: TypeStagingFull, final: true}},
		"the worker is stopping":         {errWorkerStopping, told{kind: TypeWorkerStopping, benign: true}},
		"the budget is used up":          {&endpoints.BudgetWaitError{Workspace: "acme", Delay: time.Hour}, told{kind: TypeRateLimited, delay: 10 * time.Second, benign: true}},
		"the budget comes soon":          {&endpoints.BudgetWaitError{Workspace: "acme", Delay: time.Second}, told{kind: TypeRateLimited, delay: time.Second, benign: true}},
		"another attempt was faster":     {fmt.Errorf("page 3: %w", ledger.ErrMoved), told{kind: TypeLedger}},
		"the database fails":             {errors.New("ledger: begin: disk I/O error"), told{kind: TypeLedger}},
		"the rate limit came too late":   {fmt.Errorf("waiting: %w", context.DeadlineExceeded), told{kind: TypeUnavailable}},
		"a failure with another at once": {errors.Join(&vendorhttp.Error{Kind: vendorhttp.Forbidden}, errors.New("closing the file")), told{kind: TypeAccessDenied, final: true}},
		"told to wait and told nobody": {
			fmt.Errorf("%w; the delay did not reach the budget", &vendorhttp.Error{Kind: vendorhttp.RateLimited, RetryAfter: time.Second}),
			told{kind: TypeRateLimited, delay: time.Second, benign: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, tries := range []int{1, 100} {
				got, _ := tell(t, test.err, tries)
				require.Equal(t, test.want, got)
			}
		})
	}
}

func TestEveryKindOfFailedRequestIsFinalOrTriedAgain(t *testing.T) {
	t.Parallel()
	unknown := told{kind: TypeUnavailable}
	denied := told{kind: TypeAccessDenied, final: true}
	refused := told{kind: TypeRequestRefused, final: true}
	table := map[vendorhttp.Kind]told{
		vendorhttp.RateLimited:         {kind: TypeRateLimited, delay: 7 * time.Second, benign: true},
		vendorhttp.Unavailable:         unknown,
		vendorhttp.Unreachable:         unknown,
		vendorhttp.Unauthorized:        denied,
		vendorhttp.Forbidden:           denied,
		vendorhttp.NotFound:            denied,
		vendorhttp.Redirected:          denied,
		vendorhttp.NoCredential:        denied,
		vendorhttp.UnusableCertificate: denied,
		vendorhttp.ServerNotTrusted:    denied,
		vendorhttp.CertificateRefused:  denied,
		vendorhttp.Rejected:            refused,
		vendorhttp.TooLarge:            refused,
		vendorhttp.Misconfigured:       refused,
		vendorhttp.Unreadable:          {kind: TypeUnreadableAnswer},
	}
	for _, kind := range kindsIn(t, "../internal/vendorhttp/errors.go") {
		want, known := table[vendorhttp.Kind(kind)]
		require.True(t, known, "the table says nothing about %s", kind)
		failed := &vendorhttp.Error{Kind: vendorhttp.Kind(kind), Connection: "charles", Operation: "upserting"}
		if failed.Kind == vendorhttp.RateLimited {
			failed.RetryAfter = 7 * time.Second
		}
		got, _ := tell(t, fmt.Errorf("batch 3: %w", failed), 1)
		require.Equal(t, want, got, kind)
	}
	got, _ := tell(t, &vendorhttp.Error{Kind: vendorhttp.RateLimited}, 100)
	require.Equal(t, told{kind: TypeRateLimited, benign: true}, got, "without a told delay the policy backs off")
}

func TestEveryKindOfFailedReadIsFinalOrTriedAgain(t *testing.T) {
	t.Parallel()
	refused := told{kind: TypeOpenRefused, final: true}
	table := map[zeotap.Kind]told{
		zeotap.AudienceNotFound: refused,
		zeotap.NothingToRead:    refused,
		zeotap.TooOld:           refused,
		zeotap.Inaccessible:     {kind: TypeAccessDenied, final: true},
		zeotap.NotSettled:       {kind: TypeUnavailable, delay: 30 * time.Second, benign: true},
		zeotap.Unavailable:      {kind: TypeUnavailable},
		zeotap.SnapshotChanged:  {kind: TypeSourceBroken, final: true},
		zeotap.BrokenData:       {kind: TypeSourceBroken},
	}
	for _, kind := range kindsIn(t, "../internal/zeotap/errors.go") {
		want, known := table[zeotap.Kind(kind)]
		require.True(t, known, "the table says nothing about %s", kind)
		got, _ := tell(t, &zeotap.Error{Kind: zeotap.Kind(kind), Connection: "export", Place: "984"}, 1)
		require.Equal(t, want, got, kind)
	}
}

// kindsIn returns the values of all constants of type Kind in a source file.
func kindsIn(t *testing.T, path string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	require.NoError(t, err)
	var kinds []string
	ast.Inspect(file, func(node ast.Node) bool {
		constant, ok := node.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := constant.Type.(*ast.Ident); ok && kind.Name == "Kind" {
			literal, ok := constant.Values[0].(*ast.BasicLit)
			require.True(t, ok)
			value, err := strconv.Unquote(literal.Value)
			require.NoError(t, err)
			kinds = append(kinds, value)
		}
		return true
	})
	require.NotEmpty(t, kinds)
	return kinds
}

func TestASetOfFilesIsLookedAtAgainWhenItWillHaveSettled(t *testing.T) {
	t.Parallel()
	got, _ := tell(t, &zeotap.Error{Kind: zeotap.NotSettled, Until: time.Now().Add(5 * time.Minute)}, 1)
	require.InDelta(t, 5*60, got.delay.Seconds(), 30)
	got, _ = tell(t, &zeotap.Error{Kind: zeotap.NotSettled, Until: time.Now().Add(-time.Hour)}, 1)
	require.Equal(t, time.Second, got.delay)
}

func TestWhatMayPassIsTriedAFewTimesOnly(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err   error
		tries int
	}{
		{&vendorhttp.Error{Kind: vendorhttp.Unreadable}, 5},
		{&zeotap.Error{Kind: zeotap.BrokenData}, 3},
	} {
		got, _ := tell(t, test.err, test.tries-1)
		require.False(t, got.final)
		got, _ = tell(t, test.err, test.tries)
		require.True(t, got.final)
	}
}

func TestTheTextNamesTheSyncOnce(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"not named yet": {
			&preflight.RefusedError{Problems: []string{"tag \"a\" does not exist", "segment \"s\" does not exist"}},
			"sync demo: tag \"a\" does not exist; segment \"s\" does not exist",
		},
		"named at the start": {
			&incompleteReadError{sync: "demo", why: "7 of 9 members came"},
			"sync demo: the read of the audience is not complete, so nothing is sent: 7 of 9 members came",
		},
		"named on the way": {
			fmt.Errorf("run 3 of sync demo: %w", ledger.ErrFenced),
			"run 3 of sync demo: a newer run of this sync has taken over, or this run is closed",
		},
		"named at the end": {errors.New("no spec of sync demo"), "no spec of sync demo"},
		"named inside what names it": {
			fmt.Errorf("opening a run of sync demo: %w", &ledger.RefusedError{Text: "sync demo: audience.id was \"1\" and is \"2\" now"}),
			"sync demo: audience.id was \"1\" and is \"2\" now",
		},
		"another sync is named":             {errors.New("sync demo-2 holds the lease"), "sync demo: sync demo-2 holds the lease"},
		"another sync whose name begins so": {errors.New("sync demonstration holds the lease"), "sync demo: sync demonstration holds the lease"},
		"a word that ends so":               {errors.New("audiencesync demo"), "sync demo: audiencesync demo"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, failed := tell(t, test.err, 1)
			require.Equal(t, test.want, failed.Message())
		})
	}
}

func TestTheTextOfAFailureIsCutBeforeTheServerCutsIt(t *testing.T) {
	t.Parallel()
	_, failed := tell(t, &preflight.RefusedError{Problems: []string{strings.Repeat("a tag does not exist; ", 10_000)}}, 1)
	require.LessOrEqual(t, len(failed.Message()), maxErrorBytes)
	require.Contains(t, failed.Message(), "… (cut, it has 220,011 bytes)")
}

func TestACancelledActivityFailsAsCancelledWhateverBrokeBecauseOfIt(t *testing.T) {
	t.Parallel()
	l := openLedger(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, broken := l.Reading(ctx, RunRef{Sync: "demo", Run: 1, Epoch: 1}, 1, 0)
	require.Error(t, broken)
	for _, err := range []error{
		broken, context.Canceled, errors.New("interrupted (9)"),
		&vendorhttp.Error{Kind: vendorhttp.Unavailable}, fmt.Errorf("reading: %w", context.Canceled),
	} {
		got := failAfter(ctx, "demo", err, 1)
		require.ErrorIs(t, got, context.Canceled)
		require.EqualError(t, got, "sync demo: context canceled")
	}
}

func TestAnActivityCountsItsOwnAttempts(t *testing.T) {
	t.Parallel()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	var failure error
	failing := func(ctx context.Context) (audience.Report, error) {
		return audience.Report{}, fail(ctx, "demo", failure)
	}
	env.RegisterActivity(failing)

	_, err := env.ExecuteActivity(failing)
	require.NoError(t, err)
	require.NoError(t, failAfter(t.Context(), "demo", nil, 1))

	failure = &vendorhttp.Error{Kind: vendorhttp.Unreadable, Connection: "charles", Operation: "listing tags", Detail: "its JSON is cut or wrong"}
	_, err = env.ExecuteActivity(failing)
	var failed *temporal.ApplicationError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, TypeUnreadableAnswer, failed.Type())
	require.False(t, failed.NonRetryable(), "the first attempt is not the last")
	require.Equal(t, "sync demo: connection charles: listing tags: the answer is not what the connection's settings say: its JSON is cut or wrong",
		failed.Message())
}

package preflight

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/ledger"
	"audiencesync/internal/vendorhttp"
	"audiencesync/internal/zeotap"
)

func TestOnlyAnswersThatStayTheSameAreProblems(t *testing.T) {
	t.Parallel()
	for _, stays := range []error{
		&vendorhttp.Error{Kind: vendorhttp.Unauthorized}, &vendorhttp.Error{Kind: vendorhttp.Forbidden}, &vendorhttp.Error{Kind: vendorhttp.NotFound},
		&vendorhttp.Error{Kind: vendorhttp.NoCredential}, &vendorhttp.Error{Kind: vendorhttp.Redirected}, &vendorhttp.Error{Kind: vendorhttp.Rejected},
		&vendorhttp.Error{Kind: vendorhttp.UnusableCertificate}, &vendorhttp.Error{Kind: vendorhttp.ServerNotTrusted},
		&vendorhttp.Error{Kind: vendorhttp.CertificateRefused}, &vendorhttp.Error{Kind: vendorhttp.TooLarge}, &vendorhttp.Error{Kind: vendorhttp.Misconfigured},
		&zeotap.Error{Kind: zeotap.AudienceNotFound}, &zeotap.Error{Kind: zeotap.NothingToRead}, &zeotap.Error{Kind: zeotap.Inaccessible},
		&zeotap.Error{Kind: zeotap.SnapshotChanged}, &zeotap.Error{Kind: zeotap.BrokenData},
		&ledger.RefusedError{Text: "another workspace"}, &RefusedError{Problems: []string{"no such connection"}},
	} {
		_, problem := isProblem(stays)
		require.True(t, problem, "%#v", stays)
	}
	for _, passes := range []error{
		&vendorhttp.Error{Kind: vendorhttp.RateLimited}, &vendorhttp.Error{Kind: vendorhttp.Unavailable}, &vendorhttp.Error{Kind: vendorhttp.Unreachable},
		&vendorhttp.Error{Kind: vendorhttp.Unreadable}, &zeotap.Error{Kind: zeotap.NotSettled}, &zeotap.Error{Kind: zeotap.Unavailable},
		context.DeadlineExceeded,
	} {
		_, problem := isProblem(passes)
		require.False(t, problem, "%#v", passes)
	}
}

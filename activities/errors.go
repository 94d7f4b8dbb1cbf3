package activities

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"audiencesync/internal/audience"
	"audiencesync/internal/endpoints"
	"audiencesync/internal/ledger"
	"audiencesync/internal/preflight"
	"audiencesync/internal/vendorhttp"
	"audiencesync/internal/webhook"
	"audiencesync/internal/zeotap"
)

// Types of the errors that activities and workflows fail with. They are part
// of the contract: the CLI's exit codes and operators' searches rest on them.
const (
	TypeOpenRefused        = "OpenRefused"
	TypeFenced             = "Fenced"
	TypeSourceBroken       = "SourceBroken"
	TypeSourceIncomplete   = "SourceIncomplete"
	TypeAccessDenied       = "AccessDenied"
	TypeRateLimited        = "RateLimited"
	TypeUnavailable        = "Unavailable"
	TypeUnreadableAnswer   = "UnreadableAnswer"
	TypeRequestRefused     = "RequestRefused"
	TypeStagingFull        = "StagingFull"
	TypeLedger             = "Ledger"
	TypeWorkerStopping     = "WorkerStopping"
	TypeUnknownLabels      = "UnknownLabels"
	TypeNotMyTurn          = "NotMyTurn"
	TypeNotApproved        = "NotApproved"
	TypeDeclined           = "Declined"
	TypeNotDelivered       = "NotDelivered"
	TypeResultTooLarge     = "ResultTooLarge"
	TypeVerdictUnexplained = "VerdictUnexplained"
	TypeVerdictOutside     = "VerdictOutsideAccept"
)

// budgetPoll is how often a request that waits for a far send time asks again: a person
// may have set another rate.
const budgetPoll = 10 * time.Second

// turnPoll is how often a run that waits for its turn asks again.
const turnPoll = 10 * time.Second

// incompleteReadError says that the source ended without having given everything.
type incompleteReadError struct{ sync, why string }

func (e *incompleteReadError) Error() string {
	return fmt.Sprintf("sync %s: the read of the audience is not complete, so nothing is sent: %s", e.sync, e.why)
}

// unknownLabelsError says that members carry labels that the sync does not
// allow or Hello Charles does not know, and that the sync says to stop for it.
type unknownLabelsError struct {
	sync    string
	run     int64
	members int64
}

func (e *unknownLabelsError) Error() string {
	return fmt.Sprintf("sync %[1]s: %[2]s members carry tags or options that are not allowed or do not exist in Hello Charles, and the mapping says unknown: stop, "+
		"so nothing is sent; list them with audiencesync failures %[1]s --withheld --run %[3]d, then create or allow them, or write unknown: withhold",
		e.sync, audience.Thousands(e.members), e.run)
}

// How often a failure that may pass is tried again before it ends the run. A
// kind that is not listed is tried again for ever.
const (
	triesOfUnreadable = 5
	triesOfBrokenData = 3
)

// rule says what Temporal does with a failure.
type rule struct {
	kind string
	// final failures are not tried again.
	final bool
	// delay, when not zero, replaces the policy's back-off.
	delay time.Duration
	// benign failures are expected: they are no error in logs and metrics.
	benign bool
}

// classify is the one table that turns failures into what Temporal does.
func classify(err error, attempt int) rule {
	var (
		refused    *preflight.RefusedError
		ledgerSays *ledger.RefusedError
		incomplete *incompleteReadError
		staging    *ledger.StagingFullError
		unknown    *unknownLabelsError
		wait       *endpoints.BudgetWaitError
		turn       *ledger.NotMyTurnError
		settings   *endpoints.SettingsError
		source     *zeotap.Error
		vendor     *vendorhttp.Error
		receiver   *webhook.Error
	)
	switch {
	case errors.As(err, &refused), errors.As(err, &ledgerSays), errors.As(err, &settings):
		return rule{kind: TypeOpenRefused, final: true}
	case errors.Is(err, ledger.ErrFenced), errors.Is(err, ledger.ErrNotFound):
		return rule{kind: TypeFenced, final: true}
	case errors.Is(err, ledger.ErrSent):
		return rule{kind: TypeLedger, final: true}
	case errors.As(err, &incomplete), errors.Is(err, ledger.ErrReadIncomplete):
		return rule{kind: TypeSourceIncomplete, final: true}
	case errors.As(err, &staging):
		return rule{kind: TypeStagingFull, final: true}
	case errors.As(err, &unknown):
		return rule{kind: TypeUnknownLabels, final: true}
	case errors.Is(err, errWorkerStopping):
		return rule{kind: TypeWorkerStopping, benign: true}
	case errors.As(err, &turn):
		return rule{kind: TypeNotMyTurn, delay: turnPoll, benign: true}
	case errors.Is(err, ledger.ErrTurnLost):
		return rule{kind: TypeNotMyTurn, delay: time.Second, benign: true}
	case errors.As(err, &wait):
		return rule{kind: TypeRateLimited, delay: min(wait.Delay, budgetPoll), benign: true}
	case errors.As(err, &source):
		return classifySource(source, attempt)
	case errors.As(err, &vendor):
		return classifyVendor(vendor, attempt)
	case errors.As(err, &receiver):
		return rule{kind: TypeNotDelivered, final: receiver.Refused, delay: receiver.RetryAfter}
	case errors.Is(err, context.DeadlineExceeded):
		return rule{kind: TypeUnavailable}
	default:
		return rule{kind: TypeLedger}
	}
}

func classifySource(err *zeotap.Error, attempt int) rule {
	switch err.Kind {
	case zeotap.AudienceNotFound, zeotap.NothingToRead, zeotap.TooOld:
		return rule{kind: TypeOpenRefused, final: true}
	case zeotap.Inaccessible:
		return rule{kind: TypeAccessDenied, final: true}
	case zeotap.NotSettled:
		return rule{kind: TypeUnavailable, delay: settleDelay(err.Until), benign: true}
	case zeotap.Unavailable:
		return rule{kind: TypeUnavailable}
	case zeotap.SnapshotChanged:
		return rule{kind: TypeSourceBroken, final: true}
	default:
		return rule{kind: TypeSourceBroken, final: attempt >= triesOfBrokenData}
	}
}

// settleDelay is when a set of files is looked at again: when it will have
// settled, or after half a minute while its marker is awaited.
func settleDelay(until time.Time) time.Duration {
	if until.IsZero() {
		return 30 * time.Second
	}
	return max(time.Until(until), time.Second)
}

func classifyVendor(err *vendorhttp.Error, attempt int) rule {
	switch err.Kind {
	case vendorhttp.RateLimited:
		return rule{kind: TypeRateLimited, delay: err.RetryAfter, benign: true}
	case vendorhttp.Unavailable, vendorhttp.Unreachable:
		return rule{kind: TypeUnavailable}
	case vendorhttp.Unreadable:
		return rule{kind: TypeUnreadableAnswer, final: attempt >= triesOfUnreadable}
	case vendorhttp.Unauthorized, vendorhttp.Forbidden, vendorhttp.NotFound, vendorhttp.NoCredential, vendorhttp.Redirected,
		vendorhttp.UnusableCertificate, vendorhttp.ServerNotTrusted, vendorhttp.CertificateRefused:
		return rule{kind: TypeAccessDenied, final: true}
	default:
		return rule{kind: TypeRequestRefused, final: true}
	}
}

// fail turns an error of an activity into what Temporal gets. The text is for
// an operator and holds no contact data; causes stay behind.
func fail(ctx context.Context, sync string, err error) error {
	return failAfter(ctx, sync, err, int(activity.GetInfo(ctx).Attempt))
}

// triesOfAsking is how often a question before a run is asked in vain.
const triesOfAsking = 5

// failAsking is fail for questions before a run, which give up soon: tries
// counts those that nobody answered.
func failAsking(ctx context.Context, sync string, err error, tries int) error {
	failure := failAfter(ctx, sync, err, tries)
	said, ok := errors.AsType[*temporal.ApplicationError](failure)
	if !ok || !isUnanswered(err) || tries < triesOfAsking {
		return failure
	}
	return temporal.NewNonRetryableApplicationError(said.Message(), said.Type(), nil)
}

// failAfter is fail for activities that count their tries themselves.
func failAfter(ctx context.Context, sync string, err error, tries int) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		// Whatever failed, the end of the context is why: a database that was
		// interrupted has words of its own for it.
		return fmt.Errorf("sync %s: %w", sync, ctx.Err())
	}
	r := classify(err, tries)
	options := temporal.ApplicationErrorOptions{NonRetryable: r.final, NextRetryDelay: r.delay}
	if r.benign {
		options.Category = temporal.ApplicationErrorCategoryBenign
	}
	return temporal.NewApplicationErrorWithOptions(audience.Shorten(sentence(sync, err), maxErrorBytes), r.kind, options)
}

// sentence is what an operator reads; it names the sync once, if it is about one.
func sentence(sync string, err error) string {
	text := err.Error()
	if sync == "" {
		return text
	}
	if ledgerSays, ok := errors.AsType[*ledger.RefusedError](err); ok {
		// It names the sync itself, and so does what is wrapped around it.
		text = ledgerSays.Error()
	}
	if regexp.MustCompile(`\bsync ` + regexp.QuoteMeta(sync) + `($|[^a-z0-9-])`).MatchString(text) {
		return text
	}
	return "sync " + sync + ": " + text
}

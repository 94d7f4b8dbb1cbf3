package zeotap

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/vendorhttp"
)

// api reads pages of members over HTTP by docs/zeotap-members-api.md.
type api struct {
	name     string
	settings config.ZeotapAPI
	client   *vendorhttp.Client
	inFlight *semaphore.Weighted
	limiter  *rate.Limiter
}

// NewAPI returns a source that reads pages over HTTP by the contract of
// docs/zeotap-members-api.md. The settings carry all their defaults. Credentials
// are looked up for every request. Requests of all readers together keep the
// connection's limits. Errors are mistakes in the settings.
func NewAPI(name string, settings config.ZeotapAPI, credential Credential) (Source, error) {
	limits := settings.Limits
	switch {
	case limits.RequestsPerSecond <= 0:
		return nil, fmt.Errorf("connection %s: limits.requests_per_second must be more than 0", name)
	case limits.RequestsInFlight < 1:
		return nil, fmt.Errorf("connection %s: limits.requests_in_flight must be at least 1", name)
	case settings.PageSize < 1:
		return nil, fmt.Errorf("connection %s: page_size must be at least 1", name)
	case settings.MaxBodyMegabytes < 1:
		return nil, fmt.Errorf("connection %s: max_body_megabytes must be at least 1", name)
	case settings.Timeout <= 0:
		return nil, fmt.Errorf("connection %s: timeout must be more than 0", name)
	}
	client, err := vendorhttp.New(vendorhttp.Options{
		Connection:    name,
		BaseURL:       settings.BaseURL,
		Header:        settings.CredentialHeader,
		Credential:    settings.Credential,
		TLS:           settings.TLS,
		Lookup:        credential,
		Timeout:       settings.Timeout.D(),
		MaxBody:       int64(settings.MaxBodyMegabytes) << 20,
		MaxRetryAfter: limits.MaxRetryAfter.D(),
		Connections:   limits.RequestsInFlight,
	})
	if err != nil {
		return nil, err
	}
	return &api{
		name:     name,
		settings: settings,
		client:   client,
		inFlight: semaphore.NewWeighted(int64(limits.RequestsInFlight)),
		// A burst of one never passes the rate.
		limiter: rate.NewLimiter(rate.Limit(limits.RequestsPerSecond), 1),
	}, nil
}

func (a *api) Identify(ctx context.Context, id string) (audience.Audience, *audience.Size, error) {
	body, err := a.ask(ctx, id, vendorhttp.Request{
		Operation: "asking for audience " + id,
		Method:    http.MethodGet,
		Path:      path(a.settings.Paths.Audience, id),
	})
	if err != nil {
		return audience.Audience{}, nil, err
	}
	found, size, err := decodeAudience(body, id)
	if err != nil {
		return audience.Audience{}, nil, a.broken("audience "+id, err)
	}
	return found, size, nil
}

func (a *api) Open(ctx context.Context, id string) (audience.Snapshot, error) {
	found, size, err := a.Identify(ctx, id)
	if err != nil {
		return audience.Snapshot{}, err
	}
	body, err := a.ask(ctx, id, vendorhttp.Request{
		Operation: "opening a snapshot of audience " + id,
		Method:    http.MethodPost,
		Path:      path(a.settings.Paths.Snapshots, id),
	})
	if err != nil {
		return audience.Snapshot{}, err
	}
	snapshot, err := decodeSnapshot(body)
	if err != nil {
		return audience.Snapshot{}, a.broken("snapshot of audience "+id, err)
	}
	snapshot.Audience = found
	snapshot.Reported = size
	return snapshot, nil
}

func (a *api) Reader(_ context.Context, snapshot audience.Snapshot) (Reader, error) {
	return &apiReader{source: a, snapshot: snapshot}, nil
}

// ask sends a request about the audience as a whole.
func (a *api) ask(ctx context.Context, id string, request vendorhttp.Request) ([]byte, error) {
	body, err := a.do(ctx, request)
	if status(err) == http.StatusNotFound {
		return nil, a.unknownAudience("audience " + id)
	}
	return body, err
}

func (a *api) unknownAudience(place string) error {
	return &Error{
		Kind: AudienceNotFound, Connection: a.name, Place: place,
		Text: "the endpoint knows no such audience (status 404); check audience.id of the sync, and base_url and paths of the connection",
	}
}

func (a *api) broken(place string, err error) error {
	return &Error{
		Kind: BrokenData, Connection: a.name, Place: place,
		Text: err.Error() + "; the endpoint must answer as docs/zeotap-members-api.md says",
	}
}

// status is the HTTP status of a failed request, 0 if there was none.
func status(err error) int {
	if failed, ok := errors.AsType[*vendorhttp.Error](err); ok {
		return failed.Status
	}
	return 0
}

func path(template, id string) string {
	return strings.ReplaceAll(template, "{audience}", url.PathEscape(id))
}

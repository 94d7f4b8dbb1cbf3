package simulator

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// LoadOptions reads options from a YAML file with the keys zeotap, charles,
// tenants, faults, journal_entries and retry_after_grace. Unknown keys are errors, which
// name the known ones.
func LoadOptions(path string) (Options, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Options{}, fmt.Errorf("reading the simulator's options: %w", err)
	}
	var o Options
	err = yaml.NewDecoder(strings.NewReader(string(data)), yaml.Strict()).Decode(&o)
	if err != nil && !errors.Is(err, io.EOF) {
		return Options{}, fmt.Errorf("the simulator's options %s: %w", path, withKnownKeys(err, data))
	}
	if err := o.Validate(); err != nil {
		return Options{}, fmt.Errorf("the simulator's options %s: %w", path, err)
	}
	return o, nil
}

// Validate returns the first mistake of the options.
func (o Options) Validate() error {
	if err := o.Faults.Validate(); err != nil {
		return fmt.Errorf("faults: %w", err)
	}
	if err := o.Charles.validate(); err != nil {
		return fmt.Errorf("charles.%w", err)
	}
	for i, tenant := range o.Tenants {
		if (tenant.Host == "") == (tenant.Prefix == "") || tenant.Prefix != "" && !prefix.MatchString(tenant.Prefix) {
			return fmt.Errorf("tenants[%d] needs a host, or a prefix like /acme", i)
		}
		if err := tenant.Charles.validate(); err != nil {
			return fmt.Errorf("tenants[%d].charles.%w", i, err)
		}
	}
	return nil
}

var prefix = regexp.MustCompile(`^(/[A-Za-z0-9_-]+)+$`)

// choice is a setting with a list of values; empty is its default.
type choice struct {
	setting, value string
	allowed        []string
}

func chosen[T ~string](setting string, value T, allowed ...T) choice {
	c := choice{setting: setting, value: string(value)}
	for _, one := range allowed {
		c.allowed = append(c.allowed, string(one))
	}
	return c
}

func (o CharlesOptions) validate() error {
	any4 := []UnknownValues{DropUnknown, RefuseContact, RefuseWholeCall, TakeUnknown}
	b := o.Batch
	for _, c := range []choice{
		chosen("single", o.Single, SingleRecord, SingleOK, SingleAccepted, SingleNone),
		chosen("errors", o.Errors, ErrorList, ErrorObject, ErrorEmpty, ErrorHTML),
		chosen("unknown", o.Unknown, any4...),
		chosen("unknown_tags", o.UnknownTags, any4...),
		chosen("unknown_properties", o.UnknownProperties, any4...),
		chosen("read_only", o.ReadOnly, any4...),
		chosen("wrong_types", o.WrongTypes, any4...),
		chosen("unknown_options", o.UnknownOptions, any4...),
		chosen("bad_channels", o.BadChannels, any4...),
		chosen("malformed", o.Malformed, RefuseContact, RefuseWholeCall),
		chosen("batch.duplicates", b.Duplicates, TakeUnknown, RefuseContact, RefuseWholeCall),
		chosen("batch.reply", b.Reply, ReplyItems, ReplyCounts, ReplyErrors, ReplyNone),
		chosen("batch.items.shape", b.Items.Shape, ItemsList, ItemsByIndex, ItemsObject),
		chosen("batch.items.status", b.Items.Status, StatusText, StatusHTTP, StatusBoolean),
		chosen("batch.names", b.Names, NameNobody, NameReference, NameIndex),
	} {
		if c.value != "" && !slices.Contains(c.allowed, c.value) {
			return fmt.Errorf("%s: %q is none of %s", c.setting, c.value, strings.Join(c.allowed, ", "))
		}
	}
	for _, c := range []struct {
		setting string
		value   int
		allowed []int
	}{
		{"malformed_status", o.MalformedStatus, []int{400, 422}},
		{"beta_status", o.BetaStatus, []int{403, 404}},
		{"no_contact.status", o.NoContact.Status, []int{404, 409, 410, 422}},
		{"batch.too_many_status", b.TooManyStatus, []int{400, 413}},
		{"batch.empty_status", b.EmptyStatus, []int{200, 400}},
		{"batch.partial_status", b.PartialStatus, []int{200, 207}},
	} {
		if c.value != 0 && !slices.Contains(c.allowed, c.value) {
			return fmt.Errorf("%s: %d is none of %v", c.setting, c.value, c.allowed)
		}
	}
	if err := o.Limits.RetryAfter.Validate(); err != nil {
		return fmt.Errorf("limits.retry_after: %w", err)
	}
	if o.Limits.PerSecond < 0 || o.Limits.Burst < 0 || o.Limits.InFlight < 0 || o.MaxBodyBytes < 0 || b.MaxItems < 0 {
		return errors.New("limits, max_body_bytes and batch.max_items are not negative")
	}
	return nil
}

package mapping

import (
	"fmt"
	"reflect"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

// What withheld phone numbers and email addresses are counted under.
const (
	phoneTarget = "phone"
	emailTarget = "email"
)

// channel is the compiled mapping of the phone number or the email address.
type channel struct {
	target  string
	origin  origin
	omit    bool
	missing audience.Reason // why a member without a value is held back; empty: it is not
	check   func(value, reference string) (string, audience.Reason)
}

func newChannel(target string, source config.Channel, missing audience.Reason, check func(value, reference string) (string, audience.Reason)) (channel, error) {
	made, err := newOrigin(source.Origin)
	if err != nil {
		return channel{}, fmt.Errorf("mapping.%s: %w", target, err)
	}
	c := channel{target: target, origin: made, omit: source.Unusable == config.Omit, check: check}
	if source.Missing == config.MissingHoldBack {
		c.missing = missing
	}
	return c, nil
}

// newChannels compiles the channels that the sync maps.
func (m *Mapper) newChannels() (channels []channel, err error) {
	for _, mapped := range []struct {
		target  string
		source  *config.Channel
		missing audience.Reason
		check   func(value, reference string) (string, audience.Reason)
	}{
		{phoneTarget, m.sync.Mapping.Phone, audience.PhoneMissing, m.phoneCheck()},
		{emailTarget, m.sync.Mapping.Email, audience.EmailMissing, func(value, _ string) (string, audience.Reason) { return checkEmail(value) }},
	} {
		if mapped.source == nil {
			continue
		}
		made, err := newChannel(mapped.target, *mapped.source, mapped.missing, mapped.check)
		if err != nil {
			return nil, err
		}
		channels = append(channels, made)
	}
	return channels, nil
}

// of returns the value of a member.
func (c *channel) of(mapped audience.Member, reference string) (string, *Rejection) {
	text, field, reason := c.origin.read(mapped)
	switch {
	case reason != "":
		return "", &Rejection{reason, field}
	case text == "":
		return "", rejection(c.missing, field)
	}
	value, reason := c.check(text, reference)
	return value, rejection(reason, field)
}

// omits reports whether the contact is sent without the value.
func (c *channel) omits(rejected *Rejection) bool { return c.omit && rejected.Reason != c.missing }

// phoneCheck spares the phone number library a second look at a number that the
// reference is already made of.
func (m *Mapper) phoneCheck() func(value, reference string) (string, audience.Reason) {
	spared, plus := false, ""
	if phone := m.sync.Mapping.Phone; phone != nil && reflect.DeepEqual(phone.Origin, m.sync.Reference.Origin) {
		switch m.sync.Reference.Normalise {
		case config.NormaliseE164:
			spared = true
		case config.NormaliseDigits:
			spared, plus = true, "+"
		case config.NormaliseRaw:
		}
	}
	return func(value, reference string) (string, audience.Reason) {
		if spared && reference != "" {
			return plus + reference, ""
		}
		return m.phones.parse(value, phoneReasons)
	}
}

package hellocharles

import (
	"errors"
	"fmt"

	"audiencesync/internal/vendorhttp"
)

// contactsHint adds to a failed contacts call what an operator can do (see
// docs/hello-charles.md A18). setting names the settings of the call, "single" or "batch".
func contactsHint(err error, setting, api string) error {
	var failed *vendorhttp.Error
	if !errors.As(err, &failed) || failed.Detail != "" {
		return err
	}
	switch failed.Kind {
	case vendorhttp.Unauthorized:
		failed.Detail = "the API key is wrong, revoked or of another workspace; make one in Hello Charles under Settings, API Keys"
	case vendorhttp.Forbidden:
		failed.Detail = fmt.Sprintf("the API key may not write contacts, or the closed beta of the %s is not enabled; "+
			"give the key admin permissions, and ask the Hello Charles success manager to enable the beta", api)
	case vendorhttp.NotFound:
		failed.Detail = fmt.Sprintf("%s.method or %s.path is wrong, or the closed beta of the %s is not enabled for the workspace; "+
			"ask the Hello Charles success manager", setting, setting, api)
		if setting == "single" {
			failed.Detail += "; if the contact does not exist there and this says so, set gone.codes or gone.statuses"
		}
	default:
	}
	return err
}

// readHint does the same for lists and counts (A2): a key that may write
// contacts need not be allowed to read.
func readHint(err error, setting string) error {
	var failed *vendorhttp.Error
	if !errors.As(err, &failed) || failed.Detail != "" {
		return err
	}
	switch failed.Kind {
	case vendorhttp.Unauthorized:
		failed.Detail = "the API key is wrong, revoked or of another workspace, or it may not read: " +
			"correct it (in an environment variable it counts once the worker was started again), give one that may read as read.credential, " +
			"or set read.allowed: false and list known_tags and known_properties"
	case vendorhttp.Forbidden:
		failed.Detail = "the key may not read; give one that may read as read.credential, " +
			"or set read.allowed: false and list known_tags and known_properties"
	case vendorhttp.NotFound:
		failed.Detail = fmt.Sprintf("check %s and base_url", setting)
	default:
	}
	return err
}

// segmentHint does the same for a segment that is counted or listed. without says what
// a key that may not do that means.
func segmentHint(err error, setting, without string) error {
	var failed *vendorhttp.Error
	if errors.As(err, &failed) && failed.Detail == "" && failed.Kind == vendorhttp.Forbidden {
		failed.Detail = without
	}
	return readHint(err, "the segment id, "+setting)
}

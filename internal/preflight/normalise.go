package preflight

import (
	"errors"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/mapping"
)

// Normaliser returns what brings a reference that does not come from the source
// into the spelling that the sync gives it. Its errors do not hold the reference.
func Normaliser(spec config.Sync) (func(reference string) (string, error), error) {
	const field = "reference"
	alone := config.Sync{Reference: spec.Reference}
	alone.Reference.Origin = config.Origin{From: field}
	mapper, err := mapping.Compile(alone, mapping.Destination{})
	if err != nil {
		return nil, err
	}
	return func(reference string) (string, error) {
		normalised, rejected := mapper.Reference(audience.Member{field: reference})
		if rejected != nil {
			return "", errors.New(rejected.Reason.Explain())
		}
		return normalised, nil
	}, nil
}

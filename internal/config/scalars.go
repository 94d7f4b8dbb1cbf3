package config

import (
	"time"
)

// Duration is written as "90s", "15m" or "1h30m".
type Duration time.Duration

// D returns the duration as a time.Duration.
func (d Duration) D() time.Duration { return time.Duration(d) }

// Share is a part of a whole between 0 and 1, written as "2%" or 0.02.
type Share float64

// CredentialRef says where a credential is to be found, never what it is:
// "env:NAME" or "file:PATH" (relative to the connections file). It is looked
// up on the worker at the time of use.
type CredentialRef string

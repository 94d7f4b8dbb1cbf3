package host

import (
	"audiencesync/internal/credentials"
	"audiencesync/internal/ledger"
)

// LedgerCredential looks up the password that a ledger's address names by
// reference. As with FailureKey, a path starts at the current directory.
func LedgerCredential(store credentials.Store) ledger.Option {
	return ledger.WithCredentials(store.Lookup)
}

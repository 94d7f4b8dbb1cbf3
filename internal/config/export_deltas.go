package config

// Delivery is what the sets of an export are.
type Delivery string

// The deliveries.
const (
	DeliversFull   Delivery = "full"
	DeliversDeltas Delivery = "deltas"
)

// ExportDeltas are the settings of sets of changes. Zeotap sends everything
// first, later what was inserted, updated and deleted, and everything again when
// data expires or the destination's mapping changes. How these are told apart
// in files is not public (see docs/zeotap.md A4, A5).
type ExportDeltas struct {
	// OperationColumn is the column, or key, of a record that says what is done
	// with the member. Without one the group (?P<operation>...) of the pattern
	// says it for a whole file.
	OperationColumn string `yaml:"operation_column" json:"operation_column,omitempty"`
	// Words are how the operations are called; case does not matter.
	Words OperationWords `yaml:"words" json:"words"`
	// Key are the fields that together identify a member in all sets. Default:
	// the one field that the sync's reference is mapped from.
	Key []string `yaml:"key" json:"key,omitempty"`
	// Deletes says that Zeotap has activated delete sets for the destination. Without
	// them nobody knows who has left the audience, and nobody is unmarked. Default: false.
	Deletes bool `yaml:"deletes" json:"deletes"`
	// Updates: "whole" (an updated record replaces the member) or "changed" (it
	// holds the key and changed fields; those that are empty stay). Default: whole.
	Updates UpdateForm `yaml:"updates" json:"updates"`
	// CompleteWith lists operations ("insert", "update", "delete") of which a set
	// has to have a file before it is complete, beside marker or settle. A full
	// set needs none. Default: empty.
	CompleteWith []Operation `yaml:"complete_with" json:"complete_with,omitempty"`
	// LateAfter is how long a run waits for a set that is missing or not complete
	// while a newer one is there; then it fails. Zeotap says that deliveries take up
	// to 48 hours. Default: 48h.
	LateAfter Duration `yaml:"late_after" json:"late_after"`
	// FullShare is when a set of inserts alone is taken for a full one that nobody
	// announced: at least this share of its records are members already, and they
	// are at least this share of all members. Zero is never. Default: 80%.
	FullShare Share `yaml:"full_share" json:"full_share"`
}

// OperationWords are the values that stand for each operation.
type OperationWords struct {
	// Full is a file or record of a set that is the whole audience. Default: [full].
	Full []string `yaml:"full" json:"full,omitempty"`
	// Insert is one of members who entered the audience. Default: [insert].
	Insert []string `yaml:"insert" json:"insert,omitempty"`
	// Update is one of members whose values changed. Default: [update].
	Update []string `yaml:"update" json:"update,omitempty"`
	// Delete is one of members who left the audience. Default: [delete].
	Delete []string `yaml:"delete" json:"delete,omitempty"`
}

// Operation is what a file or record of an export does with its members.
type Operation string

// The operations.
const (
	OperationFull   Operation = "full"
	OperationInsert Operation = "insert"
	OperationUpdate Operation = "update"
	OperationDelete Operation = "delete"
)

// UpdateForm is what a record of an update holds.
type UpdateForm string

// The forms of updates.
const (
	UpdatesWhole   UpdateForm = "whole"
	UpdatesChanged UpdateForm = "changed"
)

// SFTP is how to log in to an SFTP server. Its host key is always checked, by
// exactly one of KnownHosts and HostKey.
type SFTP struct {
	// Password says where the password is: "env:NAME" or "file:PATH".
	Password CredentialRef `yaml:"password" json:"password,omitempty"`
	// PrivateKey says where the private key is (OpenSSH or PEM): "env:NAME" or "file:PATH".
	PrivateKey CredentialRef `yaml:"private_key" json:"private_key,omitempty"`
	// Passphrase says where the passphrase of the private key is, if it has one.
	Passphrase CredentialRef `yaml:"passphrase" json:"passphrase,omitempty"`
	// KnownHosts is the path of a file as OpenSSH writes it; a relative path starts at
	// the folder of the connections file.
	KnownHosts string `yaml:"known_hosts" json:"known_hosts,omitempty"`
	// HostKey is the public key of the server: "ssh-ed25519 AAAA...".
	HostKey string `yaml:"host_key" json:"host_key,omitempty"`
	// Timeout bounds connecting and every answer of the server. Default: 30s.
	Timeout Duration `yaml:"timeout" json:"timeout"`
}

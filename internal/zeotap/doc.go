// Package zeotap reads the members of audiences. Zeotap publishes no API that
// lists them (see docs/zeotap.md A1), so there are two sources: files that a Zeotap
// destination drops into a folder or bucket (NewExport), and pages over HTTP
// by this project's own contract, docs/zeotap-members-api.md (NewAPI).
//
// Both fail closed: what was cut, changed or cannot be read is an error and
// never the end of an audience. No error holds a value of a member.
package zeotap

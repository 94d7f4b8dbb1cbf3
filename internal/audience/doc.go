// Package audience is the domain: members, contacts, outcomes, the report of a
// run and its verdict. It does no I/O and imports nothing else of this project.
package audience

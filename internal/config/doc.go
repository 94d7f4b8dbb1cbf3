// Package config reads the two files of a user: a sync (one audience into one
// workspace) and the connections that a worker knows. Both are checked as a
// whole before anything happens: every problem is reported with file, line and
// column, and no text of this package repeats a value of a file, which may be a
// credential written in the wrong place.
//
// What a key may hold is said once, in the types: their yaml names, jsonschema
// tags and comments make the parser and the JSON Schemas for editors.
package config

//go:generate go run ./schemagen

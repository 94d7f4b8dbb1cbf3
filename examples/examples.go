// Package examples holds the example files, for the demo.
package examples

import "embed"

// Demo is the folder demo: a connections file and a sync for the simulators.
//
//go:embed demo
var Demo embed.FS

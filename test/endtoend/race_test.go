//go:build race

package endtoend

// raceEnabled: the programs are built with the race detector too.
const raceEnabled = true

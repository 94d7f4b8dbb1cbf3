package telemetry

import (
	"io"
	"log"
)

// SilenceStandardLog keeps the standard library's own log from being written: net/http
// quotes what comes on a connection without having been asked for, such as the rest of an
// answer whose length was wrong, and that may hold contact data. What is wrong with the
// answer is an error of its request all the same.
func SilenceStandardLog() { log.SetOutput(io.Discard) }

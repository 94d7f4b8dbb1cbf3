package config

import (
	"time"
	_ "time/tzdata" // The zones are needed where the machine has none.

	"audiencesync/internal/config/convert"
)

// Zone is the time zone of dates without an offset.
func (s PropertySource) Zone() (*time.Location, error) {
	if s.TimeZone == "" {
		return time.UTC, nil
	}
	return time.LoadLocation(s.TimeZone)
}

// Longest is the most characters that are sent.
func (s PropertySource) Longest() int {
	if s.MaxLength > 0 {
		return s.MaxLength
	}
	return MaxPropertyLength
}

// reader reads the dates of a source that has been checked.
func (s PropertySource) reader() convert.Format {
	zone, _ := s.Zone()
	format, _ := convert.NewFormat(s.Format, zone)
	return format
}

// checkReading reports settings of a source by which no value can be read.
func checkReading(r *report, path string, source PropertySource) {
	if _, err := source.Zone(); err != nil || source.TimeZone == "Local" {
		r.refuse(path+".time_zone", `expected a time zone of the IANA list, such as "Europe/Berlin"`)
	}
	if _, err := convert.NewFormat(source.Format, nil); err != nil {
		r.refuse(path+".format", "%s", err.Error())
	}
	if source.True == nil {
		checkFilled(r, path+".true", "text")
	}
	if source.False == nil {
		checkFilled(r, path+".false", "text")
	}
	if _, both := convert.NewBoolean(source.True, source.False).Both(); both {
		r.refuse(path, "a text means true and false at once; delete it from one list, or name both lists")
	}
}

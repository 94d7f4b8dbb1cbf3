// Package buildinfo says which build a program is: what the Go command stamps into it
// when it is built in a git checkout.
package buildinfo

import (
	"fmt"
	"runtime/debug"
	"strings"
)

// Info is a build. Revision and Time are empty without a stamp.
type Info struct {
	// Version is the tag of the commit, or a version made of its time and hash.
	Version string `json:"version"`
	// Revision is the commit, Time when it was made (RFC 3339).
	Revision string `json:"revision,omitempty"`
	Time     string `json:"time,omitempty"`
	// Modified says that the files were not those of the commit.
	Modified bool `json:"modified,omitempty"`
	// Go is the version of the compiler.
	Go string `json:"go"`
}

// Read returns the build of this program.
func Read() Info {
	built, ok := debug.ReadBuildInfo()
	if !ok {
		return Info{Version: development}
	}
	return of(built)
}

// development is the version of a build without a stamp.
const development = "a development build"

func of(built *debug.BuildInfo) Info {
	info := Info{Version: built.Main.Version, Go: built.GoVersion}
	if info.Version == "" || info.Version == "(devel)" {
		info.Version = development
	}
	for _, setting := range built.Settings {
		switch setting.Key {
		case "vcs.revision":
			info.Revision = setting.Value
		case "vcs.time":
			info.Time = setting.Value
		case "vcs.modified":
			info.Modified = setting.Value == "true"
		}
	}
	return info
}

// Commit is the commit of a build, empty without a stamp. All builds of one commit with
// changes that are not committed have the same.
func (i Info) Commit() string {
	if i.Modified {
		return i.Revision + "+dirty"
	}
	return i.Revision
}

// Line is the build of a program in one line.
func (i Info) Line(program string) string {
	words := []string{i.Version}
	if i.Revision != "" {
		changed := ""
		if i.Modified {
			changed = " with changes"
		}
		words = append(words, fmt.Sprintf("commit %s%s of %s", i.Revision, changed, i.Time))
	}
	return program + " " + strings.Join(append(words, i.Go), ", ")
}

package firstsync

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// Drops is how the files of a folder look.
type Drops struct {
	// Pattern finds the files of a set, by the grammar of a connection of kind
	// zeotap-export; empty where they do not look alike.
	Pattern string
	// Marker is the file that stands in each set beside them; empty without one.
	Marker string
}

var (
	dataFile = regexp.MustCompile(`(?i)\.(csv|ndjson|json)(\.gz)?$`)
	numbers  = regexp.MustCompile(`[0-9]+`)
)

// LookLike proposes a pattern from the names of files below a folder, with slashes.
// Which of the folders is called after the audience is a guess: that of the sets is the
// last one, and that of the audience stands before it. Files that stand in a folder of an
// audience each are a set of their own.
func LookLike(names []string) Drops {
	var data, others [][]string
	for _, name := range names {
		if parts := strings.Split(name, "/"); dataFile.MatchString(name) {
			data = append(data, parts)
		} else {
			others = append(others, parts)
		}
	}
	if len(data) == 0 {
		return Drops{}
	}
	depth := len(data[0])
	file, above := alike(data[0][depth-1]), strings.Join(data[0][:max(depth-3, 0)], "/")
	for _, parts := range data {
		if len(parts) != depth || alike(parts[depth-1]) != file || strings.Join(parts[:max(depth-3, 0)], "/") != above {
			return Drops{}
		}
	}
	switch {
	case depth < 2:
		return Drops{} // No folder is called after the audience.
	case depth == 2 && strings.Contains(strings.ToLower(file), "part"):
		return Drops{} // What belongs together cannot be seen.
	case depth == 2:
		return Drops{Pattern: "^{audience}/(?P<set>" + file + ")$"}
	}
	from := "^"
	if above != "" {
		from += regexp.QuoteMeta(above) + "/"
	}
	return Drops{Pattern: from + "{audience}/(?P<set>[^/]+)/" + file + "$", Marker: markerAmong(others, depth, above)}
}

// alike is a regular expression of the names that differ from this one in numbers only.
func alike(name string) string {
	return numbers.ReplaceAllLiteralString(regexp.QuoteMeta(name), "[0-9]+")
}

// markerAmong is the one file that stands in folders of sets and holds no members.
func markerAmong(others [][]string, depth int, above string) string {
	var names []string
	for _, parts := range others {
		if len(parts) == depth && !slices.Contains(names, parts[depth-1]) {
			names = append(names, parts[depth-1])
		}
	}
	if len(names) != 1 {
		return ""
	}
	return path.Join(above, "{audience}", "{set}", names[0])
}

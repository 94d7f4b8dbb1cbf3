package firstsync

import (
	"errors"
	"regexp"
	"strings"

	"audiencesync/internal/config"
)

// ProblemIn is what package config says about one key of a connections file that is being
// put together, or nil. The texts never hold a value.
func (c Connections) ProblemIn(key string) error {
	raw, err := c.YAML()
	if err != nil {
		return err
	}
	_, err = config.ParseConnections("connections.yaml", raw)
	return problemAt(err, "connections."+key)
}

// ProblemIn is what package config says about one key of a sync file that is being put
// together, or nil.
func (s Sync) ProblemIn(key string) error {
	raw, err := s.YAML()
	if err != nil {
		return err
	}
	_, err = config.ParseSync("sync.yaml", raw)
	return problemAt(err, key)
}

func problemAt(err error, path string) error {
	problems, ok := errors.AsType[config.Problems](err)
	if !ok {
		return err
	}
	for _, problem := range problems {
		if problem.Path == path || strings.HasPrefix(problem.Path, path+".") || strings.HasPrefix(problem.Path, path+"[") || problem.Path == "" {
			return errors.New(problem.Text)
		}
	}
	return nil
}

// errLooksSecret does not repeat what was written.
var errLooksSecret = errors.New("this looks like the credential itself: write where it is, env:NAME (an environment variable of the worker) or file:PATH")

var (
	letters = regexp.MustCompile(`[a-z]`)
	figures = regexp.MustCompile(`[0-9]`)
)

// longestName is the most characters of a name that is not looked at closely.
const longestName = 20

// CheckCredential refuses what is not the place of a credential, and what looks like the
// credential itself. isSet reports whether an environment variable is. The error does not
// hold what was written.
func CheckCredential(reference string, isSet func(variable string) bool) error {
	var place config.CredentialRef
	if err := place.UnmarshalText([]byte(reference)); err != nil {
		return err
	}
	scheme, name, _ := strings.Cut(reference, ":")
	long := len(name) > longestName && letters.MatchString(name) && figures.MatchString(name)
	switch {
	case !long:
		return nil
	case scheme == "env" && !isSet(name):
		return errLooksSecret
	case scheme == "file" && !strings.ContainsAny(name, "/."):
		return errLooksSecret
	default:
		return nil
	}
}

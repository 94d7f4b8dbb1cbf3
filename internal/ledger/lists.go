package ledger

import (
	"bytes"
	"encoding/json"
)

// jsonList is a list as statements take it. PostgreSQL's text cannot hold NUL:
// it becomes U+FFFD, on both databases.
func jsonList(list any) (string, error) {
	text, err := json.Marshal(list)
	if err != nil {
		return "", err
	}
	return string(withoutNUL(text)), nil
}

// withoutNUL replaces escaped NULs in JSON.
func withoutNUL(text []byte) []byte {
	nul := []byte(`\u0000`)
	if !bytes.Contains(text, nul) {
		return text
	}
	clean := make([]byte, 0, len(text))
	for at := 0; at < len(text); {
		switch {
		case bytes.HasPrefix(text[at:], nul):
			clean, at = append(clean, `\ufffd`...), at+len(nul)
		case text[at] == '\\':
			// The escaped character is skipped, for it may be a backslash itself.
			clean, at = append(clean, text[at:at+2]...), at+2
		default:
			clean, at = append(clean, text[at]), at+1
		}
	}
	return clean
}

// zeroOne is how the tables hold a yes or no.
func zeroOne(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

package config

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// Nearest returns the word that was probably meant, and false if none is near.
// Case, dashes and underscores do not count.
func Nearest(word string, words []string) (string, bool) {
	folded := fold(word)
	allowed := max(1, min(len(folded)/3, 4))
	if len(folded) > 3 {
		allowed = max(allowed, 2)
	}
	best, bestDistance := "", allowed+1
	for _, candidate := range words {
		if distance := levenshtein.ComputeDistance(folded, fold(candidate)); distance < bestDistance {
			best, bestDistance = candidate, distance
		}
	}
	if best != "" {
		return best, true
	}
	for _, candidate := range words {
		other := fold(candidate)
		if len(other) > 3 && strings.Contains(folded, other) || len(folded) > 3 && strings.Contains(other, folded) {
			return candidate, true
		}
	}
	return "", false
}

func fold(word string) string {
	if len(word) > longestKey {
		word = word[:longestKey]
	}
	return strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(word))
}

// quoteAll lists words for a sentence: "a", "b", "c".
func quoteAll(words []string) string {
	return `"` + strings.Join(words, `", "`) + `"`
}

func upperFirst(sentence string) string {
	return strings.ToUpper(sentence[:1]) + sentence[1:]
}

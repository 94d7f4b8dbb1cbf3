package simulator

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
)

// writes lets contact calls pass that have a key, when the beta is enabled.
func (c *charles) writes(next http.HandlerFunc) http.HandlerFunc {
	return c.secure(func(w http.ResponseWriter, r *http.Request) {
		key, known := c.key(r)
		switch {
		case !known:
			c.refuse(w, http.StatusUnauthorized, "unauthorized", "the API key is missing or not valid")
		case c.options.BetaStatus != 0:
			c.refuse(w, c.options.BetaStatus, "feature_not_enabled", "this API is not enabled for the workspace")
		case key.NoContacts:
			c.refuse(w, http.StatusForbidden, "forbidden", "the API key lacks the permission")
		default:
			next(w, r)
		}
	})
}

// reads lets calls of the app API pass that have a key, or the token.
func (c *charles) reads(next http.HandlerFunc) http.HandlerFunc {
	return c.secure(func(w http.ResponseWriter, r *http.Request) {
		key, known := c.key(r)
		if c.options.Bearer != "" {
			token := same(r.Header.Get("Authorization"), "Bearer "+c.options.Bearer)
			known = token || known && c.options.KeyReads
			key.NoReads = key.NoReads && !token
		}
		switch {
		case !known:
			c.refuse(w, http.StatusUnauthorized, "unauthorized", "the credential is missing or not valid")
		case c.options.ReadsForbidden || key.NoReads:
			c.refuse(w, http.StatusForbidden, "forbidden", "the credential lacks the permission")
		default:
			next(w, r)
		}
	})
}

// secure refuses plain HTTP where that is asked for. A proxy in front tells the
// protocol in a header.
func (c *charles) secure(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if c.options.RequireHTTPS && r.TLS == nil && !strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
			c.refuse(w, http.StatusForbidden, "https_required", "this API takes HTTPS only")
			return
		}
		next(w, r)
	}
}

// key returns the key of a request, if it is one of the workspace's that is
// not revoked.
func (c *charles) key(r *http.Request) (APIKey, bool) {
	given := r.Header.Get("X-Api-Key")
	keys := append([]APIKey{{Key: c.options.Key}}, c.options.Keys...)
	at := slices.IndexFunc(keys, func(key APIKey) bool { return same(given, key.Key) })
	if at < 0 || keys[at].Revoked {
		return APIKey{}, false
	}
	return keys[at], true
}

func same(given, want string) bool {
	return subtle.ConstantTimeCompare([]byte(given), []byte(want)) == 1
}

// keyID names the credential of a request without telling it; empty for none.
func keyID(r *http.Request) string {
	for _, header := range []string{"X-Api-Key", "Apikey", "Authorization"} {
		if value := r.Header.Get(header); value != "" {
			sum := sha256.Sum256([]byte(value))
			return hex.EncodeToString(sum[:4])
		}
	}
	return ""
}

package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The headers of the Standard Webhooks convention (standardwebhooks.com).
const (
	headerID        = "webhook-id"
	headerTimestamp = "webhook-timestamp"
	headerSignature = "webhook-signature"

	secretPrefix = "whsec_"
	// The bytes of a signing key that the convention allows.
	shortestKey, longestKey = 24, 64
)

// errKey does not show the secret.
var errKey = fmt.Errorf("what is behind its secret is no signing key: expected base64 of %d to %d bytes, with or without %s before it (openssl rand -base64 32)",
	shortestKey, longestKey, secretPrefix)

// keyOf reads a signing key.
func keyOf(secret string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, secretPrefix))
	if err != nil || len(key) < shortestKey || len(key) > longestKey {
		return nil, errKey
	}
	return key, nil
}

// errID keeps a message from being signed as another one.
var errID = errors.New("the id of a message holds a dot or is empty")

// sign adds the headers by which a receiver knows the message: without a key, its id
// and time only.
func sign(header http.Header, key []byte, id string, at time.Time, body []byte) error {
	if id == "" || strings.Contains(id, ".") {
		return errID
	}
	timestamp := strconv.FormatInt(at.Unix(), 10)
	header.Set(headerID, id)
	header.Set(headerTimestamp, timestamp)
	if key == nil {
		return nil
	}
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte(id + "." + timestamp + "."))
	_, _ = mac.Write(body)
	header.Set(headerSignature, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return nil
}

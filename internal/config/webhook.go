package config

import "time"

// Webhook is a receiver of notifications, or a monitor that expects a heartbeat. Its
// URL is a credential: whoever knows it can write there.
type Webhook struct {
	// URL says where the address of the receiver is: "env:NAME" or "file:PATH". It is looked up
	// each time it is used.
	URL CredentialRef `yaml:"url" json:"url" jsonschema:"required"`
	// Secret says where the key is that requests are signed with (Standard Webhooks:
	// base64 of 24 to 64 bytes, with or without whsec_ before it): "env:NAME" or
	// "file:PATH". Without it they are not signed.
	Secret CredentialRef `yaml:"secret" json:"secret,omitempty"`
	// AllowPlainHTTP permits http:// to a host that is not this machine. Default: false.
	AllowPlainHTTP bool `yaml:"allow_plain_http" json:"allow_plain_http,omitempty"`
	// TLS is for a receiver with a certificate of an authority of its own, or that asks for
	// a client certificate.
	TLS TLS `yaml:"tls" json:"tls"`
	// Timeout bounds one request, reply included; at most 1m. Default: 10s.
	Timeout Duration `yaml:"timeout" json:"timeout"`
}

// longestWebhook bounds one request to a receiver.
const longestWebhook = Duration(time.Minute)

// DefaultWebhook returns a connection with every default and no required value.
func DefaultWebhook() Webhook { return Webhook{Timeout: Duration(10 * time.Second)} }

// Webhook returns the webhook connection of that name, or an error that names those
// that exist.
func (c Connections) Webhook(name string) (Webhook, error) {
	if webhook, ok := c.Webhooks[name]; ok {
		return webhook, nil
	}
	return Webhook{}, c.unknown("webhook", name, KindWebhook)
}

func checkWebhook(r *report, path string, w *Webhook) {
	checkTLS(r, path+".tls", w.TLS)
	checkPositive(r, path+".timeout", w.Timeout)
	if key := path + ".timeout"; w.Timeout > longestWebhook && !r.broken(key) {
		r.refuse(key, "expected at most %s: a receiver only has to take a message", longestWebhook)
	}
}

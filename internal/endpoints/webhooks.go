package endpoints

import "audiencesync/internal/webhook"

// Webhook returns the client of a webhook connection. One that does not exist is a
// *SettingsError.
func (p *Pool) Webhook(name string) (*webhook.Client, error) {
	settings, err := p.Connections.Webhook(name)
	if err != nil {
		return nil, &SettingsError{err}
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	known, ok := p.webhooks[name]
	if !ok {
		known = webhook.New(webhook.Options{Connection: name, Settings: settings, Credential: p.Credential})
		p.webhooks[name] = known
	}
	return known, nil
}

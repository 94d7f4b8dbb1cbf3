package host

import (
	"context"

	"go.uber.org/zap"

	"audiencesync/internal/config"
	"audiencesync/internal/credentials"
)

// warnOfCredentials names what a connection needs and is not there: else only the first
// run would find out.
func warnOfCredentials(ctx context.Context, connections config.Connections, secrets credentials.Store, logger *zap.Logger) {
	for _, name := range connections.Names() {
		for _, reference := range connections.Credentials(name) {
			if _, err := secrets.Lookup(ctx, string(reference)); err != nil {
				logger.Warn("a connection cannot be used as it is", zap.String("connection", name), zap.Error(err))
			}
		}
	}
}

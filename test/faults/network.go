package main

import (
	"context"
	"crypto/tls"
	"errors"
	"sync/atomic"
	"time"

	"audiencesync/internal/simulator/faults"
	"audiencesync/test/site"
)

// unreachable is what an operator is told of a vendor to whom there is no connection.
const unreachable = "cannot be reached; check base_url and the network of the worker"

// notTrusted is what an operator is told of a server whose certificate, host or version of
// TLS is not accepted.
const notTrusted = "the server is not trusted, so nothing was sent"

// atTheNetwork are the faults of connections.
func atTheNetwork() []*fault {
	never := func(says ...string) ending {
		return ending{code: codeFailed, untouched: true, says: append([]string{unreachable}, says...)}
	}
	restart := func(ctx context.Context, c *cell) error {
		return errors.Join(c.StopWorker(), c.write(), c.StartWorker(ctx))
	}
	return []*fault{
		{at: atBoth, name: "cut off for a while", met: happened, strike: func(ctx context.Context, c *cell) error {
			away := time.Duration(300+c.random.IntN(2000)) * time.Millisecond
			kind, nth := c.moment()
			c.at(kind, nth, func() error {
				err := errors.Join(c.zeotap.Cut(), c.charles.Cut(), site.Pass(ctx, away))
				return errors.Join(err, c.zeotap.Start(ctx), c.charles.Start(ctx))
			})
			return nil
		}},
		{
			at: atZeotap, name: "no connection from the start", met: always,
			strike: func(_ context.Context, c *cell) error { return c.zeotap.Cut() },
			ends:   never("connection zeotap: ", "connection refused"),
			mend:   func(ctx context.Context, c *cell) error { return c.zeotap.Start(ctx) },
		},
		{
			at: atCharles, name: "no connection from the start", met: always,
			strike: func(_ context.Context, c *cell) error { return c.charles.Cut() },
			ends:   never("connection charles: ", "connection refused"),
			mend:   func(ctx context.Context, c *cell) error { return c.charles.Start(ctx) },
		},
		{
			at: atZeotap, name: "the name is not found (DNS)", met: always, ends: never("connection zeotap: ", "lookup zeotap.invalid"),
			strike: func(ctx context.Context, c *cell) error {
				c.edits = []string{c.zeotap.URL(), "https://zeotap.invalid"}
				return restart(ctx, c)
			},
			mend: func(ctx context.Context, c *cell) error {
				c.edits = nil
				return restart(ctx, c)
			},
		},
		{
			at: atBoth, name: "the server is not trusted any more, is again, resume", met: happened, prepare: withTLS,
			strike: func(_ context.Context, c *cell) error {
				wrong := c.wrongTLS()
				kind, nth := c.moment()
				c.at(kind, nth, func() error {
					c.handshakes.wrong.Store(wrong)
					return nil
				})
				return nil
			},
			meanwhile: resumeAfter("connection ", notTrusted),
		},
		{
			at: atBoth, name: "the server is not trusted from the start", met: always, prepare: withTLS,
			strike: func(_ context.Context, c *cell) error {
				c.handshakes.wrong.Store(c.wrongTLS())
				return nil
			},
			ends: ending{code: codeUsage, untouched: true, says: []string{"connection zeotap: ", "connection charles: ", notTrusted}},
			mend: func(_ context.Context, c *cell) error {
				c.handshakes.wrong.Store(nil)
				return nil
			},
		},
	}
}

// moment is a request, early in reading or in sending.
func (c *cell) moment() (kind site.Call, nth int) {
	if c.random.IntN(2) == 0 {
		return site.PageCall, 1 + c.random.IntN(site.Pages)
	}
	return site.ContactCall, 1 + c.random.IntN(6)
}

// handshakes decides how TLS connections begin: wrongly, if there is a wrong way.
type handshakes struct {
	right *tls.Config
	wrong atomic.Pointer[tls.Config]
}

func (h *handshakes) choose(*tls.ClientHelloInfo) (*tls.Config, error) {
	if wrong := h.wrong.Load(); wrong != nil {
		return wrong, nil
	}
	return h.right, nil
}

// withTLS puts both vendors behind TLS, with certificates of an authority that the worker
// trusts.
func withTLS(c *cell) (err error) {
	c.Environment = append(c.Environment, "SSL_CERT_FILE="+c.ground.authority.file)
	right, err := c.ground.authority.certify("127.0.0.1", time.Hour)
	if err != nil {
		return err
	}
	c.handshakes = &handshakes{right: right}
	for _, front := range []**site.Front{&c.zeotap, &c.charles} {
		*front, err = site.NewTLSFront(context.Background(), &tls.Config{GetConfigForClient: c.handshakes.choose, MinVersion: tls.VersionTLS12})
		if err != nil {
			return err
		}
		c.undo = append(c.undo, (*front).Cut)
	}
	return nil
}

// wrongTLS is one of the ways in which a handshake fails.
func (c *cell) wrongTLS() *tls.Config {
	ways := []*tls.Config{
		c.ground.authority.expired, c.ground.authority.ofAnotherHost, c.ground.authority.ofNobody,
		{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10, Certificates: c.handshakes.right.Certificates},
	}
	return ways[c.random.IntN(len(ways))]
}

// ofClocks are clocks that are not ours, and that show another time.
func ofClocks() []*fault {
	date := faults.Rule{Do: faults.Status, Status: 429, RetryAfter: faults.Duration(time.Second), RetryAfterForm: faults.RetryAfterDate}
	vendors := func(by time.Duration) func(*cell) error {
		return func(c *cell) error {
			c.options.Clock = func() time.Time { return time.Now().Add(by) }
			return nil
		}
	}
	dated := plan(func(c *cell) faults.Plan { return c.hits(date, audiencePath, contactsPath, listsPath, segmentPath) })
	return []*fault{
		{at: atBoth, name: "their clock is an hour ahead, 429 with a date", prepare: vendors(time.Hour), strike: dated},
		{at: atBoth, name: "their clock is an hour behind, 429 with a date", prepare: vendors(-time.Hour), strike: dated},
		{at: atLedger, name: "its clock goes back an hour", met: happened, strike: jump(time.Hour)},
		{at: atLedger, name: "its clock goes forward an hour", met: happened, strike: jump(-time.Hour)},
	}
}

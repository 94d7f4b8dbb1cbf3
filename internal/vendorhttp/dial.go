package vendorhttp

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"time"
)

// errLinkLocal is why no connection is made. Its text shows no address.
var errLinkLocal = errors.New("the host leads to a link-local or metadata address, where machines of a cloud keep credentials of their own; no connection is made to it")

// metadata are addresses outside the link-local ranges at which clouds keep credentials
// of their machines.
var metadata = []netip.Addr{netip.MustParseAddr("fd00:ec2::254"), netip.MustParseAddr("100.100.100.200")}

// Dial returns a function that makes connections, but to no link-local or metadata
// address, whatever name led to it.
func Dial(timeout time.Duration) func(ctx context.Context, network, address string) (net.Conn, error) {
	return (&net.Dialer{
		Timeout: timeout, KeepAlive: 30 * time.Second,
		Control: func(_, address string, _ syscall.RawConn) error { return mayDial(address) },
	}).DialContext
}

// mayDial refuses an address that a name was resolved to.
func mayDial(address string) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	ip := to.Addr().Unmap().WithZone("")
	if ip.IsLinkLocalUnicast() || ip.IsLinkLocalMulticast() || slices.Contains(metadata, ip) {
		return errLinkLocal
	}
	return nil
}

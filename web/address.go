package web

import (
	"net/http"
	"net/netip"
	"strings"
)

// clientAddr is where r comes from: the peer, or, where that is a trusted
// proxy, the last address before the trusted ones in X-Forwarded-For. It is
// the zero Addr on a listener that is not TCP.
func (s *Server) clientAddr(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := plainAddr(peer.Addr())
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && s.trusts(addr); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = plainAddr(hop)
	}
	return addr
}

func plainAddr(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

func (s *Server) trusts(a netip.Addr) bool {
	for _, p := range s.listen.TrustedProxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// addressKey is what limits count by: an IPv4 address, or the /64 of an IPv6
// address, which is what one subscriber usually has.
func addressKey(a netip.Addr) string {
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}

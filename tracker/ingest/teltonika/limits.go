package teltonika

import "time"

// Limits bound what boxes can ask of the server. Zero fields stand for the
// defaults.
type Limits struct {
	// PacketBytes is the largest packet, from preamble to CRC; a larger one ends
	// the connection. Default 8 KiB: boxes send at most 1,280 bytes, and more
	// only where a single record holds that much.
	PacketBytes int
	// Connections is the most connections at a time, default 20,000;
	// ConnectionsPerAddress the most from one address (IPv6: one /64), default
	// 1,000, not applied to loopback. A box has one connection: a new one
	// replaces it.
	Connections, ConnectionsPerAddress int
	// HandshakeTime is how long a connection may take, TLS included, until its
	// IMEI has come. Default 20 s.
	HandshakeTime time.Duration
	// IdleTime is how long a box may say nothing between packets, default 1 h;
	// PacketTime how long one packet may take to arrive, default 30 s.
	IdleTime, PacketTime time.Duration
	// CommitTime is how long a packet may wait for its commit; then the
	// connection ends without an answer. Default 10 s.
	CommitTime time.Duration
	// WriteTime is how long a box may take to accept an answer. Default 10 s.
	WriteTime time.Duration
	// RefusalTime is how long an unknown IMEI waits for its answer, which slows
	// down whoever tries them out. Default 2 s.
	RefusalTime time.Duration
}

func (l Limits) withDefaults() Limits {
	for field, value := range map[*int]int{
		&l.PacketBytes: 8 << 10, &l.Connections: 20_000, &l.ConnectionsPerAddress: 1_000,
	} {
		if *field <= 0 {
			*field = value
		}
	}
	for field, value := range map[*time.Duration]time.Duration{
		&l.HandshakeTime: 20 * time.Second, &l.IdleTime: time.Hour, &l.PacketTime: 30 * time.Second,
		&l.CommitTime: 10 * time.Second, &l.WriteTime: 10 * time.Second, &l.RefusalTime: 2 * time.Second,
	} {
		if *field <= 0 {
			*field = value
		}
	}
	return l
}

package broker

import "github.com/mochi-mqtt/server/v2/packets"

// cause is why a connection was closed.
type cause uint32

const (
	causeNone cause = iota
	causeSlow
	causeUnavailable
	causeRevoked
	causeTooMuch
	causeTopic
	causeTakenOver
	causeDisplaced
	causeStopping
)

// String is the value of the metric's label.
func (w cause) String() string {
	switch w {
	case causeSlow:
		return "slow_reader"
	case causeUnavailable:
		return "unavailable"
	case causeRevoked:
		return "revoked"
	case causeTooMuch:
		return "receive_maximum"
	case causeTopic:
		return "invalid_topic"
	case causeTakenOver:
		return "taken_over"
	case causeDisplaced:
		return "too_many_connections"
	case causeStopping:
		return "stopping"
	}
	return "none"
}

// code is what a device of MQTT 5 is told.
func (w cause) code() byte {
	switch w {
	case causeUnavailable, causeNone:
		return packets.ErrServerBusy.Code
	case causeRevoked:
		return packets.ErrNotAuthorized.Code
	case causeTooMuch:
		return packets.ErrReceiveMaximum.Code
	case causeTopic:
		return packets.ErrTopicNameInvalid.Code
	case causeTakenOver:
		return packets.ErrSessionTakenOver.Code
	case causeDisplaced:
		return packets.ErrQuotaExceeded.Code
	case causeStopping:
		return packets.ErrServerShuttingDown.Code
	}
	return packets.ErrUnspecifiedError.Code
}

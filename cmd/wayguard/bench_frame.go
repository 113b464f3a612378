package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The packets of MQTT 3.1.1 that a device needs. Written for throughput: a
// client library takes more of a processor for a publish than the server does.
const (
	mqttConnect  = 0x10
	mqttConnack  = 0x20
	mqttPublish1 = 0x32 // QoS 1
	mqttPuback   = 0x40
)

// appendConnect encodes a CONNECT with a clean session and no keep-alive, so
// that idle connections cost nothing; an empty user stands for none.
func appendConnect(b []byte, clientID, user, secret string) []byte {
	const clean, withUser, withSecret = 0x02, 0x80, 0x40
	flags := byte(clean)
	body := appendText(nil, "MQTT")
	if user != "" {
		flags |= withUser | withSecret
	}
	body = append(body, 4, flags)
	body = binary.BigEndian.AppendUint16(body, 0)
	body = appendText(body, clientID)
	if user != "" {
		body = appendText(appendText(body, user), secret)
	}
	b = binary.AppendUvarint(append(b, mqttConnect), uint64(len(body)))
	return append(b, body...)
}

// appendText encodes a string, which is shorter than 64 KiB.
func appendText(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
}

// appendPublish encodes a QoS 1 PUBLISH. MQTT's length is the varint of
// package binary.
func appendPublish(b []byte, topic string, id uint16, payload []byte) []byte {
	b = binary.AppendUvarint(append(b, mqttPublish1), uint64(2+len(topic)+2+len(payload)))
	b = binary.BigEndian.AppendUint16(appendText(b, topic), id)
	return append(b, payload...)
}

// connectRefusal is a CONNACK that says no.
type connectRefusal struct{ code byte }

func (r *connectRefusal) Error() string {
	reasons := [...]string{
		1: "it does not speak MQTT 3.1.1", 2: "it does not like the client id", 3: "it takes no more connections now",
		4: "user name or secret are wrong", 5: "the device is not allowed in",
	}
	if int(r.code) < len(reasons) {
		return "the broker refuses the connection: " + reasons[r.code]
	}
	return fmt.Sprintf("the broker refuses the connection with code %d", r.code)
}

// readConnack reads the answer to a CONNECT.
func readConnack(r io.Reader) error {
	var answer [4]byte
	if _, err := io.ReadFull(r, answer[:]); err != nil {
		return fmt.Errorf("the broker closes the connection without an answer: %w", err)
	}
	if answer[0] != mqttConnack || answer[1] != 2 {
		return errNotMQTT
	}
	if answer[3] != 0 {
		return &connectRefusal{answer[3]}
	}
	return nil
}

var errNotMQTT = errors.New("what answers does not speak MQTT 3.1.1")

// eachPuback calls fn with the packet id of every PUBACK in b and returns what
// is left: a packet that is not complete. Other packets are passed over.
func eachPuback(b []byte, fn func(id uint16) error) ([]byte, error) {
	for len(b) >= 2 {
		size := 2 + int(b[1])
		if b[1] >= 0x80 {
			// Nothing that is sent to a device without subscriptions is that long.
			return nil, errNotMQTT
		}
		if len(b) < size {
			break
		}
		if b[0] == mqttPuback {
			if size != 4 {
				return nil, errNotMQTT
			}
			if err := fn(binary.BigEndian.Uint16(b[2:])); err != nil {
				return nil, err
			}
		}
		b = b[size:]
	}
	return b, nil
}

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"syscall"

	"wayguard/tracker/ingest/broker"
)

// listen binds the address that a flag names.
func listen(flag, address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, listenError(flag, address, err)
	}
	return l, nil
}

// listenError says what to do about an address that cannot be bound.
func listenError(flag, address string, err error) error {
	switch {
	case errors.Is(err, broker.ErrNotLoopback):
		err = fmt.Errorf("--mqtt-lab: %w: give %s 127.0.0.1:1883", err, flag)
	case errors.Is(err, syscall.EADDRINUSE):
		err = fmt.Errorf("%s %s: another program uses this port; stop it, or choose another with %s HOST:PORT (%w)", flag, address, flag, err)
	case errors.Is(err, fs.ErrPermission):
		err = fmt.Errorf("%s %s: this port needs more rights; choose one above 1023 with %s HOST:PORT (%w)", flag, address, flag, err)
	default:
		err = fmt.Errorf("%s %s: %w", flag, address, err)
	}
	return &inputError{err}
}

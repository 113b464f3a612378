package tracker

import (
	"bytes"
	"time"
)

// Ask says which credential a device is to get. The zero value asks for a
// secret.
type Ask struct {
	// Certificate asks for a client certificate instead.
	Certificate bool
	// Request is a certificate signing request (PKCS #10) in PEM, so that the
	// private key need not leave the device. Nothing but its public key is
	// used. Empty has the key made here and returned with the certificate.
	Request []byte
	// Valid is how long the certificate holds, at most [MaxCertificateLife];
	// zero stands for [CertificateLife].
	Valid time.Duration
	// Grace is how long the credential before goes on working, which ends
	// earlier when the new one is used for the first time. Zero ends it at once.
	Grace time.Duration
	// Seen is the version of the device that the caller knows, or AnyVersion.
	Seen uint64
}

// Credential is what a device signs in with: a secret or a certificate.
type Credential struct {
	Device DeviceID
	// Secret is empty for a device with a certificate.
	Secret string
	// Certificate is nil for a device with a secret.
	Certificate *Certificate
	// FrameSecret is what a device of the native protocol seals its reports with,
	// as of its first use of this credential.
	FrameSecret []byte
}

// Certificate is a client certificate of a device. All are PEM.
type Certificate struct {
	// Certificate is the device's, signed by Authority.
	Certificate string
	// Key is the private key (PKCS #8), empty where the device has it.
	Key       string
	Authority string
	Expires   time.Time
}

// CredentialState is how a device signs in, without what it must keep to itself.
type CredentialState struct {
	// Certificate is set for a client certificate, else it is a secret.
	Certificate bool
	// Expires is the certificate's end.
	Expires time.Time
	// OldUntil is when the credential before ends at the latest; zero if it has
	// ended.
	OldUntil time.Time
}

// storedCredential is a secret or a certificate as the record has it.
type storedCredential struct {
	// Secret is the keyed hash of the secret.
	Secret []byte `json:"secret,omitempty"`
	// Serial is the number of the one certificate that is in force; all others
	// that were signed for the device are worthless.
	Serial  []byte    `json:"serial,omitempty"`
	Expires time.Time `json:"expires,omitzero"`
}

// oldCredential is one that was replaced.
type oldCredential struct {
	storedCredential
	Until time.Time `json:"until"`
	// Generation is that of the device when this was its credential.
	Generation uint32 `json:"generation,omitempty"`
}

// evidence is what a device shows: the hash of a secret, or the number of a
// certificate whose signature was checked.
type evidence struct{ secret, serial []byte }

func (c storedCredential) matches(e evidence, now time.Time) bool {
	if e.serial != nil {
		return bytes.Equal(c.Serial, e.serial) && now.Before(c.Expires)
	}
	return equalHash(c.Secret, e.secret)
}

// accepts reports whether e signs in; newest tells that it does with the newest
// credential.
func (d storedDevice) accepts(e evidence, now time.Time) (newest, ok bool) {
	if d.matches(e, now) {
		return true, true
	}
	return false, d.Old != nil && now.Before(d.Old.Until) && d.Old.matches(e, now)
}

func (d storedDevice) state(now time.Time) CredentialState {
	p := CredentialState{Certificate: d.Serial != nil, Expires: d.Expires}
	if d.Old != nil && now.Before(d.Old.Until) {
		p.OldUntil = d.Old.Until
	}
	return p
}

// renewed is d with another credential. As long as there is an old one, the
// newest was never used: then it is the old one that the device has, and that
// the grace is for.
func (d storedDevice) renewed(c storedCredential, grace time.Duration, now time.Time) storedDevice {
	used, had := oldCredential{d.storedCredential, now.Add(grace), d.Generation}, d.Secret != nil || d.Serial != nil
	if d.Old != nil && now.Before(d.Old.Until) {
		used.storedCredential, used.Generation = d.Old.storedCredential, d.Old.Generation
	}
	d.storedCredential, d.Old = c, nil
	if had {
		d.Generation++
		d.Edits++
	}
	if grace > 0 {
		d.Old = &used
	}
	return d
}

// keeps reports whether all that signs in with before does with d.
func (d storedDevice) keeps(before storedDevice) bool {
	return bytes.Equal(d.Secret, before.Secret) && bytes.Equal(d.Serial, before.Serial) && (d.Old != nil || before.Old == nil)
}

package tracker

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"

	firmware "wayguard/firmware-protocol"
)

// frameSecretKey names the key that the frame secrets of all devices derive
// from, in the bucket of keys.
const frameSecretKey = "device-frames"

// epochOf numbers the secrets of a device, also of one that was deleted and
// registered again: none has the frame secret of an earlier one.
func epochOf(d *storedDevice) uint64 {
	const generations = 20 // bits
	return uint64(d.Created.UnixMilli())<<generations | uint64(d.Generation)&(1<<generations-1)
}

// FrameSecret is what a device of the native protocol seals its reports with,
// and the server what it desires of it: firmware.SecretSize bytes. It is derived,
// not stored, and belongs to a credential: a rotation changes it, in a grace once
// the new credential was used. ok is false for a device that is not registered.
func (f *Fleet) FrameSecret(id DeviceID) (secret []byte, ok bool) {
	secret, _, ok = f.frameSecret(id)
	return secret, ok
}

func (f *Fleet) frameSecret(id DeviceID) (secret []byte, epoch uint64, ok bool) {
	d, ok := f.registry.inUse(id)
	if !ok {
		return nil, 0, false
	}
	secret, err := f.deriveFrameSecret(id, &d)
	return secret, epochOf(&d), err == nil
}

func (f *Fleet) deriveFrameSecret(id DeviceID, d *storedDevice) ([]byte, error) {
	info := fmt.Sprintf("wayguard/1/frame/%d/%s", epochOf(d), id)
	return hkdf.Key(sha256.New, f.frames, nil, info, firmware.SecretSize)
}

// sealKey is the key of a device's sealed reports, of an epoch.
type sealKey struct {
	epoch uint64
	key   *firmware.Key
}

// UpKey is the key that a device seals its reports with, nil for a device that
// is not registered. required says that it has sent sealed ones, since it was
// given its present secret: what it sends without a seal is then not from it.
func (f *Fleet) UpKey(id DeviceID) (key *firmware.Key, required bool) {
	d, ok := f.registry.inUse(id)
	if !ok {
		return nil, false
	}
	epoch := epochOf(&d)
	cached, required := f.desires.sealKey(id, epoch)
	if cached != nil {
		return cached, required
	}
	secret, epoch, ok := f.frameSecret(id)
	if !ok {
		return nil, false
	}
	key, err := firmware.UpKey(secret, string(id))
	if err != nil {
		return nil, false
	}
	f.desires.keepSealKey(id, sealKey{epoch, key})
	return key, required
}

package tracker

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"slices"

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

// epochs are those of the secrets of a device that are in force, the newest
// first: in a grace also that of the old credential, until the new one was used.
func (r *registry) epochs(id DeviceID) (epochs []uint64, ok bool) {
	d, ok := r.get(id)
	if !ok {
		return nil, false
	}
	epochs = []uint64{epochOf(&d)}
	if used, _ := r.inUse(id); used.Generation != d.Generation {
		epochs = append(epochs, epochOf(&used))
	}
	return epochs, true
}

// FrameSecret is what a device of the native protocol seals its reports with,
// and the server what it desires of it: firmware.SecretSize bytes. It is derived,
// not stored, and belongs to a credential: a rotation changes it, in a grace once
// the new credential was used. ok is false for a device that is not registered.
func (f *Fleet) FrameSecret(id DeviceID) (secret []byte, ok bool) {
	d, ok := f.registry.inUse(id)
	if !ok {
		return nil, false
	}
	secret, err := f.deriveFrameSecret(id, &d)
	return secret, err == nil
}

func (f *Fleet) deriveFrameSecret(id DeviceID, d *storedDevice) ([]byte, error) {
	return f.frameSecret(id, epochOf(d))
}

func (f *Fleet) frameSecret(id DeviceID, epoch uint64) ([]byte, error) {
	info := fmt.Sprintf("wayguard/1/frame/%d/%s", epoch, id)
	return hkdf.Key(sha256.New, f.frames, nil, info, firmware.SecretSize)
}

// SealKey opens the sealed reports of a device.
type SealKey struct {
	*firmware.Key
	// Epoch tells the device's secrets apart; it is not 0.
	Epoch uint64
}

// UpKeys are the keys that a device may seal its reports with, none unless sealed
// is set and the device registered. required says that it has sent sealed ones,
// since it was given its present secret: what it sends without a seal is then
// not from it.
func (f *Fleet) UpKeys(id DeviceID, sealed bool) (keys []SealKey, required bool) {
	epochs, ok := f.registry.epochs(id)
	if !ok {
		return nil, false
	}
	keys, used := f.desires.sealKeys(id)
	required = slices.Contains(epochs, used)
	if !sealed {
		return nil, required
	}
	if slices.EqualFunc(keys, epochs, func(k SealKey, epoch uint64) bool { return k.Epoch == epoch }) {
		return keys, required
	}
	keys = nil
	for _, epoch := range epochs {
		secret, err := f.frameSecret(id, epoch)
		if err != nil {
			return nil, required
		}
		key, err := firmware.UpKey(secret, string(id))
		if err != nil {
			return nil, required
		}
		keys = append(keys, SealKey{key, epoch})
	}
	f.desires.keepSealKeys(id, keys)
	return keys, required
}

// downKey is the key that a device opens what is desired of it with, nil if it
// takes plain frames.
func (f *Fleet) downKey(id DeviceID) (*firmware.Key, error) {
	_, sealed := f.UpKeys(id, false)
	if !sealed {
		return nil, nil
	}
	_, epoch := f.desires.sealKeys(id)
	secret, err := f.frameSecret(id, epoch)
	if err != nil {
		return nil, err
	}
	return firmware.DownKey(secret, string(id))
}
